// node followers.ts URL TOKEN COUNT: follows a log COUNT times at once, and prints what they have seen as JSON.
import net from 'node:net'
import { createLogReader } from './log-reader.ts'

const [url = '', token = '', words = '1'] = process.argv.slice(2)
const count = Number(words)
const { hostname, port, pathname, search } = new URL(url)
const request = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`

let begun = 0
let ended = 0
let toldVerdict = 0
let fewestLines = Infinity
let bytes = 0

function follow() {
  const socket = net.connect(Number(port), hostname)
  const reader = createLogReader()
  socket.write(request)
  socket.on('data', (chunk: Buffer) => {
    const wasBegun = reader.isBegun()
    reader.read(chunk)
    if (wasBegun || !reader.isBegun()) return
    begun += 1
    if (begun === count) process.stdout.write('begun\n')
  })
  socket.on('error', (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  })
  socket.on('close', () => {
    const seen = reader.seen()
    ended += 1
    bytes += seen.bytes
    fewestLines = Math.min(fewestLines, seen.lastInOrder)
    if (seen.lastLine.endsWith(' exit-code: 0')) toldVerdict += 1
    if (ended < count) return
    process.stdout.write(`${JSON.stringify({ fewestLines, toldVerdict, bytes, endedAtMs: Date.now() })}\n`)
  })
}

// Whoever started it ends it, when he has read what it prints.
setInterval(() => {}, 60_000)

// Not all at once: the queue of connections that wait to be accepted is short.
const batch = 200
function next(left: number) {
  for (let index = 0; index < Math.min(batch, left); index += 1) follow()
  if (left > batch) setTimeout(() => next(left - batch), 50)
}
next(count)
