import fs from 'node:fs/promises'
import type { Logger } from '@redeployster/shared/runtime/logger'
import { z } from 'zod'
import { withDescriptor } from './runner/descriptors.ts'

/** Written aside and renamed, so that it is there as a whole or not at all. */
export async function writeWhole(file: string, value: unknown): Promise<void> {
  await fs.writeFile(`${file}.tmp`, JSON.stringify(value), { mode: 0o600 })
  await fs.rename(`${file}.tmp`, file)
}

/**
 * Nothing where there is no such file. One that is no JSON (after a power cut, say), or of another shape than ours (of
 * another version, or changed by hand), counts as not written, and is set aside: it must not keep a worker from starting.
 */
export async function readWhole<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  logger: Logger,
): Promise<z.infer<Schema> | undefined> {
  try {
    return schema.parse(JSON.parse(await withDescriptor(() => fs.readFile(file, 'utf8'))))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const isForeign = error instanceof SyntaxError || error instanceof z.ZodError || code === 'EISDIR'
    if (!isForeign) throw new Error(`Cannot read ${file}`, { cause: error })
  }
  await setAside(file, logger)
  return undefined
}

async function setAside(file: string, logger: Logger): Promise<void> {
  const aside = `${file}.unreadable`
  // Where it cannot be moved it stays, and counts for nothing each time that it is read.
  const isMoved = await fs.rename(file, aside).then(
    () => true,
    () => false,
  )
  logger.warn(
    { file, ...(isMoved && { aside }) },
    'Found a file in the state directory that cannot be read: what it says counts as unknown. ' +
      'If another version of redeployster wrote it, run that one until its jobs have ended',
  )
}
