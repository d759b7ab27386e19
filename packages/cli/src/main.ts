import { SettingsError } from '@redeployster/client/settings'
import { surroundingsOf, type Surroundings } from '@redeployster/client/surroundings'
import { ConfigError } from '@redeployster/shared/runtime/env'
import { createProgram } from './program.ts'

// The only place that reads the environment; what follows gets it passed.
const program = createProgram({
  serve: async () => (await import('./serve.ts')).serve(process.env),
  api: async () => (await import('./api.ts')).api(process.env),
  worker: async () => (await import('./worker.ts')).worker(process.env),
  doctor: async (options) => {
    const { doctor } = await import('./doctor.ts')
    process.exitCode = await doctor(process.env, options, print)
  },
  deploy: async (service, options) => {
    const { deploy } = await import('@redeployster/client/deploy')
    process.exitCode = await deploy(around(), service, options)
  },
  logs: async (job, options) => {
    const { logs } = await import('@redeployster/client/logs')
    process.exitCode = await logs(around(), job, options)
  },
  jobs: async (service, options) => {
    const { jobs } = await import('@redeployster/client/jobs')
    process.exitCode = await jobs(around(), service, options)
  },
  cancel: async (job, options) => {
    const { cancel } = await import('@redeployster/client/cancel')
    process.exitCode = await cancel(around(), job, options)
  },
  services: async (options) => (await import('./services.ts')).services(process.env, options, print),
  freeze: async (service, options) => {
    await (await import('./freeze.ts')).freeze(process.env, service, options, print)
  },
  unfreeze: async (service, options) => {
    await (await import('./freeze.ts')).unfreeze(process.env, service, options, print)
  },
})

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`redeployster: ${explain(error)}\n`)
  process.exit(error instanceof ConfigError || error instanceof SettingsError ? 78 : 1)
}

function around(): Surroundings {
  return surroundingsOf(process, 'redeployster')
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** In one line, with all causes; a `ConfigError` has a line for each problem. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message} (${explain(error.cause)})`
}
