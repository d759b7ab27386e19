import { addClientCommand, addDeployCommands, type DeployRuns } from '@redeployster/client/commands'
import type { Command } from 'commander'
import type { FreezeOptions, UnfreezeOptions } from './freeze.ts'
import type { ServicesOptions } from './services.ts'

/** What the commands do that ask an API over HTTP. */
export interface ClientRuns extends DeployRuns {
  readonly services: (options: ServicesOptions) => Promise<void>
  readonly freeze: (service: string, options: FreezeOptions) => Promise<void>
  readonly unfreeze: (service: string, options: UnfreezeOptions) => Promise<void>
}

const servicesHelp = `
Asks the API, so it runs anywhere. With the token of a service it shows what that
token deploys, with the admin token everything. A frozen service has a second line,
which says until when, by whom and why.

Example:
  export REDEPLOYSTER_URL=https://deploy.example.com
  export REDEPLOYSTER_TOKEN_FILE=~/.redeployster-token
  redeployster services
`

const freezeHelp = `
Nothing deploys a frozen service: requests are answered 423, with who, why and
until when, and a job that has not begun is rejected. What runs already goes on. The
freeze ends by itself, or by "redeployster unfreeze". It takes the admin token.

<service> is its name, or project/name where several have that name.

Example:
  redeployster freeze hello --reason 'the database moves' --for 2h
`

const unfreezeHelp = `
Lifts a freeze before its time. It takes the admin token.

Example:
  redeployster unfreeze hello
`

export function addClientCommands(program: Command, runs: ClientRuns): void {
  addDeployCommands(program, runs)
  addClientCommand(program, 'services', 'list what a token may deploy, and how it is', servicesHelp)
    .option('--json', 'print the answer of the API')
    .action(runs.services)
  addClientCommand(program, 'freeze', 'let nobody deploy a service for a while', freezeHelp)
    .argument('<service>')
    .requiredOption('--reason <text>', 'what everybody is told who would deploy it')
    .option('--for <duration>', 'as 30m, 2h or 3d; without it, until somebody lifts it')
    .option('--by <name>', 'who freezes it (default: user@host)')
    .action(runs.freeze)
  addClientCommand(program, 'unfreeze', 'let a frozen service be deployed again', unfreezeHelp)
    .argument('<service>')
    .action(runs.unfreeze)
}
