import type { RequestListener } from 'node:http'
import { expect, it } from 'vitest'
import { deploy } from './deploy.ts'
import { aroundApi } from './testing/around.ts'
import { serve } from './testing/serve.ts'

const options = { timeout: '1m' }

const refused: RequestListener = (_, response) => {
  const detail = 'Two services are called hello'
  response.writeHead(409).end(JSON.stringify({ status: 409, code: 'ambiguous_service', detail }))
}

/** Deploys where the answers come one after the other. */
async function deploying(...answers: readonly RequestListener[]) {
  let count = 0
  const url = await serve((...asked) => answers[count++]?.(...asked))
  const { around, printed } = aroundApi(url)
  return { code: await deploy(around, 'hello', options), ...printed }
}

it('asks nobody for a deploy with a key that no header can hold', async () => {
  const { around } = aroundApi('http://127.0.0.1:1')
  const deploying = deploy(around, 'hello', { ...options, key: '№ 7' })
  await expect(deploying).rejects.toThrow(/^--key: expected/)
})

it('says that nothing was started only when no answer before was lost', async () => {
  const atOnce = await deploying(refused)
  expect(atOnce).toMatchObject({ code: 126, stderr: 'redeployster: Two services are called hello\n' })
  const later = await deploying((_, response) => void response.writeHead(504).end('<h1>'), refused)
  expect(later.code).toBe(125)
  expect(later.stderr).toContain(
    'Two services are called hello. No job was confirmed, but one may have begun',
  )
})
