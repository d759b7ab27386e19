import {
  adminToken,
  beta,
  createFakeWorker,
  entry,
  setStage,
  type Stage,
} from '@redeployster/api/testing/api'
import { ask, parse } from '@redeployster/api/testing/http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freeze, unfreeze, type FreezeOptions } from './freeze.ts'
import { services } from './services.ts'

// Against a real API on a real Redis.
const token = 'dolphin'
const reason = 'the database moves'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
  await stage.worker.publish([
    entry('shop/hello'),
    entry('shop/web'),
    entry('blog/web', { tokens: ['of the blog'] }),
  ])
  const other = createFakeWorker(stage.redis.url, beta, 'beta')
  await other.publish([entry('shop/hello', { host: beta })])
  other.stop()
})
afterEach(async () => {
  for (const name of ['shop/hello', 'shop/web', 'blog/web']) {
    await ask(stage.port, `DELETE /services/${name}/freeze`, { token: adminToken })
  }
})
afterAll(() => stage.stop())

const source = (sent = adminToken) => ({
  REDEPLOYSTER_URL: `http://127.0.0.1:${stage.port}`,
  REDEPLOYSTER_TOKEN: sent,
})

async function printed(run: (print: (text: string) => void) => Promise<void>): Promise<string> {
  const texts: string[] = []
  await run((text) => texts.push(text))
  return texts.join('\n')
}

const freezing = (name: string, options: Partial<FreezeOptions> = {}, sent?: string) =>
  printed((print) => freeze(source(sent), name, { reason, ...options }, print))
const unfreezing = (name: string) => printed((print) => unfreeze(source(), name, {}, print))
const shown = async (name: string) =>
  parse(await ask(stage.port, `GET /services/${name}/freeze`, { token: adminToken }))

describe('redeployster freeze', () => {
  it('freezes a service on all its hosts, and says who, until when and why', async () => {
    const text = await freezing('hello', { for: '2h', by: 'anna' })
    const { until } = await shown('shop/hello')
    expect(text).toBe(
      `shop/hello is frozen by anna until ${String(until)} (${reason}). ` +
        'Lift it with "redeployster unfreeze shop/hello".',
    )
  })

  it('says who sits at the terminal, unless it is told otherwise', async () => {
    await freezing('shop/web')
    expect(await shown('shop/web')).toMatchObject({ who: expect.stringMatching(/^\S+@\S+$/) as string })
  })

  it.each([
    ['several services of the name', 'web', {}, undefined, 'say blog/web or shop/web'],
    ['a slip of the pen', 'helo', {}, undefined, 'There is no service helo'],
    ['a duration that is none', 'hello', { for: 'soon' }, undefined, 'for: expected a duration'],
    ['a service’s own token', 'hello', {}, token, 'only the admin token'],
    ['a wrong token', 'hello', {}, 'wrong', 'wrong token'],
  ])('refuses %s, and freezes nothing', async (_, name, options, sent, says) => {
    await expect(freezing(name, options, sent)).rejects.toThrow(says)
    expect(await stage.worker.redis.keys('*:freeze:*')).toEqual([])
  })
})

describe('redeployster unfreeze', () => {
  it('lifts a freeze', async () => {
    await freezing('hello')
    expect(await unfreezing('hello')).toBe('shop/hello can be deployed again.')
    expect(await shown('shop/hello')).toMatchObject({ code: 'not_frozen' })
  })

  it.each(['shop/hello', 'shop/nobody'])('says that %s was not frozen', async (name) => {
    expect(await unfreezing(name)).toBe(`${name} was not frozen.`)
  })

  it('lifts that of a service which nobody remembers', async () => {
    await freezing('shop/web')
    await stage.worker.publish([entry('shop/hello'), entry('blog/web')])
    expect(await unfreezing('shop/web')).toBe('shop/web can be deployed again.')
    await stage.worker.publish([entry('shop/hello'), entry('shop/web'), entry('blog/web')])
  })

  it('takes no more than a project and a service', async () => {
    await expect(unfreezing('a/b/c')).rejects.toThrow('nothing at this path')
  })
})

describe('redeployster services', () => {
  const listing = (json: boolean) => printed((print) => services(source(), { json }, print))

  it('shows a table', async () => {
    await freezing('hello', { by: 'anna' })
    const lines = (await listing(false)).split('\n')
    expect(lines[0]).toMatch(/^SERVICE +HOST +STATE +HEALTH +LAST DEPLOY +IMAGE$/)
    expect(lines.filter((line) => /^shop\/hello +(alpha|beta) +frozen +healthy/.test(line)).length).toBe(2)
    expect(lines).toContain(`  until somebody lifts it, by anna: ${reason}`)
  })

  it('prints the answer of the API with --json', async () => {
    const { text } = await ask(stage.port, 'GET /services', { token: adminToken })
    expect(await listing(true)).toBe(text.trimEnd())
  })
})
