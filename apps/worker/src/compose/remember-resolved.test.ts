import { projectName, serviceName } from '@redeployster/shared/contract/service'
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import type { ComposeProject } from './project.ts'
import { rememberResolved } from './remember-resolved.ts'
import type { ConfigFailure, ReadProject, ResolvedService, ResolveService } from './resolve.ts'

const service = serviceName.parse('hello')
const yaml = 'services: { hello: { image: hello, env_file: app.env } }\n'

let folder: string
let project: ComposeProject
let asked: number
let answer: () => ResolvedService | ConfigFailure
let answerForAll: () => Promise<ReadProject | ConfigFailure>
let askedForAll: number
let resolve: ResolveService
let resolveAmongAll: ResolveService
let watched: readonly string[]
let unwatched: number
let tellOfChange: () => void

const inFolder = (name: string) => path.join(folder, name)
const write = (name: string, text: string) => fs.writeFileSync(inFolder(name), text)
const reach = { withDependencies: true }
const ofAll = { image: 'of all' } as unknown as ResolvedService
const takeAmongAll = (name: string = service) => resolveAmongAll(project, serviceName.parse(name), reach)
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
  watched = []
  unwatched = 0
  answer = () => ({ image: `hello:${asked}` }) as unknown as ResolvedService
  askedForAll = 0
  answerForAll = async () => ({
    service: async (name) => (name === service ? ofAll : undefined),
  })
  const remembering = rememberResolved(
    async () => {
      asked += 1
      return answer()
    },
    async () => {
      askedForAll += 1
      return answerForAll()
    },
    inFolder('compose'),
    (files, onChange) => {
      watched = files
      tellOfChange = onChange
      return () => (unwatched += 1)
    },
  )
  ;({ resolve, resolveAmongAll } = remembering)
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

describe('all services of a project', () => {
  it('are asked for once, and what compose said serves their deploys', async () => {
    expect(await takeAmongAll()).toBe(ofAll)
    expect(await takeAmongAll()).toBe(ofAll)
    expect(await take()).toBe(ofAll)
    expect([askedForAll, asked]).toEqual([1, 0])
  })

  it('are asked for once by those who ask while compose is being asked', async () => {
    let end = () => {}
    const held = new Promise<void>((resolve) => (end = resolve))
    answerForAll = async () => held.then(() => ({ service: async () => ofAll }))
    const both = Promise.all([takeAmongAll(), takeAmongAll()])
    // Each of these reads the files after both of those have begun to.
    const blog = { ...project, name: projectName.parse('blog') }
    for (const name of ['a', 'b', 'c']) await resolve(blog, serviceName.parse(name), reach)
    end()
    expect(await both).toEqual([ofAll, ofAll])
    expect(askedForAll).toBe(1)
  })

  it('are not asked for when a deploy has just asked for the one that is wanted', async () => {
    const deployed = await take()
    expect(await takeAmongAll()).toBe(deployed)
    expect([askedForAll, asked]).toEqual([0, 1])
  })

  it('are asked for again when a file has other content', async () => {
    await takeAmongAll()
    write('app.env', 'A=2\n')
    await take()
    await takeAmongAll('other')
    expect([askedForAll, asked]).toEqual([2, 2])
  })

  it('are asked for one by one where compose does not show them, as when a profile is off', async () => {
    expect(await takeAmongAll('other')).not.toBe(ofAll)
    await takeAmongAll('other')
    expect([askedForAll, asked]).toEqual([1, 1])
  })

  it('are asked for one by one when one of them keeps compose from reading the files', async () => {
    answerForAll = async () => ({ exitCode: 15, output: 'no' })
    expect(await takeAmongAll()).not.toBe(ofAll)
    expect([askedForAll, asked]).toEqual([1, 1])
  })

  it('are asked for again after a failure', async () => {
    answerForAll = async () => {
      throw new Error('no')
    }
    await expect(takeAmongAll()).rejects.toThrow('no')
    answerForAll = async () => ({ service: async () => ofAll })
    expect(await takeAmongAll()).toBe(ofAll)
  })
})

describe('a file that was written', () => {
  it('is read before a deploy wants to know', async () => {
    await take()
    write('app.env', 'A=2\n')
    tellOfChange()
    await vi.waitFor(() => expect(askedForAll).toBe(1))
    expect(await take()).toBe(ofAll)
    expect([askedForAll, asked]).toEqual([1, 1])
  })

  it('is not read twice by a deploy that comes while it is being read', async () => {
    await take()
    let end = () => {}
    const held = new Promise<void>((resolve) => (end = resolve))
    answerForAll = async () => held.then(() => ({ service: async () => ofAll }))
    write('app.env', 'A=2\n')
    tellOfChange()
    await vi.waitFor(() => expect(askedForAll).toBe(1))
    const deployed = take()
    setImmediate(end)
    expect(await deployed).toBe(ofAll)
    expect(asked).toBe(1)
  })

  it('is read by each deploy when others may have been written that nobody here knows', async () => {
    write('compose.yaml', `include: [other.yaml]\n${yaml}`)
    answerForAll = () => new Promise(() => {})
    void takeAmongAll()
    await vi.waitFor(() => expect(askedForAll).toBe(1))
    expect(await take()).toMatchObject({ image: 'hello:1' })
  })

  it('is read by the deploy when it could not be read before', async () => {
    await take()
    answerForAll = () => Promise.reject(new Error('no'))
    write('app.env', 'A=2\n')
    tellOfChange()
    await vi.waitFor(() => expect(askedForAll).toBe(1))
    expect(await take()).toMatchObject({ image: 'hello:2' })
  })

  it('is one that compose reads, those that others name and those to come included', async () => {
    await take()
    expect(watched).toEqual(['compose.yaml', '.env', 'app.env'].map(inFolder))
  })

  it('is watched once, however often it was written', async () => {
    for (const count of [0, 1, 2]) {
      write('app.env', `A=${count}\n`)
      await take()
      expect(unwatched).toBe(count)
    }
  })
})
