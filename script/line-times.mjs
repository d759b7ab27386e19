// Deploys, and prints when each line arrives: milliseconds since the request, and since the line before.
//   TOKEN=dolphin node script/line-times.mjs http://localhost:4711/hello
import http from 'node:http'

const [url] = process.argv.slice(2)
const token = process.env.TOKEN
if (!url || !token) {
  console.error('usage: TOKEN=… node script/line-times.mjs http://localhost:4711/SERVICE')
  process.exit(2)
}

const begunAt = performance.now()
let last = begunAt
let rest = ''

function print(text) {
  const now = performance.now()
  console.log(
    `${(now - begunAt).toFixed(1).padStart(9)} ms ${`+${(now - last).toFixed(1)}`.padStart(9)}  ${text}`,
  )
  last = now
}

const request = http.request(
  url,
  { method: 'POST', headers: { authorization: `Bearer ${token}` } },
  (response) => {
    print(`HTTP ${response.statusCode}`)
    response.setEncoding('utf8')
    response.on('data', (text) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) print(line)
    })
    response.on('end', () => {
      const exitCode = response.trailers['exit-code']
      print(`Exit-Code: ${exitCode ?? 'none'}`)
      process.exitCode = exitCode === '0' ? 0 : 1
    })
  },
)
request.on('error', (error) => {
  console.error(`Cannot deploy: ${error.message}`)
  process.exitCode = 1
})
request.end()
