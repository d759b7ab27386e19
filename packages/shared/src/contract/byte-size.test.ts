import { expect, it } from 'vitest'
import { parseByteSize } from './byte-size.ts'

it.each([
  ['1KiB', 1024],
  ['512KiB', 524_288],
  ['16MiB', 16_777_216],
  ['1GiB', 1_073_741_824],
])('%s is %i bytes', (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes)
})

it.each(['', '0MiB', '16', 'MiB', '1.5MiB', '-1MiB', '16 MiB', '16MB', '16mib', '1000000MiB'])(
  '%j is no size',
  (text) => {
    expect(parseByteSize(text)).toBeUndefined()
  },
)
