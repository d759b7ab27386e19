// node followers.ts URL TOKEN COUNT: follows a log COUNT times at once, and prints what they have seen as JSON.
import net from 'node:net'
import { createLogReader } from './log-reader.ts'

const [url = '', token = '', words = '1'] = process.argv.slice(2)
const count = Number(words)
const { hostname, port, pathname, search } = new URL(url)
const request = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`

const mostWaiting = 200
let left = count
let begun = 0
let ended = 0
let toldVerdict = 0
let fewestLines = Infinity
let bytes = 0

function followNext() {
  if (left === 0) return
  left -= 1
  follow()
}

function follow() {
  const socket = net.connect(Number(port), hostname)
  const reader = createLogReader()
  socket.write(request)
  socket.on('data', (chunk: Buffer) => {
    const wasBegun = reader.isBegun()
    reader.read(chunk)
    if (wasBegun || !reader.isBegun()) return
    begun += 1
    followNext()
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

// Not all at once: the queue of connections that wait to be accepted is short, and who overflows it is cut off.
for (let place = 0; place < mostWaiting; place += 1) followNext()
