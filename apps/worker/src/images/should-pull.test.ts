import { expect, it } from 'vitest'
import type { PullPolicy } from '../catalogue/service-settings.ts'
import type { Image } from './image.ts'
import { shouldPull } from './should-pull.ts'

const pulled: Image = { id: 'sha256:1', digests: ['registry/app@sha256:2'] }
const made: Image = { id: 'sha256:1', digests: [] }

it.each<[PullPolicy, string, Image | undefined, boolean, boolean]>([
  ['auto', 'came from a registry', pulled, false, true],
  ['auto', 'was made on this host', made, false, false],
  ['auto', 'is not there', undefined, false, true],
  ['auto', 'is built by the compose file', undefined, true, false],
  ['always', 'was made on this host', made, false, true],
  ['missing', 'is not there', undefined, false, true],
  ['missing', 'came from a registry', pulled, false, false],
  ['missing', 'is built by the compose file', undefined, true, false],
  ['never', 'is not there', undefined, false, false],
])('pull=%s, and the image %s', (policy, _, image, isBuilt, expected) => {
  expect(shouldPull(policy, image, isBuilt)).toBe(expected)
})
