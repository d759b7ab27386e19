import { envSchema, secretVariables } from './env-schema.ts'

const known: readonly string[] = [
  ...Object.keys(envSchema.shape),
  ...secretVariables.map((variable) => `${variable}_FILE`),
]

/** Names that look like a variable of ours with a slip of the pen: taken for unset, they would do silent harm. */
export function misspelt(names: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    if (!name.startsWith('REDEPLOYSTER_') || known.includes(name)) return []
    const meant = known.find((it) => distance(name, it) <= 2)
    return meant === undefined ? [] : [`${name}: there is no such variable; did you mean ${meant}?`]
  })
}

/** How many letters must be added, dropped or replaced to turn one word into the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [above, letter] of Array.from(from).entries()) {
    const next = [above + 1]
    for (const [index, other] of Array.from(to).entries()) {
      const replaced = row[index]! + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, row[index + 1]! + 1, next[index]! + 1))
    }
    row = next
  }
  return row.at(-1)!
}
