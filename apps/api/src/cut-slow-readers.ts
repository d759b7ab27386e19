import type { Server, ServerResponse } from 'node:http'
import type { Logger } from '@redeployster/shared/runtime/logger'

/**
 * Cuts an answer of which its client has taken not one byte for `mostMs`, though there is something to take: else a
 * client that was suspended keeps its place among the streams for ever. It sees an answer that is not whole. One who
 * takes little is not cut, nor is an answer that has nothing to say.
 */
export function cutSlowReaders(server: Server, mostMs: number, logger: Logger): void {
  server.on('request', (_request, response: ServerResponse) => {
    // Node looks whether something was taken before it calls this, and calls again after the next sign of life.
    response.setTimeout(mostMs, () => {
      const { socket } = response
      if (!socket?.writableLength) return
      logger.warn({ address: socket.remoteAddress, mostMs }, 'Cut an answer that its client did not read')
      response.destroy()
    })
  })
}
