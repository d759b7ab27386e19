import fs from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { chooseShow } from './choose-show.ts'
import { ending, job } from './testing/jobs.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

function choose(env: NodeJS.ProcessEnv, { isTTY = false, json = false } = {}) {
  const printed = { out: '', beside: '' }
  const nothing = () => true
  const cursor = { cursorTo: nothing, moveCursor: nothing, clearLine: nothing }
  const stream = (name: keyof typeof printed) => {
    const write = (text: string) => (printed[name] += text)
    return { isTTY, columns: 80, rows: 24, ...cursor, write } as unknown as NodeJS.WriteStream
  }
  const stdout = stream('out')
  const show = chooseShow({ env, stdout, stderr: stream('beside') }, { json, token: 'dolphin' })
  onTestFinished(() => show.close())
  show.begin(job())
  show.end(ending(0), job())
  return printed
}

describe('a deploy is shown', () => {
  it.each([
    ['as lines', {}, {}, /^redeployster: job \S+ exit-code: 0\n$/],
    ['as objects', { GITHUB_ACTIONS: 'true' }, { json: true }, /^\{"type":"job".*\n\{"type":"verdict".*\n$/],
    ['in a group', { GITHUB_ACTIONS: 'true', CI: 'true' }, {}, /^::add-mask::dolphin\n::group::/],
    [
      'as lines on a terminal of CI',
      { CI: 'true' },
      { isTTY: true },
      /^redeployster: job \S+ exit-code: 0\n$/,
    ],
    ['as lines on a dumb one', { TERM: 'dumb' }, { isTTY: true }, /^redeployster: job \S+ exit-code: 0\n$/],
    ['with colours on a terminal', {}, { isTTY: true }, /\[32m✔ shop\/hello succeeded/],
    [
      'without where nobody wants them',
      { NO_COLOR: '1' },
      { isTTY: true },
      /(?<!\[32m)✔ shop\/hello succeeded/,
    ],
  ])('%s', (_, env, how, expected) => {
    expect(choose(env, how).out).toMatch(expected)
  })

  it('to the next steps, and green also when their file is away', async () => {
    const file = path.join(await temporaryFolder(), 'output')
    choose({ GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: file })
    expect(await fs.readFile(file, 'utf8')).toContain('exit-code=0\n')
    const { out, beside } = choose({ GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: '/nowhere/output' })
    expect(out).toContain('shop/hello succeeded\n')
    expect(beside).toContain('ENOENT')
  })
})
