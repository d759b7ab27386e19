import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { Docker } from './catalogue/docker.ts'
import { waitForEngine } from './wait-for-engine.ts'

/** An engine that answers after it failed for some times. */
function engineThatFails(times: number) {
  const engine: Docker['engine'] = async () => {
    if (times-- > 0) throw new Error('connect ENOENT')
    return { id: 'ALPHA', version: '28.2.2' }
  }
  return { engine } as Docker
}

function wait(docker: Docker, signal = new AbortController().signal) {
  const said: string[] = []
  const logger = pino({ base: null }, { write: (line) => void said.push(line) })
  return { said, engine: waitForEngine(docker, 'unix:///run/docker.sock', logger, signal) }
}

it('waits until the engine answers, and says once what to do', async () => {
  const { said, engine } = wait(engineThatFails(2))
  expect(await engine).toEqual({ id: 'ALPHA', version: '28.2.2' })
  expect(said).toHaveLength(2)
  expect(said[0]).toMatch(/connect ENOENT.*No Docker engine answers at unix:\/\/\/run\/docker.sock: start it/)
  expect(said[1]).toContain('Docker engine 28.2.2 at unix:///run/docker.sock')
})

it('gives up when the worker stops', async () => {
  const stopping = new AbortController()
  const { engine } = wait(engineThatFails(Number.POSITIVE_INFINITY), stopping.signal)
  stopping.abort()
  await expect(engine).rejects.toThrow('aborted')
})
