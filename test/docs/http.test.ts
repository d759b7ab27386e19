import { jobRecord } from '@redeployster/shared/contract/job'
import { expect, it } from 'vitest'
import { statusOf } from '../../apps/api/src/problem.ts'
import { tableRows } from '../harness/pages.ts'

const page = 'docs/http.md'
const namesIn = (cell = '') => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)

it('the documentation has every code of an error, beside its status', async () => {
  const rows = await tableRows(page, 'Status')
  const documented = rows.flatMap((row) => namesIn(row.code).map((code) => [code, Number(row.Status)]))
  expect(Object.fromEntries(documented)).toEqual(statusOf)
})

it('the documentation has every member of a job', async () => {
  const rows = await tableRows(page, 'Member')
  const shown = Object.keys(jobRecord.omit({ tokenDigest: true }).shape)
  expect(rows.flatMap((row) => namesIn(row.Member)).toSorted()).toEqual(shown.toSorted())
})
