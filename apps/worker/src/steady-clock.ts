/** A clock that nobody can set: it begins with the wall clock's time at the start of this process. */
export function steadyNowMs(): number {
  return performance.timeOrigin + performance.now()
}

/** A past time of the wall clock on the steady one, as far away as the wall clock says now; never in the future. */
export function toSteadyMs(wallMs: number): number {
  return steadyNowMs() - Math.max(0, Date.now() - wallMs)
}
