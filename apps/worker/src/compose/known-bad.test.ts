import { expect, it } from 'vitest'
import { knownBad } from './known-bad.ts'

it.each(['2.26.1', '2.26.1-4', '2.40.1', '2.9.9', '2.40.0-desktop.1'])(
  'warns of %s, naming the hole and the way out',
  (version) => {
    expect(knownBad(version).join()).toMatch(/include: oci:.*CVE-2025-62725.*update to 2\.40\.2/)
  },
)

it.each(['2.40.2', '2.40.3+ds1', '2.41.0', '3.0.0', '5.0.1', '2', 'dev'])('says nothing of %s', (version) => {
  expect(knownBad(version)).toEqual([])
})
