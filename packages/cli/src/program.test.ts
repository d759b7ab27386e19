import { expect, it } from 'vitest'
import { envSchema } from '@redeployster/shared/runtime/env-schema'
import { createProgram } from './program.ts'

/** What a command line prints, and which commands it runs. */
async function run(...words: string[]): Promise<{ printed: string; ran: string[] }> {
  const ran: string[] = []
  let printed = ''
  const note = (name: string) => async () => void ran.push(name)
  const program = createProgram({
    serve: note('serve'),
    api: note('api'),
    worker: note('worker'),
    doctor: async (options) => void ran.push(`doctor ${JSON.stringify(options)}`),
    deploy: async (service, options) => void ran.push(`deploy ${service} ${JSON.stringify(options)}`),
    logs: async (job, options) => void ran.push(`logs ${job} ${JSON.stringify(options)}`),
    jobs: async (service, options) => void ran.push(`jobs ${service} ${JSON.stringify(options)}`),
    cancel: async (job, options) => void ran.push(`cancel ${job} ${JSON.stringify(options)}`),
    services: async (options) => void ran.push(`services ${JSON.stringify(options)}`),
    freeze: async (service, options) => void ran.push(`freeze ${service} ${JSON.stringify(options)}`),
    unfreeze: async (service, options) => void ran.push(`unfreeze ${service} ${JSON.stringify(options)}`),
  })
  for (const command of [program, ...program.commands]) {
    const write = (text: string) => void (printed += text)
    command.exitOverride().configureOutput({ writeOut: write, writeErr: write, getOutHelpWidth: () => 80 })
  }
  await program.parseAsync(words, { from: 'user' }).catch((error: unknown) => {
    if (!String((error as { code?: string }).code).startsWith('commander.')) throw error
  })
  return { printed, ran }
}

const variablesIn = (text: string) =>
  Object.keys(envSchema.shape).filter((it) => text.includes(`\n  ${it}\n`))

it('teaches the label, the command and the request', async () => {
  const { printed } = await run('--help')
  expect(printed).toContain('- redeployster.token=dolphin')
  expect(printed).toContain('redeployster serve')
  expect(printed).toContain("curl -i -XPOST -H'Authorization: Bearer dolphin' http://localhost:4711/hello")
})

it('shows with serve every variable that there is', async () => {
  const { printed } = await run('serve', '--help')
  expect(variablesIn(printed)).toEqual(Object.keys(envSchema.shape))
  expect(printed).toMatch(/PORT\n +port of the API \(default: 4711\)/)
})

it('shows with api and worker what each of them reads', async () => {
  const api = variablesIn((await run('api', '--help')).printed)
  expect(api).toEqual(
    expect.arrayContaining(['LISTEN', 'PORT', 'START_BY', 'REDIS_URL', 'REDEPLOYSTER_SECRET', 'LOG_LEVEL']),
  )
  expect(api).not.toContain('DOCKER_HOST')
  const worker = variablesIn((await run('worker', '--help')).printed)
  expect(worker).toEqual(
    expect.arrayContaining(['DOCKER_HOST', 'STATE_DIR', 'REDIS_URL', 'REDEPLOYSTER_SECRET']),
  )
  expect(worker).not.toContain('PORT')
})

it.each([
  ['--help'],
  ...['serve', 'api', 'worker', 'doctor'].map((name) => [name, '--help']),
  ...['deploy', 'logs', 'jobs', 'cancel', 'services', 'freeze', 'unfreeze'].map((name) => [name, '--help']),
])('fits the help of %s %s into the width of a terminal', async (...words) => {
  const { printed } = await run(...words)
  expect(printed.split('\n').filter((line) => line.length > 84)).toEqual([])
})

it.each(['serve', 'api', 'worker'])('runs %s', async (name) => {
  expect((await run(name)).ran).toEqual([name])
})

const deployed = 'deploy shop/hello {"timeout":"30m","host":"alpha","key":"k"}'

it.each([
  [['doctor'], 'doctor {}'],
  [['doctor', '--json'], 'doctor {"json":true}'],
  [['deploy', 'hello'], 'deploy hello {"timeout":"30m"}'],
  [['deploy', 'shop/hello', '--host', 'alpha', '--key', 'k'], deployed],
  [['logs', 'id', '--follow', '--json'], 'logs id {"timeout":"30m","follow":true,"json":true}'],
  [['jobs'], 'jobs undefined {"limit":"20"}'],
  [['jobs', 'hello', '--limit', '3', '--json'], 'jobs hello {"limit":"3","json":true}'],
  [['cancel', 'id', '--token-file', 'file'], 'cancel id {"tokenFile":"file"}'],
  [['services'], 'services {}'],
  [['services', '--json', '--url', 'http://a'], 'services {"json":true,"url":"http://a"}'],
  [['freeze', 'hello', '--reason', 'x y', '--for', '2h'], 'freeze hello {"reason":"x y","for":"2h"}'],
  [['unfreeze', 'shop/hello'], 'unfreeze shop/hello {}'],
])('runs %j', async (words, expected) => {
  expect((await run(...words)).ran).toEqual([expected])
})

it('asks who mistypes a command what was meant', async () => {
  const { printed, ran } = await run('wroker')
  expect(printed).toContain('Did you mean worker?')
  expect(ran).toEqual([])
})

it('refuses words that it would ignore', async () => {
  expect((await run('serve', '4711')).printed).toContain('too many arguments')
  expect((await run('serve', '--prot')).printed).toContain("unknown option '--prot'")
})

it.each([
  [['freeze', 'hello']],
  [['freeze', '--reason', 'x']],
  [['unfreeze']],
  [['services', 'hello']],
  [['deploy']],
])('refuses %j, which lacks something or has too much', async (words) => {
  const { printed, ran } = await run(...words)
  expect(printed).toMatch(/^error: /)
  expect(ran).toEqual([])
})

it('says its version', async () => {
  expect((await run('--version')).printed).toMatch(/^\d+\.\d+\.\d+\n$/)
})
