import type { IncomingMessage } from 'node:http'
import { prefix } from '@redeployster/shared/redis/keys'
import type { Logger } from '@redeployster/shared/runtime/logger'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { clientAddress, trustedPeers } from './client-address.ts'
import type { Limits } from './limits.ts'

export interface FailedAuths {
  /** Counts a request that was refused; resolves to the seconds to wait when its address has had too many. */
  count(request: Pick<IncomingMessage, 'socket' | 'headers'>): Promise<number | undefined>
}

const windowSeconds = 60

/**
 * Only requests that have failed come here, so a right token is never slowed, not even from an address that guesses.
 * All failures take the same way, whatever was wrong: the time of the answer tells nothing. `redis` is the connection.
 */
export function createFailedAuths(
  redis: object,
  { failedAuths: most, trustProxy }: Pick<Limits, 'failedAuths' | 'trustProxy'>,
  logger: Logger,
): FailedAuths {
  const trusted = trustedPeers(trustProxy)
  const window = { points: most, duration: windowSeconds, keyPrefix: `${prefix}:failed-auths` }
  const limiter = new RateLimiterRedis({
    ...window,
    storeClient: redis,
    rejectIfRedisNotReady: true,
    // An address that has had its share is remembered here, and costs Redis nothing more.
    inMemoryBlockOnConsumed: most + 1,
    // While Redis is away each API counts for itself.
    insuranceLimiter: new RateLimiterMemory(window),
  })

  return {
    async count({ socket, headers }) {
      const forwardedFor = headers['x-forwarded-for']
      const address = clientAddress(socket.remoteAddress ?? '', String(forwardedFor ?? ''), trusted)
      try {
        await limiter.consume(address)
        return undefined
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal
        if (refusal.consumedPoints === most + 1) logger.warn({ address }, 'Too many failed authentications')
        return Math.max(1, Math.ceil(refusal.msBeforeNext / 1000))
      }
    },
  }
}
