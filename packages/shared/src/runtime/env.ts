import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { z } from 'zod'

/** Every problem of the configuration in one message; the process exits with 78 (EX_CONFIG). */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length} problem(s):\n${problems.map((it) => `  ${it}`).join('\n')}`,
    )
    this.name = 'ConfigError'
  }
}

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

const duration = z
  .string()
  .regex(/^[1-9]\d{0,6}(ms|s|m|h|d)$/, 'expected a duration such as 90s, 15m or 2h')
  .transform((text) => Number.parseInt(text, 10) * unitMs[/[a-z]+$/.exec(text)![0] as keyof typeof unitMs])

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `expected a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `expected a whole number from ${min} to ${max}`)

const redisUrl = z
  .string()
  .refine(
    (text) => /^unix:\/\/\/./.test(text) || (/^rediss?:\/\/[^/\s]+/.test(text) && URL.canParse(text)),
    'expected redis://host:port, rediss://host:port or unix:///path/to/socket',
  )

const absolutePath = z.string().refine((text) => path.isAbsolute(text), 'expected an absolute path')
const words = z.string().transform((text) => text.trim().split(/[\s,]+/))
const name = z.string().regex(/^[\x21-\x7e]{1,64}$/, 'expected up to 64 characters without blanks')

function defaultStateDir(env: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/var/lib/redeployster'
  return path.join(env.XDG_STATE_HOME ?? path.join(os.homedir(), '.local/state'), 'redeployster')
}

/** Each variable: how it is read, and what the README's table says of it. */
const variables = {
  LISTEN: z.string().default('::').describe('address to listen on; all interfaces unless set'),
  PORT: wholeNumber(0, 65_535).default(4711).describe('port of the API'),
  REDIS_URL: redisUrl
    .optional()
    .describe('`redis://…`, `rediss://…` or `unix:///…`; unset, `serve` starts a Redis of its own'),
  STATE_DIR: absolutePath
    .optional()
    .describe(
      'where jobs at work are kept; `/var/lib/redeployster` as root, else `$XDG_STATE_HOME/redeployster`',
    ),
  REDEPLOYSTER_SECRET: z
    .string()
    .min(16, 'expected at least 16 characters')
    .optional()
    .describe(
      'keys the token digests; `serve` makes and keeps one, `api` and `worker` must be given the same',
    ),
  REDEPLOYSTER_ADMIN_TOKEN: z
    .string()
    .min(16, 'expected at least 16 characters')
    .optional()
    .describe('a token that may do everything'),
  HOST_NAME: name
    .default(os.hostname())
    .describe('how this host is called in answers; its hostname unless set'),
  DOCKER_HOST: z
    .string()
    .regex(
      /^(unix:\/\/\/.|tcp:\/\/.|ssh:\/\/.)/,
      'expected unix:///path/to/socket, tcp://host:port or ssh://host',
    )
    .optional()
    .describe('the Docker engine; `unix:///var/run/docker.sock` unless set'),
  COMPOSE_COMMAND: z
    .string()
    .regex(/\S/, 'expected a command')
    .transform((text) => text.trim().split(/\s+/))
    .optional()
    .describe('the command for Docker Compose v2, split at blanks; found by itself unless set'),
  PROJECT_ROOTS: z
    .string()
    .transform((text) => text.split(':'))
    .refine(
      (roots) => roots.every((root) => path.isAbsolute(root)),
      'expected absolute paths, separated by `:`',
    )
    .optional()
    .describe('only compose files below these folders (separated by `:`) are used'),
  PASS_ENV: words
    .refine((all) => all.every((it) => /^[A-Za-z_]\w*$/.test(it)), 'expected names of variables')
    .optional()
    .transform((all) => all ?? [])
    .describe('further variables of our environment that compose may see, separated by commas'),
  MAX_PARALLEL_DEPLOYS: wholeNumber(1, 1000)
    .default(4)
    .describe('deploys at work at the same time on a host'),
  START_BY: duration
    .default(600_000)
    .describe('a job that has not started by then is `expired`; `10m` unless set'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('least level of our own log lines'),
}

const secretNames: ReadonlySet<string> = new Set([
  'REDEPLOYSTER_SECRET',
  'REDEPLOYSTER_ADMIN_TOKEN',
  'REDIS_URL',
])

export const envSchema = z.object(variables)

export type Env = Readonly<z.infer<typeof envSchema>> & { readonly STATE_DIR: string }

/** Reads the configuration, or throws a `ConfigError` that names every problem and no secret. */
export function readEnv(source: NodeJS.ProcessEnv): Env {
  const problems: string[] = []
  const parsed = envSchema.safeParse(withFiles(source, problems))
  for (const {
    path: [variable],
    message,
  } of parsed.error?.issues ?? []) {
    problems.push(describe(String(variable), message, source))
  }
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems)
  return { ...parsed.data, STATE_DIR: parsed.data.STATE_DIR ?? defaultStateDir(source) }
}

function describe(variable: string, message: string, source: NodeJS.ProcessEnv): string {
  const shown = secretNames.has(variable) ? '' : ` (got "${source[variable] ?? ''}")`
  return `${variable}: ${message}${shown}`
}

/** Empty means unset. A secret may also stand in a file, named by `<VARIABLE>_FILE`. */
function withFiles(source: NodeJS.ProcessEnv, problems: string[]): NodeJS.ProcessEnv {
  const env = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  for (const variable of secretNames) {
    const file = env[`${variable}_FILE`]
    if (file === undefined) continue
    if (env[variable] !== undefined) problems.push(`${variable}: set it or ${variable}_FILE, not both`)
    try {
      env[variable] = fs.readFileSync(file, 'utf8').trim()
    } catch (error) {
      problems.push(`${variable}_FILE: cannot read ${file} (${(error as NodeJS.ErrnoException).code})`)
    }
  }
  return env
}
