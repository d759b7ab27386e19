import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientAddress, trustedPeers } from './client-address.ts'

describe('by default X-Forwarded-For is believed from loopback and private peers', () => {
  it.each([
    ['203.0.113.7', undefined, '203.0.113.7'],
    ['203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['127.0.0.1', undefined, '127.0.0.1'],
    ['127.0.0.1', '', '127.0.0.1'],
    ['127.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['172.17.0.2', '198.51.100.1', '198.51.100.1'],
    ['172.32.0.2', '198.51.100.1', '172.32.0.2'],
    ['::ffff:127.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['::1', '198.51.100.1', '198.51.100.1'],
    ['fd00::2', '198.51.100.1', '198.51.100.1'],
    ['fe80::2%eth0', '198.51.100.1', '198.51.100.1'],
    // Whatever the client wrote itself stands to the left of what the proxy saw.
    ['127.0.0.1', '192.0.2.99, 198.51.100.1', '198.51.100.1'],
    ['127.0.0.1', '192.0.2.99,198.51.100.1, 10.0.0.3 ,10.0.0.2', '198.51.100.1'],
    ['127.0.0.1', '10.9.9.9, 10.0.0.3', '10.9.9.9'],
    // Behind what is no address nothing is believed.
    ['127.0.0.1', 'unknown', '127.0.0.1'],
    ['127.0.0.1', '198.51.100.1, unknown, 10.0.0.3', '10.0.0.3'],
    ['127.0.0.1', '198.51.100.1,', '127.0.0.1'],
    ['127.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['127.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
    ['127.0.0.1', '[2001:db8::1]:4711', '2001:db8:0:0::/64'],
    ['', '198.51.100.1', 'unknown'],
  ])('%s with %s is %s', (peer, forwardedFor, address) => {
    expect(clientAddress(peer, forwardedFor, trustedPeers(['private']))).toBe(address)
  })
})

describe('a network of IPv6 counts as one address', () => {
  it.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
  ])('%s is %s', (peer, network) => {
    expect(clientAddress(peer, undefined, trustedPeers([]))).toBe(network)
  })
})

describe('TRUST_PROXY', () => {
  it.each([
    [['none'], '127.0.0.1', '127.0.0.1'],
    [['203.0.113.7'], '203.0.113.7', '198.51.100.1'],
    [['203.0.113.7'], '203.0.113.8', '203.0.113.8'],
    [['203.0.113.0/24'], '203.0.113.8', '198.51.100.1'],
    [['203.0.113.0/24'], '127.0.0.1', '127.0.0.1'],
    [['2001:db8::/32'], '2001:db8:1::1', '198.51.100.1'],
    [['2001:db8::1'], '2001:db8::2', '2001:db8:0:0::/64'],
    [['private', '203.0.113.0/24'], '127.0.0.1', '198.51.100.1'],
  ])('%s lets %s speak for 198.51.100.1, or not: %s', (trusted, peer, address) => {
    expect(clientAddress(peer, '198.51.100.1', trustedPeers(trusted))).toBe(address)
  })
})

it('throws at no header, and never believes a peer that nobody trusts', () => {
  const peers = trustedPeers(['private'])
  const hop = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.string(),
    fc.constantFrom('127.0.0.1', '[::1]:1', '::ffff:10.0.0.1'),
  )
  fc.assert(
    fc.property(fc.array(hop), (hops) => {
      const header = hops.join(',')
      expect(clientAddress('203.0.113.7', header, peers)).toBe('203.0.113.7')
      expect(clientAddress('127.0.0.1', header, peers)).toMatch(/^([\d.]+|[\da-f:]+::\/64)$/)
    }),
  )
})
