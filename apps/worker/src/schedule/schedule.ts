import { blockerOf, byAge, type Claim } from './lanes.ts'

/**
 * Who may work now. A job whose steps run holds one of `max` slots. As many again may be fetched ahead, so that they are
 * ready when a slot is free; one that waits for its lane does not count among them.
 */
export interface Schedule {
  /** Takes a place among those fetched ahead if there is a free one. */
  tryEnter(): boolean
  /** Gives back a place that no job took up. */
  exit(): void
  /** A job that was fetched and does not know its lane yet: until then it may touch all of its project. */
  announce(id: string, project: string): void
  /**
   * A job of an earlier worker gets a slot even when none is free. One that runs holds its lane already: all of its
   * project when nobody knows it any more.
   */
  adopt(id: string, project: string, isRunning: boolean, lane?: readonly string[]): void
  /** The job knows its lane, long before it takes it: others of the project need not wait for it any more. */
  know(id: string, lane: readonly string[]): void
  /** Resolves when the job holds a slot. */
  takeSlot(id: string): Promise<void>
  /** Resolves when the job holds its lane, and a slot; says first, if it has to wait for another job, for which. */
  takeLane(id: string, onWait: (blocker: string) => Promise<void>): Promise<void>
  /** The steps of the job are over: its slot is free, but its lane is not. */
  freeSlot(id: string): void
  /** The job is over: its lane and its slot are free. */
  leave(id: string): void
}

interface Waiting extends Claim {
  /** `ahead`: fetched, and getting ready or waiting for a slot. */
  place: 'ahead' | 'slot' | undefined
  wants: { readonly what: 'slot' | 'lane'; readonly grant: () => void } | undefined
  isHeld: boolean
  lane: ReadonlySet<string> | undefined
}

/** `onRoom` is called when a place may have become free. */
export function createSchedule(max: number, onRoom: () => void): Schedule {
  const claims = new Map<string, Waiting>()
  const taken = { ahead: 0, slot: 0 }

  /** Gives slots and lanes to those that wait, the oldest first. */
  function grant() {
    for (const claim of [...claims.values()].sort(byAge)) {
      const { wants } = claim
      if (wants === undefined || (claim.place !== 'slot' && taken.slot >= max)) continue
      if (wants.what === 'lane' && blockerOf(claim.id, [...claims.values()])) continue
      move(claim, 'slot')
      claim.isHeld = wants.what === 'lane'
      claim.wants = undefined
      wants.grant()
    }
    onRoom()
  }

  function move(claim: Waiting, place: Waiting['place']) {
    if (claim.place) taken[claim.place]--
    if (place) taken[place]++
    claim.place = place
  }

  function ask(claim: Waiting, what: 'slot' | 'lane'): Promise<void> {
    return new Promise((resolve) => {
      claim.wants = { what, grant: resolve }
    })
  }

  function claimOf(id: string): Waiting {
    const claim = claims.get(id)
    if (claim === undefined) throw new Error(`Cannot schedule ${id}: it was not announced`)
    return claim
  }

  function claim(id: string, project: string): Waiting {
    const made = { id, project, lane: undefined, isHeld: false, place: undefined, wants: undefined }
    claims.set(id, made)
    return made
  }

  return {
    tryEnter() {
      if (taken.ahead >= max) return false
      taken.ahead++
      return true
    },
    exit() {
      taken.ahead--
      onRoom()
    },
    announce(id, project) {
      // The place that it entered with.
      claim(id, project).place = 'ahead'
    },
    adopt(id, project, isRunning, lane) {
      const adopted = claim(id, project)
      move(adopted, 'slot')
      adopted.isHeld = isRunning
      adopted.lane = lane && new Set(lane)
    },
    know(id, lane) {
      const claim = claimOf(id)
      if (claim.isHeld) return
      claim.lane = new Set(lane)
      grant()
    },
    async takeSlot(id) {
      const claim = claimOf(id)
      if (claim.place === 'slot') return
      const granted = ask(claim, 'slot')
      grant()
      await granted
    },
    async takeLane(id, onWait) {
      const claim = claimOf(id)
      if (claim.isHeld) return
      const blocker = blockerOf(id, [...claims.values()])
      if (blocker) move(claim, undefined)
      const granted = ask(claim, 'lane')
      grant()
      if (blocker) await onWait(blocker.id)
      await granted
    },
    freeSlot(id) {
      const claim = claimOf(id)
      move(claim, undefined)
      claim.wants = undefined
      grant()
    },
    leave(id) {
      move(claimOf(id), undefined)
      claims.delete(id)
      grant()
    },
  }
}
