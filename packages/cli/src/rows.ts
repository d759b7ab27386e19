/** Anybody who starts a container chooses what its labels do to a terminal, unless we mind it. */
export { printable } from '@redeployster/shared/contract/printable'

/** A finding. `--` asks to be looked at, `!!` makes deploys impossible. */
export interface Row {
  readonly mark: 'ok' | '--' | '!!'
  readonly name: string
  readonly text: string
  readonly below: readonly string[]
}

/** In columns; what stands below the text begins where the text begins. */
export function alignedLines(rows: readonly Row[]): readonly string[] {
  const width = Math.max(...rows.map(({ name }) => name.length))
  return rows.flatMap(({ mark, name, text, below }) => [
    `${mark}  ${name.padEnd(width)}  ${text}`,
    ...below.map((line) => `${' '.repeat(width + 6)}${line}`),
  ])
}
