import { verdict } from '../contract/job.ts'
import { tryJson } from '../redis/unreadable.ts'
import type { LogEvent, LogPosition } from './log.ts'

/** The id of a log's last entry, the verdict. Nothing can be added behind it. */
export const lastEntryId = `${Number.MAX_SAFE_INTEGER}-0`

/** One entry of a log's stream: id `<first line>-0`, fields `d` (lines), `s` (step) and `o` (offset), or `v` (verdict). */
export type StreamEntry = readonly [id: string, fields: readonly string[]]

/** Nothing in place of an entry that is none of ours, or of another version. */
export function toEvent([id, fields]: StreamEntry): LogEvent | undefined {
  const read = fieldReader(fields)
  const [final, lines] = [read('v'), read('d')]
  if (final !== undefined) {
    const said = tryJson(verdict, final)
    return said && { kind: 'verdict', verdict: said }
  }
  return lines === undefined
    ? undefined
    : { kind: 'lines', first: Number.parseInt(id, 10), lines: lines.split('\n') }
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
