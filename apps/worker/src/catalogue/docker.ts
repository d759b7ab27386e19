import readline from 'node:readline'
import Dockerode from 'dockerode'
import { z } from 'zod'
import type { ContainerCondition } from '../gate/judge.ts'
import type { Image } from '../images/image.ts'
import { toCondition } from './container-condition.ts'
import { splitStreams } from './container-lines.ts'
import { namedService, type Container, type NamedService } from './services-from-containers.ts'

/** All that the worker asks of the Docker engine. It changes containers through compose alone. */
export interface Docker {
  /** The engine's own ID and version. */
  engine(): Promise<{ id: string; version: string }>
  /** Compose containers, stopped ones too; of one service when a project and a service are given; or really all. */
  containers(of?: NamedService | 'all'): Promise<readonly Container[]>
  /** What a container does now, or nothing when it is not there any more. */
  condition(containerId: string): Promise<ContainerCondition | undefined>
  /** The containers whose network, process or IPC namespace it shares: their IDs, or names if those were written. */
  sharedWith(containerId: string): Promise<readonly string[]>
  /** The last lines that a container printed, both streams in order. */
  lastLines(containerId: string, count: number): Promise<readonly string[]>
  /** An image by name or ID, or nothing when the engine does not have it. */
  image(name: string): Promise<Image | undefined>
  /** Gives an image a further name; one that had it loses it. */
  tag(imageId: string, name: string): Promise<void>
  /** Calls back at each event of a compose container. Resolves when the stream is open, `ended` when it ends. */
  watch(onEvent: (of: NamedService) => void, signal: AbortSignal): Promise<{ ended: Promise<void> }>
}

/** What the catalogue needs of it. */
export type ObservedDocker = Pick<Docker, 'containers' | 'watch'>

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
      const listed = await client.listContainers({
        all: true,
        filters: { label: labelsOf(of) },
        abortSignal: AbortSignal.timeout(callTakesAtMostMs),
      })
      return listed.map(({ Id, Created, Image, ImageID, State, Status, Labels }) => ({
        id: Id,
        created: Created,
        image: Image,
        imageId: ImageID,
        state: State,
        status: Status,
        labels: Labels,
      }))
    },

    async condition(containerId) {
      const inspected = await orNothing(within(client.getContainer(containerId).inspect()))
      return inspected && toCondition(inspected)
    },

    async sharedWith(containerId) {
      const inspected = await orNothing(within(client.getContainer(containerId).inspect()))
      const { NetworkMode, PidMode, IpcMode } = inspected?.HostConfig ?? {}
      return [NetworkMode, PidMode, IpcMode].flatMap((mode) => /^container:(.+)$/.exec(mode ?? '')?.[1] ?? [])
    },

    async lastLines(containerId, count) {
      const container = client.getContainer(containerId)
      return splitStreams(await within(container.logs({ stdout: true, stderr: true, tail: count })))
    },

    async image(name) {
      const found = await orNothing(within(client.getImage(name).inspect()))
      return found && { id: found.Id, digests: found.RepoDigests ?? [] }
    },

    async tag(imageId, name) {
      const at = name.lastIndexOf(':')
      const hasTag = at > name.lastIndexOf('/')
      const [repo, tag] = hasTag ? [name.slice(0, at), name.slice(at + 1)] : [name, 'latest']
      await within(client.getImage(imageId).tag({ repo, tag }))
    },

    async watch(onEvent, signal) {
      const stream = await client.getEvents({
        filters: { type: ['container'], event: events, label: [composeLabel] },
        abortSignal: signal,
      })
      const lines = readline.createInterface({ input: stream })
      lines.on('line', (line) => {
        const of = serviceOfEvent(line)
        if (of) onEvent(of)
      })
      const ended = new Promise<void>((resolve) => {
        stream.once('close', resolve)
        // The reason does not matter: whoever watches connects anew and looks at everything again.
        lines.once('error', () => resolve())
      })
      return { ended }
    },
  }
}

function labelsOf(of: Parameters<Docker['containers']>[0]): string[] {
  if (of === 'all') return []
  return of ? [`com.docker.compose.project=${of.project}`, `${composeLabel}=${of.service}`] : [composeLabel]
}

const event = z.object({ Actor: z.object({ Attributes: z.record(z.string(), z.string()) }) })

function serviceOfEvent(line: string): NamedService | undefined {
  try {
    return namedService(event.parse(JSON.parse(line)).Actor.Attributes)
  } catch {
    // Whatever else an engine says here tells nothing of a container, and the routine look misses nothing.
    return undefined
  }
}

/** What is not there is an answer, too. */
async function orNothing<Value>(call: Promise<Value>): Promise<Value | undefined> {
  try {
    return await call
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined
    throw error
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
