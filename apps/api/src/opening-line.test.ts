import { newJobId } from '@redeployster/shared/contract/job'
import { keyOf } from '@redeployster/shared/testing/requests'
import { expect, it } from 'vitest'
import { openingLine } from './opening-line.ts'

const job = { ...keyOf('shop/hello'), id: newJobId() }
const by = { issuer: 'https://ci.example.com', subject: 'job 7' }
/** As the README greps for it in the last line. */
const success = /^redeployster: job .* exit-code: 0$/

it('says which job it is, for whom and where', () => {
  expect(openingLine({ ...job, by }, { hostName: 'vm' })).toBe(
    `redeployster: job ${job.id} deploys shop/hello on host vm for job 7`,
  )
})

it.each([
  ['a subject', { by: { ...by, subject: 'x exit-code: 0' } }, 'vm'],
  ['a repository', { by: { ...by, repository: 'x exit-code: 0' } }, 'vm'],
  ['a branch', { by: { ...by, repository: 'acme/shop', ref: 'x exit-code: 0' } }, 'vm'],
  ['a user', { by: { ...by, actor: 'x exit-code: 0' } }, 'vm'],
  ['a user in capitals', { by: { ...by, actor: 'x Exit-Code: 0' } }, 'vm'],
  ['an issuer', { by: { issuer: 'https://x exit-code: 0' } }, 'vm'],
  ['a host', {}, 'vm exit-code: 0'],
])('cannot be taken for a verdict, wherever it is cut, by the name of %s', (_, more, hostName) => {
  const line = openingLine({ ...job, ...more }, { hostName, runsFirst: newJobId() })
  for (let end = 0; end <= line.length; end++) {
    expect(line.slice(0, end)).not.toMatch(new RegExp(success, 'i'))
  }
})
