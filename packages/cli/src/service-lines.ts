import { formatDuration } from '@redeployster/shared/contract/duration'
import type { PublishedRule } from '@redeployster/shared/contract/oidc-rule'
import type { DeployableService, HostReport, ServiceReport } from '@redeployster/worker/examine'
import { shellCommand } from './shell-command.ts'

type Variables = HostReport['variables']

/** The labelled services, with what a deploy of each would run, or why it cannot be deployed. */
export function serviceLines({ services, variables }: Pick<HostReport, 'services' | 'variables'>): string[] {
  if (services === undefined) return ['Services were not looked for: that takes an engine and compose.']
  if (services.length === 0) {
    return [
      'No container has a label of redeployster: add one to a service, and run `docker compose up -d` once.',
    ]
  }
  // A long name may stand out; it need not push all others apart.
  const width = Math.max(...services.map(({ name }) => name.length).filter((it) => it <= 30), 0)
  return [...services.flatMap((service) => linesOf(service, width, variables)), '', countOf(services)]
}

function linesOf(service: ServiceReport, width: number, variables: Variables): string[] {
  const name = service.name.padEnd(width)
  return service.isDeployable
    ? [`ok  ${name}  deployable`, ...details(service, variables)]
    : [`--  ${name}  not deployable: ${service.reason}`]
}

function details({ commands, lane, settings, hasWeakToken }: DeployableService, variables: Variables) {
  const { pull, gateMs, rollback, timeoutMs } = settings
  const lines = {
    pull: commands.pull ? shellCommand(commands.pull, variables) : `nothing, ${whyNotPulled[pull]}`,
    up: shellCommand(commands.up, variables),
    lane: lane.join(', '),
    settings: [
      `pull=${pull}`,
      `gate=${gateMs === 0 ? 'none' : formatDuration(gateMs)}`,
      `rollback=${rollback}`,
      `timeout=${formatDuration(timeoutMs)}`,
    ].join(' '),
    ...(settings.oidc && { oidc: ruleText(settings.oidc) }),
    ...(hasWeakToken && { token: 'can be guessed: use at least 16 random characters' }),
  }
  return Object.entries(lines).map(([name, text]) => `      ${name.padEnd(8)}  ${text}`)
}

function ruleText({ issuer, audience, claims }: PublishedRule): string {
  return [...claims.map((claim) => claim.join('=')), `of ${issuer}`, `for ${audience}`].join(' ')
}

const whyNotPulled: Readonly<Record<DeployableService['settings']['pull'], string>> = {
  auto: 'since its image was built or imported on this host',
  missing: 'since its image is here or is built',
  never: 'as its label says',
  always: 'as its label says',
}

function countOf(services: readonly ServiceReport[]): string {
  const deployable = services.filter(({ isDeployable }) => isDeployable).length
  const others = services.length - deployable
  return others === 0 ? `${deployable} deployable.` : `${deployable} deployable, ${others} not.`
}
