import { readInputs } from './inputs.ts'
import type { ComposeProject } from './project.ts'
import type { ConfigFailure, ReadProject, ResolvedService, ResolveService } from './resolve.ts'
import type { WatchFiles } from './watch-files.ts'

/** More than a host has projects, so that those of yesterday are forgotten some day. */
const mostRemembered = 1000

export interface Resolving {
  /** Asks for the service alone. */
  readonly resolve: ResolveService
  /** Asks for all services of its project at once, when the others are wanted, too. */
  readonly resolveAmongAll: ResolveService
}

/** What compose said of files with this digest; of files without one nothing is remembered. */
interface Remembered {
  readonly digest: string | undefined
  readonly services: Map<string, ResolvedService>
  project?: ReadProject
  unwatch?: () => void
}

/**
 * Asks compose only when a file that it would read has other content than the last time. `program` is compose's own
 * file: another version may read the same files in another way. What is remembered stays in memory, secrets too.
 * It asks as soon as a file is written, so that a deploy need not; where nobody could tell of that, the deploy asks.
 */
export function rememberResolved(
  ask: ResolveService,
  askForAll: (project: ComposeProject) => Promise<ReadProject | ConfigFailure>,
  program: string,
  watch: WatchFiles,
): Resolving {
  const known = new Map<string, Remembered>()
  const open = new Map<string, Promise<ReadProject | undefined>>()

  async function recall(project: ComposeProject): Promise<Remembered> {
    const key = JSON.stringify(project)
    const { digest, files } = await readInputs(project, program)
    const last = known.get(key)
    if (last?.digest === digest && last !== undefined) return last
    forget(key)
    const fresh: Remembered = { digest, services: new Map() }
    if (digest === undefined) return fresh
    known.set(key, fresh)
    fresh.unwatch = watch(files, () => {
      // Whoever deploys hears why it failed.
      readAhead(project).catch(() => {})
    })
    const [oldest] = known.keys()
    if (known.size > mostRemembered && oldest !== undefined) forget(oldest)
    return fresh
  }

  function forget(key: string) {
    known.get(key)?.unwatch?.()
    known.delete(key)
  }

  async function readAhead(project: ComposeProject) {
    const remembered = await recall(project)
    if (remembered.digest !== undefined && !remembered.project) await readAll(project, remembered)
  }

  async function resolve(...[project, name, reach]: Parameters<ResolveService>): ReturnType<ResolveService> {
    const remembered = await recall(project)
    const key = `${reach.withDependencies} ${name}`
    const found =
      remembered.services.get(key) ?? (await (await projectOf(project, remembered))?.service(name, reach))
    if (found) return found
    const answer = await ask(project, name, reach)
    if (!('exitCode' in answer) && (await isUnchanged(project, remembered)))
      remembered.services.set(key, answer)
    return answer
  }

  /** What compose has said of the whole project, or is saying now. */
  async function projectOf(
    project: ComposeProject,
    remembered: Remembered,
  ): Promise<ReadProject | undefined> {
    if (remembered.project) return remembered.project
    // What is being read may be older than this question where nobody here knows all files.
    if (remembered.digest === undefined) return undefined
    return open.get(openKey(project, remembered))?.catch(() => undefined)
  }

  /** Those who ask while compose is being asked share its answer. */
  function readAll(project: ComposeProject, remembered: Remembered): Promise<ReadProject | undefined> {
    const key = openKey(project, remembered)
    const asked = open.get(key) ?? readNow(project, remembered).finally(() => open.delete(key))
    open.set(key, asked)
    return asked
  }

  async function readNow(project: ComposeProject, remembered: Remembered): Promise<ReadProject | undefined> {
    const all = await askForAll(project)
    if ('exitCode' in all) return undefined
    if (await isUnchanged(project, remembered)) remembered.project = all
    return all
  }

  /** A file that was written meanwhile may have been read before or after. */
  async function isUnchanged(project: ComposeProject, { digest }: Remembered): Promise<boolean> {
    return digest !== undefined && digest === (await readInputs(project, program)).digest
  }

  return {
    resolve,
    async resolveAmongAll(project, name, reach) {
      const remembered = await recall(project)
      const isKnown = remembered.project ?? remembered.services.get(`${reach.withDependencies} ${name}`)
      const all = isKnown ? undefined : await readAll(project, remembered)
      // Alone when compose does not show it, or when another service keeps compose from reading the files.
      return (await all?.service(name, reach)) ?? resolve(project, name, reach)
    },
  }
}

function openKey(project: ComposeProject, { digest }: Remembered): string {
  return JSON.stringify([project, digest])
}
