const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of a duration such as `500ms`, `90s`, `15m`, `2h` or `1d`; nothing for any other text. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = ''] = /^([1-9]\d{0,6})(ms|s|m|h|d)$/.exec(text) ?? []
  const factor = unitMs[unit]
  return count === undefined || factor === undefined ? undefined : Number(count) * factor
}

/** The shortest text that means this many milliseconds. */
export function formatDuration(ms: number): string {
  const fitting = Object.entries(unitMs).filter(([, factor]) => ms >= factor && ms % factor === 0)
  const [unit, factor] = fitting.at(-1) ?? ['ms', 1]
  return `${ms / factor}${unit}`
}
