import { z } from 'zod'
import { parseDuration } from './duration.ts'
import { qualifiedName, type ServiceKey } from './service.ts'

/** A freeze counts for a service on all hosts. */
export type FrozenKey = Pick<ServiceKey, 'project' | 'service'>

// It ends up in sentences, logs and terminals, so it is one line that shows itself as it is.
const plainLine = (what: string, mostCharacters: number) =>
  z
    .string(`expected ${what}`)
    .trim()
    .min(1, `expected ${what}`)
    .max(mostCharacters, `expected at most ${mostCharacters} characters`)
    .regex(/^[^\p{Cc}\p{Bidi_Control}\u2028\u2029]*$/u, 'expected one line without control characters')

const who = plainLine('who freezes it', 100)
const reason = plainLine('a reason', 300)

export const freeze = z.object({
  who,
  reason,
  since: z.iso.datetime(),
  /** Without it the freeze holds until somebody lifts it. */
  until: z.iso.datetime().optional(),
})
/** As long as it holds, nothing is deployed. */
export type Freeze = Readonly<z.infer<typeof freeze>>

/** Whoever means for ever gives no end at all: more than this is a slip of the pen. */
const mostMs = 365 * 24 * 60 * 60 * 1000

const duration = z
  .string(durationHint())
  .refine((text) => (parseDuration(text) ?? Infinity) <= mostMs, durationHint())

const instant = z.iso.datetime({
  offset: true,
  error: 'expected a date and time with its zone, such as 2030-12-31T18:00:00Z',
})

/** What somebody asks for who freezes a service. */
export const freezeRequest = z
  .strictObject({ reason, by: who.optional(), for: duration.optional(), until: instant.optional() })
  .refine((it) => it.for === undefined || it.until === undefined, {
    path: ['until'],
    error: 'expected nothing beside "for"',
  })
export type FreezeRequest = Readonly<z.infer<typeof freezeRequest>>

/** The freeze that begins now, or why it cannot be. */
export function beginFreeze(request: FreezeRequest, now: Date): Freeze | { readonly problem: string } {
  const endsAt = endOf(request, now.getTime())
  const isWithin = endsAt === undefined || (endsAt > now.getTime() && endsAt - now.getTime() <= mostMs)
  if (!isWithin) return { problem: 'until: expected a time to come, within a year' }
  return {
    who: request.by ?? 'the admin',
    reason: request.reason,
    since: now.toISOString(),
    ...(endsAt !== undefined && { until: new Date(endsAt).toISOString() }),
  }
}

function endOf({ for: length, until }: FreezeRequest, nowMs: number): number | undefined {
  if (length !== undefined) return nowMs + (parseDuration(length) ?? 0)
  return until === undefined ? undefined : Date.parse(until)
}

/** Who, until when and why, as a person reads it. */
export function describeFreeze(service: FrozenKey, { who, reason, until }: Freeze): string {
  return `${qualifiedName(service)} is frozen by ${who} until ${until ?? 'somebody lifts it'} (${reason})`
}

function durationHint(): string {
  return 'expected a duration such as 90s, 15m, 2h or 3d, at most 365d'
}
