import fs from 'node:fs'
import { Command } from 'commander'
import { addClientCommands, type ClientRuns } from './client-commands.ts'
import { variablesHelp, type CommandName } from './configuration.ts'
import type { DoctorOptions } from './doctor.ts'

type Run = () => Promise<void>

export type Runs = Readonly<Record<'serve' | 'api' | 'worker', Run>> &
  ClientRuns & {
    readonly doctor: (options: DoctorOptions) => Promise<void>
  }

const summaries: Readonly<Record<CommandName, string>> = {
  serve: 'run everything on this host, with a Redis of its own unless REDIS_URL is set',
  api: 'run only the API, which needs Redis and no Docker',
  worker: 'run only the worker of this host, which needs Redis and Docker',
  doctor: 'say what works on this host, and which services are deployable',
}

const firstExample = `
First steps:
  1. Label a service in its compose file, and create it once:

       services:
         hello:
           image: hello-world
           labels:
             - redeployster.token=dolphin

       docker compose up -d

  2. Start redeployster on the same host:

       redeployster serve

  3. Deploy the service, from a CI pipeline for instance:

       curl -i -XPOST -H'Authorization: Bearer dolphin' http://localhost:4711/hello

     The answer is what compose prints, line by line, and ends with its exit code.

"redeployster serve --help" lists the environment variables; "redeployster doctor"
says why a service is not deployable.`

const details: Readonly<Record<CommandName, string>> = {
  serve: `
Runs the API and the worker in one process. Nothing must be configured: a private
valkey-server or redis-server is started on a unix socket in the state directory,
and a secret is made and kept there.

Example:
  PORT=8080 redeployster serve
`,
  api: `
Answers HTTP requests and has no access to Docker, so it may stand where the
internet reaches it. Any number of APIs share one Redis with a worker per host.

Example:
  export REDIS_URL=redis://:PASSWORD@redis:6379
  export REDEPLOYSTER_SECRET_FILE=/run/secrets/redeployster
  redeployster api
`,
  worker: `
Finds the services of this host whose containers carry the label redeployster.token,
and runs "docker compose up -d" for those the API is asked to deploy. A host has one
worker; a second one waits until the first has ended. A deploy outlives the worker.

Example:
  export REDIS_URL=redis://:PASSWORD@redis:6379
  export REDEPLOYSTER_SECRET_FILE=/run/secrets/redeployster
  redeployster worker
`,
  doctor: `
Run it on the host of the worker, as the same user and with the same environment.
It needs no running redeployster, starts nothing and changes nothing. It shows each
labelled service with the commands that a deploy would run, or with the reason why
it is not deployable. Marks: ok; -- look at this; !! no deploy is possible.

Exit codes: 0 deploys are possible, 1 they are not, 78 the configuration is wrong.

Example:
  redeployster doctor --json | jq '.services[] | select(.isDeployable).commands.up'
`,
}

export function createProgram(runs: Runs): Command {
  const program = new Command('redeployster')
    .description(
      'Redeploys Docker Compose services over HTTP: one request, one deploy, its output and its exit code.',
    )
    .version(version())
    .helpCommand(false)
    .addHelpText('after', firstExample)
  for (const name of ['serve', 'api', 'worker'] as const) addCommand(program, name).action(runs[name])
  addCommand(program, 'doctor').option('--json', 'print all of it as JSON').action(runs.doctor)
  addClientCommands(program, runs)
  return program
}

function addCommand(program: Command, name: CommandName): Command {
  return program
    .command(name)
    .summary(summaries[name])
    .description(`${capitalized(summaries[name])}.`)
    .addHelpText('after', `${details[name]}\n${variablesHelp(name)}`)
}

function version(): string {
  const manifest = fs.readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

function capitalized(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}`
}
