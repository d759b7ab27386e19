// Loaded into a part before anything else: its clock is ahead of the machine's by the milliseconds in the file CLOCK_FILE.
import fs from 'node:fs'

const RealDate = Date
const now = () => RealDate.now() + Number(fs.readFileSync(process.env.CLOCK_FILE, 'utf8'))

globalThis.Date = class extends RealDate {
  constructor(...words) {
    super(...(words.length === 0 ? [now()] : words))
  }
  static now() {
    return now()
  }
}
