import { ClientError } from './client-error.ts'

/** Where a deploy of `service` or `project/service` is asked for. */
export function deployPath(name: string, host: string | undefined): string {
  const parts = name.split('/')
  // `..` and `.` would be another path before they are sent.
  if (parts.length > 2 || parts.some((part) => !/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$/.test(part))) {
    throw new ClientError(`${JSON.stringify(name)} is no service: give its name, or project/name`)
  }
  const at = host === undefined ? '' : `&host=${encodeURIComponent(host)}`
  return `/${parts.join('/')}?async${at}`
}
