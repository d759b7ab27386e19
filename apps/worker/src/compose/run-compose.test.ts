import { expect, it, vi } from 'vitest'
import { createRunCompose } from './run-compose.ts'

const { PATH = '' } = process.env
const run = createRunCompose({ PATH, TAG: '1' })
const sh = (text: string, ...words: string[]) => run(['sh', '-c', text, ...words])

it('gives back what a command printed, and its exit code', async () => {
  expect(await sh('echo out; echo err >&2; exit 14')).toEqual({ exitCode: 14, stdout: 'out', stderr: 'err' })
})

it('gives its words to the command as they are', async () => {
  const { stdout } = await run(['printf', '[%s]', '$HOME', '', '--help', 'two words', '"'])
  expect(stdout).toBe('[$HOME][][--help][two words]["]')
})

it('gives the command the environment that it was made for, and no other', async () => {
  vi.stubEnv('REDIS_URL', 'redis://secret')
  const { stdout } = await run(['env'])
  vi.unstubAllEnvs()
  expect(stdout.split('\n').filter((line) => !/^(PATH|PWD|SHLVL|_)=/.test(line))).toEqual(['TAG=1'])
})

it('runs the command where nobody but root could have left a .env, with nothing to read', async () => {
  expect(await sh('pwd; cat')).toMatchObject({ stdout: '/' })
})

it('says 127 and why when there is no such command', async () => {
  const stderr = expect.stringContaining('ENOENT')
  expect(await run(['/nowhere/docker-compose'])).toMatchObject({ exitCode: 127, stderr })
})

it('says 126 and why when the command is there and cannot be started', async () => {
  expect(await run(['/etc/passwd'])).toMatchObject({
    exitCode: 126,
    stderr: expect.stringContaining('EACCES') as string,
  })
})

it('says 128 and the signal, and why, when the command is killed', async () => {
  const stderr = expect.stringContaining('SIGKILL')
  expect(await sh('kill -9 $$')).toMatchObject({ exitCode: 137, stderr })
})

it('says 124 when the command comes to no end, as with files that are made to have none', async () => {
  const output = await createRunCompose(process.env as Record<string, string>, 100)(['sleep', 'infinity'])
  expect(output).toMatchObject({ exitCode: 124, stderr: expect.stringContaining('no answer within 0.1 s') })
})
