import { execFileSync } from 'node:child_process'
import os from 'node:os'
import { testEngine } from '@redeployster/shared/testing/docker'

/** Where and with what a run was taken, for its reader. */
export interface Machine {
  readonly machine: string
  readonly versions: Readonly<Record<string, string>>
  readonly commit: string
  readonly takenOn: string
}

export function describeMachine(): Machine {
  const { dockerHost, compose } = testEngine()
  const [processor] = os.cpus()
  const memory = Math.round(os.totalmem() / 2 ** 30)
  const isChanged = say('git', 'status', '--porcelain', '--', '.', ':!docs/benchmarks*') !== ''
  return {
    machine: `${os.cpus().length} × ${processor?.model ?? 'unknown'}, ${memory} GiB, ${os.type()} ${os.release()}`,
    versions: {
      Node: process.version,
      Redis:
        /v=(\S+)/.exec(say('redis-server', '--version') || say('valkey-server', '--version'))?.[1] ?? unknown,
      Docker: say('docker', '--host', dockerHost, 'version', '--format', '{{.Server.Version}}') || unknown,
      compose: say(compose, 'version', '--short') || unknown,
      webhook: say('webhook', '-version').replace('webhook version ', '') || unknown,
    },
    commit: (say('git', 'rev-parse', '--short', 'HEAD') || unknown) + (isChanged ? ', with changes' : ''),
    takenOn: new Date().toISOString().slice(0, 10),
  }
}

export function toLines({ machine, versions, commit, takenOn }: Machine): readonly string[] {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [`Machine: ${machine}`, programs.join(', '), `Commit ${commit}, taken on ${takenOn}`]
}

const unknown = 'unknown'

/** The first line of what a program says; a run must not fail for one that is not there. */
function say(command: string, ...words: readonly string[]): string {
  try {
    const text = execFileSync(command, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return text.trim().split('\n')[0] ?? ''
  } catch {
    return ''
  }
}
