import net from 'node:net'
import path from 'node:path'
import { z } from 'zod'
import { parseByteSize } from '../contract/byte-size.ts'
import { parseDuration } from '../contract/duration.ts'

const duration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, 'expected a duration such as 90s, 15m or 2h')
  .transform((text) => parseDuration(text) ?? 0)

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `expected a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `expected a whole number from ${min} to ${max}`)

const byteSize = (min: string) =>
  z
    .string()
    .transform((text) => parseByteSize(text) ?? 0)
    .refine(
      (value) => value >= (parseByteSize(min) ?? 0),
      `expected a size such as 512KiB, 16MiB or 1GiB, at least ${min}`,
    )

const redisUrl = z
  .string()
  .refine(isRedisUrl, 'expected redis://host:port, rediss://host:port or unix:///path/to/socket')

function isRedisUrl(text: string): boolean {
  if (text.startsWith('unix://')) {
    const unix = /^unix:\/\/(?:([^/@]*)@)?\/[^\0]+$/.exec(text)
    return unix !== null && (unix[1] ?? '').split(':').every(isPercentEncoded)
  }
  if (!/^rediss?:\/\/[^/\s]/.test(text) || !URL.canParse(text)) return false
  const { hostname, username, password, pathname } = new URL(text)
  return hostname !== '' && /^(\/\d*)?$/.test(pathname) && [username, password].every(isPercentEncoded)
}

function isPercentEncoded(text: string): boolean {
  return !/%(?![\da-f]{2})/i.test(text) && URL.canParse(`x://${text}`)
}

const address = z
  .string()
  .refine(
    (text) => net.isIP(text) !== 0 || /^[a-z\d]([a-z\d.-]{0,251}[a-z\d])?$/i.test(text),
    'expected an address such as ::, 0.0.0.0 or 127.0.0.1, without a port',
  )

const trustedPeers = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter((it) => it !== ''))
  .refine(
    (all) => (all.length > 0 && all.every((it) => it === 'private' || isRange(it))) || all.join() === 'none',
    'expected private, none, or addresses and ranges such as 10.1.2.3, 10.0.0.0/8, 2001:db8::/32',
  )

function isRange(text: string): boolean {
  const [, ip = '', bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const mostBits = { 0: -1, 4: 32, 6: 128 }[net.isIP(ip)] ?? -1
  return Number(bits ?? 0) <= mostBits
}

const absolutePath = z
  .string()
  .refine((text) => path.isAbsolute(text) && !text.includes('\0'), 'expected an absolute path')

const blankless = /^[\x21-\x7e]{16,}$/
const secret = z.string().regex(blankless, 'expected at least 16 characters without blanks')

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

const publicUrl = z
  .string()
  .refine(
    (text) => /^https?:\/\/[^\s?#@]*[^\s?#@/]$/.test(text) && URL.canParse(text),
    'expected an address such as https://deploy.example.com, without a slash at its end',
  )

/** Each variable: how it is read, and what the README and `--help` say of it. */
export const envSchema = z.object({
  LISTEN: address.default('::').describe('address to listen on; `::` is all interfaces, also those of IPv4'),
  PORT: wholeNumber(0, 65_535).prefault('4711').describe('port of the API'),
  REDIS_URL: redisUrl
    .optional()
    .describe('`redis://…`, `rediss://…` or `unix:///…`; unset, `serve` starts a Redis of its own'),
  PUBLIC_URL: publicUrl
    .optional()
    .describe(
      'the address of the API as pipelines reach it; `redeployster.oidc` needs it, and identity tokens are made for it',
    ),
  STATE_DIR: absolutePath
    .optional()
    .describe(
      'where jobs at work are kept, and with `serve` its Redis and secret; unset, `/var/lib/redeployster` as root, ' +
        'else `$XDG_STATE_HOME/redeployster`',
    ),
  REDEPLOYSTER_SECRET: secret
    .optional()
    .describe('keys the token digests, the same for `api` and `worker`; unset, `serve` makes and keeps one'),
  REDEPLOYSTER_ADMIN_TOKEN: secret.optional().describe('a token that may do everything'),
  HOST_NAME: z
    .string()
    .regex(/^[\x21-\x7e]{1,64}$/, 'expected up to 64 characters without blanks')
    .optional()
    .describe('what this host is called in answers; unset, its hostname'),
  DOCKER_HOST: z
    .string()
    .regex(
      /^(unix:\/\/\/.|tcp:\/\/.|ssh:\/\/.)/,
      'expected unix:///path/to/socket, tcp://host:port or ssh://host',
    )
    .optional()
    .describe('the Docker engine; unset, `unix:///var/run/docker.sock`'),
  COMPOSE_COMMAND: z
    .string()
    .regex(/\S/, 'expected a command')
    .transform((text) => text.trim().split(/\s+/))
    .optional()
    .describe('the command for Docker Compose v2, split at blanks; unset, found by itself'),
  PROJECT_ROOTS: z
    .string()
    .transform((text) => text.split(':'))
    .refine(
      (roots) => roots.every((root) => path.isAbsolute(root)),
      'expected absolute paths, separated by colons',
    )
    .optional()
    .describe('only compose files below these folders (separated by colons) are used'),
  PASS_ENV: z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((it) => it !== ''))
    .refine((all) => all.every((it) => /^[A-Za-z_]\w*$/.test(it)), 'expected names of variables')
    .optional()
    .transform((all) => all ?? [])
    .describe('further variables of our environment that compose may see, separated by commas'),
  MAX_PARALLEL_DEPLOYS: wholeNumber(1, 1000)
    .prefault('4')
    .describe('deploys at work at the same time on a host'),
  DEPLOY_TIMEOUT: duration
    .prefault('15m')
    .describe('how long pull, `up` and gate may take when the service has no label for that'),
  START_BY: duration.prefault('10m').describe('a job that has not started after this time is `expired`'),
  MAX_LOG: byteSize('1MiB')
    .prefault('16MiB')
    .describe('most of one log; of a longer one the first half and the last half are kept'),
  KEEP_LOGS: byteSize('1MiB')
    .prefault('256MiB')
    .describe('most of all logs of jobs that have ended; those that ended first go, their jobs stay'),
  KEEP_JOBS: wholeNumber(1, 1_000_000).prefault('1000').describe('jobs of a service that the history keeps'),
  KEEP_DAYS: wholeNumber(1, 36_500).prefault('90').describe('days for which it keeps them'),
  FAILED_AUTH_LIMIT: wholeNumber(1, 1_000_000)
    .prefault('20')
    .describe(
      'wrong tokens from one address in a minute; beyond that they are answered with 429, right ones never',
    ),
  TRUST_PROXY: trustedPeers
    .prefault('private')
    .describe(
      'peers whose `X-Forwarded-For` is believed: `private` (loopback and private addresses), addresses and ranges ' +
        'separated by commas, or `none`',
    ),
  MAX_STREAMS: wholeNumber(1, 1_000_000)
    .prefault('10000')
    .describe('logs that an API sends at the same time; a request beyond that is answered with 503'),
  MAX_STREAMS_PER_SERVICE: wholeNumber(1, 1_000_000)
    .prefault('2000')
    .describe('of these, those of one service'),
  MAX_WAITING_JOBS: wholeNumber(1, 1_000_000)
    .prefault('10000')
    .describe('jobs of a host that wait for its worker; a request for one more is answered with 503'),
  REQUEST_TIMEOUT: duration
    .prefault('30s')
    .describe(
      'how long a request may take to be sent, header and body; its answer may take as long as it likes',
    ),
  READ_TIMEOUT: duration
    .prefault('2m')
    .describe('how long a client may read nothing of an answer that waits for it; then it is cut off'),
  LOG_LEVEL: z
    .enum(logLevels, `expected one of ${logLevels.join(', ')}`)
    .default('info')
    .describe('least level of our own log lines'),
})

export type Variable = keyof z.infer<typeof envSchema>

/** Never shown, and each may stand in a file that `<VARIABLE>_FILE` names. */
export const secretVariables = [
  'REDIS_URL',
  'REDEPLOYSTER_SECRET',
  'REDEPLOYSTER_ADMIN_TOKEN',
] as const satisfies readonly Variable[]

export function isSecret(variable: string): boolean {
  return (secretVariables as readonly string[]).includes(variable)
}

/** The text that stands for an unset variable, if it is the same on every machine. */
export function defaultText(variable: Variable): string | undefined {
  const schema = envSchema.shape[variable]
  if (!(schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)) return undefined
  return schema.def.defaultValue
}
