import Dockerode from 'dockerode'
import type { Container } from './services-from-containers.ts'

/** All that the worker asks of the Docker engine. It changes containers through compose alone. */
export interface Docker {
  /** The engine's own ID and version. */
  engine(): Promise<{ id: string; version: string }>
  /** Compose containers, stopped ones too; of one service when a project and a service are given. */
  containers(of?: { project: string; service: string }): Promise<readonly Container[]>
  /** Calls back at each event of a compose container. Resolves when the stream is open, `ended` when it ends. */
  watch(onEvent: () => void, signal: AbortSignal): Promise<{ ended: Promise<void> }>
}

/** A hung engine answers nothing for ever; each call gives up after this time. */
const callTakesAtMostMs = 10_000

const events = ['create', 'start', 'die', 'destroy', 'rename', 'health_status']
const composeLabel = 'com.docker.compose.service'

export const defaultDockerHost = 'unix:///var/run/docker.sock'

export function connectDocker(dockerHost: string): Docker {
  // Other addresses (with TLS, over ssh) are read from DOCKER_HOST and its companions by the library itself.
  const client = dockerHost.startsWith('unix://')
    ? new Dockerode({ socketPath: dockerHost.slice('unix://'.length) })
    : new Dockerode()

  return {
    async engine() {
      const { ID: id, ServerVersion: version } = (await within(client.info())) as {
        ID: string
        ServerVersion: string
      }
      return { id, version }
    },

    async containers(of) {
      const label = of
        ? [`com.docker.compose.project=${of.project}`, `${composeLabel}=${of.service}`]
        : [composeLabel]
      const listed = await client.listContainers({
        all: true,
        filters: { label },
        abortSignal: AbortSignal.timeout(callTakesAtMostMs),
      })
      return listed.map(({ Id, Created, Image, State, Status, Labels }) => ({
        id: Id,
        created: Created,
        image: Image,
        state: State,
        status: Status,
        labels: Labels,
      }))
    },

    async watch(onEvent, signal) {
      const stream = await client.getEvents({
        filters: { type: ['container'], event: events, label: [composeLabel] },
        abortSignal: signal,
      })
      stream.on('data', onEvent)
      const ended = new Promise<void>((resolve) => {
        stream.once('close', resolve)
        // The reason does not matter: whoever watches connects anew and looks at everything again.
        stream.once('error', () => resolve())
      })
      return { ended }
    },
  }
}

async function within<Value>(call: Promise<Value>): Promise<Value> {
  const { promise, stop } = rejectAfter(callTakesAtMostMs)
  return Promise.race([call, promise]).finally(stop)
}

function rejectAfter(ms: number) {
  let stop = () => {}
  const promise = new Promise<never>((_, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`The Docker engine did not answer within ${ms / 1000} s`)),
      ms,
    )
    stop = () => clearTimeout(timer)
  })
  return { promise, stop }
}
