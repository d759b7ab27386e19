import fs from 'node:fs'
import path from 'node:path'

const programs = ['valkey-server', 'redis-server']

/** The first Valkey or Redis server on this search path. */
export function findRedisProgram(searchPath: string | undefined): string | undefined {
  const folders = (searchPath ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder))
  return programs
    .flatMap((name) => folders.map((folder) => path.join(folder, name)))
    .find((file) => isProgram(file))
}

export const howToGetRedis =
  'not set, and PATH has neither valkey-server nor redis-server for serve to start; ' +
  'install one (Debian, Ubuntu: apt-get install redis-server), or set it to a Redis of yours'

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    // Not there, or not ours to run: another folder may have one.
    return false
  }
}
