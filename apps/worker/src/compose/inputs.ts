import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { ComposeProject } from './project.ts'
import { referencedFiles } from './referenced-files.ts'

/** What is larger is read by compose alone. */
const mostBytes = 1024 * 1024

/** The files that compose reads, as far as it can be known without it, and what stands for all that is in them. */
export interface Inputs {
  readonly digest: string | undefined
  readonly files: readonly string[]
}

export async function readInputs(project: ComposeProject, program: string): Promise<Inputs> {
  const { directory, files } = project
  const envFiles = project.envFiles.length > 0 ? project.envFiles : [path.join(directory, '.env')]
  const [texts, envTexts, version] = await Promise.all([
    readAll(files),
    readAll(envFiles),
    versionOf(program),
  ])
  if (!texts || !envTexts) return unknown
  const further = referencedFiles(
    texts.map((text) => text ?? ''),
    directory,
  )
  const furtherTexts = further && (await readAll(further))
  if (!furtherTexts) return unknown
  const inputs = [version, files, texts, envFiles, envTexts, further, furtherTexts]
  const digest = createHash('sha256').update(JSON.stringify(inputs)).digest('base64')
  return { digest, files: [...files, ...envFiles, ...further] }
}

const unknown: Inputs = { digest: undefined, files: [] }

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
