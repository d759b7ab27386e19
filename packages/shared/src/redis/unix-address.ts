export interface UnixAddress {
  readonly path: string
  readonly username?: string
  readonly password?: string
}

/** Reads `unix:///path` or `unix://user:password@/path`, the first two percent-encoded; nothing when it is neither. */
export function readUnixAddress(url: string): UnixAddress | undefined {
  const [, credentials, path] = /^unix:\/\/(?:([^/@]*)@)?(\/[^\0]+)$/.exec(url) ?? []
  if (path === undefined) return undefined
  const [username = '', ...rest] = credentials?.split(':') ?? []
  const password = rest.join(':')
  return {
    path,
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
  }
}
