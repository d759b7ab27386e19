import { readFileSync, readdirSync, readlinkSync } from 'node:fs'

/** A process of a step: its current folder is the step's, `jobs/<id>/up`. */
export interface StepProcess {
  readonly pid: number
  readonly job: string
  readonly step: string
  /** Of what compose has started, it is neither. */
  readonly role: 'runner' | 'compose' | 'other'
  readonly words: readonly string[]
}

export function stepProcesses(stateDir: string): readonly StepProcess[] {
  const found = readdirSync('/proc').flatMap((name) => look(name, stateDir))
  // A shell's child looks like the shell until it runs a program of its own.
  const shells = new Set(found.filter(({ role }) => role === 'compose').map(({ pid }) => pid))
  return found.map((it) => (shells.has(it.parent) ? { ...it, role: 'other' as const } : it))
}

function look(name: string, stateDir: string): readonly (StepProcess & { readonly parent: number })[] {
  if (!/^\d+$/.test(name)) return []
  try {
    const folder = readlinkSync(`/proc/${name}/cwd`)
    // That of one whose folder was removed ends with a word of the kernel.
    const [, job, step] = /\/jobs\/([^/]+)\/([^/ ]+)( \(deleted\))?$/.exec(folder) ?? []
    if (job === undefined || step === undefined || !folder.startsWith(`${stateDir}/`)) return []
    const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
    const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
    const [, parent = '', group] = /^\d+ \(.*\) \S (\d+) (\d+)/s.exec(stat) ?? []
    const isCompose = words.some((word) => word.endsWith('/compose'))
    // The runner is started detached, so it leads its group.
    const role = group === name ? 'runner' : isCompose ? 'compose' : 'other'
    return [{ pid: Number(name), job, step, role, words, parent: Number(parent) }]
  } catch {
    // It has ended while we looked.
    return []
  }
}
