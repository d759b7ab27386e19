// npm run bench [-- CASE…]: measures, and writes docs/benchmarks.md with its plots when no case was named.
import { constants } from 'node:os'
import fs from 'node:fs'
import type { Case } from './case.ts'
import { cases } from './cases.ts'
import { createEnding, type Ending } from './ending.ts'
import { describeMachine, toLines } from './machine.ts'
import { toPlot } from './plot.ts'
import { toLine, toMarkdown, type Outcome } from './report.ts'

const docs = new URL('../docs/', import.meta.url).pathname
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !cases.some((it) => it.name === name))
if (unknown.length > 0) {
  const names = cases.map(({ name }) => name).join(', ')
  process.stderr.write(`There is no case ${unknown.join(', ')}. There are ${names}\n`)
  process.exit(64)
}

let ending: Ending | undefined
let isStopping = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop(signal))

const machine = describeMachine()
const outcomes: Outcome[] = []
for (const it of cases) {
  if (isStopping || (wanted.length > 0 && !wanted.includes(it.name))) continue
  outcomes.push(await measure(it))
}
// Whoever stops it has half of a run, which is no page.
if (wanted.length === 0 && !isStopping) writePage(outcomes)
if (outcomes.some(({ error }) => error !== undefined)) process.exitCode = 1

/** A case that fails takes nothing from the others. */
async function measure({ name, how, run }: Case): Promise<Outcome> {
  const own = createEnding()
  ending = own
  const begunAt = performance.now()
  let outcome: Outcome = { name, how, findings: [] }
  try {
    outcome = { name, how, findings: await run(own.atEnd) }
    await own.clear()
  } catch (error) {
    process.stderr.write(`✗ ${name}: ${error instanceof Error ? error.stack : String(error)}\n`)
    outcome = { ...outcome, error: error instanceof Error ? error.message : String(error) }
    await own.clear().catch((reason: unknown) => process.stderr.write(`✗ ${name}: ${String(reason)}\n`))
  }
  for (const finding of outcome.findings) process.stdout.write(`${toLine({ name }, finding)}\n`)
  process.stdout.write(`  ${name}: took ${Math.round((performance.now() - begunAt) / 1000)} s\n`)
  return outcome
}

async function stop(signal: 'SIGINT' | 'SIGTERM'): Promise<void> {
  isStopping = true
  await ending?.clear().catch((error: unknown) => process.stderr.write(`${String(error)}\n`))
  process.exit(128 + constants.signals[signal])
}

function writePage(all: readonly Outcome[]): void {
  fs.mkdirSync(`${docs}benchmarks`, { recursive: true })
  fs.writeFileSync(`${docs}benchmarks.md`, toMarkdown(all, toLines(machine)))
  fs.writeFileSync(
    `${docs}benchmarks/last-run.json`,
    `${JSON.stringify({ ...machine, cases: all }, rounded, 1)}\n`,
  )
  for (const outcome of all) {
    const plot = toPlot(outcome)
    if (plot !== undefined) fs.writeFileSync(`${docs}benchmarks/${outcome.name}.svg`, plot)
  }
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value
}
