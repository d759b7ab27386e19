import fs from 'node:fs/promises'
import path from 'node:path'
import type { ScriptedCompose } from '../test/harness/scripted-compose.ts'
import { untilSoon } from './until-soon.ts'

/** For the script of `openShop`: it waits here until the case lets it go on. */
export const waitForCase =
  'mkfifo "$folder/hold.tmp" && mv "$folder/hold.tmp" "$folder/hold"; cat "$folder/hold"; rm "$folder/hold"'

/** Resolves when the script waits, to what lets it go on. */
export async function untilHeld({ folder }: ScriptedCompose): Promise<() => Promise<void>> {
  const pipe = path.join(folder, 'hold')
  await untilSoon('the deploy has begun', () =>
    fs.access(pipe).then(
      () => true,
      () => false,
    ),
  )
  return () => fs.writeFile(pipe, '')
}
