import { expect, it } from 'vitest'
import { ClientError, UnconfirmedError } from './client-error.ts'
import { whyNoVerdict } from './why-no-verdict.ts'

const frozen = new ClientError('hello is frozen', { status: 423, code: 'service_frozen' })
const page = new ClientError('A page', { status: 404 })
const bug = new ClientError('A bug', { status: 500, code: 'internal' })
const cut = new ClientError('It was cut')
const followOrStop =
  'Job 7 goes on: follow it with "redeployster logs 7 --follow", or stop it with "redeployster cancel 7"'
const lost = new UnconfirmedError(frozen)
const look = 'No job was confirmed, but one may have begun: look with "redeployster jobs"'

it.each([
  ['refused, and nothing was started', frozen, undefined, undefined, 126, 'hello is frozen'],
  ['refused, after an answer was lost', lost, undefined, undefined, 125, `hello is frozen. ${look}`],
  ['answered by somebody else', page, undefined, undefined, 125, 'A page'],
  ['answered by a bug', bug, undefined, undefined, 125, 'A bug'],
  [
    'not confirmed in time',
    lost,
    undefined,
    'too late',
    125,
    `No verdict within 30m (hello is frozen). ${look}`,
  ],
  [
    'not taken in time',
    cut,
    undefined,
    'too late',
    125,
    'No verdict within 30m (It was cut). Nothing was started',
  ],
  ['not ended in time', cut, '7', 'too late', 125, `No verdict within 30m. ${followOrStop}`],
  ['left', cut, '7', 'left', 130, followOrStop],
  ['left before it was confirmed', lost, undefined, 'left', 130, look],
  ['left before anybody took it', cut, undefined, 'left', 130, 'Nothing was started'],
  ['lost by the API', page, '7', undefined, 125, `A page. ${followOrStop}`],
] as const)('says of a deploy that is %s what that means', (_, error, id, stopped, code, reason) => {
  const said = whyNoVerdict({ error, id, stopped, timeout: '30m', command: 'redeployster' })
  expect(said).toEqual({ reason, code })
})
