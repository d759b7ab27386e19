import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { coloursFor } from './colours.ts'
import type { Show } from './show.ts'
import { showInActions } from './show-in-actions.ts'
import { showJson } from './show-json.ts'
import { showOnTerminal } from './show-on-terminal.ts'
import { showPlain } from './show-plain.ts'
import type { Surroundings } from './surroundings.ts'

/** How a deploy is shown here. */
export function chooseShow(
  { env, stdout, stderr }: Pick<Surroundings, 'env' | 'stdout' | 'stderr'>,
  { json, token }: { readonly json: boolean; readonly token: string },
): Show {
  const write = (text: string) => void stdout.write(text)
  const writeBeside = (text: string) => void stderr.write(text)
  if (json) return showJson(write, writeBeside)
  if (env.GITHUB_ACTIONS === 'true') {
    const append = (name: string, text: string) => {
      const file = env[name]
      if (file) addTo(file, text, writeBeside)
    }
    return showInActions({ write, append, token, stopWord: randomBytes(16).toString('hex') })
  }
  const isWatched = stdout.isTTY && env.TERM !== 'dumb' && env.CI === undefined
  return isWatched ? showOnTerminal(stdout, coloursFor(env, true)) : showPlain(write, writeBeside)
}

/** No deploy becomes red because of a file for its summary. */
function addTo(file: string, text: string, writeBeside: (text: string) => void): void {
  try {
    fs.appendFileSync(file, text)
  } catch (error) {
    writeBeside(`redeployster: ${error instanceof Error ? error.message : String(error)}\n`)
  }
}
