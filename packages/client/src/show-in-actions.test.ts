import { describe, expect, it } from 'vitest'
import { showInActions } from './show-in-actions.ts'
import { ending, id, job } from './testing/jobs.ts'

const stopWord = 'a-word-that-nobody-knows'

function actions(token = 'dolphin') {
  let out = ''
  const files = { GITHUB_OUTPUT: '', GITHUB_STEP_SUMMARY: '' }
  const show = showInActions({
    write: (text) => (out += text),
    append: (file, text) => (files[file] += text),
    token,
    stopWord,
  })
  return { show, files, lines: () => out.split('\n').slice(0, -1), commands: () => commandsIn(out) }
}

/** The commands that a runner would carry out, as it reads a log from its begin to its end. */
function commandsIn(log: string): string[] {
  const commands: string[] = []
  let until: string | undefined
  for (const line of log.split('\n')) {
    const [, name = ''] = /^\s*::([\w-]+).*::/.exec(line) ?? /##\[([\w-]+)/.exec(line) ?? []
    if (until !== undefined) {
      if (name === until) until = undefined
    } else if (name !== '') {
      commands.push(name)
      if (name === 'stop-commands') until = line.split('::').at(-1)
    }
  }
  return commands
}

const image = { imageBefore: 'sha256:a684', imageAfter: 'sha256:abac' }
const finished = job({ state: 'succeeded', exitCode: 0, finishedAt: '2026-01-01T12:01:05.000Z', ...image })

it('folds the log, and hides the token before all else', () => {
  const { show, lines } = actions()
  show.begin(job())
  show.lines([{ number: 1, text: 'out' }])
  show.end(ending(0), finished)
  show.close()
  expect(lines()).toEqual([
    '::add-mask::dolphin',
    `::group::Deploy of shop/hello, job ${id}`,
    `::stop-commands::${stopWord}`,
    'out',
    `redeployster: job ${id} exit-code: 0`,
    `::${stopWord}::`,
    '::endgroup::',
    'shop/hello succeeded',
  ])
})

it.each([
  '::error::forged',
  '  ::set-output name=exit-code::0',
  '::add-path::/tmp',
  '##[error]forged',
  '::stop-commands::x',
  '::endgroup::',
  ':: ::',
])('lets the runner carry out nothing that a deploy prints: %s', (text) => {
  const { show, commands } = actions()
  show.note(text)
  show.begin(job())
  show.lines([{ number: 1, text }])
  show.aside(text)
  show.note(text)
  show.end(ending(3, { reason: text }), job())
  show.close()
  expect(commands()).toEqual(['add-mask', 'stop-commands', 'group', 'stop-commands', 'endgroup', 'error'])
})

describe('a deploy that fails', () => {
  it('is an error with its reason, in one line', () => {
    const { show, lines } = actions()
    show.begin(job())
    show.end(ending(3, { reason: '100% wrong\n::error::x' }), job())
    expect(lines().at(-1)).toBe(
      '::error title=Deploy failed::shop/hello failed with exit code 3: 100%25 wrong\\u000a::error::x',
    )
  })

  it('without a verdict is one, too', () => {
    const { show, lines, files } = actions()
    show.fail('No verdict within 30m', 125)
    expect(lines().at(-1)).toBe('::error title=No verdict::No verdict within 30m')
    expect(files.GITHUB_OUTPUT).toBe('exit-code=125\n')
  })
})

it('gives the next steps outputs that nobody can add to', () => {
  const { show, files } = actions()
  show.begin(job())
  show.end(ending(0), { ...finished, imageAfter: 'x\nstate=forged' })
  expect(files.GITHUB_OUTPUT).toBe(
    `job-id=${id}\nstate=succeeded\nexit-code=0\nimage-before=sha256:a684\nimage-after=x\\u000astate=forged\n`,
  )
})

it('sums the deploy up in a table, in which no text is Markdown', () => {
  const { show, files } = actions()
  show.begin(job())
  show.end(ending(3, { reason: '<b>|`x`' }), finished)
  expect(files.GITHUB_STEP_SUMMARY).toBe(`| Deploy | |
| --- | --- |
| Service | shop/hello |
| Job | ${id} |
| Verdict | ❌ failed, exit code 3 |
| Reason | &#60;b&#62;&#124;&#96;x&#96; |
| Took | 1 min 5 s |
| Image before | sha256:a684 |
| Image after | sha256:abac |

`)
})

it.each([125, 126, 130])('sums it up also where there is no verdict, with %i', (exitCode) => {
  const { show, files } = actions()
  show.begin(job())
  show.fail('Nobody | answers', exitCode)
  expect(files.GITHUB_STEP_SUMMARY).toBe(`| Deploy | |
| --- | --- |
| Service | shop/hello |
| Job | ${id} |
| Verdict | ❌ none, exit code ${exitCode} |
| Reason | Nobody &#124; answers |

`)
})
