import { expect, it } from 'vitest'
import { readUnixAddress } from './unix-address.ts'

it.each([
  ['unix:///run/redis.sock', { path: '/run/redis.sock' }],
  ['unix:///run/a@b:c d.sock', { path: '/run/a@b:c d.sock' }],
  [
    'unix://api:p%40s%2Fs:x@/run/redis.sock',
    { path: '/run/redis.sock', username: 'api', password: 'p@s/s:x' },
  ],
  ['unix://:secret@/run/redis.sock', { path: '/run/redis.sock', password: 'secret' }],
  ['unix://', undefined],
  ['unix://run/redis.sock', undefined],
  ['redis://run/redis.sock', undefined],
])('%s is %j', (url, address) => {
  expect(readUnixAddress(url)).toEqual(address)
})
