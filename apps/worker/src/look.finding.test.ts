import {
  createProject,
  describeWithEngine,
  docker,
  removeProjects,
  testEngine,
  type TestProject,
} from '@redeployster/shared/testing/docker'
import { execa } from 'execa'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { workerEnvironment } from './testing/engine.ts'
import { look } from './testing/look.ts'

const yamlOf = (hello: string) => `
  services:
    hello: { <<: *base, ${hello} }
`
const token = 'labels: { redeployster.token: dolphin }'
const labelled = yamlOf(token)
const fromVariables = yamlOf('user: "$ID", labels: { redeployster.token: "$TOKEN" }')
const more = yamlOf('environment: { MORE: "1" }')

interface Start {
  readonly yaml?: string
  readonly directory?: string
  /** Further files of the project. */
  readonly files?: Readonly<Record<string, string>>
  /** What stands in front of `up -d`. */
  readonly words?: readonly string[]
}

async function start({ yaml = labelled, directory = 'shop', files = {}, words = [] }: Start) {
  const project = await createProject({ yaml, directory })
  for (const [file, text] of Object.entries(files)) await project.write(file, text)
  await project.compose(...words, 'up', '-d')
  return project
}

async function containersOf({ name }: TestProject) {
  const format = ['--no-trunc', '--format', '{{.ID}} {{.State}}']
  return docker('ps', '-a', ...format, '--filter', `label=com.docker.compose.project=${name}`)
}

/** Runs what a look has decided on. */
async function deploy(project: TestProject, service = 'hello') {
  const seen = await look(project, { service })
  if (seen.kind !== 'ready') throw new Error(`Cannot deploy: ${JSON.stringify(seen)}`)
  const [file, ...words] = seen.plan.up
  await execa(file, words, { env: workerEnvironment(), extendEnv: false, cwd: '/' })
}

describeWithEngine('a deploy of what has not changed', () => {
  afterAll(removeProjects)

  it.concurrent.each<Start & { which: string }>([
    { which: 'whose file has the usual name' },
    { which: 'whose folder has blanks, quotes and commas', directory: `it's my, "shop"` },
    { which: 'with an override file', files: { 'compose.override.yaml': more } },
    {
      which: 'with several files',
      files: { 'more.yaml': more },
      words: ['-f', 'compose.yaml', '-f', 'more.yaml'],
    },
    {
      which: 'whose file lies in another folder',
      files: { '../elsewhere.yaml': labelled },
      words: ['-f', '../elsewhere.yaml', '--project-directory', '.'],
    },
    { which: 'with variables in .env', yaml: fromVariables, files: { '.env': 'ID=0\nTOKEN=dolphin' } },
    {
      which: 'with variables in env files',
      yaml: fromVariables,
      files: { '.env': 'ID=no', 'a.env': 'ID=0', 'b,c.env': 'TOKEN=dolphin' },
      words: ['--env-file', 'a.env', '--env-file', 'b,c.env'],
    },
    { which: 'with a variable that has a default', yaml: yamlOf(`user: "\${ID:-0}", ${token}`) },
    { which: 'with an escaped dollar sign', yaml: yamlOf(`environment: { PRICE: "$$5" }, ${token}`) },
    { which: 'in a profile', yaml: yamlOf(`profiles: [jobs], ${token}`), words: ['--profile', 'jobs'] },
    { which: 'in several containers', yaml: yamlOf(`scale: 2, ${token}`) },
  ])('changes nothing: a service $which', async (given) => {
    const project = await start(given)
    const before = await containersOf(project)
    expect(before).toMatch(/^(\w+ running\n?)+$/)
    await deploy(project)
    expect(await containersOf(project)).toBe(before)
  })

  it.concurrent.each(['--help', '..'])('changes nothing: a service that is called %s', async (service) => {
    const project = await start({ yaml: labelled.replace('hello:', `"${service}":`) })
    const before = await containersOf(project)
    await deploy(project, service)
    expect(await containersOf(project)).toBe(before)
  })

  it('starts a service that was stopped', async () => {
    const project = await start({})
    await project.compose('stop')
    const before = await containersOf(project)
    await deploy(project)
    expect(await containersOf(project)).toBe(before.replace('exited', 'running'))
  })
})

describeWithEngine('a deploy of what compose v1 started', () => {
  afterAll(removeProjects)

  it.skipIf(!process.env.REDEPLOYSTER_TEST_COMPOSE_V1).concurrent.each([
    { where: 'in its folder', from: 'shop', words: [], label: 'compose.yaml' },
    { where: 'in a folder below', from: 'shop/below/it', words: [], label: '../../compose.yaml' },
    {
      where: 'in the folder above',
      from: '.',
      words: ['-f', 'shop/compose.yaml'],
      label: 'shop/compose.yaml',
    },
  ])('finds the files by the names that were typed $where', async ({ from, words, label }) => {
    const { composeV1 = '' } = testEngine()
    const project = await createProject({
      yaml: `version: "2.4"\n${labelled.replace(/^ {2}/gm, '')}`,
      directory: 'shop',
    })
    const cwd = path.join(project.directory, '..', from)
    fs.mkdirSync(cwd, { recursive: true })
    await execa(composeV1, ['-p', project.name, ...words, 'up', '-d'], { cwd, env: workerEnvironment() })
    expect(await configFiles(project)).toBe(label)

    await deploy(project)
    expect(await configFiles(project)).toBe(path.join(project.directory, 'compose.yaml'))
    expect(await containersOf(project)).toMatch(/^\w+ running$/)
  })
})

async function configFiles({ name }: TestProject) {
  const label = '{{.Label "com.docker.compose.project.config_files"}}'
  return docker('ps', '-a', '--format', label, '--filter', `label=com.docker.compose.project=${name}`)
}
