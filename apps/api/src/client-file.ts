import { problem } from './problem.ts'
import type { Handler, Parts } from './parts.ts'

/** The client as one file, for a pipeline that has nothing but Node. */
export interface ClientFile {
  readonly body: Uint8Array<ArrayBuffer>
  /** In hex. */
  readonly sha256: string
}

/** `GET /client.mjs`. It needs no token, since it holds nothing that is not public. */
export function showClient({ client }: Pick<Parts, 'client'>): Handler {
  return (c) => {
    if (!client)
      return problem(c, 'no_such_route', 'This API was built without the client: run npm run build.')
    const { body, sha256 } = client
    const tag = `"${sha256}"`
    const headers = {
      'Content-Type': 'text/javascript; charset=utf-8',
      // As old as this at most: an API and its client are meant for each other.
      'Cache-Control': 'public, max-age=300',
      ETag: tag,
      'Repr-Digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
    }
    const known = c.req.header('If-None-Match')?.split(/\s*,\s*/) ?? []
    const isKnown = known.some((it) => it === '*' || it.replace(/^W\//, '') === tag)
    return isKnown ? c.body(null, 304, headers) : c.body(body, 200, headers)
  }
}
