/** An image of the engine. */
export interface Image {
  readonly id: string
  /** `name@sha256:…` for each registry it is known to be in; none when it was built or imported here. */
  readonly digests: readonly string[]
}

/**
 * What an image is, whatever its tag says: the digest by which it is known where the first of these names leads that
 * knows it, else its own ID. An image may be known in several places, and its digest differs from one to the other.
 */
export function imageDigest({ id, digests }: Image, ...names: readonly string[]): string {
  const known = names
    .map((name) => digests.find((digest) => repositoryOf(digest) === repositoryOf(name)))
    .find((digest) => digest !== undefined)
  return known?.split('@')[1] ?? id
}

/** Where an image's name leads, tag and digest left out: `redis:7` is short for `docker.io/library/redis`. */
export function repositoryOf(name: string): string {
  const [withTag = ''] = name.split('@')
  const path = withTag.replace(/:[^:/]*$/, '').replace(/^(index\.)?docker\.io\//, '')
  const [first = '', ...rest] = path.split('/')
  if (rest.length === 0) return `docker.io/library/${path}`
  const isRegistry = first === 'localhost' || /[.:]/.test(first)
  return isRegistry ? path : `docker.io/${path}`
}
