import { isTrustworthyAddress, type OidcRule } from '@redeployster/shared/contract/oidc-rule'

/** Claims that say whose pipeline it is; all others any repository of the same issuer can have as well. */
const naming = [
  'sub',
  'repository',
  'repository_id',
  'repository_owner',
  'repository_owner_id',
  'project_path',
  'project_id',
  'namespace_path',
  'namespace_id',
]
/** Those we look at by ourselves, and one that is another in each token. */
const ours: ReadonlySet<string> = new Set(['iss', 'aud', 'exp', 'nbf', 'iat', 'jti'])

/** `issuer=https://… repository=acme/shop ref=refs/heads/main`, or what is wrong with it. */
export function parseOidcLabel(text: string): OidcRule | { readonly wrong: string } {
  const words = text.trim().split(/\s+/)
  const pairs = words.map((word) => /^([\w./:-]+)=([^\s\p{C}]+)$/u.exec(word))
  const bad = pairs.indexOf(null)
  if (bad >= 0)
    return { wrong: `has "${words[bad]}" where a claim and its value belong, as in ref=refs/heads/main` }

  const all = pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? ''] as [string, string])
  const names = all.map(([name]) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) return { wrong: `names ${twice} twice; a claim has one value` }
  const needless = names.find((name) => ours.has(name))
  if (needless !== undefined)
    return { wrong: `names the claim ${needless}, which is always checked; leave it out` }

  const issuer = all.find(([name]) => name === 'issuer')?.[1]
  if (issuer === undefined)
    return { wrong: 'has no issuer, as in issuer=https://token.actions.githubusercontent.com' }
  if (!isTrustworthyAddress(issuer) || /[?#]/.test(issuer))
    return { wrong: 'has an issuer that is no https:// address' }
  if (!names.some((name) => naming.includes(name))) {
    return {
      wrong:
        'does not say whose pipelines may deploy, so those of any repository of the issuer could; name one of ' +
        naming.join(', '),
    }
  }
  return { issuer, claims: all.filter(([name]) => name !== 'issuer') }
}
