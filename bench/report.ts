import { isMet, type Case, type Finding, type Target, type Unit } from './case.ts'
import { quantile } from './statistics.ts'

export interface Outcome {
  readonly name: string
  readonly how: string
  readonly findings: readonly Finding[]
  /** Why it did not come to its end. */
  readonly error?: string
}

/** The page that a run leaves behind; the plots lie beside it, one for each case with samples. */
export function toMarkdown(outcomes: readonly Outcome[], machine: readonly string[]): string {
  return [
    '# Benchmarks',
    '',
    '`npm run bench` makes this page anew; nobody edits it. Ratios come from pairs taken in turn in one run. In the plots each dot is a',
    'sample, the box holds the middle half of them, and the line is the median. MB and KB are powers of ten.',
    '',
    ...machine.map((line) => `- ${line}`),
    `- ${summary(outcomes)}`,
    '',
    ...outcomes.flatMap(toSection),
  ].join('\n')
}

function summary(outcomes: readonly Outcome[]): string {
  const aimed = outcomes.flatMap(({ findings }) => findings.filter(({ target }) => target !== undefined))
  const failed = outcomes.filter(({ error }) => error !== undefined).map(({ name }) => name)
  const met = `${aimed.filter(isMet).length} of ${aimed.length} targets are met`
  return failed.length > 0 ? `${met}; these cases did not come to their end: ${failed.join(', ')}` : met
}

function toSection({ name, how, findings, error }: Outcome): readonly string[] {
  const rows = findings.map((finding) => [
    finding.measure,
    toFigure(finding.value, finding.unit),
    finding.target ? bound(finding.target, finding.unit) : '',
    markOf(finding),
    spread(finding),
  ])
  if (error !== undefined) rows.push(['did not come to its end', '', '', '✗', inCell(error)])
  const plot = findings.some(({ samples }) => samples) ? [`![${name}](benchmarks/${name}.svg)`, ''] : []
  return [
    `## ${name}`,
    '',
    how,
    '',
    ...toTable(['what', 'measured', 'target', 'met', 'p5 – p95'], rows),
    '',
    ...plot,
  ]
}

function inCell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').slice(0, 300)
}

/** In the way that prettier would format it. */
function toTable(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]!.length)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)]
}

function markOf(finding: Finding): string {
  if (finding.target === undefined) return ''
  return isMet(finding) ? '✓' : '✗'
}

function bound(target: Target, unit: Unit): string {
  return 'atMost' in target ? `≤ ${toFigure(target.atMost, unit)}` : `≥ ${toFigure(target.atLeast, unit)}`
}

function spread({ samples, unit }: Finding): string {
  return Object.entries(samples ?? {})
    .map(([who, values]) => {
      const own = sampleUnit(unit)
      return `${who} ${toFigure(quantile(values, 0.05), own)} – ${toFigure(quantile(values, 0.95), own)}`
    })
    .join('; ')
}

export function sampleUnit(unit: Unit): Unit {
  return unit === 'ratio' ? 'ms' : unit
}

export function toFigure(value: number, unit: Unit): string {
  if (unit === 'ratio') return value.toFixed(2)
  const rounded = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))
  const text = Math.abs(rounded) >= 10_000 ? rounded.toLocaleString('en-US') : String(rounded)
  return unit === 'count' ? text : `${text} ${unit}`
}

/** A line for the terminal, as soon as it is known. */
export function toLine({ name }: Pick<Case, 'name'>, finding: Finding): string {
  const target = finding.target ? `  (target ${bound(finding.target, finding.unit)})` : ''
  const range = finding.samples ? `  [${spread(finding)}]` : ''
  const mark = markOf(finding) || ' '
  return `${mark} ${name}: ${finding.measure}  ${toFigure(finding.value, finding.unit)}${target}${range}`
}
