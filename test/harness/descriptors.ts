import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import { promisify } from 'node:util'

/** Leaves a process that runs only so many more file descriptors. */
export async function leaveDescriptors(pid: number, count: number): Promise<void> {
  const open = new Set((await fs.readdir(`/proc/${pid}/fd`)).map(Number))
  let limit = 0
  // The limit is one of the numbers, and the lowest that is free is taken first.
  for (let left = count; open.has(limit) || left > 0; limit++) if (!open.has(limit)) left--
  await setLimit(pid, String(limit))
}

/** Lets it have as many as it had at its start. */
export async function giveDescriptors(pid: number): Promise<void> {
  await setLimit(pid, 'unlimited')
}

async function setLimit(pid: number, soft: string): Promise<void> {
  const limits = await fs.readFile(`/proc/${pid}/limits`, 'utf8')
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1] ?? ''
  const wanted = soft === 'unlimited' ? hard : soft
  await promisify(execFile)('prlimit', ['--pid', String(pid), `--nofile=${wanted}:${hard}`])
}
