import type { ServerResponse } from 'node:http'
import { RefusedError } from '@redeployster/shared/contract/errors'
import { queueName, type ServiceKey } from '@redeployster/shared/contract/service'
import type { Limits } from './limits.ts'

export interface HeldStreams {
  /**
   * Takes a place for a log that is being sent, or for a request that is held, until its response is closed; throws when
   * none is left. A response that has one already changes it for one of this service.
   */
  hold(response: ServerResponse, service: ServiceKey): void
}

/** Each stream costs memory and a connection, and one service must not take those of all others. */
export function createHeldStreams({
  streams: most,
  streamsPerService,
}: Pick<Limits, 'streams' | 'streamsPerService'>): HeldStreams {
  const held = new Map<string, number>()
  const places = new Map<ServerResponse, string>()

  function add(name: string, change: 1 | -1) {
    const count = (held.get(name) ?? 0) + change
    if (count === 0) held.delete(name)
    else held.set(name, count)
  }

  function leave(response: ServerResponse) {
    const name = places.get(response)
    if (name !== undefined) add(name, -1)
    places.delete(response)
  }

  return {
    hold(response, service) {
      // The client has left already, so there will be no stream, and no end of it to wait for.
      if (response.closed) return
      const name = queueName(service)
      const before = places.get(response)
      if (before === name) return
      const isFull = before === undefined && places.size >= most
      if (isFull || (held.get(name) ?? 0) >= streamsPerService) throw tooMany()
      if (before === undefined) response.once('close', () => leave(response))
      else add(before, -1)
      add(name, 1)
      places.set(response, name)
    },
  }
}

function tooMany() {
  return new RefusedError(
    'too_many_streams',
    'Too many logs are being followed here, of this service or in all. This request started nothing: try again in a few ' +
      'seconds.',
  )
}
