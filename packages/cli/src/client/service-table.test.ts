import type { ShownService } from '@redeployster/shared/contract/answers'
import { newJobId } from '@redeployster/shared/contract/job'
import { keyOf } from '@redeployster/shared/testing/requests'
import { expect, it } from 'vitest'
import { serviceTable } from './service-table.ts'

const now = new Date('2026-01-01T12:00:00.000Z')
const before = (ms: number) => new Date(now.getTime() - ms).toISOString()

function shown(name: string, more: Partial<ShownService> = {}): ShownService {
  const { project, service } = keyOf(name)
  const seen = { state: 'deployable', health: 'running', image: 'registry.example.com/hello:latest' } as const
  return { project, service, host: 'alpha', ...seen, ...more }
}

const job = (
  state: 'succeeded' | 'failed' | 'running',
  finishedMs: number | undefined,
  exitCode?: number,
) => ({
  id: newJobId(),
  state,
  acceptedAt: before(3_600_000),
  ...(finishedMs !== undefined && { finishedAt: before(finishedMs) }),
  ...(exitCode !== undefined && { exitCode }),
})

it('shows each service, how it is, and what came of its last deploy', () => {
  const lines = serviceTable(
    [
      shown('shop/hello', { lastJob: job('succeeded', 5 * 60_000, 0), health: 'healthy' }),
      shown('shop/db', { lastJob: job('failed', 2 * 86_400_000, 18) }),
      shown('shop/worker', { lastJob: job('running', undefined) }),
      shown('blog/web', { state: 'gone', image: 'web' }),
    ],
    now,
  )
  expect(lines).toEqual([
    'SERVICE      STATE       HEALTH   LAST DEPLOY          IMAGE',
    'shop/hello   deployable  healthy  succeeded 5 min ago  registry.example.com/hello:latest',
    'shop/db      deployable  running  failed (18) 2 d ago  registry.example.com/hello:latest',
    'shop/worker  deployable  running  running 60 min ago   registry.example.com/hello:latest',
    'blog/web     gone        running  -                    web',
  ])
})

it('shows the host where there are several', () => {
  const [title, first] = serviceTable([shown('shop/hello'), shown('shop/hello', { host: 'beta' })], now)
  expect(title).toMatch(/^SERVICE +HOST +STATE/)
  expect(first).toMatch(/^shop\/hello +alpha +deployable/)
})

it('says below a frozen service until when, by whom and why', () => {
  const held = { who: 'anna', reason: 'the database moves', since: before(60_000) }
  const until = new Date(now.getTime() + 2 * 3_600_000 - 1).toISOString()
  const lines = serviceTable(
    [shown('shop/hello', { freeze: { ...held, until } }), shown('shop/web', { freeze: held })],
    now,
  )
  expect(lines.slice(1)).toEqual([
    expect.stringMatching(/^shop\/hello {2}frozen /),
    '  until 2026-01-01 13:59 UTC, in 119 min, by anna: the database moves',
    expect.stringMatching(/^shop\/web {4}frozen /),
    '  until somebody lifts it, by anna: the database moves',
  ])
})

it('lets no image or reason act upon the terminal', () => {
  const text = serviceTable([shown('shop/hello', { image: 'x\u001b[2J', health: '\u202e' })], now).join('\n')
  for (const acting of ['\u001b', '\u202e']) expect(text).not.toContain(acting)
})

it('says where to look when there is no service', () => {
  expect(serviceTable([], now).join()).toContain('redeployster doctor')
})
