import type { z } from 'zod'
import { isRefusal } from './refusal.ts'

/** Redis holds something at a key of ours that is none of ours, or of another version of us. */
export class UnreadableError extends Error {
  constructor(key: string) {
    super(`What Redis holds at ${key} cannot be read: it is none of ours, or of another version`)
    this.name = 'UnreadableError'
  }
}

/** What Redis answers when a key holds another type, or a script of ours stumbles over what it finds. */
const stumble = /WRONGTYPE|user_script|is not an integer|is not a valid float/

export function isUnreadable(error: unknown): boolean {
  if (error instanceof UnreadableError) return true
  return (
    error instanceof Error &&
    error.name === 'ReplyError' &&
    stumble.test(error.message) &&
    // A script that may not do something says so with its name, too.
    !isRefusal(error)
  )
}

/** For what can be done without: nothing in place of a value that cannot be read. */
export function orNothing(error: unknown): undefined {
  if (!isUnreadable(error)) throw error
}

/** A value that was stored at a key; `key` is only told. */
export function readValue<Schema extends z.ZodType>(
  key: string,
  schema: Schema,
  value: unknown,
): z.infer<Schema> {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new UnreadableError(key)
  return parsed.data
}

/** The same for one that was stored as JSON. */
export function readJson<Schema extends z.ZodType>(
  key: string,
  schema: Schema,
  json: string,
): z.infer<Schema> {
  const value = tryJson(schema, json)
  if (value === undefined) throw new UnreadableError(key)
  return value
}

/** Nothing in place of JSON that cannot be read. */
export function tryJson<Schema extends z.ZodType>(schema: Schema, json: string): z.infer<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(json)).data
  } catch {
    // No JSON at all is as little of ours as any other.
    return undefined
  }
}
