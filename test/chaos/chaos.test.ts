import { describeWithEngine } from '@redeployster/shared/testing/docker'
import { expect, it } from 'vitest'
import { unleash } from './chaos.ts'
import { brokenInvariants } from './invariants.ts'

const seconds = Number(process.env.CHAOS_SECONDS ?? 60)
// The gate strikes with the same faults each time; `script/chaos` picks others.
const seed = Number(process.env.CHAOS_SEED ?? 11)

describeWithEngine(`${seconds} s of random faults (CHAOS_SEED=${seed})`, () => {
  it('break nothing that was promised', { timeout: (seconds + 300) * 1000 }, async () => {
    const { aftermath, struck } = await unleash(seed, seconds)
    const { told, jobs, runs } = aftermath
    const confirmed = told.filter(({ status }) => status === 200)
    process.stdout.write(
      [
        `seed ${seed}, ${seconds} s: ${told.length} requests, ${confirmed.length} confirmed, ${jobs.length} jobs, ${runs.length} runs`,
        ...[...struck].map(([name, times]) => `  ${name} × ${times}`),
        '',
      ].join('\n'),
    )
    expect(brokenInvariants(aftermath)).toEqual([])
    expect(runs.length).toBeGreaterThan(0)
  })
})
