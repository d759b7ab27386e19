import { createHash } from 'node:crypto'
import fs from 'node:fs'

/** The client as one file, for whoever has nothing but Node. */
export interface ClientFile {
  readonly body: Uint8Array<ArrayBuffer>
  /** In hex. */
  readonly sha256: string
}

/** Beside this file in a build; a clone that was only compiled has none. */
const places = ['./client.mjs', '../dist/client.mjs'].map((place) => new URL(place, import.meta.url))

export function readBundle(): ClientFile | undefined {
  const place = places.find((it) => fs.existsSync(it))
  if (place === undefined) return undefined
  const body = fs.readFileSync(place)
  return { body, sha256: createHash('sha256').update(body).digest('hex') }
}
