import net, { BlockList } from 'node:net'

/** What `TRUST_PROXY` names: from these peers `X-Forwarded-For` is believed. */
export function trustedPeers(trusted: readonly string[]): BlockList {
  const peers = new BlockList()
  const all = trusted.flatMap((it) => (it === 'private' ? privateRanges : it === 'none' ? [] : [it]))
  for (const range of all) {
    const [address = '', bits] = range.split('/')
    const family = net.isIPv6(address) ? 'ipv6' : 'ipv4'
    peers.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family)
  }
  return peers
}

const privateRanges = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
]

/**
 * Whom a request counts for: its peer, or behind proxies that we trust the last hop that is none of them. What stands
 * to the left of that hop is hearsay. A network of IPv6 counts as one, since whoever has one address has all of its /64.
 */
export function clientAddress(peer: string, forwardedFor: string | undefined, trusted: BlockList): string {
  let address = canonical(peer) ?? unknown
  const hops = forwardedFor?.split(',') ?? []
  while (isTrusted(address, trusted)) {
    const hop = canonical(withoutPort(hops.pop()?.trim() ?? ''))
    if (hop === undefined) break
    address = hop
  }
  return net.isIPv6(address) ? networkOf(address) : address
}

/** A peer that has left before we could ask for its address. */
const unknown = 'unknown'

function isTrusted(address: string, trusted: BlockList): boolean {
  const family = net.isIP(address)
  return family !== 0 && trusted.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

function withoutPort(hop: string): string {
  return /^\[(.*)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop
}

/** One text for each address, and that of IPv4 for one that is mapped into IPv6. */
function canonical(text: string): string | undefined {
  const address = text.replace(/%.*$/, '')
  if (net.isIPv4(address)) return address
  if (!net.isIPv6(address)) return undefined
  const short = new net.SocketAddress({ address, family: 'ipv6' }).address
  const mapped = /^::ffff:([\d.]+)$/.exec(short)?.[1]
  return mapped ?? short
}

/** `2001:db8::1` → `2001:db8:0:0::/64` */
function networkOf(address: string): string {
  const [left = '', right] = address.split('::')
  const groups = left === '' ? [] : left.split(':')
  const missing = right === undefined ? 0 : 8 - groups.length - (right === '' ? 0 : right.split(':').length)
  const padded = [...groups, ...Array<string>(missing).fill('0'), ...(right?.split(':') ?? [])]
  return `${padded.slice(0, 4).join(':')}::/64`
}
