import { expect, it } from 'vitest'
import { showPlain } from './show-plain.ts'
import { ending, id, job } from './testing/jobs.ts'

function shown() {
  const out: string[] = []
  const beside: string[] = []
  return {
    out,
    beside,
    show: showPlain(
      (text) => out.push(text),
      (text) => beside.push(text),
    ),
  }
}

it('prints the lines and the verdict as the API streams them, and what it says itself beside them', () => {
  const { out, beside, show } = shown()
  show.begin(job())
  show.aside('redeployster: job 1 deploys shop/hello')
  show.lines([
    { number: 1, text: 'out' },
    { number: 2, text: '' },
  ])
  show.note('The connection has ended')
  show.end(ending(3), job())
  expect(out.join('')).toBe(`out\n\nredeployster: job ${id} exit-code: 3\n`)
  expect(beside.join('')).toBe(
    'redeployster: job 1 deploys shop/hello\nredeployster: The connection has ended\n',
  )
})

it('says the reason of a verdict that no worker wrote into the log', () => {
  const { out, show } = shown()
  show.end(ending(125, { state: 'expired', reason: 'no worker took it' }), undefined)
  expect(out.join('')).toBe(`redeployster: no worker took it\nredeployster: job ${id} exit-code: 125\n`)
})

it('says it once, also when the log had it some lines before', () => {
  const { out, show } = shown()
  show.lines([{ number: 1, text: 'redeployster: compose failed' }])
  show.lines([])
  show.end(ending(3, { reason: 'compose failed' }), job())
  expect(out.join('').match(/compose failed/g)).toHaveLength(1)
})

it('does not fill a log with the time that passes', () => {
  const { beside, show } = shown()
  for (const text of ['still running (15 s)', 'API stopping', 'API stopping', 'still running (30 s)']) {
    show.aside(`redeployster: ${text}`)
  }
  expect(beside).toEqual(['redeployster: API stopping\n'])
})

it('lets no line act upon a terminal', () => {
  const { out, show } = shown()
  show.lines([{ number: 1, text: 'a\u001b[2Jb' }])
  expect(out).toEqual(['a\\u001b[2Jb\n'])
})
