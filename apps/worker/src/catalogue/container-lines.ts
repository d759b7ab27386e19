import { splitLines } from '@redeployster/shared/contract/log-line'

/**
 * The lines of what `docker logs` sends: frames of an 8-byte head (the stream, and the length in its last four bytes)
 * and a text. A container with a terminal sends bare text. Lines are cut as those of compose are.
 */
export function splitStreams(sent: Buffer): readonly string[] {
  const texts: Buffer[] = []
  for (let at = 0; at < sent.length;) {
    const isFrame = at + 8 <= sent.length && (sent[at] ?? 9) <= 2 && sent.readUIntBE(at + 1, 3) === 0
    if (!isFrame) {
      texts.push(sent.subarray(at))
      break
    }
    const end = at + 8 + sent.readUInt32BE(at + 4)
    texts.push(sent.subarray(at + 8, end))
    at = end
  }
  return splitLines(Buffer.concat(texts), true).lines
}
