import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import { startRedis, type TestRedis, type TestRedisOptions } from '@redeployster/shared/testing/redis'

const file = new URL('../../docs/redis.acl', import.meta.url)

/** A Redis with the users of `docs/redis.acl`, just as they stand there, and an `admin` who may look at everything. */
export interface GuardedRedis extends TestRedis {
  urlOf(user: 'api' | 'worker'): string
}

export async function startGuardedRedis(options: TestRedisOptions = {}): Promise<GuardedRedis> {
  const password = randomBytes(16).toString('hex')
  const hash = createHash('sha256').update(password).digest('hex')
  const documented = (await fs.readFile(file, 'utf8')).replaceAll(/(API|WORKER)_PASSWORD_SHA256/g, hash)
  const acl = `${documented}user admin on #${hash} ~* &* +@all\n`
  const redis = await startRedis({ ...options, access: { acl, login: `admin:${password}` } })
  return { ...redis, urlOf: (user) => redis.url.replace('//admin:', `//${user}:`) }
}
