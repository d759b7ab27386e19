import type { AtEnd } from './ending.ts'

/** One thing that is measured; see `docs/benchmarks.md` for what comes out. */
export interface Case {
  /** What `npm run bench -- NAME` calls it. */
  readonly name: string
  /** How it is measured, in a sentence or two for the reader of the table. */
  readonly how: string
  /** Starts what it needs, and measures. What is to be cleared away is told to `atEnd` as soon as it is there. */
  run(atEnd: AtEnd): Promise<readonly Finding[]>
}

export interface Finding {
  readonly measure: string
  readonly value: number
  readonly unit: Unit
  /** Without one it is told for comparison. */
  readonly target?: Target
  /** What the value was made from, by the name of who was measured; in milliseconds where it is a ratio. */
  readonly samples?: Readonly<Record<string, readonly number[]>>
}

export type Unit = 'ratio' | 'ms' | 's' | 'lines/s' | 'requests/s' | 'KB' | 'MB' | 'bytes' | 'count' | '%'

export type Target = { readonly atMost: number } | { readonly atLeast: number }

export function isMet({ value, target }: Finding): boolean {
  if (target === undefined) return true
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast
}
