// Prints the port it is given if that is free, else another that is.
import { createServer } from 'node:net'

const listen = (port) =>
  createServer()
    .once('error', () => listen(0))
    .listen(port, function () {
      process.stdout.write(`${this.address().port}\n`)
      this.close()
    })

listen(Number(process.argv[2]))
