import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { shellCommand } from './shell-command.ts'

it.each([
  [['up', '-d', '--', 'hello'], 'up -d -- hello'],
  [['-f', '/srv/my shop/compose.yaml'], "-f '/srv/my shop/compose.yaml'"],
  [['-p', '$HOME', '*', '~', ''], "-p '$HOME' '*' '~' ''"],
  [["it's"], String.raw`'it'\''s'`],
  [['a\nb\u001b[1m'], String.raw`$'a\x0ab\x1b[1m'`],
])('writes %j as %s', (argv, text) => {
  expect(shellCommand(argv)).toBe(text)
})

it('puts variables in front', () => {
  expect(shellCommand(['up'], { DOCKER_HOST: 'unix:///my run/docker.sock' })).toBe(
    "DOCKER_HOST='unix:///my run/docker.sock' up",
  )
})

it('gives a shell back the same words', () => {
  const words = [
    'plain',
    'two words',
    '',
    "it's",
    '"$(x)"',
    '`x`',
    String.raw`\n`,
    'a\nb',
    "\u001b['\\",
    'ü;&|',
  ]
  const printed = execFileSync('bash', ['-c', shellCommand(['printf', String.raw`%s\0`, ...words])], {
    encoding: 'utf8',
  })
  expect(printed.split('\0').slice(0, -1)).toEqual(words)
})
