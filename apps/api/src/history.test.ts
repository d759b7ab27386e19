import type { JobId } from '@redeployster/shared/contract/job'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminToken, entry, setStage, type Stage } from './testing/api.ts'
import { ask, open, parse } from './testing/http.ts'

const ofShop = 'of the shop'
const ofBlog = 'of the blog'

let stage: Stage
/** Oldest first: hello failed, hello succeeded, cart failed, web succeeded, hello queued. */
let ids: string[]
beforeAll(async () => {
  stage = await setStage()
  await stage.worker.publish([
    entry('shop/hello', { tokens: [ofShop] }),
    entry('shop/cart', { tokens: [ofShop] }),
    entry('blog/web', { tokens: [ofBlog] }),
    entry('blog/never', { tokens: ['of nothing yet'] }),
  ])
  ids = [
    await deployed('shop/hello', ofShop, 1),
    await deployed('shop/hello', ofShop, 0),
    await deployed('shop/cart', ofShop, 1),
    await deployed('blog/web', ofBlog, 0),
    await deployed('shop/hello', ofShop),
  ]
})
afterAll(() => stage.stop())

describe('GET /jobs', () => {
  it.each([
    ['the jobs of all services of the token, newest first', ofShop, '', [4, 2, 1, 0]],
    ['the jobs of the one service of another token', ofBlog, '', [3]],
    ['no jobs for a token whose service has none', 'of nothing yet', '', []],
    ['all jobs for the admin', adminToken, '', [4, 3, 2, 1, 0]],
    ['the jobs of one service', ofShop, '?service=hello', [4, 1, 0]],
    ['the jobs of one project', adminToken, '?project=blog', [3]],
    ['the jobs of one service of one project', adminToken, '?project=shop&service=cart', [2]],
    ['nothing of a service of another token', ofShop, '?service=web', []],
    ['nothing of a service that is not there', ofShop, '?service=nobody&project=..', []],
    ['the jobs in one state', ofShop, '?state=failed', [2, 0]],
    ['the jobs that are not final', ofShop, '?state=queued', [4]],
    ['the jobs of one service in one state', ofShop, '?service=hello&state=succeeded', [1]],
    ['as many jobs as wanted', ofShop, '?limit=2', [4, 2]],
  ])('lists %s', async (_, token, query, expected) => {
    const answer = await ask(stage.port, `GET /jobs${query}`, { token })
    expect(answer.status).toBe(200)
    expect(listed(answer.text).map(({ id }) => ids.indexOf(id))).toEqual(expected)
  })

  it('lists jobs as GET /jobs/:id shows them, without digest and proof', async () => {
    const { jobs } = parse(await ask(stage.port, 'GET /jobs?limit=1', { token: ofShop }))
    expect(jobs).toEqual([parse(await ask(stage.port, `GET /jobs/${ids[4]}`, { token: ofShop }))])
    expect(JSON.stringify(jobs)).not.toMatch(/digest|proof/i)
  })

  it('says where the next page is as long as there is one', async () => {
    const pages: string[] = []
    let next: unknown = '/jobs?limit=3&project=shop'
    while (typeof next === 'string') {
      const answer = await ask(stage.port, `GET ${next}`, { token: adminToken })
      pages.push(
        listed(answer.text)
          .map(({ id }) => ids.indexOf(id))
          .join(' '),
      )
      next = parse(answer).next
    }
    expect(pages).toEqual(['4 2 1', '0'])
  })

  it('still shows the admin the jobs of a service that nobody remembers', async () => {
    await stage.worker.publish([entry('shop/hello', { tokens: [ofShop] })])
    const answer = await ask(stage.port, 'GET /jobs?service=web', { token: adminToken })
    expect(listed(answer.text).map(({ id }) => ids.indexOf(id))).toEqual([3])
  })

  it.each(['limit=0', 'limit=201', 'limit=x', 'state=done', 'before=x', 'before='])(
    'refuses %s',
    async (query) => {
      const answer = await ask(stage.port, `GET /jobs?${query}`, { token: ofShop })
      expect(answer.status).toBe(400)
      expect(parse(answer)).toMatchObject({
        code: 'bad_request',
        detail: expect.stringContaining(`"${query.split('=')[0]}"`) as string,
      })
    },
  )
})

async function deployed(name: string, token: string, exitCode?: number): Promise<string> {
  const answer = await open(stage.port, `POST /${name}`, { token })
  answer.leave()
  if (exitCode !== undefined) await stage.worker.conclude(await stage.worker.take(name), exitCode)
  return String(answer.headers['job-id'])
}

function listed(text: string): readonly { id: JobId }[] {
  return (JSON.parse(text) as { jobs: { id: JobId }[] }).jobs
}
