import { randomUUID } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { describeWithEngine } from '@redeployster/shared/testing/docker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchClient, type ClientFolder } from '../harness/client.ts'
import type { Row } from '../harness/pages.ts'
import { documentedRows, missingProxies, proxyNames, tlsNames, type ProxyName } from '../harness/proxies.ts'
import { shell } from '../harness/shell.ts'
import { until } from '../harness/until.ts'
import { openWays, type Way, type Ways } from '../harness/ways.ts'

const names: readonly ProxyName[] = ['the forwarder of the README', ...proxyNames, ...tlsNames]
const outcomes = [0, 3]

/** What waits for the verdict of one deploy, each in its own way. */
interface Waiting {
  readonly stream: Streaming
  readonly verdict: ReturnType<typeof shell>
  readonly follower: ReturnType<ClientFolder['run']>
}

type Streaming = ReturnType<typeof streamInto>

describe.skipIf(missingProxies().length > 0)('behind a reverse proxy', () => {
  describeWithEngine('with the lines that the documentation has for it', () => {
    let ways: Ways
    let client: ClientFolder
    let rows: ReadonlyMap<string, Row>
    let quiet: readonly Waiting[]

    beforeAll(async () => {
      rows = await documentedRows()
      ways = await openWays(names, ['hello', 'quiet'])
      client = await fetchClient(ways.bench.url)
      // It takes 75 s, so it goes on beside all the others.
      quiet = await Promise.all(ways.all.map(waitForQuiet))
    }, 300_000)
    afterAll(async () => {
      await client?.remove()
      await ways?.clear()
    })

    const run = (way: Way, ...words: readonly string[]) =>
      client.run([...words, '--timeout', '3m'], {
        ...way.trust,
        REDEPLOYSTER_URL: way.url,
        REDEPLOYSTER_TOKEN: way.token,
      })
    const curl = ({ token, trust }: Way, words: string) =>
      shell(`curl -sS -H'Authorization: Bearer ${token}' ${words}`, client.path, { env: trust })
    const stream = (way: Way, service: string) =>
      streamInto(client.path, (words) => curl(way, `-N -XPOST ${way.url}/${service} ${words}`))

    async function waitForQuiet(way: Way): Promise<Waiting> {
      await way.script('quiet', 'echo before; pass; echo after; exit 3')
      const streaming = stream(way, 'quiet')
      const id = await until(
        'the job is known',
        async () => /^job-id: (\S+)/im.exec(await streaming.headers())?.[1],
      )
      return {
        stream: streaming,
        verdict: curl(way, `-fL -o /dev/null -w '%{num_redirects}' ${way.url}/jobs/${id}/verdict`),
        follower: run(way, 'logs', id, '--follow'),
      }
    }

    it.each(names)('%s hands on each line before the next is printed', async (name) => {
      const way = ways.named(name)
      await way.script('hello', 'for line in one two three; do echo $line; pass; done')
      const { ended, text } = stream(way, 'hello')
      for (const line of ['one', 'two', 'three']) {
        await until(`${line} arrives`, async () => (await text()).endsWith(`\n${line}\n`))
        await way.gate('hello').open()
      }
      expect(await ended).toMatchObject({ code: 0 })
      expect(await text()).toMatch(/exit-code: 0\n$/)
      expect(rows.get(name)?.['Line by line']).toBe('yes')
    })

    it.each(names)('%s has the verdict in the places that its row names', async (name) => {
      const way = ways.named(name)
      const seen = []
      for (const exitCode of outcomes) {
        await way.script('hello', `echo deploying; exit ${exitCode}`)
        seen.push(await placesOfVerdict(way, exitCode))
      }
      const { HTTP, Trailer, 'Last line': lastLine, '?wait': wait, Client } = rows.get(name) ?? {}
      expect(seen).toEqual(
        outcomes.map(() => ({ HTTP, Trailer, 'Last line': lastLine, '?wait': wait, Client })),
      )
    })

    /** Which of them tell the exit code that the deploy has, and which version of HTTP curl is spoken to in. */
    async function placesOfVerdict(way: Way, exitCode: number) {
      const streaming = stream(way, 'hello')
      await streaming.ended
      const headers = await streaming.headers()
      const [, trailer] = new RegExp(`^(exit-code): ${exitCode}\r$`, 'im').exec(headers) ?? []
      const waiting = await curl(
        way,
        `-L -o waited.txt -D waited.headers -w '%{http_code}' -XPOST '${way.url}/hello?wait'`,
      )
      const waited = await fs.readFile(path.join(client.path, 'waited.headers'), 'utf8')
      const isInHeader = new RegExp(`^exit-code: ${exitCode}\r$`, 'im').test(waited)
      const hasRightStatus = waiting.stdout === (exitCode === 0 ? '200' : '424')
      return {
        HTTP: /^HTTP\/(\S+) 200/.exec(headers)?.[1],
        Trailer: trailer === undefined ? '–' : `\`${trailer}\``,
        'Last line': yesOrNo(
          new RegExp(`\nredeployster: job \\S+ exit-code: ${exitCode}\n$`).test(await streaming.text()),
        ),
        '?wait': yesOrNo(isInHeader && hasRightStatus),
        Client: yesOrNo((await run(way, 'deploy', 'hello').ended) === exitCode),
      }
    }

    it('all of them bear a silence of 75 s, and a verdict that is held as long as it ever is', async () => {
      const heartbeats = async ({ stream }: Waiting) =>
        (await stream.text()).match(/^redeployster: still running/gm)?.length ?? 0
      await until(
        'every stream has said five times that it is still running, once in 15 s',
        async () => (await Promise.all(quiet.map(heartbeats))).every((count) => count >= 5),
        150_000,
      )
      for (const way of ways.all) await way.gate('quiet').open()
      for (const { stream, verdict, follower } of quiet) {
        expect(await stream.ended).toMatchObject({ code: 0 })
        expect(await stream.text()).toMatch(/\nafter\n(.*\n)+redeployster: job \S+ exit-code: 3\n$/)
        // It was held for 45 s, and sent round once.
        expect(await verdict).toMatchObject({ code: 22, stdout: '1' })
        expect(await follower.ended).toBe(3)
        expect(follower.stdout()).toContain('after\n')
      }
      expect(names.map((name) => rows.get(name)?.['Silence of 75 s'])).toEqual(names.map(() => 'survives'))
    })

    it('an API that is killed in mid-stream makes none of them tell of a success', async () => {
      for (const way of ways.all) await way.script('hello', 'echo before; pass; echo after')
      const streams = ways.all.map((way) => stream(way, 'hello'))
      const clients = ways.all.map((way) => run(way, 'deploy', 'hello'))
      await until('all streams have begun', async () =>
        (await Promise.all(streams.map((it) => it.text()))).every((it) => it.includes('before\n')),
      )
      await until('all clients follow', () => clients.every((it) => it.stderr().includes(' deploys ')))
      const waiting = ways.all.map((way) => curl(way, `-fL -XPOST '${way.url}/hello?wait'`))
      await ways.api().end('SIGKILL')

      const ends = new Map<string, string>()
      for (const [index, { ended, text, headers }] of streams.entries()) {
        ends.set(names[index] ?? '', String((await ended).code))
        expect(await headers()).not.toMatch(/^exit-code:/im)
        expect(await text()).not.toContain('exit-code:')
      }
      expect(ends).toEqual(new Map([...rows].map(([name, row]) => [name, row['Killed API: curl ends with']])))
      for (const { code } of await Promise.all(waiting)) expect(code).toBeGreaterThan(0)

      // They notice that it is away, and then that it is back.
      const ready = async (way: Way) =>
        (await curl(way, `-o /dev/null -w '%{http_code}' ${way.url}/readyz`)).stdout
      for (const status of await Promise.all(ways.all.map(ready))) expect(['502', '503']).toContain(status)
      await ways.restartApi()
      expect(await Promise.all(ways.all.map(ready))).toEqual(names.map(() => '200'))
      for (const way of ways.all) await way.gate('hello').open()
      for (const way of ways.all) await way.gate('hello').open()
      expect(await Promise.all(clients.map((it) => it.ended))).toEqual(names.map(() => 0))
      expect(clients.map((it) => it.stdout().match(/^(before|after)$/gm))).toEqual(
        names.map(() => ['before', 'after']),
      )
    })
  })
})

/** Runs curl with what more it needs to leave body and headers where they can be read meanwhile. */
function streamInto(folder: string, run: (words: string) => ReturnType<typeof shell>) {
  const file = randomUUID()
  const read = (name: string) => fs.readFile(path.join(folder, name), 'utf8').catch(() => '')
  return {
    ended: run(`-o ${file} -D ${file}.headers`),
    text: () => read(file),
    headers: () => read(`${file}.headers`),
  }
}

function yesOrNo(is: boolean): string {
  return is ? 'yes' : 'no'
}
