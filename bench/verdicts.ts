import type { Answer } from '../test/harness/http.ts'

/** A figure for deploys that were not done would be none. */
export function requireSuccess(answers: readonly Answer[]): void {
  const wrong = answers.filter(({ exitCode }) => exitCode !== '0')
  const [first] = wrong
  if (!first) return
  const told = `status ${first.status}, exit code ${first.exitCode}: ${first.body.trim().slice(-200)}`
  throw new Error(`${wrong.length} of ${answers.length} verdicts are not 0; the first of these has ${told}`)
}
