import { z } from 'zod'
import { verdict } from '../contract/job.ts'
import { tryJson } from '../redis/unreadable.ts'
import { logSteps, type LogEvent, type LogPosition } from './log.ts'

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

const position = z.object({
  step: z.enum(logSteps),
  offset: z.string().regex(/^\d+$/).transform(Number).pipe(z.int()),
})

/** Nothing in place of what is no place: whoever goes on from there would lose the rest of the output. */
export function toPosition([, fields]: StreamEntry): LogPosition | undefined {
  const read = fieldReader(fields)
  return position.safeParse({ step: read('s'), offset: read('o') }).data
}

/** Of the first line that can be added behind an entry. */
export function numberBehind([id]: StreamEntry): number {
  return Number.parseInt(id, 10) + 1
}

function fieldReader(fields: readonly string[]) {
  return (name: string): string | undefined => {
    const at = fields.indexOf(name)
    return at % 2 === 0 ? fields[at + 1] : undefined
  }
}
