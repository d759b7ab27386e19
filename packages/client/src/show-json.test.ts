import { expect, it } from 'vitest'
import { showJson } from './show-json.ts'
import { ending, id, job } from './testing/jobs.ts'

function shown(act: (show: ReturnType<typeof showJson>) => void) {
  const out: string[] = []
  const beside: string[] = []
  act(
    showJson(
      (text) => out.push(text),
      (text) => beside.push(text),
    ),
  )
  const lines = out.join('').split('\n').slice(0, -1)
  return { objects: lines.map((line) => JSON.parse(line) as object), beside }
}

it('prints an object for the job, for each line and for the verdict, and nothing else', () => {
  const { objects, beside } = shown((show) => {
    show.begin(job())
    show.lines([{ number: 1, text: 'a "b"' }])
    show.note('The connection has ended')
    show.aside('redeployster: still running (15 s)')
    show.end(ending(3), job({ state: 'failed', imageAfter: 'sha256:1' }))
  })
  expect(objects).toEqual([
    { type: 'job', ...job() },
    { type: 'line', number: 1, text: 'a "b"' },
    { type: 'verdict', ...job(), imageAfter: 'sha256:1', ...ending(3) },
  ])
  expect(beside).toHaveLength(2)
})

it('ends with an error where there is no verdict', () => {
  const { objects } = shown((show) => show.fail(`Job ${id} goes on`, 130))
  expect(objects).toEqual([{ type: 'error', exitCode: 130, message: `Job ${id} goes on` }])
})
