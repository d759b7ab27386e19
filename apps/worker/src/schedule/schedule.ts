import { blockerOf, byAge, type Claim } from './lanes.ts'

/**
 * Who may work now. A job at work holds one of `max` slots; while it waits for its lane it gives the slot to others.
 */
export interface Schedule {
  /** Takes a slot if there is a free one. */
  tryEnter(): boolean
  /** Gives back a slot that no job took up. */
  exit(): void
  /** A job, in a slot, that does not know its lane yet: until then it may touch all of its project. */
  announce(id: string, project: string): void
  /**
   * A job of an earlier worker gets a slot even when none is free. One that runs holds its lane already: all of its
   * project when nobody knows it any more.
   */
  adopt(id: string, project: string, isRunning: boolean, lane?: readonly string[]): void
  /** The job knows its lane, long before it takes it: others of the project need not wait for it any more. */
  know(id: string, lane: readonly string[]): void
  /** Resolves when the job holds its lane; says first, if it has to wait, for which job. */
  takeLane(id: string, onWait: (blocker: string) => Promise<void>): Promise<void>
  /** The job is over: its lane and its slot are free. */
  leave(id: string): void
}

interface Waiting extends Claim {
  grant: (() => void) | undefined
  isHeld: boolean
  lane: ReadonlySet<string> | undefined
}

/** `onRoom` is called when a slot may have become free. */
export function createSchedule(max: number, onRoom: () => void): Schedule {
  const claims = new Map<string, Waiting>()
  let atWork = 0

  function grantLanes() {
    for (const claim of [...claims.values()].sort(byAge)) {
      if (atWork >= max) return
      if (claim.grant === undefined || blockerOf(claim.id, [...claims.values()])) continue
      atWork++
      claim.isHeld = true
      claim.grant()
      claim.grant = undefined
    }
  }

  function freeSlot() {
    atWork--
    grantLanes()
    onRoom()
  }

  function claimOf(id: string): Waiting {
    const claim = claims.get(id)
    if (claim === undefined) throw new Error(`Cannot schedule ${id}: it was not announced`)
    return claim
  }

  return {
    tryEnter() {
      if (atWork >= max) return false
      atWork++
      return true
    },
    exit: freeSlot,
    announce(id, project) {
      claims.set(id, { id, project, lane: undefined, isHeld: false, grant: undefined })
    },
    adopt(id, project, isRunning, lane) {
      atWork++
      claims.set(id, { id, project, lane: lane && new Set(lane), isHeld: isRunning, grant: undefined })
    },
    know(id, lane) {
      const claim = claimOf(id)
      if (claim.isHeld) return
      claim.lane = new Set(lane)
      grantLanes()
    },
    async takeLane(id, onWait) {
      const claim = claimOf(id)
      if (claim.isHeld) return
      const blocker = blockerOf(id, [...claims.values()])
      if (blocker === undefined) {
        claim.isHeld = true
        return
      }
      const granted = new Promise<void>((resolve) => {
        claim.grant = resolve
      })
      freeSlot()
      await onWait(blocker.id)
      await granted
    },
    leave(id) {
      const isWaiting = claims.get(id)?.grant !== undefined
      claims.delete(id)
      if (isWaiting) grantLanes()
      else freeSlot()
    },
  }
}
