import { isMet, type Case, type Finding, type Target, type Unit } from './case.ts'
import { quantile } from './statistics.ts'

export interface Outcome {
  readonly name: string
  readonly how: string
  readonly findings: readonly Finding[]
}

/** The page that a run leaves behind; the plots lie beside it, one for each case with samples. */
export function toMarkdown(outcomes: readonly Outcome[], machine: readonly string[]): string {
  return [
    '# Benchmarks',
    '',
    '`npm run bench` makes this page anew; nobody edits it. Ratios come from pairs taken in turn in one run.',
    '',
    ...machine.map((line) => `- ${line}`),
    '',
    ...outcomes.flatMap(toSection),
  ].join('\n')
}

function toSection({ name, how, findings }: Outcome): readonly string[] {
  const rows = findings.map((finding) => [
    finding.measure,
    toFigure(finding.value, finding.unit),
    toTarget(finding),
    spread(finding),
  ])
  const plot = findings.some(({ samples }) => samples) ? [`![${name}](benchmarks/${name}.svg)`, ''] : []
  return [`## ${name}`, '', how, '', ...toTable(['', 'measured', 'target', 'p5 – p95'], rows), '', ...plot]
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

function toTarget(finding: Finding): string {
  if (finding.target === undefined) return ''
  return `${bound(finding.target, finding.unit)} ${isMet(finding) ? '✓' : '✗'}`
}

function bound(target: Target, unit: Unit): string {
  return 'atMost' in target ? `≤ ${toFigure(target.atMost, unit)}` : `≥ ${toFigure(target.atLeast, unit)}`
}

function spread({ samples, unit }: Finding): string {
  return Object.entries(samples ?? {})
    .map(([who, values]) => {
      const own = unit === 'ratio' ? 'ms' : unit
      return `${who} ${toFigure(quantile(values, 0.05), own)} – ${toFigure(quantile(values, 0.95), own)}`
    })
    .join('; ')
}

function toFigure(value: number, unit: Unit): string {
  if (unit === 'ratio') return value.toFixed(2)
  const rounded = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))
  const text = Math.abs(rounded) >= 10_000 ? rounded.toLocaleString('en-US') : String(rounded)
  return unit === 'count' ? text : `${text} ${unit}`
}

/** A line for the terminal, as soon as it is known. */
export function toLine({ name }: Pick<Case, 'name'>, finding: Finding): string {
  const mark = finding.target === undefined ? ' ' : isMet(finding) ? '✓' : '✗'
  const target = finding.target ? `  (target ${bound(finding.target, finding.unit)})` : ''
  return `${mark} ${name}: ${finding.measure}  ${toFigure(finding.value, finding.unit)}${target}`
}
