import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { ComposeProject } from './project.ts'
import { referencedFiles } from './referenced-files.ts'
import type { ConfigFailure, ResolveService } from './resolve.ts'

/** More than a host has services, so that those of yesterday are forgotten some day. */
const mostRemembered = 2000
/** What is larger is read by compose alone. */
const mostBytes = 1024 * 1024

/**
 * Asks compose only when a file that it would read has other content than the last time. `program` is compose's own
 * file: another version may read the same files in another way. What is remembered stays in memory, secrets too.
 */
export function rememberAnswers<Asked extends readonly unknown[], Answer extends object>(
  ask: (project: ComposeProject, ...asked: Asked) => Promise<Answer | ConfigFailure>,
  program: string,
  keyOf: (...asked: Asked) => string,
) {
  const known = new Map<string, { readonly digest: string; readonly answer: Answer }>()
  return async (project: ComposeProject, ...asked: Asked): Promise<Answer | ConfigFailure> => {
    const key = JSON.stringify([project, keyOf(...asked)])
    const digest = await digestOfInputs(project, program)
    const last = known.get(key)
    if (digest !== undefined && last?.digest === digest) return last.answer

    known.delete(key)
    const answer = await ask(project, ...asked)
    if (digest === undefined || 'exitCode' in answer) return answer
    // A file that was written meanwhile may have been read before or after.
    if ((await digestOfInputs(project, program)) === digest) known.set(key, { digest, answer })
    const [oldest] = known.keys()
    if (known.size > mostRemembered && oldest !== undefined) known.delete(oldest)
    return answer
  }
}

export function rememberResolved(resolve: ResolveService, program: string): ResolveService {
  return rememberAnswers(resolve, program, (name, { withDependencies }) => `${withDependencies} ${name}`)
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
