import fs from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from './testing/temporary-folder.ts'
import { readClientSettings } from './settings.ts'

const token = 'dolphin'

describe('the address', () => {
  it.each([
    ['is that of this host unless it is set', undefined, undefined, 'http://localhost:4711'],
    ['is set by a variable', 'https://deploy.example.com', undefined, 'https://deploy.example.com'],
    ['is set by an option before that', 'http://a', 'http://b:1', 'http://b:1'],
    ['may have a path', 'https://example.com/deploy/', undefined, 'https://example.com/deploy'],
    ['is not set when it is empty', '', undefined, 'http://localhost:4711'],
  ])('%s', (_, variable, option, expected) => {
    const source = {
      REDEPLOYSTER_TOKEN: token,
      ...(variable !== undefined && { REDEPLOYSTER_URL: variable }),
    }
    expect(readClientSettings(source, option === undefined ? {} : { url: option })).toEqual({
      url: expected,
      token,
    })
  })

  it.each([
    'localhost:4711',
    'deploy.example.com',
    'ftp://a',
    'http://user:hunter2@a',
    'http://a?token=hunter2',
    'x',
  ])('is not %s', (url) => {
    const read = () => readClientSettings({ REDEPLOYSTER_URL: url, REDEPLOYSTER_TOKEN: token })
    expect(read).toThrow(/REDEPLOYSTER_URL: expected/)
    expect(read).not.toThrow(/hunter2/)
  })
})

describe('the token', () => {
  it('may stand in a file', async () => {
    const file = path.join(await temporaryFolder(), 'token')
    await fs.writeFile(file, ' dolphin\n')
    expect(readClientSettings({ REDEPLOYSTER_TOKEN_FILE: file })).toMatchObject({ token })
    await fs.writeFile(file, '\n')
    expect(() => readClientSettings({ REDEPLOYSTER_TOKEN_FILE: file })).toThrow(/holds no token/)
  })

  it('stands in the file that the command line names, before all else', async () => {
    const file = path.join(await temporaryFolder(), 'token')
    await fs.writeFile(file, 'dolphin')
    const source = { REDEPLOYSTER_TOKEN: 'whale' }
    expect(readClientSettings(source, { tokenFile: file })).toMatchObject({ token })
    expect(() => readClientSettings(source, { tokenFile: '/nowhere' })).toThrow(/--token-file: cannot read/)
  })

  it.each([
    ['is needed', {}, 'REDEPLOYSTER_TOKEN: not set'],
    ['stands in one place', { REDEPLOYSTER_TOKEN: 'a', REDEPLOYSTER_TOKEN_FILE: '/b' }, 'not both'],
    ['is not shown when it cannot be sent', { REDEPLOYSTER_TOKEN: 'hunter2\n' }, 'expected one line'],
    ['is looked for where it is said to be', { REDEPLOYSTER_TOKEN_FILE: '/nowhere' }, '"/nowhere" (ENOENT)'],
  ])('%s', (_, source, says) => {
    expect(() => readClientSettings(source)).toThrow(says)
    expect(() => readClientSettings(source)).not.toThrow(/hunter2/)
  })
})

it('names every problem at once', () => {
  expect(() => readClientSettings({ REDEPLOYSTER_URL: 'x' })).toThrow(/2 problems/)
})
