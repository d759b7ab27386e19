import { RefusedError } from '@redeployster/shared/contract/errors'
import { jobId, jobState } from '@redeployster/shared/contract/job'
import { z } from 'zod'
import { mostHeldSeconds } from './hold.ts'

const wholeNumber = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number)

const line = wholeNumber.pipe(z.number().min(1)).default(1)

/** The `from` of a log: the number of the first line wanted. */
export function firstLine(from: string | undefined): number {
  const parsed = line.safeParse(from)
  if (!parsed.success) throw badRequest('from', 'the number of a line: lines are numbered from 1')
  return parsed.data
}

/** The line after the one that `Last-Event-ID` names, or nothing without that header. */
export function lineAfter(lastEventId: string | undefined): number | undefined {
  // Some clients send it empty as long as they have seen nothing.
  if (lastEventId === undefined || lastEventId === '') return undefined
  const parsed = wholeNumber.safeParse(lastEventId)
  if (!parsed.success) throw badEventId()
  return parsed.data + 1
}

const ways = ['async', 'wait'] as const
/** Where the answer to a deploy leaves its caller: with the stream, with the job, or at its verdict. */
export type WayOfAnswer = 'stream' | (typeof ways)[number]

/** The way that the query of a deploy asks for. Whoever asks for what we do not have must not start something. */
export function wayOfAnswer(query: Readonly<Record<string, string>>): WayOfAnswer {
  const [way = 'stream', ...others] = ways.filter((it) => Object.hasOwn(query, it))
  if (others.length > 0) throw twoWays()
  if (way !== 'stream' && query[way] !== '') throw badRequest(way, `no value: write "?${way}"`)
  return way
}

/** The `wait` of a job: how long its verdict is waited for. */
export function secondsToWait(wait: string | undefined): number {
  const parsed = seconds.safeParse(wait)
  if (!parsed.success) throw badRequest('wait', `a number of seconds from 0 to ${mostHeldSeconds}`)
  return parsed.data
}

const seconds = wholeNumber.pipe(z.number().max(mostHeldSeconds)).default(0)

const mostJobs = 200

const historyQuery = z.object({
  project: z.string().optional(),
  service: z.string().optional(),
  state: jobState.optional(),
  limit: wholeNumber.pipe(z.number().min(1).max(mostJobs)).default(50),
  before: jobId.optional(),
})
type HistoryQuery = Readonly<z.infer<typeof historyQuery>>

const expected: Readonly<Record<keyof HistoryQuery, string>> = {
  project: 'the name of a project',
  service: 'the name of a service',
  state: `one of ${jobState.options.join(', ')}`,
  limit: `a number from 1 to ${mostJobs}`,
  before: 'the id of a job',
}

/** The filters of `GET /jobs`. */
export function historyFilters(query: Record<string, string>): HistoryQuery {
  const parsed = historyQuery.safeParse(query)
  if (parsed.success) return parsed.data
  const name = parsed.error.issues[0]?.path[0] as keyof HistoryQuery
  throw badRequest(name, expected[name])
}

function twoWays() {
  return new RefusedError(
    'bad_request',
    'The query asks for "async" and "wait", which are two different answers. Give one of them. Nothing was started.',
  )
}

/** Taken for nothing, it would show again what the client has seen. */
function badEventId() {
  return new RefusedError(
    'bad_request',
    'The Last-Event-ID is not right. Give the number of the last line that you have seen, or leave it out.',
  )
}

function badRequest(name: string, what: string) {
  return new RefusedError('bad_request', `The value of "${name}" in the query is not right. Give ${what}.`)
}
