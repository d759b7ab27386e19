import { verdict } from '../contract/job.ts'
import type { LogEvent, LogPosition } from './log.ts'

/** The id of a log's last entry, the verdict. Nothing can be added behind it. */
export const lastEntryId = `${Number.MAX_SAFE_INTEGER}-0`

/** One entry of a log's stream: id `<first line>-0`, fields `d` (lines), `s` (step) and `o` (offset), or `v` (verdict). */
export type StreamEntry = readonly [id: string, fields: readonly string[]]

export function toEvent([id, fields]: StreamEntry): LogEvent {
  const read = fieldReader(fields)
  const final = read('v')
  if (final !== undefined) return { kind: 'verdict', verdict: verdict.parse(JSON.parse(final)) }
  return { kind: 'lines', first: Number.parseInt(id, 10), lines: (read('d') ?? '').split('\n') }
}

export function toPosition([, fields]: StreamEntry): LogPosition | undefined {
  const read = fieldReader(fields)
  const [step, offset] = [read('s'), read('o')]
  return step ? { step, offset: Number(offset) } : undefined
}

function fieldReader(fields: readonly string[]) {
  return (name: string): string | undefined => {
    const at = fields.indexOf(name)
    return at % 2 === 0 ? fields[at + 1] : undefined
  }
}
