/** An image of the engine. */
export interface Image {
  readonly id: string
  /** `name@sha256:…` for each registry it is known to be in; none when it was built or imported here. */
  readonly digests: readonly string[]
}

/** What an image is, whatever its tag says: the registry's digest of it, else its own ID. */
export function imageDigest({ id, digests }: Image): string {
  return digests[0]?.split('@')[1] ?? id
}
