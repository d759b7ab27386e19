// npm run bench [-- CASE…]: measures, and writes docs/benchmarks.md with its plots when no case was named.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import { testEngine } from '@redeployster/shared/testing/docker'
import { cases } from './cases.ts'
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

const outcomes: Outcome[] = []
for (const { name, how, run } of cases) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const findings = await run()
  for (const finding of findings) process.stdout.write(`${toLine({ name }, finding)}\n`)
  outcomes.push({ name, how, findings })
}
if (wanted.length === 0) writePage(outcomes)

function writePage(all: readonly Outcome[]): void {
  fs.mkdirSync(`${docs}benchmarks`, { recursive: true })
  fs.writeFileSync(`${docs}benchmarks.md`, toMarkdown(all, machine()))
  fs.writeFileSync(`${docs}benchmarks/last-run.json`, `${JSON.stringify(all, rounded, 1)}\n`)
  for (const outcome of all) {
    const plot = toPlot(outcome)
    if (plot !== undefined) fs.writeFileSync(`${docs}benchmarks/${outcome.name}.svg`, plot)
  }
}

function machine(): readonly string[] {
  const [processor] = os.cpus()
  const memory = Math.round(os.totalmem() / 2 ** 30)
  return [
    `Machine: ${os.cpus().length} × ${processor?.model ?? 'unknown'}, ${memory} GiB, ${os.type()} ${os.release()}`,
    `Node ${process.version}, ${versionOf('redis-server', '--version')}`,
    `Docker ${versionOf('dockerd', '--version')}; compose ${versionOf(testEngine().compose, 'version', '--short')}; webhook ${versionOf('webhook', '-version')}`,
    `Taken on ${new Date().toISOString().slice(0, 10)}`,
  ]
}

function versionOf(command: string, ...words: readonly string[]): string {
  return execFileSync(command, words, { encoding: 'utf8' }).trim().split('\n')[0] ?? ''
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value
}
