import fs from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'yaml'
import { run, type Ended } from './shell.ts'

const root = new URL('../../', import.meta.url).pathname

interface Action {
  readonly inputs: Readonly<Record<string, { readonly required?: boolean; readonly default?: string }>>
  readonly outputs: Readonly<Record<string, object>>
  readonly runs: { readonly using: string; readonly main: string }
}

export interface ActionEnded extends Ended {
  /** Those of the outputs in `action.yml` that were set. */
  readonly outputs: Readonly<Record<string, string>>
  readonly summary: string
}

/** Runs the action of this repository as the runner of GitHub does, with what stands below `with:` in a workflow. */
export async function runAction(
  given: Readonly<Record<string, string>>,
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ActionEnded> {
  const action = parse(await fs.readFile(path.join(root, 'action.yml'), 'utf8')) as Action
  const unknown = Object.keys(given).filter((name) => !(name in action.inputs))
  if (unknown.length > 0) throw new Error(`action.yml has no input ${unknown.join(', ')}`)
  if (!/^node\d+$/.test(action.runs.using)) throw new Error(`Cannot run ${action.runs.using}`)
  const inputs = Object.entries(action.inputs).map(([name, input]) => [
    `INPUT_${name.toUpperCase()}`,
    given[name] ?? input.default ?? '',
  ])
  const files = {
    GITHUB_OUTPUT: path.join(folder, 'output'),
    GITHUB_STEP_SUMMARY: path.join(folder, 'summary'),
  }
  for (const file of Object.values(files)) await fs.writeFile(file, '')
  const ended = await run([process.execPath, path.join(root, action.runs.main)], folder, {
    ...env,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    ...files,
    ...(Object.fromEntries(inputs) as Record<string, string>),
  })
  const set = (await fs.readFile(files.GITHUB_OUTPUT, 'utf8')).matchAll(/^([^=]+)=(.*)$/gm)
  return {
    ...ended,
    outputs: Object.fromEntries(
      [...set]
        .map(([, name = '', value = '']) => [name, value])
        .filter(([name = '']) => name in action.outputs),
    ) as Record<string, string>,
    summary: await fs.readFile(files.GITHUB_STEP_SUMMARY, 'utf8'),
  }
}
