import { z } from 'zod'
import { publishedRule } from './oidc-rule.ts'
import { hostId, projectName, serviceName } from './service.ts'

/** One service as the worker publishes it. `gone`: it was deployable and has vanished less than 24 h ago. */
export const catalogueEntry = z.object({
  host: hostId,
  project: projectName,
  service: serviceName,
  state: z.enum(['deployable', 'gone']),
  /** Of its tokens, and of its rule. */
  digests: z.array(z.string()),
  /** Whose identity tokens may deploy it. */
  oidc: publishedRule.optional(),
  image: z.string(),
  health: z.string(),
  goneSince: z.iso.datetime().optional(),
})
export type CatalogueEntry = Readonly<z.infer<typeof catalogueEntry>>

/** What a worker says of its host with each heartbeat. */
export const hostInfo = z.object({
  id: hostId,
  name: z.string(),
  engine: z.string(),
  compose: z.string(),
  seenAt: z.iso.datetime(),
})
export type HostInfo = Readonly<z.infer<typeof hostInfo>>

/** How long a vanished service keeps answering 410, and a silent host stays in the catalogue. */
export const keepGoneMs = 24 * 60 * 60 * 1000
