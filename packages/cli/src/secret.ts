import { randomBytes, randomUUID } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { ConfigError } from '@redeployster/shared/runtime/env'

const leastLength = 16

/** The secret kept in the state directory; made at the first time, for the eyes of this user only. */
export async function keptSecret(stateDir: string): Promise<string> {
  const file = path.join(stateDir, 'secret')
  const secret = (await read(file)) ?? (await make(file))
  if (secret.length < leastLength) {
    throw new ConfigError([
      `${file}: expected at least ${leastLength} characters; remove it, and one is made`,
    ])
  }
  return secret
}

async function read(file: string): Promise<string | undefined> {
  try {
    const secret = await fs.readFile(file, 'utf8')
    // A copy or a restored backup may have become readable for others.
    await fs.chmod(file, 0o600)
    return secret.trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new ConfigError([`${file}: cannot read it (${code}); it must belong to the user who runs serve`])
  }
}

/** Whole or not at all; when two make one at the same time, both use that of the first. */
async function make(file: string): Promise<string> {
  const secret = randomBytes(32).toString('hex')
  const draft = `${file}.${randomUUID()}`
  await fs.writeFile(draft, `${secret}\n`, { mode: 0o600, flush: true })
  try {
    await fs.link(draft, file)
    return secret
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return (await read(file))!
  } finally {
    await fs.rm(draft)
  }
}
