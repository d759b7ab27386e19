import type { Line } from './show.ts'

/** The lines of a log that came as text, with the numbers that they have in it: the first is that of `first`. */
export function numberedLines(text: string, first: number): readonly Line[] {
  let number = first - 1
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      // This one stands for several, and has the number of the last. No output of a deploy looks like it.
      const [, last] = /^redeployster: lines \d+–(\d+) not kept$/.exec(line) ?? []
      number = last === undefined ? number + 1 : Number(last)
      return { number, text: line }
    })
}
