import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { ComposeProject } from './project.ts'
import { referencedFiles } from './referenced-files.ts'
import type { ConfigFailure, ReadProject, ResolvedService, ResolveService } from './resolve.ts'

/** More than a host has projects, so that those of yesterday are forgotten some day. */
const mostRemembered = 1000
/** What is larger is read by compose alone. */
const mostBytes = 1024 * 1024

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
}

/**
 * Asks compose only when a file that it would read has other content than the last time. `program` is compose's own
 * file: another version may read the same files in another way. What is remembered stays in memory, secrets too.
 */
export function rememberResolved(
  ask: ResolveService,
  askForAll: (project: ComposeProject) => Promise<ReadProject | ConfigFailure>,
  program: string,
): Resolving {
  const known = new Map<string, Remembered>()
  const open = new Map<string, Promise<ReadProject | undefined>>()

  async function recall(project: ComposeProject): Promise<Remembered> {
    const key = JSON.stringify(project)
    const digest = await digestOfInputs(project, program)
    const last = known.get(key)
    if (last?.digest === digest && last !== undefined) return last
    known.delete(key)
    const fresh: Remembered = { digest, services: new Map() }
    if (digest !== undefined) known.set(key, fresh)
    const [oldest] = known.keys()
    if (known.size > mostRemembered && oldest !== undefined) known.delete(oldest)
    return fresh
  }

  async function resolve(...[project, name, reach]: Parameters<ResolveService>): ReturnType<ResolveService> {
    const remembered = await recall(project)
    const key = `${reach.withDependencies} ${name}`
    const found = remembered.services.get(key) ?? (await remembered.project?.service(name, reach))
    if (found) return found
    const answer = await ask(project, name, reach)
    if (!('exitCode' in answer) && (await isUnchanged(project, remembered)))
      remembered.services.set(key, answer)
    return answer
  }

  /** Those who ask while compose is being asked share its answer. */
  function readAll(project: ComposeProject, remembered: Remembered): Promise<ReadProject | undefined> {
    const key = JSON.stringify([project, remembered.digest])
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
    return digest !== undefined && digest === (await digestOfInputs(project, program))
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

async function digestOfInputs(project: ComposeProject, program: string): Promise<string | undefined> {
  const { directory, files } = project
  const envFiles = project.envFiles.length > 0 ? project.envFiles : [path.join(directory, '.env')]
  const [texts, envTexts, version] = await Promise.all([
    readAll(files),
    readAll(envFiles),
    versionOf(program),
  ])
  if (!texts || !envTexts) return undefined
  const further = referencedFiles(
    texts.map((text) => text ?? ''),
    directory,
  )
  const furtherTexts = further && (await readAll(further))
  if (!furtherTexts) return undefined
  const inputs = [version, files, texts, envFiles, envTexts, further, furtherTexts]
  return createHash('sha256').update(JSON.stringify(inputs)).digest('base64')
}

/** `null` for a file that is not there, which is something to know too; nothing at all when one is too large or unreadable. */
async function readAll(files: readonly string[]): Promise<readonly (string | null)[] | undefined> {
  const texts = await Promise.all(files.map(readSmall))
  return texts.includes(undefined) ? undefined : (texts as (string | null)[])
}

async function readSmall(file: string): Promise<string | null | undefined> {
  try {
    const { size } = await fs.stat(file)
    // Every byte counts, also those that are no text.
    return size > mostBytes ? undefined : await fs.readFile(file, 'latin1')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : undefined
  }
}

/** Without a folder it is found on the PATH, which is not ours to search again: then its name must do. */
async function versionOf(program: string): Promise<string> {
  const found = await fs.stat(program).catch(() => undefined)
  return found ? [program, found.ino, found.size, found.mtimeMs].join() : program
}
