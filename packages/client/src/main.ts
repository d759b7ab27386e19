import path from 'node:path'
import { Command } from 'commander'
import { cancel } from './cancel.ts'
import { addDeployCommands } from './commands.ts'
import { deploy } from './deploy.ts'
import { jobs } from './jobs.ts'
import { logs } from './logs.ts'
import { SettingsError } from './settings.ts'
import { surroundingsOf } from './surroundings.ts'

/** Written into the bundle by its build. */
declare const CLIENT_VERSION: string

// The client on its own, as one file. `redeployster` has the same commands.
const around = surroundingsOf(process, `node ${path.basename(process.argv[1] ?? 'client.mjs')}`)
const program = new Command(around.command)
  .description('Deploys Docker Compose services through the API of redeployster.')
  .version(CLIENT_VERSION)
  .helpCommand(false)
addDeployCommands(program, {
  deploy: async (service, options) => end(await deploy(around, service, options)),
  logs: async (job, options) => end(await logs(around, job, options)),
  jobs: async (service, options) => end(await jobs(around, service, options)),
  cancel: async (job, options) => end(await cancel(around, job, options)),
})

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`redeployster: ${error instanceof Error ? error.message : String(error)}\n`)
  end(error instanceof SettingsError ? 78 : 1)
}

function end(code: number): void {
  process.exitCode = code
}
