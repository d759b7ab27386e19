import { z } from 'zod'
import type { Claims } from './oidc-rule.ts'
import { printable } from './printable.ts'

const said = z.string().optional()

/** Who asked for a deploy with an identity token: which pipeline, and who set it off. */
export const deployer = z.object({
  issuer: z.string(),
  subject: said,
  repository: said,
  ref: said,
  run: said,
  actor: said,
})
export type Deployer = Readonly<z.infer<typeof deployer>>

/** What GitHub and GitLab call it; of any other issuer the subject has to do. */
const names = {
  subject: ['sub'],
  repository: ['repository', 'project_path'],
  ref: ['ref'],
  run: ['run_id', 'pipeline_id'],
  actor: ['actor', 'user_login'],
} as const

export function deployerOf(claims: Claims): Deployer {
  const found = Object.entries(names).map(([field, of]) => [
    field,
    of.map((it) => textOf(claims[it])).find(Boolean),
  ])
  return deployer.parse({
    issuer: textOf(claims.iss),
    ...Object.fromEntries(found.filter(([, value]) => value !== undefined)),
  })
}

const mostCharacters = 255

/** Whoever names a branch chooses this text, and it is shown on terminals. */
function textOf(claim: unknown): string | undefined {
  return typeof claim === 'string' || typeof claim === 'number'
    ? printable(String(claim)).slice(0, mostCharacters)
    : undefined
}

/** `acme/shop refs/heads/main, run 4711, octocat` */
export function describeDeployer({ issuer, subject, repository, ref, run, actor }: Deployer): string {
  const where = repository ? [repository, ref].filter(Boolean).join(' ') : (subject ?? issuer)
  return [where, run && `run ${run}`, actor].filter(Boolean).join(', ')
}
