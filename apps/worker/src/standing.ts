import type { Docker } from './catalogue/docker.ts'
import { isOneOff, type Container } from './catalogue/services-from-containers.ts'
import type { ContainerCondition } from './gate/judge.ts'
import type { Image } from './images/image.ts'

/** How a service stands before its deploy; the engine is asked for all of it at once. */
export interface Standing {
  /** Its newest container. */
  readonly container: Container | undefined
  readonly conditions: readonly ContainerCondition[]
  /** The image that runs. */
  readonly before: Image | undefined
  /** What that image's name stands for now. */
  readonly named: Image | undefined
}

/** `listed`: the containers of the service. */
export async function standingOf(docker: Docker, listed: readonly Container[]): Promise<Standing> {
  const containers = listed.filter((it) => !isOneOff(it)).sort((a, b) => b.created - a.created)
  const [container] = containers
  const [conditions, images] = await Promise.all([
    Promise.all(containers.map(({ id }) => docker.condition(id))),
    container && imagesOf(docker, container),
  ])
  return {
    container,
    conditions: conditions.filter((it) => it !== undefined),
    before: images?.before,
    named: images?.named,
  }
}

/** Mostly one and the same. */
async function imagesOf(docker: Docker, { image, imageId }: Container) {
  const named = await docker.image(image)
  return { named, before: named?.id === imageId ? named : await docker.image(imageId) }
}
