import { randomUUID } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { describeWithEngine } from '@redeployster/shared/testing/docker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runAction } from '../harness/actions-runner.ts'
import { fetchClient, type ClientFolder } from '../harness/client.ts'
import { documentedSteps, type DocumentedStep, type StepPlace } from '../harness/documented-steps.ts'
import { getJson } from '../harness/http.ts'
import { codeBlock, tableRows, type Row } from '../harness/pages.ts'
import { documentedRows, missingProxies, proxyNames, type ProxyName } from '../harness/proxies.ts'
import { shell } from '../harness/shell.ts'
import { until } from '../harness/until.ts'
import { openWays, type Way, type Ways } from '../harness/ways.ts'

// curl speaks HTTP/2 with the last one; what more there is to know of TLS is in proxies.test.ts.
const names: readonly ProxyName[] = [...proxyNames, 'Caddy, TLS']

describe.skipIf(missingProxies().length > 0)('a pipeline that follows the documentation', () => {
  describeWithEngine(`behind ${names.join('; ')}`, () => {
    let ways: Ways
    let client: ClientFolder
    let rows: ReadonlyMap<string, Row>
    let endings: ReadonlyMap<string | undefined, string | undefined>

    beforeAll(async () => {
      rows = await documentedRows()
      const table = await tableRows('docs/ci/README.md', 'Runner has')
      endings = new Map(
        table.map((row) => [row['Runner has']?.replaceAll('`', ''), row['A failed deploy ends it with']]),
      )
      ways = await openWays(names, ['hello'])
      client = await fetchClient(ways.bench.url)
    })
    afterAll(async () => {
      await client?.remove()
      await ways?.clear()
    })

    async function place({ url, token, trust }: Way, timeoutS?: number): Promise<StepPlace> {
      const folder = path.join(client.path, randomUUID())
      await fs.mkdir(folder)
      return { url, token, trust, folder, ...(timeoutS === undefined ? {} : { timeoutS }) }
    }

    async function codes(step: DocumentedStep, way: Way) {
      const seen = []
      for (const exitCode of [0, 3]) {
        await way.script('hello', `echo deploying; exit ${exitCode}`)
        seen.push((await step.run(await place(way))).code)
      }
      return { through: way.name, seen }
    }

    it.each(documentedSteps)('is red exactly for the deploy that failed: $title', async (step) => {
      const before = await ways.starts()
      const seen = await Promise.all(ways.all.map((way) => codes(step, way)))
      const ending = endings.get(step.has)
      const red = ending === 'its exit code' ? 3 : Number(ending)
      expect(red).toBeGreaterThan(0)
      expect(seen).toEqual(
        names.map((through) => {
          const isBlind = step.needsTrailer && rows.get(through)?.Trailer === '–'
          return { through, seen: [isBlind ? red : 0, red] }
        }),
      )
      expect((await ways.starts()) - before).toBe(ways.all.length * 2)
    })

    it('has the file that its page tells it to have', async () => {
      const page = 'docs/ci/README.md'
      const CLIENT_SHA256 = (await codeBlock(page, '')).trim()
      const check = await codeBlock(page, 'sh', 'sha256sum')
      expect(await shell(check, client.path, { env: { CLIENT_SHA256 } })).toMatchObject({ code: 0 })
    })

    it('has outputs and a summary of the action, and a token that is masked', async () => {
      const way = ways.named('nginx')
      for (const exitCode of [0, 3]) {
        await way.script('hello', `echo deploying; exit ${exitCode}`)
        const { url, token, folder } = await place(way)
        const ended = await runAction({ url, token, service: 'hello' }, folder)
        const job = await getJson<Record<string, string>>(`${url}/jobs/${ended.outputs['job-id']}`, token)
        expect(ended).toMatchObject({ code: exitCode, stderr: '' })
        expect(ended.outputs).toEqual({
          'job-id': job.id,
          state: exitCode === 0 ? 'succeeded' : 'failed',
          'exit-code': String(exitCode),
          'image-before': job.imageBefore ?? '',
          'image-after': job.imageAfter ?? '',
        })
        expect(ended.stdout.split(token)).toEqual(['::add-mask::', expect.stringMatching(/^\n::group::.*\n/)])
        expect(ended.stdout).toContain('\ndeploying\n')
        expect(ended.summary).toContain(`| Job | ${job.id} |`)
      }
    })

    it.each(['url', 'service', 'token'])(
      'is red when the action has no %s, and asks nobody',
      async (name) => {
        const way = ways.named('nginx')
        const before = await ways.starts()
        const { url, token, folder } = await place(way)
        const ended = await runAction({ url, token, service: 'hello', [name]: '' }, folder)
        expect(ended).toMatchObject({ code: 78, stderr: '' })
        expect(ended.stdout).toBe(`::error title=No deploy::The action needs the input ${name}\n`)
        expect(await ways.starts()).toBe(before)
      },
    )

    it('is red when there is no verdict, since the API was killed in mid-stream', async () => {
      for (const way of ways.all) await way.script('hello', 'echo before; pass; echo after')
      const before = await Promise.all(ways.all.map(requests))
      const over = new Map(ways.all.map((way) => [way, 0]))
      const running = ways.all.flatMap((way) =>
        documentedSteps.map(async (step) => {
          const { code } = await step.run(await place(way, 20))
          over.set(way, (over.get(way) ?? 0) + 1)
          return { step: step.title, through: way.name, isRed: code !== 0 }
        }),
      )
      // On a busy machine one may have been told no, or have given up, which is red as well.
      await until('each step has asked for a deploy, or is over', async () => {
        const asked = await Promise.all(ways.all.map(requests))
        const accounted = ways.all.map(
          (way, at) => (asked[at] ?? 0) - (before[at] ?? 0) + (over.get(way) ?? 0),
        )
        return accounted.every((count) => count >= documentedSteps.length)
      })
      expect([...over.values()]).not.toContain(documentedSteps.length)
      await ways.api().end('SIGKILL')
      const green = (await Promise.all(running)).filter(({ isRed }) => !isRed)
      expect(green).toEqual([])
    })

    /** How many requests have come this way, shared jobs or not. */
    async function requests({ token }: Way): Promise<number> {
      const url = `${ways.bench.url}/jobs?limit=100`
      // With so many clients at once it may be 503 for a moment.
      const jobs = await until(
        'the jobs are told',
        async () => (await getJson<{ jobs?: { requests: number }[] }>(url, token)).jobs,
      )
      return jobs.reduce((sum, job) => sum + job.requests, 0)
    }
  })
})
