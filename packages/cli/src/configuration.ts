import type { Env } from '@redeployster/shared/runtime/env'
import { defaultText, envSchema, isSecret, type Variable } from '@redeployster/shared/runtime/env-schema'

export type CommandName = 'serve' | 'api' | 'worker' | 'doctor'

/** The environment of a command, once it is known which Redis and which secret it uses. */
export type Settled = Env & { readonly REDIS_URL: string; readonly REDEPLOYSTER_SECRET: string }

/** What `api` and `worker` cannot find out by themselves. */
export const apart = {
  REDIS_URL: 'not set; api and worker meet at one Redis, such as redis://host:6379',
  REDEPLOYSTER_SECRET: 'not set; api and worker need the same, such as what "openssl rand -hex 32" prints',
}

const all = Object.keys(envSchema.shape) as readonly Variable[]
const common = ['REDIS_URL', 'REDEPLOYSTER_SECRET', 'REDEPLOYSTER_ADMIN_TOKEN', 'LOG_LEVEL'] as const
const apiOnly: readonly Variable[] = [
  'LISTEN',
  'PORT',
  'START_BY',
  'FAILED_AUTH_LIMIT',
  'TRUST_PROXY',
  'MAX_STREAMS',
  'MAX_STREAMS_PER_SERVICE',
  'MAX_WAITING_JOBS',
  'REQUEST_TIMEOUT',
  'READ_TIMEOUT',
]

function variablesOf(command: CommandName): readonly Variable[] {
  const isRead = (variable: Variable) => {
    if (command === 'serve' || (common as readonly Variable[]).includes(variable)) return true
    return apiOnly.includes(variable) === (command === 'api')
  }
  return all.filter(isRead)
}

/** The variables of a command, as its `--help` shows them. */
export function variablesHelp(command: CommandName): string {
  const entries = variablesOf(command).map((variable) => {
    const fallback = defaultText(variable)
    const meaning = describe(variable).replaceAll('`', '')
    return [`  ${variable}`, ...wrap(fallback === undefined ? meaning : `${meaning} (default: ${fallback})`)]
  })
  return ['Environment:', ...entries.flat()].join('\n')
}

/** The variables that most set-ups touch: the README shows these, `docs/configuration.md` all. */
const wellKnown: readonly Variable[] = [
  'LISTEN',
  'PORT',
  'REDIS_URL',
  'STATE_DIR',
  'REDEPLOYSTER_SECRET',
  'REDEPLOYSTER_ADMIN_TOKEN',
  'HOST_NAME',
  'DOCKER_HOST',
  'COMPOSE_COMMAND',
  'PROJECT_ROOTS',
  'MAX_PARALLEL_DEPLOYS',
  'DEPLOY_TIMEOUT',
]

/** The pages that show variables, from the root of the repository, each with its table. */
export const configurationTables: readonly (readonly [page: string, content: string])[] = [
  ['README.md', tableOf(wellKnown)],
  ['docs/configuration.md', tableOf(all)],
]

function tableOf(variables: readonly Variable[]): string {
  const rows = variables.map((variable) => {
    const fallback = defaultText(variable)
    return [`\`${variable}\``, fallback === undefined ? '' : `\`${fallback}\``, describe(variable)]
  })
  return table([['Variable', 'Default', 'Meaning'], ...rows])
}

function describe(variable: Variable): string {
  const text = envSchema.shape[variable].description ?? ''
  return isSecret(variable) ? `${text}; also as \`${variable}_FILE\`, a file that holds it` : text
}

function wrap(text: string): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`
    if (lines.length > 0 && longer.length <= 72) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines.map((line) => `      ${line}`)
}

/** In columns of equal width, as prettier has it. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const format = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  const [title, ...body] = rows.map(format)
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [title, rule, ...body].join('\n')
}
