import { expect, it } from 'vitest'
import { composeEnvironment } from './environment.ts'

const names = (text: string) => text.trim().split(/\s+/)

const needed = names(`
  PATH HOME USER LANG TZ SSH_AUTH_SOCK XDG_RUNTIME_DIR
  DOCKER_HOST DOCKER_CONFIG DOCKER_TLS_VERIFY
  HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY http_proxy https_proxy no_proxy all_proxy
`)
it.each(needed)('lets compose have %s', (name) => {
  expect(composeEnvironment({ [name]: 'value' }, [])).toEqual({ [name]: 'value' })
})

const ours = names(`
  PORT REDIS_URL REDEPLOYSTER_SECRET NODE_OPTIONS TAG PATHS
  COMPOSE_FILE COMPOSE_PROJECT_NAME COMPOSE_PROFILES
`)
it.each(ours)('keeps %s from compose', (name) => {
  expect(composeEnvironment({ [name]: 'value' }, [])).toEqual({})
})

it('lets compose have what PASS_ENV names, if it is set', () => {
  const env = { TAG: '1', OTHER: '2', UNSET: undefined }
  expect(composeEnvironment(env, ['TAG', 'UNSET', 'MISSING'])).toEqual({ TAG: '1' })
})
