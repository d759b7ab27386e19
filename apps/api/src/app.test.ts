import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { entry, setStage, type Stage } from './testing/api.ts'
import { ask, open, parse } from './testing/http.ts'

const token = 'dolphin'

let stage: Stage
beforeAll(async () => void (stage = await setStage()))
afterAll(() => stage.stop())

describe('by the shape of the path alone, before any token is looked at', () => {
  it.each([
    ['GET /hello', 'POST'],
    ['PUT /nobody', 'POST'],
    ['HEAD /hello', 'POST'],
    ['OPTIONS /hello', 'POST'],
    ['DELETE /shop/hello', 'POST'],
    ['HEAD /shop/hello', 'POST'],
    ['POST /jobs', 'GET, HEAD'],
    ['POST /jobs/some', 'GET, DELETE, HEAD'],
    ['PUT /jobs/some/log', 'GET, HEAD'],
    ['DELETE /jobs/some/verdict', 'GET, POST, HEAD'],
    ['POST /services', 'GET, HEAD'],
    ['POST /services/shop/hello/freeze', 'GET, PUT, DELETE, HEAD'],
    ['POST /healthz', 'GET, HEAD'],
    ['POST /readyz', 'GET, HEAD'],
  ])('%s is answered with 405 and Allow: %s', async (asked, allow) => {
    const answer = await ask(stage.port, asked)
    expect(answer).toMatchObject({
      status: 405,
      headers: { allow, 'content-type': 'application/problem+json' },
    })
  })

  it.each([
    'POST /',
    'GET /',
    'POST /hello/',
    'POST //hello',
    'POST /a/b/c',
    'GET /jobs/some/other',
    'POST /jobs/a/b/c',
    'POST /services/shop',
    'GET /services/shop/hello',
    'PUT /services/shop/hello/other',
    'POST /healthz/hello',
    'GET /metrics',
    'POST /metrics',
    'POST /hooks/hello',
    'GET /docs',
    'POST /openapi.json',
    'GET /assets/hello',
  ])('%s is answered with 404', async (asked) => {
    const answer = await ask(stage.port, asked, { token })
    expect(answer.status).toBe(404)
    expect(parse(answer)).toMatchObject({ code: 'no_such_route' })
  })
})

it('answers HEAD like GET, without the body', async () => {
  const { port, worker } = stage
  const complaints = vi.spyOn(console, 'error')
  await ask(port, 'POST /hello?async', { token })
  const job = await worker.take('shop/hello')
  const { id } = job
  const paths = ['', '/log', '/log?follow', '/verdict'].map((it) => `/jobs/${id}${it}`)
  const running = await ask(port, `HEAD /jobs/${id}/log?follow`, { token })
  expect(running).toMatchObject({ status: 200, headers: { 'job-id': id }, text: '' })
  await worker.conclude(job, 3)
  for (const path of ['/jobs', '/services', '/healthz', ...paths]) {
    const [head, get] = [
      await ask(port, `HEAD ${path}`, { token }),
      await ask(port, `GET ${path}`, { token }),
    ]
    expect([head.status, head.headers['exit-code'], head.text]).toEqual([
      get.status,
      get.headers['exit-code'],
      '',
    ])
  }
  expect((await ask(port, `HEAD ${paths[1] ?? ''}`, { token: 'wrong' })).status).toBe(401)
  expect(complaints).not.toHaveBeenCalled()
})

it('reaches a service that bears a name of ours through its project', async () => {
  await stage.worker.publish([entry('shop/jobs')])
  const answer = await open(stage.port, 'POST /shop/jobs', { token })
  await stage.worker.conclude(await stage.worker.take('shop/jobs'), 0)
  expect((await answer.end()).trailers).toEqual({ 'exit-code': '0' })
})

it('names each request, and takes a name that it was given', async () => {
  const own = await ask(stage.port, 'GET /healthz')
  const given = await ask(stage.port, 'GET /healthz', { headers: { 'x-request-id': 'pipeline-17' } })
  expect(own.headers['x-request-id']).toMatch(/^[\w-]{36}$/)
  expect(given.headers['x-request-id']).toBe('pipeline-17')
})
