import { hostId } from '@redeployster/shared/contract/service'
import { Token, tokenDigest } from '@redeployster/shared/contract/token'
import {
  createProject,
  describeWithEngine,
  removeProjects,
  testEngine,
} from '@redeployster/shared/testing/docker'
import { pino } from 'pino'
import { afterAll, expect, it, vi } from 'vitest'
import { createMemoryPublisher } from '../testing/catalogue.ts'
import { engineChecks } from '../testing/engine.ts'
import { checkOutcome, digestWith } from './check-outcome.ts'
import { connectDocker } from './docker.ts'
import { keepCatalogue } from './keep-catalogue.ts'

const yaml = (token: string) => `
  services:
    hello: { <<: *base, labels: { redeployster.token: ${token} } }
    forged: { <<: *base }
`
const secret = 'a secret for tests'
const digestOf = (token: string) => tokenDigest(secret, new Token(token).hash)

describeWithEngine('the catalogue of a real engine', () => {
  const stopping = new AbortController()
  afterAll(async () => {
    stopping.abort()
    await removeProjects()
  })

  it('follows a service from its start over a rotated token to its end', async () => {
    const project = await createProject({ yaml: yaml('dolphin') })
    const publisher = createMemoryPublisher()
    await keepCatalogue({
      host: hostId.parse('ALPHA'),
      docker: connectDocker(testEngine().dockerHost),
      publisher,
      check: (seen) => checkOutcome(seen, engineChecks(), digestWith(secret)),
      onEntries: () => {},
      logger: pino({ level: 'silent' }),
      signal: stopping.signal,
    })
    const ours = () =>
      publisher
        .last()
        ?.entries.filter((entry) => entry.project === project.name)
        .map(({ service, state, digests, health }) => [service, state, health, ...digests].join(' '))
    const becomes = (...entries: string[]) =>
      vi.waitFor(() => expect(ours()).toEqual(entries), { timeout: 20_000, interval: 10 })

    await becomes()
    await project.up()
    await becomes(`hello deployable running ${digestOf('dolphin')}`)
    await project.compose('stop', 'hello')
    await becomes(`hello deployable exited ${digestOf('dolphin')}`)
    await project.write('compose.yaml', yaml('porpoise'))
    await project.up()
    await becomes(`hello deployable running ${digestOf('porpoise')}`)
    await project.down()
    await vi.waitFor(() => expect(ours()?.[0]).toContain('hello gone'), { timeout: 20_000, interval: 10 })
    expect(
      publisher.all.flatMap(({ entries }) => entries).some(({ service }) => String(service) === 'forged'),
    ).toBe(false)
  })
})
