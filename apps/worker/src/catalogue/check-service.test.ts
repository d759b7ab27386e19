import { projectName, reservedNames, serviceName } from '@redeployster/shared/contract/service'
import { Token } from '@redeployster/shared/contract/token'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createResolveService } from '../compose/resolve.ts'
import type { ComposeOutput } from '../compose/run-compose.ts'
import { checkOutcome } from './check-outcome.ts'
import { checkService, type ServiceChecks } from './check-service.ts'
import type { SeenService } from './services-from-containers.ts'

const labels = { 'redeployster.token': 'dolphin' }

function seenAs(more: Partial<SeenService> = {}): SeenService {
  const project = more.project ?? projectName.parse('shop')
  return {
    project,
    service: serviceName.parse('hello'),
    image: 'hello:1',
    health: 'running',
    labels,
    location: { project, workingDir: '/srv', configFiles: '/srv/compose.yaml', environmentFile: undefined },
    ...more,
  }
}

/** A compose that answers with this, whatever it is asked. */
function composeThat(answers: Partial<ComposeOutput>): ServiceChecks {
  const output = { exitCode: 0, stdout: '', stderr: '', ...answers }
  return { resolve: createResolveService(async () => output, ['docker-compose']), projectRoots: undefined }
}
const printing = (found: object) =>
  composeThat({ stdout: JSON.stringify({ services: { hello: { labels: found } } }) })
const never: ServiceChecks = {
  ...printing({}),
  resolve: () => Promise.reject(new Error('It must not be asked')),
}

describe('a check', () => {
  it.each([...reservedNames].filter((name) => projectName.safeParse(name).success))(
    'refuses a project that is called %s like a path of ours, before it looks at any file',
    async (name) => {
      const checked = await checkService(seenAs({ project: projectName.parse(name) }), never)
      expect(checked).toEqual({ problem: expect.stringContaining(`called ${name}`) })
    },
  )

  it.each([
    { why: 'its labels are wrong', seen: seenAs({ labels: { 'redeployster.token': '' } }), says: 'is empty' },
    {
      why: 'its files are not known',
      seen: seenAs({ location: { ...seenAs().location, configFiles: '-' } }),
      says: 'standard input',
    },
  ])('does not ask compose when $why', async ({ seen, says }) => {
    expect(await checkService(seen, never)).toEqual({ problem: expect.stringContaining(says) })
  })

  it('does not ask compose about files outside the project roots', async () => {
    const checked = await checkService(seenAs(), { ...never, projectRoots: ['/home'] })
    expect(checked).toEqual({
      problem: expect.stringContaining('/srv/compose.yaml is outside PROJECT_ROOTS'),
    })
  })
})

describe('what the catalogue learns of a service', () => {
  const digestOf = (of: unknown) => `digest of ${JSON.stringify(of)}`
  const digest = digestOf(new Token('dolphin').hash)

  it('are the keyed digests of its tokens, never the tokens', async () => {
    expect(await checkOutcome(seenAs(), printing(labels), digestOf)).toEqual({
      kind: 'deployable',
      digests: [digest],
    })
  })

  it('are its rule, too, made for the address of the API', async () => {
    const publicUrl = 'https://deploy.example.com'
    const both = { ...labels, 'redeployster.oidc': 'issuer=https://ci.example.com repository=acme/shop' }
    const oidc = {
      issuer: 'https://ci.example.com',
      claims: [['repository', 'acme/shop']],
      audience: publicUrl,
    }
    const access = { digests: [digest, digestOf(oidc)], oidc }
    const outcomeOf = (checks: ServiceChecks) =>
      checkOutcome(seenAs({ labels: both }), { ...checks, publicUrl }, digestOf)
    expect(await outcomeOf(printing(both))).toEqual({ kind: 'deployable', ...access })
    const unsure = await outcomeOf(composeThat({ exitCode: 14, stderr: 'no such file' }))
    expect(unsure).toEqual({ kind: 'unsure', ...access, reason: 'no such file' })
  })

  it('is why it is refused', async () => {
    const outcome = await checkOutcome(seenAs(), printing({}), digestOf)
    expect(outcome).toEqual({ kind: 'refused', reason: expect.stringContaining('redeployster.token') })
  })

  it('is compose’s last word when that cannot read the files, and the digests of the container', async () => {
    const checks = composeThat({ exitCode: 14, stderr: 'a warning\nno such file\n' })
    const reason = 'no such file'
    expect(await checkOutcome(seenAs(), checks, digestOf)).toEqual({
      kind: 'unsure',
      digests: [digest],
      reason,
    })
  })

  it('is an outcome with a reason, whatever compose prints', async () => {
    const config = fc.record({
      services: fc.dictionary(fc.constantFrom('hello', 'db', '__proto__'), fc.jsonValue()),
    })
    const stdout = fc.oneof(
      fc.string(),
      fc.json(),
      config.map((it) => JSON.stringify(it)),
    )
    const answers = fc.record({ exitCode: fc.constantFrom(0, 0, 15), stdout, stderr: fc.string() })
    const property = fc.asyncProperty(answers, async (given) => {
      const outcome = await checkOutcome(seenAs(), composeThat(given), digestOf)
      expect(outcome).toEqual(expect.objectContaining({ reason: expect.any(String) as string }))
    })
    await fc.assert(property, { numRuns: 500 })
  })

  it.each(['__proto__', 'constructor', 'toString'])('is as true of a service called %s', async (name) => {
    const service = serviceName.parse(name)
    const stdout = `{"services": {"${name}": {"labels": {"redeployster.token": "dolphin"}}}}`
    const outcome = await checkOutcome(seenAs({ service }), composeThat({ stdout }), digestOf)
    expect(outcome).toEqual({ kind: 'deployable', digests: [digest] })
    const others = composeThat({ stdout: '{"services": {}}' })
    expect(await checkOutcome(seenAs({ service }), others, digestOf)).toMatchObject({ kind: 'refused' })
  })

  it.each([
    { what: 'is no JSON', checks: composeThat({ stdout: 'no JSON' }) },
    { what: 'is something else', checks: composeThat({ stdout: '{"services":[1]}' }) },
    { what: 'never comes', checks: never },
  ])('is that it could not be checked, when compose’s answer $what', async ({ checks }) => {
    const reason = expect.stringContaining('could not be checked')
    expect(await checkOutcome(seenAs(), checks, digestOf)).toEqual({ kind: 'refused', reason })
  })
})
