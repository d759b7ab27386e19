import { z } from 'zod'

/** The name of an entry under `services:`. Compose accepts `--help` and `..`, so every use is guarded by `--`. */
export const serviceName = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,128}$/)
  .brand('ServiceName')
export type ServiceName = z.infer<typeof serviceName>

/** A compose project. Compose lower-cases these and never puts a dot in, which `queueName` relies on. */
export const projectName = z
  .string()
  .regex(/^[a-z0-9_-]{1,128}$/)
  .brand('ProjectName')
export type ProjectName = z.infer<typeof projectName>

/** The engine's own ID with `:` replaced, since a queue name may not hold one. */
export const hostId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,128}$/)
  .brand('HostId')
export type HostId = z.infer<typeof hostId>

export const serviceKey = z.object({ host: hostId, project: projectName, service: serviceName })
/** Which service on which host: the identity a queue, a proof and a job's history hang on. */
export type ServiceKey = Readonly<z.infer<typeof serviceKey>>

export function toHostId(engineId: string): HostId {
  return hostId.parse(engineId.replaceAll(':', '-'))
}

/** `<host>.<project>.<service>`: only the last part may hold a dot, so two services never share a queue. */
export function queueName({ host, project, service }: ServiceKey): string {
  return `${host}.${project}.${service}`
}

/** How a person names a service: `project/service`. */
export function qualifiedName({ project, service }: Pick<ServiceKey, 'project' | 'service'>): string {
  return `${project}/${service}`
}

/** First path segments that are ours: a service so named is reached as `/project/service`. */
export const reservedNames: ReadonlySet<string> = new Set([
  'jobs',
  'services',
  'hooks',
  'healthz',
  'readyz',
  'metrics',
  'docs',
  'openapi.json',
  'client.mjs',
  'assets',
])
