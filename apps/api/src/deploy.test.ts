import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { open } from './testing/http.ts'
import { setStage, type Stage } from './testing/api.ts'

const token = 'dolphin'

let stage: Stage
beforeAll(async () => void (stage = await setStage()))
afterAll(() => stage.stop())

describe('POST /:service', () => {
  it('streams the log of the job and ends with its exit code as trailer and as last line', async () => {
    const { worker, port } = stage
    const answer = await open(port, 'POST /hello', { token })
    const id = String(answer.headers['job-id'])
    const job = await worker.take('shop/hello')
    await worker.write(job, 'Container shop-hello-1  Recreate')
    await answer.until('Recreate\n')
    await worker.write(job, 'Container shop-hello-1  Started')
    await worker.conclude(job, 3)

    expect(await answer.end()).toMatchObject({
      status: 200,
      text:
        `redeployster: job ${id} deploys shop/hello on host alpha\n` +
        'Container shop-hello-1  Recreate\nContainer shop-hello-1  Started\n' +
        `redeployster: job ${id} exit-code: 3\n`,
      trailers: { 'exit-code': '3' },
      isWhole: true,
    })
  })
})
