import type { Command } from 'commander'
import type { CancelOptions } from './cancel.ts'
import type { DeployOptions } from './deploy.ts'
import type { JobsOptions } from './jobs.ts'
import type { LogsOptions } from './logs.ts'
import { addClientOptions, clientVariables } from './settings.ts'

/** What the commands do that a pipeline needs. */
export interface DeployRuns {
  readonly deploy: (service: string, options: DeployOptions) => Promise<void>
  readonly logs: (job: string, options: LogsOptions) => Promise<void>
  readonly jobs: (service: string | undefined, options: JobsOptions) => Promise<void>
  readonly cancel: (job: string, options: CancelOptions) => Promise<void>
}

const deployHelp = (command: string) => `
Shows what compose prints, line by line, and ends with the exit code of the deploy.
A connection that breaks is made anew, and the log goes on at the next line: each
is shown once. Ctrl-C ends only the watching; the deploy goes on.

<service> is its name, or project/name where several have that name.

Exit codes:
  0    succeeded: compose is done, and what it started works
  125  no verdict: not within --timeout, not reachable, or nobody knows how it ended
  126  refused, and nothing was started: wrong token, frozen service …
  130  you have left, or somebody has cancelled the deploy
  78   the configuration is wrong; 1: so is the command line, or the deploy failed
  else that of the deploy: 124 it took too long, others are compose's own

With --json each line is an object with a "type": the "job", each "line" with its
number, and at last the "verdict" or, without one, an "error" with the exit code.

In GitHub Actions the log is folded, and no line of it is taken for a command. The
step gets a summary, and the outputs job-id, state, exit-code, image-before and
image-after.

Examples:
  ${command} deploy hello
  ${command} deploy shop/hello --timeout 10m --key "$CI_PIPELINE_ID"
`

const logsHelp = (command: string) => `
Without --follow it shows what there is, and exits with 0. With --follow it shows
all to the verdict and exits with the code of the deploy, as "deploy" does. With
--json each line is an object, as there; without --follow the verdict is one of
them when there is one already.

Example:
  ${command} logs 01a20a84-b12b-74a7-be77-d9dbb6865924 --follow
`

const jobsHelp = (command: string) => `
Shows what the token may see, the newest first.

Example:
  ${command} jobs shop/hello --json | jq '.jobs[] | select(.state == "failed").id'
`

const cancelHelp = `
Stops a deploy, or one that waits. A service may then be half deployed: deploy again
to heal it. All who share the job get exit code 130.
`

export function addDeployCommands(program: Command, runs: DeployRuns): void {
  const command = program.name()
  const timeout = [
    '--timeout <duration>',
    'how long to wait for the verdict, as 90s, 30m or 2h',
    '30m',
  ] as const
  addClientCommand(
    program,
    'deploy',
    'deploy a service, show its log and end with its exit code',
    deployHelp(command),
  )
    .argument('<service>')
    .option('--host <name>', 'on which host, when several have this service')
    .option('--key <text>', 'requests with the same key are one deploy, for 24 hours (default: a new one)')
    .option(...timeout)
    .option('--json', 'print an object for each line')
    .action(runs.deploy)
  addClientCommand(program, 'logs', 'show the log of a job', logsHelp(command))
    .argument('<job>')
    .option('--follow', 'wait for what comes, to the verdict')
    .option(...timeout)
    .option('--json', 'print an object for each line')
    .action(runs.logs)
  addClientCommand(program, 'jobs', 'list what was deployed', jobsHelp(command))
    .argument('[service]')
    .option('--limit <count>', 'how many at most', '20')
    .option('--json', 'print the answer of the API')
    .action(runs.jobs)
  addClientCommand(program, 'cancel', 'stop a deploy', cancelHelp)
    .argument('<job>')
    .option('--json', 'print the answer of the API')
    .action(runs.cancel)
}

/** A command that asks an API. */
export function addClientCommand(program: Command, name: string, summary: string, help: string): Command {
  const command = program
    .command(name)
    .summary(summary)
    .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
    .addHelpText('after', `${help}\n${clientVariables}`)
  return addClientOptions(command)
}
