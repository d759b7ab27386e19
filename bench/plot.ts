import type { Outcome } from './report.ts'
import { median, quantile } from './statistics.ts'

const width = 720
const left = 150
const right = 90
const rowHeight = 34
const colours = ['#2563eb', '#9ca3af', '#d97706', '#059669', '#7c3aed']

/** Each one measured is a row: a dot for every sample, a box from p25 to p75, a line at the median. */
export function toPlot({ name, findings }: Outcome): string | undefined {
  const samples = findings.find((finding) => finding.samples)?.samples
  if (samples === undefined) return undefined
  const series = Object.entries(samples).filter(([, values]) => values.length > 0)
  // The very last ones would squeeze all others together.
  const most = Math.max(...series.map(([, values]) => quantile(values, 0.99))) * 1.05
  const height = series.length * rowHeight + 60
  const at = (value: number) => left + (Math.min(value, most) / most) * (width - left - right)
  const rows = series.map(([who, values], index) => toRow(who, values, index, at))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    `<title>${name}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...ticks(most).map(
      (value) =>
        `<line x1="${at(value)}" x2="${at(value)}" y1="12" y2="${height - 32}" stroke="#e5e7eb"/>` +
        `<text x="${at(value)}" y="${height - 14}" text-anchor="middle" fill="#6b7280">${value} ms</text>`,
    ),
    ...rows,
    '</svg>',
    '',
  ].join('\n')
}

function toRow(who: string, values: readonly number[], index: number, at: (value: number) => number): string {
  const middle = 12 + rowHeight * (index + 0.5)
  const colour = colours[index % colours.length]!
  const [low, mid, high] = [quantile(values, 0.25), median(values), quantile(values, 0.75)]
  const every = Math.ceil(values.length / 500)
  const dots = values
    .filter((_, place) => place % every === 0)
    .map(
      (value, place) =>
        `<circle cx="${at(value).toFixed(1)}" cy="${middle + ((place % 5) - 2) * 3}" r="2" fill="${colour}" fill-opacity="0.35"/>`,
    )
  return [
    `<text x="${left - 10}" y="${middle + 4}" text-anchor="end" fill="#111827">${who}</text>`,
    ...dots,
    `<rect x="${at(low).toFixed(1)}" y="${middle - 9}" width="${Math.max(1, at(high) - at(low)).toFixed(1)}" height="18" fill="${colour}" fill-opacity="0.25"/>`,
    `<line x1="${at(mid).toFixed(1)}" x2="${at(mid).toFixed(1)}" y1="${middle - 11}" y2="${middle + 11}" stroke="${colour}" stroke-width="2.5"/>`,
    `<text x="${width - right + 8}" y="${middle + 4}" fill="#111827">${mid >= 100 ? Math.round(mid) : mid.toPrecision(3)} ms</text>`,
  ].join('\n')
}

function ticks(most: number): readonly number[] {
  const rough = most / 6
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((it) => it * power).find((it) => it >= rough) ?? power * 10
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) =>
    Number((index * step).toPrecision(6)),
  )
}
