import { keepGoneMs, type CatalogueEntry } from '@redeployster/shared/contract/catalogue-entry'
import type { PublishedRule } from '@redeployster/shared/contract/oidc-rule'
import { projectName, serviceName, toHostId } from '@redeployster/shared/contract/service'
import { describe, expect, it } from 'vitest'
import { catalogueEntries, type CheckOutcome } from './entries.ts'

const host = toHostId('ABCD:EFGH')
const now = new Date('2024-05-01T12:00:00Z')
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString()

const key = { project: projectName.parse('shop'), service: serviceName.parse('hello') }
const location = {
  project: key.project,
  workingDir: undefined,
  configFiles: undefined,
  environmentFile: undefined,
}
const seen = { ...key, image: 'hello:2', health: 'healthy', labels: {}, location }

const published: CatalogueEntry = {
  host,
  ...key,
  state: 'deployable',
  digests: ['d1'],
  image: 'hello:1',
  health: 'running',
}
const gone: CatalogueEntry = { ...published, state: 'gone', goneSince: hoursAgo(1) }
const fresh: CatalogueEntry = { ...published, image: 'hello:2', health: 'healthy' }

/** What becomes of the service, if it is there, from what was published before. */
function next(outcome: CheckOutcome | undefined | 'not there', before: readonly CatalogueEntry[] = []) {
  const services = outcome === 'not there' ? [] : [{ seen, outcome }]
  return catalogueEntries(host, services, before, now)
}

const deployable: CheckOutcome = { kind: 'deployable', digests: ['d1'] }
const refused: CheckOutcome = { kind: 'refused', reason: 'no' }
const unsure = (...digests: string[]): CheckOutcome => ({ kind: 'unsure', digests, reason: 'no such file' })
const underWay = undefined

describe('a service that is there', () => {
  it.each([
    { was: 'unknown', before: [] },
    { was: 'deployable', before: [published] },
    { was: 'gone', before: [gone] },
  ])('is published as it is now once it was checked: it was $was', ({ before }) => {
    expect(next(deployable, before)).toEqual([fresh])
  })

  it('has the rule that it has now, and keeps it while nobody can say otherwise', () => {
    const oidc: PublishedRule = { issuer: 'https://ci.example.com', audience: 'x', claims: [['sub', 'a']] }
    const withRule = { ...fresh, oidc }
    expect(next({ kind: 'deployable', digests: ['d1'], oidc }, [published])).toEqual([withRule])
    expect(next({ ...unsure('d1'), oidc } as CheckOutcome, [withRule])).toEqual([withRule])
    expect(next(underWay, [withRule])).toEqual([withRule])
    expect(next(deployable, [withRule])).toEqual([fresh])
    expect(next('not there', [withRule])).toMatchObject([{ state: 'gone', oidc }])
  })

  it('has the tokens that it has now', () => {
    expect(next({ kind: 'deployable', digests: ['d2', 'd3'] }, [published])).toEqual([
      { ...fresh, digests: ['d2', 'd3'] },
    ])
  })

  it.each([
    { it: 'its check is under way', outcome: underWay },
    { it: 'it was refused', outcome: refused },
    { it: 'compose cannot read its files', outcome: unsure('d1') },
  ])('is not published for the first time while $it', ({ outcome }) => {
    expect(next(outcome)).toEqual([])
  })

  it.each([
    { it: 'its check is under way', outcome: underWay },
    { it: 'compose cannot read its files', outcome: unsure('d1') },
  ])('stays deployable while $it', ({ outcome }) => {
    expect(next(outcome, [published])).toEqual([fresh])
  })

  it.each([
    { it: 'was refused', outcome: refused },
    { it: 'has other tokens, and files that compose cannot read', outcome: unsure('d2') },
    { it: 'has no tokens any more, and files that compose cannot read', outcome: unsure() },
  ])('is as good as gone when it $it', ({ outcome }) => {
    expect(next(outcome, [published])).toEqual([
      { ...published, state: 'gone', goneSince: now.toISOString() },
    ])
  })

  it.each([underWay, refused, unsure('d1')])('stays gone until a check says it is deployable', (outcome) => {
    expect(next(outcome, [gone])).toEqual([gone])
  })
})

describe('a service that vanished', () => {
  it('is gone from now on, with its tokens', () => {
    expect(next('not there', [published])).toEqual([
      { ...published, state: 'gone', goneSince: now.toISOString() },
    ])
  })

  it('is gone since it vanished, however often that is looked at', () => {
    expect(next('not there', [gone])).toEqual([gone])
  })

  it('is forgotten after 24 hours', () => {
    expect(keepGoneMs).toBe(24 * 3_600_000)
    const since = (goneSince: string) => next('not there', [{ ...gone, goneSince }])
    expect(since(hoursAgo(24))).toHaveLength(1)
    expect(since(hoursAgo(24.01))).toEqual([])
  })

  it('is not mixed up with one of the same name in another project', () => {
    const other = { ...published, project: projectName.parse('blog') }
    expect(next(deployable, [other])).toEqual([
      fresh,
      { ...other, state: 'gone', goneSince: now.toISOString() },
    ])
  })
})
