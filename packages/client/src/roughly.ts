const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const

/** How long it is, for people, in a unit of which there are two at least: `90 s`, `119 min`, `2 h` or `4 d`. */
export function roughly(ms: number): string {
  const [unit, length] = units.find(([, length]) => ms >= 2 * length) ?? units[3]
  return `${Math.max(0, Math.floor(ms / length))} ${unit}`
}
