import { newJobId, type JobRequest } from '@redeployster/shared/contract/job'
import { createLogger } from '@redeployster/shared/runtime/logger'
import { requestOf } from '@redeployster/shared/testing/requests'
import * as fc from 'fast-check'
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { openJobDirectory, type Plan } from './job-directory.ts'
import { leftJobDirectories } from './left-jobs.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

// Files that another version wrote, or that somebody has changed.

const files = ['request', 'plan', 'stop', 'failure'] as const
const shapes = ['null', '7', '"x"', '[]', '{}', '{"id":7,"lane":"hello"}', '{"state":"succeeded"}', '{"id":']

const request = requestOf('shop/hello')
const plan: Plan = {
  lane: ['hello'],
  up: ['docker-compose', 'up'],
  image: 'hello:1',
  gateMs: 1,
  timeoutMs: 1,
  before: { containers: [] },
}

const said: string[] = []
const logger = createLogger('info', false, { write: (line) => void said.push(line) })

let stateDir: string
beforeEach(async () => {
  stateDir = temporaryFolder()
  said.length = 0
  await begin()
})

const fileOf = (name: string) => path.join(stateDir, 'jobs', request.id, name)
const open = (asked: JobRequest = request) => openJobDirectory(stateDir, asked, logger)

async function begin() {
  const directory = await open()
  await directory.writePlan(plan)
  fs.writeFileSync(path.join(await directory.step('up'), 'started'), '')
}

/** All that a worker reads of a job that another one left. */
async function readAll() {
  await leftJobDirectories(stateDir, logger)
  const directory = await open()
  return {
    plan: await directory.plan(),
    stop: await directory.stopReason(),
    failure: await directory.failure(),
    hasStarted: await directory.hasStarted('up'),
  }
}

it.each(files.flatMap((file) => shapes.map((text) => [file, text] as const)))(
  '%s.json with %s counts as not written, is set aside and told of',
  async (file, text) => {
    fs.writeFileSync(fileOf(`${file}.json`), text)
    const kept = file === 'plan' ? undefined : plan
    expect(await readAll()).toEqual({ plan: kept, stop: undefined, failure: undefined, hasStarted: true })
    expect(fs.readFileSync(fileOf(`${file}.json.unreadable`), 'utf8')).toBe(text)
    const [line, ...more] = said
    expect(line).toContain(`${file}.json`)
    expect(line).toContain('cannot be read')
    expect(more).toEqual([])
  },
)

it.each(files)('%s.json may be a folder', async (file) => {
  fs.rmSync(fileOf(`${file}.json`), { force: true })
  fs.mkdirSync(fileOf(`${file}.json`))
  expect(await readAll()).toMatchObject({ hasStarted: true })
})

it('the request of another job is none of this one', async () => {
  const other = requestOf('shop/hello', { id: newJobId() })
  fs.writeFileSync(fileOf('request.json'), JSON.stringify(other))
  expect(await leftJobDirectories(stateDir, logger)).toEqual([])
  expect((await open()).request).toEqual(request)
  expect(await readAll()).toMatchObject({ plan, hasStarted: true })
})

it('none keeps a worker from starting, whatever JSON it is', async () => {
  const property = fc.asyncProperty(fc.constantFrom(...files), fc.json(), async (file, text) => {
    fs.rmSync(stateDir, { recursive: true })
    await begin()
    fs.writeFileSync(fileOf(`${file}.json`), text)
    expect((await readAll()).hasStarted).toBe(true)
  })
  await fc.assert(property, { numRuns: 200 })
})
