import { projectName, serviceName } from '@redeployster/shared/contract/service'
import { beforeEach, describe, expect, it } from 'vitest'
import { createReadLabels } from './read-labels.ts'
import type { ConfigFailure, Labelled, ResolvedService } from './resolve.ts'

const project = { name: projectName.parse('shop'), directory: '/srv', files: [], envFiles: [] }
const reach = { withDependencies: true }
const ofProject: Labelled = { labels: { from: 'the project' } }
const alone = { labels: { from: 'the service' } } as unknown as ResolvedService

let answer: () => Promise<ReadonlyMap<string, Labelled> | ConfigFailure>
let asked: number
beforeEach(() => {
  asked = 0
  answer = async () => new Map([['hello', ofProject]])
})

const readLabels = createReadLabels(
  () => {
    asked += 1
    return answer()
  },
  async () => alone,
)
const read = (name: string) => readLabels(project, serviceName.parse(name), reach)

describe('the labels of a service', () => {
  it('are asked for once for all services of a project that are checked at a time', async () => {
    expect(await Promise.all([read('hello'), read('hello')])).toEqual([ofProject, ofProject])
    expect(asked).toBe(1)
    await read('hello')
    expect(asked).toBe(2)
  })

  it('are asked for by its name when compose does not show it, as one whose profile is off', async () => {
    expect(await read('other')).toBe(alone)
  })

  it('are asked for by its name when another service keeps compose from reading the files', async () => {
    answer = async () => ({ exitCode: 15, output: 'no' })
    expect(await read('hello')).toBe(alone)
  })

  it('are asked for again after a failure', async () => {
    answer = () => Promise.reject(new Error('no'))
    await expect(read('hello')).rejects.toThrow('no')
    answer = async () => new Map([['hello', ofProject]])
    expect(await read('hello')).toBe(ofProject)
  })
})
