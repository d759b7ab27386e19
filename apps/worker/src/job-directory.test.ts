import { newJobId, type JobRequest } from '@redeployster/shared/contract/job'
import { createLogger } from '@redeployster/shared/runtime/logger'
import { requestOf } from '@redeployster/shared/testing/requests'
import fs from 'node:fs'
import fsPromises from 'node:fs/promises'
import path from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { openJobDirectory, type Plan } from './job-directory.ts'
import { leftJobDirectories } from './left-jobs.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const request = requestOf('shop/hello')
const plan: Plan = {
  lane: ['hello', 'db'],
  up: ['docker-compose', '-p', 'shop', 'up', '-d', '--', 'hello'],
  image: 'hello:1',
  gateMs: 60_000,
  timeoutMs: 900_000,
  before: { imageId: 'sha256:1', containers: [{ id: 'c1', startedAtMs: 1, ran: true }] },
}

let stateDir: string
beforeEach(() => {
  stateDir = temporaryFolder()
  said.length = 0
})

const said: string[] = []
const logger = createLogger('info', false, { write: (line) => void said.push(line) })

const left = () => leftJobDirectories(stateDir, logger)
const open = (asked: JobRequest) => openJobDirectory(stateDir, asked, logger)
const jobFile = (...names: string[]) => path.join(stateDir, 'jobs', ...names)

describe('a job’s directory', () => {
  it('keeps its request and its plan for the worker that comes after', async () => {
    const directory = await open(request)
    expect(await directory.plan()).toBeUndefined()
    await directory.writePlan(plan)

    const [found] = await left()
    expect(found?.request).toEqual(request)
    expect(await found?.plan()).toEqual(plan)
    expect(await found?.step('up')).toBe(await directory.step('up'))
  })

  it('knows what has been put into it since it was made', async () => {
    const directory = await open(request)
    expect([await directory.stopReason(), await directory.hasStarted('up')]).toEqual([undefined, false])
    await directory.writeStopReason('cancel')
    fs.writeFileSync(path.join(await directory.step('up'), 'started'), '')
    expect([await directory.stopReason(), await directory.hasStarted('up')]).toEqual(['cancel', true])
  })

  it('is the same when it is opened again', async () => {
    const directory = await open(request)
    await directory.writePlan(plan)
    fs.writeFileSync(path.join(await directory.step('up'), 'started'), '')

    const again = await open(request)
    expect(await again.plan()).toEqual(plan)
    expect(fs.existsSync(path.join(await again.step('up'), 'started'))).toBe(true)
  })

  it('is for nobody else to read', async () => {
    const directory = await open(request)
    const step = await directory.step('up')
    const modes = [path.dirname(step), step].map((file) => fs.statSync(file).mode & 0o777)
    expect(modes).toEqual([0o700, 0o700])
    expect(fs.statSync(jobFile(request.id, 'request.json')).mode & 0o777).toBe(0o600)
  })

  it('is not made again for a step when another worker has concluded the job', async () => {
    const directory = await open(request)
    await directory.remove()
    await expect(directory.step('up')).rejects.toThrow('ENOENT')
    expect(await left()).toEqual([])
  })

  it('goes when the job has its verdict, and may be gone already', async () => {
    const directory = await open(request)
    await directory.step('up')
    await directory.remove()
    await directory.remove()
    expect(await left()).toEqual([])
  })
})

describe('the jobs that an earlier worker left', () => {
  it('are none on a new host', async () => {
    expect(await left()).toEqual([])
  })

  it('are those that it had begun, oldest first', async () => {
    const requests = Array.from({ length: 5 }, () => requestOf('shop/hello', { id: newJobId() }))
    for (const request of [...requests].reverse()) await open(request)
    expect((await left()).map(({ request }) => request)).toEqual(requests)
  })

  it('are not those of which it could not even keep the request: they are cleared away', async () => {
    fs.mkdirSync(jobFile(newJobId()), { recursive: true })
    const half = newJobId()
    fs.mkdirSync(jobFile(half))
    fs.writeFileSync(jobFile(half, 'request.json.tmp'), '{"id":')
    expect(await left()).toEqual([])
    expect(fs.readdirSync(jobFile())).toEqual([])
  })

  it('are not those that a worker was killed in removing: it goes on with that', async () => {
    const directory = await open(request)
    fs.writeFileSync(path.join(await directory.step('up'), 'started'), '')
    const rm = vi.spyOn(fsPromises, 'rm')
    rm.mockResolvedValueOnce().mockRejectedValueOnce(new Error('killed'))
    await expect(directory.remove()).rejects.toThrow('killed')
    rm.mockRestore()

    expect(fs.readdirSync(jobFile())).toHaveLength(1)
    expect(await left()).toEqual([])
    expect(fs.readdirSync(jobFile())).toEqual([])
  })

  it('keep their steps when a power cut has damaged the request: the job on the queue has begun', async () => {
    const directory = await open(request)
    fs.writeFileSync(path.join(await directory.step('up'), 'started'), '')
    fs.writeFileSync(jobFile(request.id, 'request.json'), '')

    expect(await left()).toEqual([])
    expect(await (await open(request)).hasStarted('up')).toBe(true)
  })

  it.each(['', '{"id":'])('are found without those that a power cut has damaged: %j', async (damaged) => {
    await open(request)
    const { id } = (await open(requestOf('shop/hello'))).request
    fs.writeFileSync(jobFile(id, 'request.json'), damaged)
    fs.writeFileSync(jobFile('no folder'), '')
    expect((await left()).map(({ request }) => request)).toEqual([request])
  })

  it.each(['', '{"lane":'])('have no plan when a power cut has damaged it: %j', async (damaged) => {
    const directory = await open(request)
    fs.writeFileSync(jobFile(request.id, 'plan.json'), damaged)
    expect(await directory.plan()).toBeUndefined()
  })
})
