/** What a command of the client has around it; a process is one. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  /** How this program is called, for sentences that name another command of it. */
  readonly command: string
  /** Calls back when somebody presses Ctrl-C or a pipeline is cancelled; returns how to stop listening. */
  onLeave(leave: () => void): () => void
}

export function surroundingsOf(process: NodeJS.Process, command: string): Surroundings {
  const { env, stdout, stderr } = process
  // Whoever reads what we print may go, as `head` does: the exit code is still worth waiting for.
  for (const stream of [stdout, stderr]) stream.on('error', () => {})
  return {
    env,
    stdout,
    stderr,
    command,
    onLeave(leave) {
      const signals = ['SIGINT', 'SIGTERM'] as const
      for (const signal of signals) process.once(signal, leave)
      return () => {
        for (const signal of signals) process.off(signal, leave)
      }
    },
  }
}
