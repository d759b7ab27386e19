import { createHash } from 'node:crypto'
import type { CatalogueEntry } from '@redeployster/shared/contract/catalogue-entry'
import { RefusedError } from '@redeployster/shared/contract/errors'
import type { JobRecord } from '@redeployster/shared/contract/job'
import type { Claim } from '@redeployster/shared/jobs/jobs'
import type { Caller } from './authenticate.ts'
import type { Parts } from './parts.ts'

/** What the header `Idempotency-Key` comes to. With another token the same key is another claim: nobody can probe it. */
export function claimOf(
  key: string | undefined,
  caller: Caller,
  { host, project, service, digests }: CatalogueEntry,
): Claim | undefined {
  if (key === undefined) return undefined
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw badKey()
  const { digest } = caller.credentialFor(digests)
  const name = createHash('sha256').update(`${digest} ${key}`).digest('hex')
  return { name, service: { host, project, service } }
}

/** The job that a request with the same key has made before. */
export async function claimedJob(
  { jobs }: Pick<Parts, 'jobs'>,
  claim: Claim,
): Promise<JobRecord | undefined> {
  const id = await jobs.attach(claim)
  if (id === undefined) return undefined
  if (id === 'elsewhere') throw elsewhere()
  const record = await jobs.get(id)
  if (!record) throw forgotten(id)
  return record
}

function badKey() {
  return new RefusedError(
    'bad_idempotency_key',
    'An Idempotency-Key has 1 to 255 visible ASCII characters and no blanks. Nothing was started.',
  )
}

export function elsewhere() {
  return new RefusedError(
    'idempotency_conflict',
    'This Idempotency-Key was used in the last 24 hours for a deploy of another service. Nothing was started: use a ' +
      'new key for each deploy.',
  )
}

function forgotten(id: string) {
  return new RefusedError(
    'idempotency_conflict',
    `This Idempotency-Key stands for job ${id}, which has ended and is not kept any more. Nothing was started: use a ` +
      'new key for each deploy.',
  )
}
