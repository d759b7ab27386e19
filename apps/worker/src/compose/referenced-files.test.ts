import { describe, expect, it } from 'vitest'
import { referencedFiles } from './referenced-files.ts'

const referenced = (...texts: string[]) => referencedFiles(texts, '/srv/shop')
const service = (line: string) => `services:\n  hello:\n    image: hello\n    ${line}\n`

describe('the further files that compose reads', () => {
  it.each([
    { what: 'none when no file names one', text: service('labels: [a=b]'), files: [] },
    { what: 'an env_file', text: service('env_file: app.env'), files: ['/srv/shop/app.env'] },
    {
      what: 'several of them',
      text: service('env_file: [a.env, ../b.env]'),
      files: ['/srv/shop/a.env', '/srv/b.env'],
    },
    {
      what: 'one that need not be there',
      text: service('env_file: [{ path: a.env, required: false }]'),
      files: ['/srv/shop/a.env'],
    },
    { what: 'an absolute one', text: service('env_file: /etc/app.env'), files: ['/etc/app.env'] },
    {
      what: 'one behind an anchor',
      text: `x-base: &base\n  env_file: a.env\n${service('<<: *base')}`,
      files: ['/srv/shop/a.env'],
    },
    {
      what: 'one of a second document',
      text: `${service('tty: true')}---\n${service('env_file: a.env')}`,
      files: ['/srv/shop/a.env'],
    },
    { what: 'none for an empty env_file', text: service('env_file:'), files: [] },
    {
      what: 'none for what another service of the file extends',
      text: service('extends: { service: base }'),
      files: [],
    },
    { what: 'none where a comment speaks of one', text: service('tty: true # no env_file here'), files: [] },
  ])('are $what', ({ text, files }) => {
    expect(referenced(text)).toEqual(files)
  })

  it('are those of all files', () => {
    expect(referenced(service('env_file: a.env'), service('env_file: b.env'))).toEqual([
      '/srv/shop/a.env',
      '/srv/shop/b.env',
    ])
  })

  it.each([
    ['a file includes another', `include: [other.yaml]\n${service('tty: true')}`],
    ['a service extends one of another file', service('extends: { file: base.yaml, service: base }')],
    ['labels stand in a file', service('label_file: app.labels')],
    ['a name hangs on a variable', service('env_file: ${STAGE}.env')],
    ['a name is no name', service('env_file: [1]')],
    ['a file is no YAML', service('env_file: [')],
  ])('cannot be told when %s', (_, text) => {
    expect(referenced(text)).toBeUndefined()
  })
})
