import picocolors from 'picocolors'
import { expect, it, onTestFinished } from 'vitest'
import { showOnTerminal, type Terminal } from './show-on-terminal.ts'
import { ending, id, job } from './testing/jobs.ts'

/** A screen of a few rows that knows what we send: lines, `up` and `clear to the end`. */
function screen() {
  const rows: string[] = []
  let at = 0
  const write = (text: string) => {
    // Without a cursor of its own, the spinner writes lines; a real one takes them back.
    if (/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/u.test(text)) return true
    // oxlint-disable-next-line no-control-regex
    for (const [part, up] of text.matchAll(/\u001b\[(\d+)A\u001b\[0J|[^\n\u001b]*\n/g)) {
      if (up !== undefined) at -= Number(up)
      if (up !== undefined) rows.length = at
      else rows[at++] = part.slice(0, -1)
    }
    return true
  }
  const terminal = { columns: 60, rows: 24, write } as unknown as Terminal
  const show = showOnTerminal(terminal, picocolors.createColors(false))
  onTestFinished(() => show.close())
  return { rows, show }
}

const lines = (...texts: string[]) => texts.map((text, index) => ({ number: index + 1, text }))

it('shows each thing that moves once, and keeps everything else', () => {
  const { rows, show } = screen()
  show.begin(job())
  show.lines(lines(' web Pulling ', ' 22eacb9f58e3 Pulling fs layer '))
  show.lines(lines(' 22eacb9f58e3 Pull complete ', ' web Pulled '))
  expect(rows.slice(1)).toEqual([' web  Pulled', ' 1 of 1 layer'])
  show.lines(lines('redeployster: image x', ' Container a  Recreate'))
  show.lines(lines(' Container a  Starting'))
  show.lines(lines(' Container a  Started'))
  show.end(ending(0), job())
  expect(rows).toEqual([
    `redeployster: job ${id} deploys shop/hello`,
    ' web  Pulled',
    ' 1 of 1 layer',
    'redeployster: image x',
    ' Container a  Started',
    expect.stringMatching(/^✔ shop\/hello succeeded after \d+ s$/),
  ])
})

it('says why a deploy has failed, once', () => {
  const { rows, show } = screen()
  show.lines(lines('redeployster: compose failed'))
  show.end(ending(3, { reason: 'compose failed' }), job())
  expect(rows).toEqual([
    'redeployster: compose failed',
    expect.stringMatching(/^✖ shop\/hello failed with exit code 3 after/),
  ])
})

it('does not draw more than the screen can take back', () => {
  const { rows, show } = screen()
  const many = Array.from({ length: 50 }, (_, index) => ` Container a-${index}  Starting`)
  show.lines(lines(...many))
  expect(rows).toHaveLength(21)
  show.lines(lines(...many.map((line) => line.replace('Starting', 'Started')), 'done'))
  expect(rows).toHaveLength(51)
  expect(rows.slice(-2)).toEqual([' Container a-49  Started', 'done'])
})

it('cuts a line that would take two', () => {
  const { rows, show } = screen()
  show.lines(lines(` Container ${'x'.repeat(100)}  Starting`))
  expect(rows[0]).toHaveLength(59)
})
