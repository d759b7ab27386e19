import { exitCode, type Verdict } from '@redeployster/shared/contract/job'
import type { StopReason } from './job-directory.ts'
import type { StepEnd } from './runner/run-step.ts'

// Each reason says why and what to do; it is the notice before the verdict.

export const succeeded: Verdict = { state: 'succeeded', exitCode: 0, started: true }

export const expired: Verdict = {
  state: 'expired',
  exitCode: exitCode.unknown,
  started: false,
  reason:
    'it could not begin in time: no worker was there, or the jobs before it took too long; ' +
    'nothing was started: it is safe to deploy again',
}

export const interrupted: Verdict = {
  state: 'interrupted',
  exitCode: exitCode.unknown,
  started: true,
  reason:
    'the deploy was interrupted and how it ended is unknown; the service may be down: deploy again, ' +
    'and once more if that says that a container name is in use',
}

export const notStarted: Verdict = {
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
  if (code === exitCode.rejected) return rejected('docker compose cannot be run now; the line above says why')
  const why =
    code === exitCode.noCompose
      ? `nothing was started, since ${noCompose}`
      : `docker compose cannot read the compose file (exit code ${code}), nothing was started: mend it and deploy again`
  return { state: 'failed', exitCode: code, started: false, reason: why }
}

const noCompose =
  'docker compose is no longer where it was: install it again, or set COMPOSE_COMMAND, and deploy again'

const pullInterrupted: Verdict = {
  state: 'interrupted',
  exitCode: exitCode.unknown,
  started: false,
  reason:
    'the pull was interrupted, so nothing was touched: what ran before still runs, and it is safe to deploy again',
}

/** What a pull that did not work means, or nothing when it did. */
export function failureOfPull(end: StepEnd): Verdict | undefined {
  if (end === 0) return undefined
  if (end === 'lost') return pullInterrupted
  if (end === 'not-started') return notStarted
  const reason = `the image cannot be pulled (exit code ${end}), so nothing was touched: what ran before still runs`
  return { state: 'failed', exitCode: end, started: false, reason }
}

/** What an `up` that did not work means, or nothing when it did. */
export function failureOfUp(end: StepEnd): Verdict | undefined {
  if (end === 0) return undefined
  if (end === 'lost') return interrupted
  if (end === 'not-started') return notStarted
  return { state: 'failed', exitCode: end, started: true, reason: whyFailed(end) }
}

/** Compose gives a container whose command is not there the code that a shell has for a compose that is not there. */
const notFound =
  'a program is not there, the lines above say which: the command of a container, so mend its image; or ' +
  'docker compose, so install it again, or set COMPOSE_COMMAND; the service may be down: then deploy again'

/** Higher exit codes are a program's own: 255 is what one says that ends with -1. */
const lastSignal = 64

function whyFailed(code: number): string {
  if (code === exitCode.noCompose) return notFound
  if (code > 128 && code <= 128 + lastSignal)
    return `docker compose was killed by signal ${code - 128}; the service may be down: deploy again`
  return `docker compose failed with exit code ${code}, its reason stands above: mend it and deploy again`
}

export function failureOfGate(code: number, reason: string): Verdict {
  return { state: 'failed', exitCode: code, started: true, reason: `docker compose is done, but ${reason}` }
}

/** Nothing was touched when no step but the pull has begun. */
export function stopped(why: StopReason, wasTouched: boolean): Verdict {
  const left = wasTouched ? 'the service may be half replaced, or down: deploy again' : 'nothing was touched'
  return beforeItsTime(why, wasTouched, left)
}

export function stoppedInGate(why: StopReason): Verdict {
  const left =
    'docker compose is done, but nobody knows whether the service works: look at it, or deploy again'
  return beforeItsTime(why, true, left)
}

function beforeItsTime(why: StopReason, started: boolean, left: string): Verdict {
  const [state, code, said] =
    why === 'timeout'
      ? (['timed-out', exitCode.timedOut, 'the deploy took longer than it may'] as const)
      : (['cancelled', exitCode.cancelled, 'the deploy was cancelled'] as const)
  return { state, exitCode: code, started, reason: `${said}; ${left}` }
}
