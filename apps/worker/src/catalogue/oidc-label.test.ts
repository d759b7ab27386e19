import { oidcRule } from '@redeployster/shared/contract/oidc-rule'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseOidcLabel } from './oidc-label.ts'

const issuer = 'https://token.actions.githubusercontent.com'

it.each<[string, object]>([
  [
    `issuer=${issuer} repository=acme/shop ref=refs/heads/main environment=production`,
    {
      issuer,
      claims: [
        ['repository', 'acme/shop'],
        ['ref', 'refs/heads/main'],
        ['environment', 'production'],
      ],
    },
  ],
  [
    '  sub=repo:acme/shop:ref:refs/heads/main\n issuer=https://ci.example.com/a/ ',
    { issuer: 'https://ci.example.com/a/', claims: [['sub', 'repo:acme/shop:ref:refs/heads/main']] },
  ],
  [
    'issuer=http://127.0.0.1:8080 project_path=a oidc.circleci.com/project-id=1 b==c',
    {
      issuer: 'http://127.0.0.1:8080',
      claims: [
        ['project_path', 'a'],
        ['oidc.circleci.com/project-id', '1'],
        ['b', '=c'],
      ],
    },
  ],
])('understands %s', (text, rule) => {
  expect(parseOidcLabel(text)).toEqual(rule)
})

it.each([
  ['', 'where a claim and its value belong'],
  [issuer, 'where a claim and its value belong'],
  [`issuer=${issuer} repository=acme/shop environment=my site`, '"site" where a claim'],
  [`issuer=${issuer} repository=`, '"repository=" where a claim'],
  [`issuer=${issuer} repository=a repository=b`, 'names repository twice'],
  ['repository=acme/shop', 'has no issuer'],
  ['issuer=http://ci.example.com repository=acme/shop', 'no https:// address'],
  ['issuer=ci.example.com repository=acme/shop', 'no https:// address'],
  ['issuer=https://a:b@ci.example.com repository=acme/shop', 'no https:// address'],
  ['issuer=https://ci.example.com?x repository=acme/shop', 'no https:// address'],
  [`issuer=${issuer} repository=acme/shop aud=x`, 'names the claim aud'],
  [`issuer=${issuer}`, 'any repository of the issuer could'],
  [`issuer=${issuer} ref=refs/heads/main environment=production`, 'any repository of the issuer could'],
  [`issuer=${issuer} actor=octocat`, 'any repository of the issuer could'],
  [
    `issuer=${issuer} job_workflow_ref=acme/ci/.github/workflows/x.yml@main`,
    'any repository of the issuer could',
  ],
])('refuses "%s", and says why', (text, why) => {
  expect(parseOidcLabel(text)).toEqual({ wrong: expect.stringContaining(why) })
})

it('makes a rule that the catalogue takes, or says why not, whatever stands there', () => {
  const word = fc.oneof(
    fc.string(),
    fc.tuple(fc.constantFrom('issuer', 'sub', 'ref', '__proto__'), fc.webUrl()).map((it) => it.join('=')),
  )
  const property = fc.property(fc.array(word), (words) => {
    const parsed = parseOidcLabel(words.join(' '))
    expect('wrong' in parsed || oidcRule.safeParse(parsed).success).toBe(true)
  })
  fc.assert(property, { numRuns: 1000 })
})
