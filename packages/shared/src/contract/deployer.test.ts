import { expect, it } from 'vitest'
import { deployerOf, describeDeployer } from './deployer.ts'

const github = {
  iss: 'https://token.actions.githubusercontent.com',
  sub: 'repo:acme/shop:ref:refs/heads/main',
  repository: 'acme/shop',
  ref: 'refs/heads/main',
  run_id: '4711',
  actor: 'octocat',
}
const gitlab = {
  iss: 'https://gitlab.com',
  sub: 'project_path:acme/shop:ref_type:branch:ref:main',
  project_path: 'acme/shop',
  ref: 'main',
  pipeline_id: 815,
  user_login: 'tanuki',
}

it.each([
  [
    'GitHub',
    github,
    { repository: 'acme/shop', ref: 'refs/heads/main', run: '4711', actor: 'octocat' },
    'acme/shop refs/heads/main, run 4711, octocat',
  ],
  [
    'GitLab',
    gitlab,
    { repository: 'acme/shop', ref: 'main', run: '815', actor: 'tanuki' },
    'acme/shop main, run 815, tanuki',
  ],
  ['somebody else', { iss: 'https://ci.example.com', sub: 'job 7' }, {}, 'job 7'],
  ['somebody who says nothing', { iss: 'https://ci.example.com' }, {}, 'https://ci.example.com'],
])('says who deploys by the token of %s', (_, claims, by, text) => {
  const found = deployerOf(claims)
  expect(found).toEqual({ issuer: claims.iss, ...('sub' in claims && { subject: claims.sub }), ...by })
  expect(describeDeployer(found)).toBe(text)
})

it('shows nothing that moves a cursor, nor a text without end', () => {
  const { ref, actor } = deployerOf({
    ...github,
    ref: 'a\u001b[2J\nredeployster: b',
    actor: 'x'.repeat(1000),
  })
  expect(ref).toBe('a\\u001b[2J\\u000aredeployster: b')
  expect(actor).toHaveLength(255)
})

it('leaves out what is no text', () => {
  expect(deployerOf({ ...github, ref: ['main'], actor: {}, run_id: '' })).toEqual({
    issuer: github.iss,
    subject: github.sub,
    repository: 'acme/shop',
  })
})
