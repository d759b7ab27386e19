import { watch, type FSWatcher } from 'node:fs'

/** Calls back some time after one of the files may have changed, as often as they do; returns what ends it. */
export type WatchFiles = (files: readonly string[], onChange: () => void) => () => void

/** An editor writes a file in several pieces. */
const settleMs = 50

/** Until the signal aborts. A file that cannot be watched, since it is not there, say, is left out. */
export function createWatchFiles(signal: AbortSignal): WatchFiles {
  return (files, onChange) => {
    let watchers: readonly FSWatcher[] = []
    let timer: NodeJS.Timeout | undefined
    function disarm() {
      clearTimeout(timer)
      timer = undefined
      for (const watcher of watchers) watcher.close()
    }
    // A file that was replaced is another one, which nobody has watched so far.
    function arm() {
      watchers = files.flatMap((file) => tryToWatch(file, onEvent))
    }
    function onEvent() {
      timer ??= setTimeout(() => {
        disarm()
        arm()
        onChange()
      }, settleMs)
    }
    function end() {
      disarm()
      signal.removeEventListener('abort', end)
    }
    if (signal.aborted) return end
    arm()
    signal.addEventListener('abort', end)
    return end
  }
}

function tryToWatch(file: string, onEvent: () => void): readonly FSWatcher[] {
  try {
    return [watch(file, { persistent: false }, onEvent).on('error', () => {})]
  } catch {
    return []
  }
}
