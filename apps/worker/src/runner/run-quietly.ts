import { execa, type Options } from 'execa'
import { mayStartProcess } from './descriptors.ts'

/** Runs a command whose output nobody needs; resolves to its exit code, or to nothing when it could not be started. */
export async function runQuietly(
  file: string,
  words: readonly string[],
  options: Options = {},
): Promise<number | undefined> {
  if (!mayStartProcess()) return undefined
  const { exitCode } = await execa(file, words, { ...options, stdio: 'ignore', reject: false })
  return exitCode
}
