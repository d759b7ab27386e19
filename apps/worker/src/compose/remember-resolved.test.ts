import { projectName, serviceName } from '@redeployster/shared/contract/service'
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import type { ComposeProject } from './project.ts'
import { rememberResolved } from './remember-resolved.ts'
import type { ConfigFailure, ResolvedService, ResolveService } from './resolve.ts'

const service = serviceName.parse('hello')
const yaml = 'services: { hello: { image: hello, env_file: app.env } }\n'

let folder: string
let project: ComposeProject
let asked: number
let answer: () => ResolvedService | ConfigFailure
let resolve: ResolveService

const inFolder = (name: string) => path.join(folder, name)
const write = (name: string, text: string) => fs.writeFileSync(inFolder(name), text)
const take = (withDependencies = true) => resolve(project, service, { withDependencies })

beforeEach(() => {
  folder = temporaryFolder()
  write('compose.yaml', yaml)
  write('app.env', 'A=1\n')
  write('compose', '#!/bin/sh\n')
  project = {
    name: projectName.parse('shop'),
    directory: folder,
    files: [inFolder('compose.yaml')],
    envFiles: [],
  }
  asked = 0
  answer = () => ({ image: `hello:${asked}` }) as unknown as ResolvedService
  resolve = rememberResolved(async () => {
    asked += 1
    return answer()
  }, inFolder('compose'))
})

describe('what compose said', () => {
  it('is remembered while its files say the same', async () => {
    const first = await take()
    write('compose.yaml', yaml)
    expect(await take()).toBe(first)
    expect(asked).toBe(1)
  })

  it.each([
    [
      'the compose file has other content',
      () => write('compose.yaml', yaml.replace('hello }', 'hallo }') + '#'),
    ],
    ['the compose file is gone', () => fs.rmSync(inFolder('compose.yaml'))],
    ['an env_file has other content', () => write('app.env', 'A=2\n')],
    ['an env_file is gone', () => fs.rmSync(inFolder('app.env'))],
    ['a file .env has come', () => write('.env', 'TAG=2\n')],
    ['another env file counts', () => (project = { ...project, envFiles: [inFolder('app.env')] })],
    ['compose itself is another', () => write('compose', '#!/bin/sh\n# 2\n')],
  ])('is asked for again when %s', async (_, change) => {
    await take()
    change()
    await take()
    expect(asked).toBe(2)
  })

  it('is not confused with what it said of another service, or of one without its dependencies', async () => {
    await take()
    await take(false)
    await resolve(project, serviceName.parse('other'), { withDependencies: true })
    expect(asked).toBe(3)
  })

  it('is asked for each time when further files may be read of which nobody here knows', async () => {
    write('compose.yaml', `include: [other.yaml]\n${yaml}`)
    await take()
    await take()
    expect(asked).toBe(2)
  })

  it('is asked for each time when a file is larger than one wants to read here', async () => {
    write('compose.yaml', yaml + '#'.repeat(1024 * 1024))
    await take()
    await take()
    expect(asked).toBe(2)
  })

  it('is not remembered when it failed', async () => {
    answer = () => ({ exitCode: 15, output: 'yaml: line 1' })
    await take()
    await take()
    expect(asked).toBe(2)
  })

  it('is not remembered when a file was written while compose read it', async () => {
    answer = () => {
      write('app.env', `A=${asked + 1}\n`)
      return { image: 'hello' } as unknown as ResolvedService
    }
    await take()
    await take()
    expect(asked).toBe(2)
  })
})
