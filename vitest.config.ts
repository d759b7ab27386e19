import { defineConfig } from 'vitest/config'
import { enginesOf } from './packages/shared/src/testing/engines.ts'

const conditions = ['@redeployster/source']

const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
}

export default defineConfig({
  ...shared,
  test: {
    reporters: ['default', './test/closing-line-reporter.ts'],
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['{apps,packages}/*/src/**/*.test.ts', 'test/docs/**/*.test.ts', 'bench/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // What a test waits for comes in milliseconds, but not on a machine that is busy.
          expect: { poll: { timeout: 20_000 } },
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: ['test/{e2e,faults,chaos}/**/*.test.ts'],
          // The longest one takes half a minute where it has a processor for itself, which here it has not.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // An engine has one worker, so each file that runs needs one for itself.
          maxWorkers: Math.max(1, enginesOf(process.env).length),
          // First, since they tell their engine by the worker's number: when a group ends, Vitest may free a number that
          // the next group has given to a file already.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
