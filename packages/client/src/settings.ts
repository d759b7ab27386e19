import fs from 'node:fs'
import type { Command } from 'commander'

/** Whom a command asks, and as whom. */
export interface ClientSettings {
  /** Where the API is, without a slash at its end. */
  readonly url: string
  readonly token: string
}

/** What stands on the command line goes before what stands in the environment. */
export interface ClientOptions {
  readonly url?: string
  readonly tokenFile?: string
}

/** Every problem of the environment in one message; the process exits with 78 (EX_CONFIG). */
export class SettingsError extends Error {
  constructor(problems: readonly string[]) {
    const title = problems.length === 1 ? 'a problem' : `${problems.length} problems`
    super(`The configuration has ${title}:\n${problems.map((it) => `  ${it}`).join('\n')}`)
    this.name = 'SettingsError'
  }
}

const defaultUrl = 'http://localhost:4711'

/** What every command that asks the API says of its environment. */
export const clientVariables = `Environment:
  REDEPLOYSTER_URL
      where the API is; --url goes before it (default: ${defaultUrl})
  REDEPLOYSTER_TOKEN
      the token of a service, or the admin token; also as REDEPLOYSTER_TOKEN_FILE,
      a file that holds it. Never on the command line, where others could see it`

export function addClientOptions(command: Command): Command {
  return command
    .option('--url <url>', 'where the API is')
    .option('--token-file <file>', 'a file that holds the token')
}

/** Reads what a client needs, or throws a `SettingsError` that names every problem and no secret. */
export function readClientSettings(source: NodeJS.ProcessEnv, options: ClientOptions = {}): ClientSettings {
  const problems: string[] = []
  const [name, text] =
    options.url === undefined ? ['REDEPLOYSTER_URL', source.REDEPLOYSTER_URL] : ['--url', options.url]
  const url = text || defaultUrl
  if (!isAddress(url)) problems.push(`${name}: expected http://host:port or https://host, without a password`)
  const token =
    options.tokenFile === undefined
      ? readToken(source, problems)
      : readFile('--token-file', options.tokenFile, problems)
  if (problems.length > 0) throw new SettingsError(problems)
  return { url: url.replace(/\/+$/, ''), token }
}

function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((it) => it === '')
}

function readToken(source: NodeJS.ProcessEnv, problems: string[]): string {
  const { REDEPLOYSTER_TOKEN: given, REDEPLOYSTER_TOKEN_FILE: file } = source
  if (given && file) problems.push('REDEPLOYSTER_TOKEN: set it or REDEPLOYSTER_TOKEN_FILE, not both')
  else if (file) return readFile('REDEPLOYSTER_TOKEN_FILE', file, problems)
  else if (!given)
    problems.push('REDEPLOYSTER_TOKEN: not set; it holds the token of a service, or the admin token')
  else if (!isSendable(given))
    problems.push('REDEPLOYSTER_TOKEN: expected one line of letters, digits and signs')
  return given ?? ''
}

function readFile(name: string, file: string, problems: string[]): string {
  try {
    const token = fs.readFileSync(file, 'utf8').trim()
    if (!isSendable(token)) problems.push(`${name}: ${JSON.stringify(file)} holds no token`)
    return token
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    problems.push(`${name}: cannot read ${JSON.stringify(file)} (${code ?? String(error)})`)
    return ''
  }
}

/** Whether it can stand in a header as it is. */
function isSendable(token: string): boolean {
  return /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(token)
}
