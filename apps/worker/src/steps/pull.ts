import type { Verdict } from '@redeployster/shared/contract/job'
import type { Argv } from '../compose/command.ts'
import { imageDigest } from '../images/image.ts'
import type { DeployPorts, Job } from '../job.ts'
import type { Plan } from '../job-directory.ts'
import type { StepEnd } from '../runner/run-step.ts'
import { failureOfPull, stopped } from '../verdicts.ts'
import { run } from './run.ts'

/** Fetches the image, if the plan says so; resolves to a verdict when that cannot be done. */
export async function pull(job: Job, plan: Plan, ports: DeployPorts): Promise<Verdict | undefined> {
  if (!plan.pull) return undefined
  const end = await runPull(plan.pull, job, plan, ports)
  if (end === 0) return undefined
  return job.stop.reason ? stopped(job.stop.reason, false) : failureOfPull(end)
}

/** A pull whose end is lost may be repeated, since it changes no container: once, lest something kills it each time. */
async function runPull(argv: Argv, job: Job, plan: Plan, ports: DeployPorts): Promise<StepEnd> {
  const end = await run('pull', argv, job, plan, ports)
  if (end !== 'lost' || job.stop.reason) return end
  if (!(await job.directory.hasStarted('pull-again')))
    await job.log.notice('the pull was interrupted; pulling once more')
  return run('pull-again', argv, job, plan, ports)
}

/** Says which image replaces which. */
export async function sayImages(
  { request, directory, log }: Job,
  { image, local, pull: isPulled, before }: Plan,
  { docker, jobs }: DeployPorts,
): Promise<void> {
  // An adopter whose `up` runs already has said it before.
  if (await directory.hasStarted('up')) return
  const found = local ?? (await docker.image(image))
  const after = found && imageDigest(found, image)
  // The same image may be known by another digest since the pull, or under another name.
  const old = found && found.id === before.imageId ? after : before.digest
  await jobs.noteImages(request.id, { before: old, after })
  if (after === undefined) return
  if (after !== old) await log.notice(`image ${image} ${old ?? 'none'} → ${after}`)
  else if (isPulled) await log.notice(`image ${image} ${after} unchanged`)
}
