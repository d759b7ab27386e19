import net from 'node:net'
import v8 from 'node:v8'
import vm from 'node:vm'
import { expect, it, onTestFinished } from 'vitest'
import { createClient } from './client.ts'
import { startLimit } from './start-limit.ts'
import { listening } from './testing/serve.ts'

it('is over with the signal of whoever waits, also when that was before', () => {
  const controller = new AbortController()
  const limits = [startLimit(60_000, controller.signal)]
  controller.abort('left')
  limits.push(startLimit(60_000, controller.signal))
  for (const { signal, end } of limits) {
    expect(signal.reason).toBe('left')
    end()
  }
})

it('is over in its time, though garbage is collected meanwhile', async () => {
  v8.setFlagsFromString('--expose-gc')
  const collect = vm.runInNewContext('gc') as () => void
  const collecting = setInterval(collect, 20)
  onTestFinished(() => clearInterval(collecting))
  const url = await listening(net.createServer(() => {}))
  const client = createClient({ url, token: 'dolphin' })
  const asking = { signal: new AbortController().signal, limitMs: 300 }
  await expect(client.json('GET', '/', asking)).rejects.toThrow('does not answer')
})
