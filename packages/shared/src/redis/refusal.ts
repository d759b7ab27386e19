/** What Redis answers to somebody whom it does not know, or who may not do this; the last is what a script hears. */
const refusal = /^(NOAUTH|WRONGPASS|NOPERM)\b|The user executing the script can't/

/** Whether Redis refused a command for lack of rights, which no waiting mends. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && refusal.test(error.message)
}
