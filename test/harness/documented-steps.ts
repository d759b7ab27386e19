import fs from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'yaml'
import { runAction } from './actions-runner.ts'
import { codeBlock, readPage } from './pages.ts'
import { run, shell, type Ended, type ShellOptions } from './shell.ts'

/** Where a step is run, and with what in place of the examples of its page. */
export interface StepPlace {
  readonly url: string
  readonly token: string
  /** By these variables it trusts the certificate that it meets. */
  readonly trust?: Readonly<Record<string, string>>
  /** Instead of the time that the page gives. */
  readonly timeoutS?: number
  /** Its own, and empty. */
  readonly folder: string
}

/** A step of a pipeline that a page of the documentation has, run as that CI system runs it. */
export interface DocumentedStep {
  readonly title: string
  /** What its runner has, as the table of `docs/ci/README.md` calls it. */
  readonly has: 'Node 20 or later' | 'sh and curl' | 'curl and grep' | 'curl' | 'wget'
  /** Without a trailer it knows no verdict. */
  readonly needsTrailer?: boolean
  run(place: StepPlace): Promise<Ended>
}

type Env = Record<string, string>
type Shell = readonly [string, ...string[]]

const client = 'Node 20 or later'

export const documentedSteps: readonly DocumentedStep[] = [
  {
    title: 'README.md, by the trailer',
    has: 'curl and grep',
    needsTrailer: true,
    run: (place) => runBlock(place, 'README.md', 'headers.txt'),
  },
  {
    title: 'README.md, by the last line',
    has: 'curl and grep',
    run: (place) => runBlock(place, 'README.md', 'tail -n 1'),
  },
  { title: 'docs/http.md, curl', has: 'curl', run: (place) => runLine(place, 'docs/http.md', 'curl -fsSL') },
  { title: 'docs/http.md, wget', has: 'wget', run: (place) => runLine(place, 'docs/http.md', 'wget -qO-') },
  {
    title: 'docs/ci/README.md',
    has: client,
    run: (place) => runBlock(place, 'docs/ci/README.md', 'node r.mjs'),
  },
  { title: 'docs/ci/sh.md', has: 'sh and curl', run: runScript },
  { title: 'docs/ci/github.md, the action', has: client, run: runGitHubAction },
  { title: 'docs/ci/github.md, the step', has: client, run: runGitHubStep },
  { title: 'docs/ci/gitlab.md', has: client, run: runGitLab },
  { title: 'docs/ci/woodpecker.md', has: client, run: runWoodpecker },
  { title: 'docs/ci/jenkins.md', has: 'curl and grep', run: (place) => runJenkins(place, 'pipeline {') },
  {
    title: 'docs/ci/jenkins.md, with the client',
    has: client,
    run: (place) => runJenkins(place, 'node r.mjs'),
  },
]

/** As one would paste it: only the exit code of the last command counts. */
async function runBlock(place: StepPlace, page: string, text: string): Promise<Ended> {
  const { token: TOKEN } = place
  const script = filled(await codeBlock(page, 'sh', text), place)
  const env = { ...place.trust, TOKEN, REDEPLOYSTER_TOKEN: TOKEN }
  return shell(script, place.folder, { words: ['sh'], env })
}

async function runLine(place: StepPlace, page: string, begin: string): Promise<Ended> {
  const line = (await codeBlock(page, 'sh', begin)).split('\n').find((it) => it.startsWith(begin)) ?? ''
  return shell(filled(line, place), place.folder, { env: { ...place.trust, TOKEN: place.token } })
}

async function runScript(place: StepPlace): Promise<Ended> {
  const { url, token, trust, timeoutS = 1200, folder } = place
  const page = 'docs/ci/sh.md'
  await fs.writeFile(path.join(folder, 'deploy.sh'), await codeBlock(page, 'sh'))
  const env = { ...trust, REDEPLOYSTER_URL: url, REDEPLOYSTER_TOKEN: token, TIMEOUT: String(timeoutS) }
  return shell('sh deploy.sh hello', folder, { env })
}

interface Workflow {
  readonly jobs: {
    readonly deploy: {
      readonly steps: readonly { readonly run: string; readonly env: Env; readonly with: Env }[]
    }
  }
}

async function gitHubStep(place: StepPlace, text: string) {
  const { jobs } = parse(filled(await codeBlock('docs/ci/github.md', 'yaml', text), place)) as Workflow
  const [step] = jobs.deploy.steps
  if (!step) throw new Error(`No step with ${text}`)
  return step
}

async function runGitHubAction(place: StepPlace): Promise<Ended> {
  return runAction((await gitHubStep(place, 'steps.deploy.outputs')).with, place.folder, place.trust)
}

async function runGitHubStep(place: StepPlace): Promise<Ended> {
  const { run, env } = await gitHubStep(place, 'client.mjs')
  return shell(run, place.folder, {
    words: ['bash', '-e'],
    env: { ...place.trust, ...env, GITHUB_ACTIONS: 'true' },
  })
}

interface GitLabJob {
  readonly script?: readonly string[]
  readonly variables: Env
}

async function runGitLab(place: StepPlace): Promise<Ended> {
  const { include, deploy } = parse(filled(await codeBlock('docs/ci/gitlab.md', 'yaml'), place)) as {
    include: readonly { readonly file: string }[]
    deploy: GitLabJob & { readonly extends: string }
  }
  const templates = parse(await readPage(include[0]?.file ?? '')) as Record<string, GitLabJob>
  const template = templates[deploy.extends]
  const job = { ...template, ...deploy, variables: { ...template?.variables, ...deploy.variables } }
  const env = { ...place.trust, ...job.variables, REDEPLOYSTER_TOKEN: place.token }
  return shell(commands(job.script), place.folder, await asInAlpine(place, env))
}

async function runWoodpecker(place: StepPlace): Promise<Ended> {
  const { steps } = parse(filled(await codeBlock('docs/ci/woodpecker.md', 'yaml'), place)) as {
    steps: readonly [{ readonly commands: string[]; readonly environment: Record<string, string | object> }]
  }
  const [{ environment, commands: list }] = steps
  // What is no text is the name of a secret.
  const env = Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : place.token,
    ]),
  )
  return shell(commands(list), place.folder, await asInAlpine(place, { ...place.trust, ...env }))
}

/**
 * Their images are Alpine's, where shell and wget are BusyBox, and wget has OpenSSL for `https:`. The one here has not, so
 * then the machine's own are taken.
 */
async function asInAlpine({ url, folder }: StepPlace, env: Env): Promise<ShellOptions> {
  if (url.startsWith('https:')) return { words: ['sh', '-e'], env }
  const { stdout } = await run([new URL('../../script/lib/busybox', import.meta.url).pathname], folder)
  return { words: [stdout.trim(), 'sh', '-e'], env }
}

async function runJenkins(place: StepPlace, text: string): Promise<Ended> {
  const environment = filled(await codeBlock('docs/ci/jenkins.md', 'groovy', 'environment {'), place)
  const block = filled(await codeBlock('docs/ci/jenkins.md', 'groovy', text), place)
  const [, script = 'exit 99'] = /sh '''\n(.*?)'''/s.exec(block) ?? []
  const env = Object.fromEntries(
    [...environment.matchAll(/^ +(\w+) = (?:'(.*)'|credentials\(.*\))$/gm)].map(
      ([, name = '', value = place.token]) => [name, value],
    ),
  )
  const words: Shell = ['sh', '-xe']
  return shell(script, place.folder, { words, env: { ...place.trust, ...env } })
}

function commands(list: readonly string[] | undefined): string {
  if (!list?.length) throw new Error('There are no commands')
  return list.join('\n')
}

/** Text of a page with the values of a test in place of its examples. */
function filled(text: string, { url, token, timeoutS }: StepPlace): string {
  if (!/https:\/\/deploy\.example\.com/.test(text) && !text.includes('node r.mjs'))
    throw new Error(`No address in:\n${text}`)
  return text
    .replaceAll('https://deploy.example.com', url)
    .replaceAll(/\$\{\{ secrets\.\w+ \}\}/g, token)
    .replaceAll('20m', timeoutS === undefined ? '20m' : `${timeoutS}s`)
}
