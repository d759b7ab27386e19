import { columns } from '@redeployster/client/columns'
import { roughly } from '@redeployster/client/roughly'
import type { ShownService } from '@redeployster/shared/contract/answers'
import { qualifiedName } from '@redeployster/shared/contract/service'
import { printable } from '../rows.ts'

type Freeze = NonNullable<ShownService['freeze']>
type Job = NonNullable<ShownService['lastJob']>

/** The services in columns, each freeze on a line of its own below its service. */
export function serviceTable(services: readonly ShownService[], now: Date): readonly string[] {
  if (services.length === 0) return ['No service is deployable. "redeployster doctor" on its host says why.']
  // The host is said only where it tells anything; the image stands last, since it may be long.
  const hasHosts = new Set(services.map(({ host }) => host)).size > 1
  const title = ['SERVICE', ...(hasHosts ? ['HOST'] : []), 'STATE', 'HEALTH', 'LAST DEPLOY', 'IMAGE']
  const rows = services.map((it) => [
    qualifiedName(it),
    ...(hasHosts ? [it.host] : []),
    it.freeze && it.state === 'deployable' ? 'frozen' : it.state,
    it.health,
    it.lastJob ? jobCell(it.lastJob, now) : '-',
    it.image,
  ])
  const [titleLine = '', ...lines] = columns([title, ...rows].map((row) => row.map(printable)))
  const below = services.map(({ freeze }) => (freeze ? [freezeLine(freeze, now)] : []))
  return [titleLine, ...lines.flatMap((line, index) => [line, ...(below[index] ?? [])])]
}

function jobCell({ state, exitCode, acceptedAt, finishedAt }: Job, now: Date): string {
  const code = exitCode === undefined || exitCode === 0 ? '' : ` (${exitCode})`
  return `${state}${code} ${roughly(now.getTime() - Date.parse(finishedAt ?? acceptedAt))} ago`
}

function freezeLine({ who, reason, until }: Freeze, now: Date): string {
  const end =
    until === undefined
      ? 'somebody lifts it'
      : `${until.slice(0, 16).replace('T', ' ')} UTC, in ${roughly(Date.parse(until) - now.getTime())}`
  return printable(`  until ${end}, by ${who}: ${reason}`)
}
