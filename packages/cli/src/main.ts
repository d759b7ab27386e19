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
  process.exit(error instanceof ConfigError ? 78 : 1)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** In one line, with all causes; a `ConfigError` has a line for each problem. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message} (${explain(error.cause)})`
}
