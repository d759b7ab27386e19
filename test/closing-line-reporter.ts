import type { Reporter, TestModule } from 'vitest/node'

/** Ends the output with `N passed, N failed`, and `, N skipped` when there are such; before it stands what was slow. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0, pending: 0 }
    for (const module of modules) {
      // A file that cannot even be loaded has no tests, and has failed all the same.
      if (module.state() === 'failed' && [...module.children.allTests()].length === 0) counts.failed++
      for (const test of module.children.allTests()) counts[test.result().state]++
    }
    const { passed, failed, skipped } = counts
    process.on('exit', () => {
      for (const line of slowest(modules)) process.stdout.write(`${line}\n`)
      process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
    })
  }
}

/** The five files that took longest, in a run of more than that. */
function slowest(modules: readonly TestModule[]): readonly string[] {
  if (modules.length <= 5) return []
  const seconds = (module: TestModule) => Math.round(module.diagnostic().duration / 1000)
  return [...modules]
    .sort((one, other) => seconds(other) - seconds(one))
    .slice(0, 5)
    .map((module) => `${String(seconds(module)).padStart(4)} s  ${module.relativeModuleId}`)
}
