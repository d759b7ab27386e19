import type { FrozenKey } from '../contract/freeze.ts'
import { queueName, type HostId, type ServiceKey } from '../contract/service.ts'

/** The hash tag keeps all keys in one slot, so scripts that touch several work on a Redis Cluster. */
export const prefix = '{redeployster}'

export const keys = {
  hosts: `${prefix}:hosts`,
  catalogue: (host: HostId) => `${prefix}:catalogue:${host}`,
  job: (id: string) => `${prefix}:job:${id}`,
  log: (id: string) => `${prefix}:log:${id}`,
  logChannel: (id: string) => `${prefix}:log-of:${id}`,
  kicks: (host: HostId) => `${prefix}:kick:${host}`,
  cancels: (host: HostId) => `${prefix}:cancel:${host}`,
  history: `${prefix}:history`,
  serviceHistory: (key: ServiceKey) => `${prefix}:history:${queueName(key)}`,
  freeze: ({ project, service }: FrozenKey) => `${prefix}:freeze:${project}.${service}`,
  /** Logs of jobs that have ended, in the order of their end, and the bytes that they take. */
  endedLogs: `${prefix}:ended-logs`,
  endedLogBytes: `${prefix}:ended-log-bytes`,
  claim: (name: string) => `${prefix}:claim:${name}`,
  places: (host: HostId) => `${prefix}:places:${host}`,
  waiting: (queue: string) => `${prefix}:${queue}:wait`,
  queued: (queue: string, id: string) => `${prefix}:${queue}:${id}`,
  active: (queue: string) => `${prefix}:${queue}:active`,
  joinKey: (queue: string, tokenDigest: string) => `${prefix}:${queue}:de:${tokenDigest}`,
} as const
