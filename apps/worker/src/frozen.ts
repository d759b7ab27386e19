import { describeFreeze } from '@redeployster/shared/contract/freeze'
import type { JobRequest, Verdict } from '@redeployster/shared/contract/job'
import type { FreezesReader } from '@redeployster/shared/freezes/freezes'
import { rejected } from './verdicts.ts'

/** The verdict of a job that has not begun and whose service is frozen now; it was accepted before the freeze. */
export async function refuseFrozen(
  request: JobRequest,
  freezes: FreezesReader,
): Promise<Verdict | undefined> {
  const freeze = await freezes.find(request)
  return freeze && rejected(`${describeFreeze(request, freeze)}; deploy again when the freeze has ended`)
}
