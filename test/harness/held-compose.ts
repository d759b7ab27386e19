import { constants } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { scriptCompose } from './scripted-compose.ts'
import { until } from './until.ts'

/** A compose whose every `up` begins, touches nothing, and then waits for the test to say how it ends. */
export interface HeldCompose {
  readonly command: string
  /** Forgets what was; an `up` that still waits ends. For `beforeEach`. */
  reset(): Promise<void>
  /** Resolves when the service's first (second, …) `up` has begun. */
  begun(service: string, run?: number): Promise<void>
  /** Waits until it has begun, and ends it. */
  end(service: string, exitCode?: number, run?: number): Promise<void>
  /** `begin SERVICE` and `end SERVICE`, in their order. */
  events(): Promise<readonly string[]>
  remove(): Promise<void>
}

const up = `
cd -P "$folder/now" || exit
echo "begin $service" >>events
run=$(grep -cx "begin $service" events)
mkfifo "$service.$run"
read code <"$service.$run"
echo "end $service" >>events
exit "\${code:-1}"`

export async function holdCompose(): Promise<HeldCompose> {
  const scripted = await scriptCompose(up)
  const now = path.join(scripted.folder, 'now')

  async function begun(service: string, run = 1) {
    const gate = path.join(now, `${service}.${run}`)
    await until(`run ${run} of ${service} begins`, () => fs.stat(gate).then((it) => it.isFIFO(), no))
  }

  async function events() {
    const text = await fs.readFile(path.join(now, 'events'), 'utf8').catch(() => '')
    return text.split('\n').filter((line) => line !== '')
  }

  async function endAll() {
    const files = await fs.readdir(now).catch(() => [])
    const gates = files.filter((file) => /\.\d+$/.test(file))
    // Not to wait for a reader: opening and closing it ends whoever waits.
    const flags = constants.O_WRONLY | constants.O_NONBLOCK
    await Promise.all(gates.map((gate) => fs.open(path.join(now, gate), flags).then((it) => it.close(), no)))
  }

  return {
    command: scripted.command,
    async reset() {
      await endAll()
      await fs.rm(now, { force: true })
      await fs.symlink(await fs.mkdtemp(path.join(scripted.folder, 'test-')), now)
    },
    begun,
    async end(service, exitCode = 0, run = 1) {
      await begun(service, run)
      await fs.writeFile(path.join(now, `${service}.${run}`), `${exitCode}\n`)
      await until(`run ${run} of ${service} ends`, async () => {
        const ends = (await events()).filter((line) => line === `end ${service}`)
        return ends.length >= run
      })
    },
    events,
    async remove() {
      await endAll()
      await scripted.remove()
    },
  }
}

const no = () => false
