import fs from 'node:fs'
import path from 'node:path'
import type { ProjectName } from '@redeployster/shared/contract/service'

/** Where a compose project lives: all that compose needs to be told to find it again. */
export interface ComposeProject {
  readonly name: ProjectName
  readonly directory: string
  readonly files: readonly string[]
  readonly envFiles: readonly string[]
}

/** What compose wrote into a container's labels about the project, as it stands there. */
export interface ProjectLabels {
  readonly project: ProjectName
  readonly workingDir: string | undefined
  readonly configFiles: string | undefined
  readonly environmentFile: string | undefined
}

/** Why a service cannot be deployed, as a sentence that says what to do. */
export interface Problem {
  readonly problem: string
}

type Exists = (file: string) => boolean

/** Finds a project's files from its labels. A file that is gone is not a problem here: compose says so better. */
export function locateProject(
  labels: ProjectLabels,
  exists: Exists = fs.existsSync,
): ComposeProject | Problem {
  const { project, workingDir, configFiles, environmentFile } = labels
  if (!workingDir || !configFiles) {
    return {
      problem: 'its container does not say which compose file it comes from; run `docker compose up -d` once',
    }
  }
  if (configFiles.split(',').includes('-')) {
    return { problem: 'its compose file was read from standard input; start it from a file' }
  }
  if (/(^|,)[a-z]+:\/\//.test(configFiles)) {
    return { problem: 'its compose file is remote; start it from a file on this host' }
  }
  const [firstFile = ''] = configFiles.split(',')
  const typedIn = folderOfTyping(workingDir, firstFile)
  const find = (file: string) => findUpwards(typedIn, file, exists) ?? path.resolve(workingDir, file)
  return {
    name: project,
    directory: workingDir,
    files: splitList(configFiles, (file) => exists(find(file))).map(find),
    envFiles: environmentFile ? splitList(environmentFile, (file) => exists(find(file))).map(find) : [],
  }
}

/** The list is joined by commas that are not escaped: a piece that is no file may be the begin of a name with a comma. */
function splitList(list: string, isFile: (name: string) => boolean): string[] {
  const pieces = list.split(',')
  const names: string[] = []
  for (let from = 0; from < pieces.length;) {
    let to = from + 1
    while (to <= pieces.length && !isFile(pieces.slice(from, to).join(','))) to++
    if (to > pieces.length) to = from + 1
    names.push(pieces.slice(from, to).join(','))
    from = to
  }
  return names
}

/**
 * Compose v1 wrote the names as typed, relative to a folder that no label records. The project's folder is that of its
 * first file, unless a person chose another: so it was typed there, above, or in some folder below.
 */
function folderOfTyping(workingDir: string, firstFile: string): string {
  const steps = firstFile.split('/').filter((part) => part === '..')
  const below = path.join(workingDir, ...steps.map(() => 'below'))
  const isIt = (folder: string) => path.dirname(path.resolve(folder, firstFile)) === workingDir
  return upwards(below).find(isIt) ?? workingDir
}

function findUpwards(from: string, file: string, exists: Exists): string | undefined {
  return upwards(from)
    .map((folder) => path.resolve(folder, file))
    .find(exists)
}

/** A folder and all above it. */
function upwards(folder: string): string[] {
  const above = path.dirname(folder)
  return above === folder ? [folder] : [folder, ...upwards(above)]
}

/** The first of the project's files that, links resolved, lies outside all roots. */
export function fileOutside(
  roots: readonly string[],
  { files, envFiles }: ComposeProject,
): string | undefined {
  return [...files, ...envFiles].find((file) => {
    const real = realPath(file)
    return !roots.some((root) => real.startsWith(path.join(realPath(root), path.sep)))
  })
}

function realPath(file: string): string {
  try {
    return fs.realpathSync(file)
  } catch {
    // A file that is gone is where its name says; compose will report it.
    return path.resolve(file)
  }
}
