import { randomUUID } from 'node:crypto'
import { ClientError } from './client-error.ts'

/** What makes several requests one deploy; of its own for each run of the command, unless somebody gives one. */
export function deployKey(given: string | undefined): string {
  if (given === undefined) return randomUUID()
  // What no header can hold would look like a connection that breaks, and be asked again and again.
  if (!/^[\x21-\x7e]{1,255}$/.test(given)) {
    throw new ClientError('--key: expected 1 to 255 letters, digits and signs of ASCII, without blanks')
  }
  return given
}
