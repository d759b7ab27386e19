import { z } from 'zod'
import { catalogueEntry } from './catalogue-entry.ts'
import { freeze } from './freeze.ts'
import { jobRecord } from './job.ts'

// What a client reads of the API's answers. There may be more in them: a client may be older than its API.

/** A service as `GET /services` shows it. */
const shownService = catalogueEntry
  .pick({ project: true, service: true, state: true, health: true, image: true })
  .extend({
    /** The name by which people know the host. */
    host: z.string(),
    freeze: freeze.optional(),
    lastJob: jobRecord
      .pick({ id: true, state: true, exitCode: true, acceptedAt: true, finishedAt: true })
      .optional(),
  })
export type ShownService = Readonly<z.infer<typeof shownService>>

export const serviceList = z.object({ services: z.array(shownService) })

/** An error of the API (RFC 9457). */
export const problemDetails = z.object({
  detail: z.string(),
  code: z.string(),
  requestId: z.string().optional(),
})
