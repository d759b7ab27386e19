import type { Surroundings } from '../surroundings.ts'

/** What a command has around it here, and what it has printed there. */
export function aroundApi(url: string) {
  const printed = { stdout: '', stderr: '' }
  const stream = (name: keyof typeof printed) =>
    ({ write: (text: string) => void (printed[name] += text) }) as unknown as NodeJS.WriteStream
  const around: Surroundings = {
    env: { REDEPLOYSTER_URL: url, REDEPLOYSTER_TOKEN: 'dolphin' },
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    command: 'redeployster',
    onLeave: () => () => {},
  }
  return { around, printed }
}
