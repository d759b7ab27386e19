import fs from 'node:fs/promises'
import path from 'node:path'
import { describeWithEngine } from '@redeployster/shared/testing/docker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchClient, type ClientFolder } from '../harness/client.ts'
import { ask, type Asked } from '../harness/http.ts'
import {
  documentedRows,
  missingProxies,
  proxyNames,
  type DocumentedRows,
  type ProxyName,
} from '../harness/proxies.ts'
import { shell } from '../harness/shell.ts'
import { until } from '../harness/until.ts'
import { openWays, type Way, type Ways } from '../harness/ways.ts'

const names: readonly ProxyName[] = ['the forwarder of the README', ...proxyNames]
const outcomes = [0, 3]

describe.skipIf(missingProxies().length > 0)('behind a reverse proxy', () => {
  describeWithEngine('with the lines that the documentation has for it', () => {
    let ways: Ways
    let client: ClientFolder
    let rows: DocumentedRows
    let quiet: readonly Asked[]

    beforeAll(async () => {
      rows = await documentedRows()
      ways = await openWays(names, ['hello', 'quiet'])
      client = await fetchClient(ways.bench.url)
      // It takes 75 s, so it goes on beside all the others.
      quiet = await Promise.all(
        ways.all.map(async (way) => {
          await way.script('quiet', 'echo before; pass; echo after; exit 3')
          return ask('POST', `${way.url}/quiet`, way.token)
        }),
      )
    })
    afterAll(async () => {
      await client?.remove()
      await ways?.clear()
    })

    const run = ({ url, token }: Way) =>
      client.run(['deploy', 'hello', '--timeout', '2m'], { REDEPLOYSTER_URL: url, REDEPLOYSTER_TOKEN: token })

    it.each(names)('%s hands on each line before the next is printed', async (name) => {
      const way = ways.named(name)
      await way.script('hello', 'for line in one two three; do echo $line; pass; done')
      const asked = ask('POST', `${way.url}/hello`, way.token)
      for (const line of ['one', 'two', 'three']) {
        await until(`${line} arrives`, () => asked.text().endsWith(`\n${line}\n`))
        await way.gate('hello').open()
      }
      expect((await asked.answer).body).toMatch(/exit-code: 0\n$/)
      expect(rows.get(name)?.['Line by line']).toBe('yes')
    })

    it.each(names)('%s has the verdict in the places that its row names', async (name) => {
      const way = ways.named(name)
      const seen = []
      for (const exitCode of outcomes) {
        await way.script('hello', `echo deploying; exit ${exitCode}`)
        seen.push(await placesOfVerdict(way, exitCode))
      }
      const { Trailer, 'Last line': lastLine, '?wait': wait, Client } = rows.get(name) ?? {}
      expect(seen).toEqual(outcomes.map(() => ({ Trailer, 'Last line': lastLine, '?wait': wait, Client })))
    })

    /** Which of them tell the exit code that the deploy has. */
    async function placesOfVerdict(way: Way, exitCode: number) {
      const streamed = ask('POST', `${way.url}/hello`, way.token)
      const { body } = await streamed.answer
      const { rawTrailers } = await streamed.begun
      const waiting = await shell(
        `curl -sSL -o waited.txt -D waited.headers -w '%{http_code}' -XPOST -H'Authorization: Bearer ${way.token}' '${way.url}/hello?wait'`,
        client.path,
      )
      const headers = await fs.readFile(path.join(client.path, 'waited.headers'), 'utf8')
      const isInHeader = new RegExp(`^exit-code: ${exitCode}\r$`, 'im').test(headers)
      const hasRightStatus = waiting.stdout === (exitCode === 0 ? '200' : '424')
      const running = run(way)
      return {
        Trailer: rawTrailers[1] === String(exitCode) ? `\`${rawTrailers[0]}\`` : '–',
        'Last line': yesOrNo(new RegExp(`\nredeployster: job \\S+ exit-code: ${exitCode}\n$`).test(body)),
        '?wait': yesOrNo(isInHeader && hasRightStatus),
        Client: yesOrNo((await running.ended) === exitCode),
      }
    }

    it('all of them bear a silence of 75 s', async () => {
      await until(
        'every stream has said five times that it is still running, once in 15 s',
        () =>
          quiet.every((asked) => (asked.text().match(/^redeployster: still running/gm)?.length ?? 0) >= 5),
        150_000,
      )
      for (const way of ways.all) await way.gate('quiet').open()
      for (const { answer } of quiet) {
        expect((await answer).body).toMatch(/\nafter\n(.*\n)+redeployster: job \S+ exit-code: 3\n$/)
      }
      expect(names.map((name) => rows.get(name)?.['Silence of 75 s'])).toEqual(names.map(() => 'survives'))
    })

    it('an API that is killed in mid-stream makes none of them tell of a success', async () => {
      for (const way of ways.all) await way.script('hello', 'echo before; pass; echo after')
      const streams = ways.all.map((way) => streamWithCurl(way))
      const clients = ways.all.map((way) => run(way))
      await until('all streams have begun', async () =>
        (await Promise.all(streams.map((it) => it.text()))).every((it) => it.includes('before\n')),
      )
      await until('all clients follow', () => clients.every((it) => it.stderr().includes(' deploys ')))
      const waiting = ways.all.map(({ url, token }) =>
        shell(`curl -fsSL -XPOST -H'Authorization: Bearer ${token}' '${url}/hello?wait'`, client.path),
      )
      await ways.api().end('SIGKILL')

      const ends = new Map<string, string>()
      for (const { way, ended, text, headers } of streams) {
        ends.set(way.name, String((await ended).code))
        expect(await headers()).not.toMatch(/^exit-code:/im)
        expect(await text()).not.toContain('exit-code:')
      }
      expect(ends).toEqual(new Map([...rows].map(([name, row]) => [name, row['Killed API: curl ends with']])))
      for (const { code } of await Promise.all(waiting)) expect(code).toBeGreaterThan(0)

      // They notice that it is away, and then that it is back.
      const ready = () =>
        Promise.all(ways.all.map(async ({ url }) => (await ask('GET', `${url}/readyz`).answer).status))
      for (const status of await ready()) expect([502, 503]).toContain(status)
      await ways.restartApi()
      expect(await ready()).toEqual(names.map(() => 200))
      for (const way of ways.all) await way.gate('hello').open()
      for (const way of ways.all) await way.gate('hello').open()
      expect(await Promise.all(clients.map((it) => it.ended))).toEqual(names.map(() => 0))
      expect(clients.map((it) => it.stdout().match(/^(before|after)$/gm))).toEqual(
        names.map(() => ['before', 'after']),
      )
    })

    function streamWithCurl(way: Way) {
      const file = `${names.indexOf(way.name)}.txt`
      const read = (name: string) => fs.readFile(path.join(client.path, name), 'utf8').catch(() => '')
      const ended = shell(
        `curl -sSN -XPOST -H'Authorization: Bearer ${way.token}' ${way.url}/hello -D headers-${file} -o ${file}`,
        client.path,
      )
      return { way, ended, text: () => read(file), headers: () => read(`headers-${file}`) }
    }
  })
})

function yesOrNo(is: boolean): string {
  return is ? 'yes' : 'no'
}
