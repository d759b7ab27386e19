import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { vi } from 'vitest'
import type { Argv } from '../compose/command.ts'

const waiting = { timeout: 20_000, interval: 5 }

/** A step that prints the number of its process group, waits until it is unblocked, and ends with 4. */
export interface BlockedStep {
  readonly argv: Argv
  /** Resolves, once it runs, to its group, whose leader is the runner. */
  runner(): Promise<number>
  unblock(): void
}

/** `first` is a shell command that it runs before anything else. */
export function blockedStep(folder: string, first = ':'): BlockedStep {
  const gate = path.join(folder, 'gate')
  const out = path.join(folder, 'out')
  execFileSync('mkfifo', [gate])
  const text = `${first}; cut -d' ' -f5 /proc/self/stat; read line <gate; echo unblocked; exit 4`
  return {
    argv: ['sh', '-c', text],
    runner: () => vi.waitFor(() => Number(/^(\d+)\n/.exec(fs.readFileSync(out, 'utf8'))![1]), waiting),
    unblock: () => fs.writeFileSync(gate, '\n'),
  }
}
