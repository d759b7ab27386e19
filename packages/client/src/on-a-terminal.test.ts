import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import { bundleClient } from '../bundle.mjs'
import { ending, id, job } from './testing/jobs.ts'
import { serve } from './testing/serve.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const progress = ['Recreate', 'Recreated', 'Starting', 'Started'].map((it) => ` Container web-1  ${it}`)

/** Runs the client as one file, by this program; the deploy ends once what is printed matches. */
async function deploying(goOnAt: RegExp, program: string, wordsFor: (file: string) => readonly string[]) {
  let log: ServerResponse | undefined
  const url = await serve(({ method, headers }, response) => {
    if (method === 'POST') return void response.writeHead(202).end(JSON.stringify(job()))
    if (headers.accept !== 'text/event-stream') return void response.end(JSON.stringify(job()))
    log = response.writeHead(200, { 'content-type': 'text/event-stream' })
    log.write(progress.map((line, index) => `id: ${index + 1}\ndata: ${line}\n\n`).join(''))
  })
  const file = path.join(await temporaryFolder(), 'r.mjs')
  await fs.writeFile(file, (await bundleClient()).body)
  const { PATH } = process.env
  const env = { PATH, TERM: 'xterm', REDEPLOYSTER_URL: url, REDEPLOYSTER_TOKEN: 'dolphin' }
  const child = spawn(program, wordsFor(file), { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    if (!goOnAt.test(stripVTControlCharacters(printed))) return
    log?.end(`event: verdict\ndata: ${JSON.stringify(ending(3))}\n\n`)
    log = undefined
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, printed }
}

it('on a terminal a spinner counts the seconds, and what moves has one line', async () => {
  // util-linux makes the terminal; it takes the command as one text, and with -e its exit code.
  const { code, printed } = await deploying(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] deploying · [1-9]\d* s/u, 'script', (file) => [
    '-qec',
    `'${process.execPath}' '${file}' deploy hello`,
    '/dev/null',
  ])
  expect(code).toBe(3)
  const lines = stripVTControlCharacters(printed).match(/Container web-1 {2}\w+/g) ?? []
  // Each time that it is drawn but the first, it takes the place of the line before.
  expect(lines.length).toBe(1 + printed.split('\u001b[1A\u001b[0J').length - 1)
  expect(lines.at(-1)).toBe('Container web-1  Started')
  expect(printed).toContain('✖ shop/hello failed with exit code 3')
})

it('in a pipe there are whole lines, and nothing else', async () => {
  const { code, printed } = await deploying(/Started/, process.execPath, (file) => [file, 'deploy', 'hello'])
  expect(code).toBe(3)
  expect(printed).toBe([...progress, `redeployster: job ${id} exit-code: 3`, ''].join('\n'))
})
