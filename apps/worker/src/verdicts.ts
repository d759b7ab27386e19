import { exitCode, type Verdict } from '@redeployster/shared/contract/job'
import type { StepEnd } from './runner/run-step.ts'

// Each reason says why and what to do; it is the notice before the verdict.

export const expired: Verdict = {
  state: 'expired',
  exitCode: exitCode.unknown,
  started: false,
  reason: 'no worker took this job in time, so nothing was started: it is safe to deploy again',
}

export const interrupted: Verdict = {
  state: 'interrupted',
  exitCode: exitCode.unknown,
  started: true,
  reason:
    'the deploy was interrupted and how it ended is unknown; the service may be down: deploy again, ' +
    'and once more if that says that a container name is in use',
}

const notStarted: Verdict = {
  state: 'interrupted',
  exitCode: exitCode.unknown,
  started: false,
  reason: 'the deploy was interrupted before it started: it is safe to deploy again',
}

export function rejected(reason: string): Verdict {
  return {
    state: 'rejected',
    exitCode: exitCode.rejected,
    started: false,
    reason: `rejected, nothing was started: ${reason}`,
  }
}

/** Compose could not read the project's files: its own words are in the log, its own exit code counts. */
export function unreadable(code: number): Verdict {
  const why =
    code === exitCode.noCompose
      ? `nothing was started, since ${noCompose}`
      : `docker compose cannot read the compose file (exit code ${code}), nothing was started: mend it and deploy again`
  return { state: 'failed', exitCode: code, started: false, reason: why }
}

const noCompose =
  'docker compose is no longer where it was: install it again, or set COMPOSE_COMMAND, and deploy again'

export function verdictOfUp(end: StepEnd): Verdict {
  if (end === 'lost') return interrupted
  if (end === 'not-started') return notStarted
  if (end === 0) return { state: 'succeeded', exitCode: 0, started: true }
  return { state: 'failed', exitCode: end, started: true, reason: whyFailed(end) }
}

const lastSignal = 64

function whyFailed(code: number): string {
  if (code === exitCode.noCompose) return noCompose
  if (code > 128 && code <= 128 + lastSignal)
    return `docker compose was killed by signal ${code - 128}; the service may be down: deploy again`
  return `docker compose failed with exit code ${code}, its reason stands above: mend it and deploy again`
}
