import type { PullPolicy } from '../catalogue/service-settings.ts'
import type { Image } from './image.ts'

/** `auto`: an image is pulled unless it never came from a registry, for then no registry has a newer one. */
export function shouldPull(policy: PullPolicy, local: Image | undefined, isBuilt: boolean): boolean {
  switch (policy) {
    case 'always':
      return true
    case 'never':
      return false
    case 'missing':
      return local === undefined && !isBuilt
    case 'auto':
      return !isBuilt && (local === undefined || local.digests.length > 0)
  }
}
