import picocolors from 'picocolors'

export type Colours = ReturnType<typeof picocolors.createColors>

/** Colours are for people at a terminal, unless they say otherwise. */
export function wantsColours(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0'
  return isTerminal && env.TERM !== 'dumb'
}

export function coloursFor(env: NodeJS.ProcessEnv, isTerminal: boolean): Colours {
  return picocolors.createColors(wantsColours(env, isTerminal))
}
