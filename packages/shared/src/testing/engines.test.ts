import { describe, expect, it } from 'vitest'
import { engineOf, enginesOf } from './engines.ts'

const one = 'unix:///one.sock'
const two = 'tcp://127.0.0.1:2375'

/** The engines of Vitest's first four workers. */
function fourOf(hosts: string) {
  return ['1', '2', '3', '4'].map((id) =>
    engineOf({ REDEPLOYSTER_TEST_DOCKER_HOST: hosts, VITEST_POOL_ID: id }),
  )
}

describe('REDEPLOYSTER_TEST_DOCKER_HOST', () => {
  it.each([
    ['names one engine', one, [one]],
    ['names several, with blanks or line ends between them', `${one}  ${two}\n`, [one, two]],
    ['names none when it is empty', '', []],
  ])('%s', (_, hosts, engines) => {
    expect(enginesOf({ REDEPLOYSTER_TEST_DOCKER_HOST: hosts })).toEqual(engines)
  })

  it('names none when it is not set', () => {
    expect(enginesOf({})).toEqual([])
    expect(engineOf({ VITEST_POOL_ID: '2' })).toBeUndefined()
  })
})

describe('each worker of Vitest has', () => {
  it('an engine of its own where there are enough', () => {
    expect(new Set(fourOf(`${one} ${two} unix:///three.sock unix:///four.sock`)).size).toBe(4)
  })

  it('one that it shares with others where there are fewer', () => {
    expect(fourOf(`${one} ${two}`)).toEqual([one, two, one, two])
    expect(fourOf(one)).toEqual([one, one, one, one])
  })
})
