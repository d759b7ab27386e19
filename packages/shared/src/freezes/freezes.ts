import type { Freeze, FrozenKey } from '../contract/freeze.ts'

export interface FreezesReader {
  /** The freeze that holds now, if there is one. */
  find(service: FrozenKey): Promise<Freeze | undefined>
}

export interface Freezes extends FreezesReader {
  /** Replaces the one that holds; it ends by itself when its time has come. */
  put(service: FrozenKey, freeze: Freeze): Promise<void>
  /** Does nothing where there is none. */
  lift(service: FrozenKey): Promise<void>
}
