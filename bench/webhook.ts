import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { freePort, startProcess } from '../test/harness/process.ts'
import { until } from '../test/harness/until.ts'
import type { AtEnd } from './ending.ts'

/** adnanh/webhook from Debian, which answers with the output of one command. Resolves to the address of that. */
export async function startWebhook(
  atEnd: AtEnd,
  command: string,
  directory: string,
  env: Record<string, string>,
): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-webhook-'))
  atEnd(() => fs.rm(folder, { recursive: true, force: true }))
  const script = path.join(folder, 'deploy')
  await fs.writeFile(script, `#!/bin/sh\nexec ${command}\n`, { mode: 0o755 })
  const hook = {
    id: 'hello',
    'execute-command': script,
    'command-working-directory': directory,
    'include-command-output-in-response': true,
  }
  const hooks = path.join(folder, 'hooks.json')
  await fs.writeFile(hooks, JSON.stringify([hook]))
  const port = await freePort()
  const part = startProcess('webhook', ['-hooks', hooks, '-ip', '127.0.0.1', '-port', String(port)], env)
  atEnd(() => part.end('SIGTERM'))
  await until('webhook listens', () => answers(`http://127.0.0.1:${port}/`), 10_000)
  return `http://127.0.0.1:${port}/hooks/hello`
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  )
}
