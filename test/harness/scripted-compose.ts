import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { testEngine } from '@redeployster/shared/testing/docker'

/** A compose of which only `up`, or other commands, are scripted; everything else is the real one's. */
export interface ScriptedCompose {
  readonly command: string
  readonly folder: string
  /** One line per `up`, written as its first act: what the script chose to record. */
  starts(): Promise<readonly string[]>
  remove(): Promise<void>
}

/**
 * `up` is a shell script in which `$service` is the service, `$folder` a folder to meet the test in, and `real` runs
 * the true command. Each run first adds a line to `$folder/starts`: the service, `$record`'s output and its own pid.
 */
export async function scriptCompose(
  up: string,
  record = 'true',
  scripted: readonly string[] = ['up'],
): Promise<ScriptedCompose> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'rd-compose-'))
  const command = path.join(folder, 'compose')
  const script = `#!/bin/sh
folder=${folder}
is_scripted=
for word; do
  service=$word
  case " ${scripted.join(' ')} " in *" $word "*) is_scripted=yes ;; esac
done
real() { ${testEngine().compose} "$@"; }
if [ -z "$is_scripted" ]; then real "$@"; exit; fi
echo "$service $(${record}) $$" >>"$folder/starts"
${up}
`
  await fs.writeFile(command, script, { mode: 0o755 })
  return {
    command,
    folder,
    async starts() {
      const text = await fs.readFile(path.join(folder, 'starts'), 'utf8').catch(() => '')
      return text.split('\n').filter((line) => line !== '')
    },
    remove: () => fs.rm(folder, { recursive: true, force: true }),
  }
}
