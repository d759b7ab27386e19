import type { Finding } from './case.ts'
import { sampleUnit, toFigure, type Outcome } from './report.ts'
import { median, quantile } from './statistics.ts'

const width = 760
const left = 150
const right = 110
const titleHeight = 30
const rowHeight = 34
const axisHeight = 36
const colours = ['#2563eb', '#6b7280', '#d97706', '#059669', '#7c3aed']

type Sampled = Finding & { readonly samples: NonNullable<Finding['samples']> }

/** A panel for each finding with samples; in it a row for each one measured. */
export function toPlot({ name, findings }: Outcome): string | undefined {
  const sampled = findings.filter((finding): finding is Sampled => finding.samples !== undefined)
  if (sampled.length === 0) return undefined
  let height = 0
  const panels = sampled.map((finding) => {
    const panel = `<g transform="translate(0 ${height})">\n${toPanel(finding)}\n</g>`
    height += titleHeight + Object.keys(finding.samples).length * rowHeight + axisHeight
    return panel
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    `<title>${name}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...panels,
    '</svg>',
    '',
  ].join('\n')
}

/** For each one measured a dot for every sample, a box from p25 to p75, a line at the median. */
function toPanel({ measure, unit, samples }: Sampled): string {
  const series = Object.entries(samples)
  const own = sampleUnit(unit)
  // The very last ones would squeeze all others together.
  const most = Math.max(Number.EPSILON, ...series.map(([, values]) => quantile(values, 0.99))) * 1.05
  const bottom = titleHeight + series.length * rowHeight
  const at = (value: number) =>
    (left + (Math.max(0, Math.min(value, most)) / most) * (width - left - right)).toFixed(1)
  const figure = (value: number) => toFigure(value, own)
  return [
    `<text x="10" y="19" font-weight="bold" fill="#111827">${escape(measure)}</text>`,
    ...ticks(most).map(
      (value) =>
        `<line x1="${at(value)}" x2="${at(value)}" y1="${titleHeight}" y2="${bottom}" stroke="#e5e7eb"/>` +
        `<text x="${at(value)}" y="${bottom + 16}" text-anchor="middle" fill="#6b7280">${figure(value)}</text>`,
    ),
    ...series.map(([who, values], index) => toRow(who, values, index, at, figure)),
  ].join('\n')
}

function toRow(
  who: string,
  values: readonly number[],
  index: number,
  at: (value: number) => string,
  figure: (value: number) => string,
): string {
  const middle = titleHeight + rowHeight * (index + 0.5)
  const colour = colours[index % colours.length]!
  const [low, mid, high] = [quantile(values, 0.25), median(values), quantile(values, 0.75)]
  const every = Math.ceil(values.length / 500)
  const dots = values
    .filter((_, place) => place % every === 0)
    .map(
      (value, place) =>
        `<circle cx="${at(value)}" cy="${middle + ((place % 5) - 2) * 3}" r="2" fill="${colour}" fill-opacity="0.35"/>`,
    )
  const boxWidth = Math.max(1, Number(at(high)) - Number(at(low))).toFixed(1)
  return [
    `<text x="${left - 10}" y="${middle + 4}" text-anchor="end" fill="#111827">${escape(who)}</text>`,
    ...dots,
    `<rect x="${at(low)}" y="${middle - 9}" width="${boxWidth}" height="18" fill="${colour}" fill-opacity="0.25"/>`,
    `<line x1="${at(mid)}" x2="${at(mid)}" y1="${middle - 11}" y2="${middle + 11}" stroke="${colour}" stroke-width="2.5"/>`,
    `<text x="${width - right + 8}" y="${middle + 4}" fill="#111827">${figure(mid)}</text>`,
  ].join('\n')
}

function ticks(most: number): readonly number[] {
  const rough = most / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((it) => it * power).find((it) => it >= rough) ?? power * 10
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) =>
    Number((index * step).toPrecision(6)),
  )
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
