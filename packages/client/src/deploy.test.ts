import { expect, it } from 'vitest'
import { deploy } from './deploy.ts'
import { surroundingsOf } from './surroundings.ts'

it('asks nobody for a deploy with a key that no header can hold', async () => {
  const env = { REDEPLOYSTER_URL: 'http://127.0.0.1:1', REDEPLOYSTER_TOKEN: 'dolphin' }
  const around = { ...surroundingsOf(process, 'redeployster'), env }
  await expect(deploy(around, 'hello', { timeout: '1s', key: '№ 7' })).rejects.toThrow(/^--key: expected/)
})
