// node followers.ts URL TOKEN COUNT: follows a log COUNT times at once, and prints what each has seen as JSON lines.
import net from 'node:net'

const [url = '', token = '', count = '1'] = process.argv.slice(2)
const { hostname, port, pathname, search } = new URL(url)
const request = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`

let begun = 0
let ended = 0
let fewest = Infinity
let bytes = 0
let firstAt = Infinity

function follow() {
  const socket = net.connect(Number(port), hostname)
  let lines = 0
  let isBegun = false
  socket.write(request)
  socket.on('data', (chunk: Buffer) => {
    if (!isBegun) {
      isBegun = true
      begun += 1
      if (begun === Number(count)) process.stdout.write('begun\n')
      return
    }
    firstAt = Math.min(firstAt, performance.now())
    bytes += chunk.length
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1
  })
  socket.on('error', (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  })
  socket.on('close', () => {
    ended += 1
    fewest = Math.min(fewest, lines)
    if (ended < Number(count)) return
    process.stdout.write(`${JSON.stringify({ fewest, bytes, ms: performance.now() - firstAt })}\n`)
  })
}

// Not all at once: the queue of connections that wait to be accepted is short.
const batch = 200
function next(left: number) {
  for (let index = 0; index < Math.min(batch, left); index += 1) follow()
  if (left > batch) setTimeout(() => next(left - batch), 50)
}
next(Number(count))
