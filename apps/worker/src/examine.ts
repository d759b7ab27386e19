import { qualifiedName } from '@redeployster/shared/contract/service'
import { ConfigError } from '@redeployster/shared/runtime/env'
import { checkService, type ServiceChecks } from './catalogue/check-service.ts'
import { connectDocker, defaultDockerHost } from './catalogue/docker.ts'
import { eachAtOnce } from './catalogue/each-at-once.ts'
import {
  hasOurLabel,
  hasWeakToken,
  isLabelled,
  readSettings,
  type ServiceSettings,
} from './catalogue/service-settings.ts'
import {
  isOneOff,
  servicesFromContainers,
  type Container,
  type SeenService,
} from './catalogue/services-from-containers.ts'
import type { Argv } from './compose/command.ts'
import { composeEnvironment } from './compose/environment.ts'
import { findCompose, type FoundCompose } from './compose/find-compose.ts'
import { knownBad } from './compose/known-bad.ts'
import type { Problem } from './compose/project.ts'
import { createResolveService } from './compose/resolve.ts'
import { createRunCompose } from './compose/run-compose.ts'
import type { Plan } from './job-directory.ts'
import { ownContainerIds } from './own-container.ts'
import { makePlan, type Planning } from './plan.ts'
import { reasonOf } from './reason.ts'
import { standingOf } from './standing.ts'
import { requireFlock } from './runner/require-flock.ts'

export interface ExamineOptions {
  readonly dockerHost?: string
  readonly composeCommand?: readonly string[]
  readonly projectRoots?: readonly string[]
  readonly publicUrl?: string
  readonly passEnv: readonly string[]
  /** How long a deploy may take when the service does not say. */
  readonly deployTimeoutMs: number
  /** What compose's own environment is chosen from. */
  readonly env: NodeJS.ProcessEnv
}

/** What a worker would find on this host now. */
export interface HostReport {
  readonly dockerHost: string
  /** What a shell needs to be told so that a command reaches the same engine. */
  readonly variables: Readonly<Record<string, string>>
  readonly engine: { readonly version: string } | Problem
  readonly compose: (FoundCompose & { readonly warnings: readonly string[] }) | Problem
  readonly flock: Partial<Problem>
  /** Nothing when there is no engine or no compose to ask. */
  readonly services: readonly ServiceReport[] | undefined
}

export type ServiceReport = DeployableService | UndeployableService

export interface DeployableService {
  readonly isDeployable: true
  /** `project/service` */
  readonly name: string
  readonly hasWeakToken: boolean
  readonly lane: readonly string[]
  readonly commands: Pick<Plan, 'pull' | 'up'>
  readonly settings: Omit<ServiceSettings, 'hashes' | 'timeoutMs'> & { readonly timeoutMs: number }
}

export interface UndeployableService {
  readonly isDeployable: false
  /** `project/service`, or which container it is that belongs to none. */
  readonly name: string
  readonly reason: string
}

type Checking = ServiceChecks & Planning

const checksAtOnce = 4

/** Looks at the engine, compose and every labelled container as the worker would, and changes nothing. */
export async function examineHost(options: ExamineOptions): Promise<HostReport> {
  const dockerHost = options.dockerHost ?? defaultDockerHost
  const env = { ...composeEnvironment(options.env, options.passEnv), DOCKER_HOST: dockerHost }
  const run = createRunCompose(env)
  const docker = connectDocker(dockerHost)
  const [engine, compose, flock, ownIds] = await Promise.all([
    docker.engine().catch(toProblem),
    findCompose(run, options.composeCommand as Argv | undefined, env).catch(toProblem),
    requireFlock(run).then(() => ({}), toProblem),
    ownContainerIds(),
  ])
  const { projectRoots, publicUrl, deployTimeoutMs: timeoutMs } = options
  return {
    dockerHost,
    variables: dockerHost === defaultDockerHost ? {} : { DOCKER_HOST: dockerHost },
    engine: 'problem' in engine ? engine : { version: engine.version },
    compose: 'problem' in compose ? compose : { ...compose, warnings: knownBad(compose.version) },
    flock,
    services:
      'problem' in engine || 'problem' in compose
        ? undefined
        : await examineServices({
            resolve: createResolveService(run, compose.command),
            docker,
            compose: compose.command,
            projectRoots,
            publicUrl,
            timeoutMs,
            ownIds,
          }),
  }
}

async function examineServices(checking: Checking): Promise<readonly ServiceReport[]> {
  const containers = await checking.docker.containers('all')
  const labelled = containers.filter(({ labels }) => hasOurLabel(labels))
  const reports: ServiceReport[] = []
  await eachAtOnce(checksAtOnce, servicesFromContainers(containers), async (seen) => {
    const own = containers.filter((it) => servicesFromContainers([it]).some((of) => isSame(of, seen)))
    if (!own.some((it) => labelled.includes(it))) return
    reports.push(await examineService(seen, own, checking).catch(uncheckable(seen)))
  })
  return [...reports.sort((a, b) => a.name.localeCompare(b.name)), ...labelled.flatMap(explainStray)]
}

async function examineService(
  seen: SeenService,
  containers: readonly Container[],
  checking: Checking,
): Promise<ServiceReport> {
  const refused = (reason: string) => undeployable(seen, reason)
  if (!isLabelled(seen.labels)) return refused(whyUnlabelled(seen))
  const checked = await checkService(seen, checking)
  if ('problem' in checked) return refused(checked.problem)
  if ('exitCode' in checked) {
    const words = checked.output.trim().split('\n').at(-1)
    return refused(`compose cannot read its files (exit code ${checked.exitCode}): ${words}`)
  }
  const standing = await standingOf(checking.docker, containers)
  const plan = await makePlan(checked, seen.service, standing, checking)
  if ('problem' in plan) return refused(plan.problem)
  const { hashes: _, ...settings } = checked.settings
  return {
    isDeployable: true,
    name: qualifiedName(seen),
    hasWeakToken: hasWeakToken(seen.labels),
    lane: plan.lane,
    commands: { ...(plan.pull && { pull: plan.pull }), up: plan.up },
    settings: { ...settings, timeoutMs: plan.timeoutMs },
  }
}

/** It has a label of ours, or an older container of it has. */
function whyUnlabelled({ labels }: SeenService): string {
  if (!hasOurLabel(labels)) return 'its newest container has no label of ours, an older one has'
  const settings = readSettings(labels)
  return 'problem' in settings
    ? settings.problem
    : 'it has none of the labels redeployster.token, redeployster.token-sha256 and redeployster.oidc'
}

/** Why a labelled container speaks for no service. */
function explainStray(container: Container): readonly UndeployableService[] {
  if (servicesFromContainers([container]).length > 0) return []
  const reason = isOneOff(container)
    ? 'made by `docker compose run`, which never counts'
    : 'it belongs to no compose service; `docker run` or its image gave it the label'
  const name = `container ${container.id.slice(0, 12)} of ${container.image}`
  return [{ isDeployable: false, name, reason }]
}

function isSame(a: SeenService, b: SeenService): boolean {
  return qualifiedName(a) === qualifiedName(b)
}

function undeployable(seen: SeenService, reason: string): UndeployableService {
  return { isDeployable: false, name: qualifiedName(seen), reason }
}

/** One service that cannot be checked must not keep the others from it. */
function uncheckable(seen: SeenService) {
  return (error: unknown) => undeployable(seen, `it could not be checked (${toProblem(error).problem})`)
}

function toProblem(error: unknown): Problem {
  if (error instanceof ConfigError) return { problem: error.problems.join('; ') }
  return { problem: reasonOf(error) }
}
