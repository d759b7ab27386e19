import type { ShownService } from '@redeployster/shared/contract/answers'
import { keyOf } from '@redeployster/shared/testing/requests'
import { expect, it } from 'vitest'
import { nameService } from './name-service.ts'

const shown = (name: string, host = 'alpha'): ShownService => ({
  ...keyOf(name),
  host,
  state: 'deployable',
  health: 'running',
  image: 'hello:1',
})

const gone = { ...shown('old/hello'), state: 'gone' } as const

const services = [shown('shop/hello'), shown('shop/hello', 'beta'), shown('blog/web'), shown('shop/web')]

it.each([
  ['hello', 'shop', 'on two hosts'],
  ['shop/web', 'shop', 'by its whole name'],
])('finds %s in %s, %s', (name, project) => {
  expect(nameService(name, services)).toMatchObject({ project })
})

it.each([
  ['web', '2 services are called web: say blog/web or shop/web'],
  ['helo', 'There is no service helo; this token opens blog/web, shop/hello, shop/web'],
  ['blog/hello', 'There is no service blog/hello; this token opens blog/web, shop/hello, shop/web'],
])('refuses %s, and says what there is', (name, says) => {
  expect(() => nameService(name, services)).toThrow(says)
})

it('finds what is gone only where nothing else has that name', () => {
  expect(nameService('hello', [gone, ...services])).toMatchObject({ project: 'shop' })
  expect(nameService('hello', [gone])).toMatchObject({ project: 'old' })
})

it('says so when there is no service at all', () => {
  expect(() => nameService('hello', [])).toThrow('nor any other')
})
