/** A job that wants to run on its lane, or does. */
export interface Claim {
  readonly id: string
  readonly project: string
  /** The services that the deploy may touch. Not known yet: it may be all of the project. */
  readonly lane: ReadonlySet<string> | undefined
  readonly isHeld: boolean
}

/** In the order in which the jobs were accepted: ids are UUIDs of version 7. */
export function byAge(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1
}

/**
 * The job that `id` has to wait for: the oldest that holds a lane overlapping its own, or that waits for one and is
 * older. So deploys that could hurt each other never run together, and a wide lane is not starved by narrow ones.
 */
export function blockerOf(id: string, claims: readonly Claim[]): Claim | undefined {
  const own = claims.find((claim) => claim.id === id)
  if (own === undefined) throw new Error(`Cannot look for what blocks ${id}: it has no claim`)
  return [...claims]
    .sort(byAge)
    .find((other) => other.id !== id && (other.isHeld || other.id < id) && overlaps(own, other))
}

function overlaps(a: Claim, b: Claim): boolean {
  if (a.project !== b.project) return false
  const [own, other] = [a.lane, b.lane]
  return own === undefined || other === undefined || [...own].some((service) => other.has(service))
}
