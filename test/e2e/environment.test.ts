import { randomBytes } from 'node:crypto'
import {
  createProject,
  describeWithEngine,
  docker,
  removeProjects,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import { startRedis, type TestRedis } from '@redeployster/shared/testing/redis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { containersOf, expectReplaced, variable } from '../harness/containers.ts'
import { getJson, post } from '../harness/http.ts'
import { deployRedeployster, layouts, published, type Deployment } from '../harness/layout.ts'

// How long a container has to run is what the tests of the gate are for.
const hello = (version: number, token: string, seen = '') => `
  services:
    hello:
      <<: *base
      environment: { VERSION: "${version}", SEEN: "${seen}" }
      labels: { redeployster.token: ${token}, redeployster.gate: 500ms }
`

// What people may have in the environment of redeployster; in `serve` the Redis is theirs.
const ours = {
  PORT: '4711',
  REDEPLOYSTER_SECRET: 'a-secret-that-is-ours',
  GREETING: 'hi from our environment',
  PASS_ENV: 'GREETING',
  COMPOSE_PROJECT_NAME: 'another',
  COMPOSE_FILE: '/nowhere/another.yaml',
  COMPOSE_PROFILES: 'another',
  COMPOSE_ENV_FILES: '/nowhere/another.env',
  COMPOSE_REMOVE_ORPHANS: 'true',
}

describeWithEngine('the environment that compose has', () => {
  describe.each(layouts)('by %s', (layout) => {
    let redis: TestRedis
    let deployment: Deployment
    let url: string

    beforeAll(async () => {
      redis = await startRedis({ appendOnly: true })
      deployment = await deployRedeployster(layout, { ...ours, REDIS_URL: redis.url })
      ;[url] = deployment.urls
    })
    afterAll(async () => {
      await deployment.stop()
      await redis.stop()
    })
    afterEach(removeProjects)

    /** Starts a project whose service shows in `SEEN` what its file's variables are filled in with. */
    async function start(token: string, seen: string, env: Record<string, string> = {}) {
      const project = await createProject({ yaml: hello(1, token, seen), env })
      await project.up()
      await published(url, token, 'hello')
      return project
    }

    async function seenAfterDeploy(
      project: TestProject,
      token: string,
      seen: string,
      env: Record<string, string> = {},
    ) {
      const before = await containersOf(project, 'hello')
      await project.write('compose.yaml', hello(2, token, seen))
      expect(await post(`${url}/hello`, token)).toMatchObject({ exitCode: '0' })
      const [after] = await expectReplaced(project, 'hello', before, [], env)
      return after && variable(after, 'SEEN')
    }

    it('holds none of our own variables', async () => {
      const token = randomToken()
      const seen =
        '${PORT-none} ${REDIS_URL-none} ${REDEPLOYSTER_SECRET-none} ${STATE_DIR-none} ${LISTEN-none}'
      const project = await start(token, seen)
      expect(await seenAfterDeploy(project, token, seen)).toBe('none none none none none')
    })

    it.each(['PORT', 'REDIS_URL', 'REDEPLOYSTER_SECRET'])(
      'holds none that stands in for one of theirs that is not set: $%s',
      async (name) => {
        const token = randomToken()
        const project = await start(token, `$${name}`, { [name]: 'from their shell' })
        const before = await containersOf(project, 'hello')
        const { exitCode, body, jobId } = await post(`${url}/hello`, token)
        expect(exitCode).toBe('126')
        expect(body).toContain(`the variable ${name} is not set`)
        expect(await getJson(`${url}/jobs/${jobId}`, token)).toMatchObject({ started: false })
        expect(await containersOf(project, 'hello')).toEqual(before)
      },
    )

    it('leaves the .env of the project in force', async () => {
      const token = randomToken()
      const project = await start(token, '$PORT $LISTEN')
      await project.write('.env', 'PORT=8080\nLISTEN=theirs')
      expect(await seenAfterDeploy(project, token, '$PORT $LISTEN')).toBe('8080 theirs')
    })

    it('holds what PASS_ENV names', async () => {
      const token = randomToken()
      const { GREETING } = ours
      const project = await start(token, '$GREETING', { GREETING })
      expect(await seenAfterDeploy(project, token, '$GREETING', { GREETING })).toBe(GREETING)
    })

    it('has no COMPOSE_… of ours: the project and its files stay its own, and its orphans are left alone', async () => {
      const token = randomToken()
      const project = await start(token, '')
      await project.write('former.yaml', 'services: { former: *base }')
      await project.compose('-f', 'former.yaml', 'up', '-d')
      const former = await containersOf(project, 'former')

      await seenAfterDeploy(project, token, '')

      expect(former).toMatchObject([{ status: 'running' }])
      expect(await containersOf(project, 'former')).toEqual(former)
      const others = await docker('ps', '-aq', '--filter', 'label=com.docker.compose.project=another')
      expect(others).toBe('')
    })
  })
})

function randomToken(): string {
  return randomBytes(16).toString('hex')
}
