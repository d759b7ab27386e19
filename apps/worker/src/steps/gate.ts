import type { Verdict } from '@redeployster/shared/contract/job'
import { withoutForgery } from '@redeployster/shared/contract/log-line'
import { watchGate } from '../gate/watch-gate.ts'
import type { DeployPorts, Job } from '../job.ts'
import type { Plan, StepName } from '../job-directory.ts'
import { steadyNowMs } from '../steady-clock.ts'
import { limitTime } from '../stop-order.ts'
import { timeLeftForUpMs } from '../time-left.ts'
import { failureOfGate, stoppedInGate } from '../verdicts.ts'

/** Looks whether what `up` has started works, for as long as the deploy may take; resolves to what went wrong, or to nothing. */
export async function gate(job: Job, plan: Plan, ports: DeployPorts): Promise<Verdict | undefined> {
  if (plan.gateMs === 0) return undefined
  const { directory, times, stop } = job
  const takenMs = steadyNowMs() - (await times.startedAtMs('up'))
  const release = limitTime(stop, (await timeLeftForUpMs(directory, times, plan)) - takenMs)
  try {
    return await watch('up', plan.before.containers, job, plan, ports)
  } catch (error) {
    if (stop.reason === undefined || ports.signal.aborted) throw error
    return stoppedInGate(stop.reason)
  } finally {
    release()
  }
}

/** The same after a rollback, when every container of the service has to work. */
export async function gateOfRollback(job: Job, plan: Plan, ports: DeployPorts): Promise<Verdict | undefined> {
  return watch('rollback', [], job, plan, ports)
}

async function watch(
  behind: StepName,
  before: Plan['before']['containers'],
  { request, times, log, stop }: Job,
  { gateMs, lane: wholeLane }: Plan,
  { docker, signal }: DeployPorts,
): Promise<Verdict | undefined> {
  if (gateMs === 0) return undefined
  const [startMs, sinceMs] = [await times.startedAtMs(behind), await times.endedAtMs(behind)]
  const either = AbortSignal.any([signal, ...(behind === 'up' ? [stop.signal] : [])])
  // A rollback starts the service alone.
  const lane = behind === 'up' ? wholeLane : [request.service]
  const end = await watchGate(docker, { ...request, lane }, before, { gateMs, startMs, sinceMs }, either)
  if (end.kind === 'passed') {
    if (end.count > 0)
      await log.notice(`gate passed after ${((steadyNowMs() - sinceMs) / 1000).toFixed(1)} s`)
    return undefined
  }
  const { exitCode, reason, lastLines } = end
  if (lastLines.length > 0) {
    await log.notice(`gate failed; the last ${lastLines.length} lines of the container:`)
    await log.lines(lastLines.map(withoutForgery), { step: behind, offset: Number.MAX_SAFE_INTEGER })
  }
  return failureOfGate(exitCode, reason)
}
