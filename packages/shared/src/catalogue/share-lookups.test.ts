import { describe, expect, it, vi } from 'vitest'
import { serviceName } from '../contract/service.ts'
import type { CatalogueReader, FoundEntries } from './catalogue.ts'
import { shareLookups } from './share-lookups.ts'

const hello = serviceName.parse('hello')
const other = serviceName.parse('other')

/** A reader that answers when the test says so. */
function slowReader() {
  const waiting: { answer: (found: FoundEntries) => void; fail: (error: Error) => void }[] = []
  const find = vi.fn<() => Promise<FoundEntries>>(
    () => new Promise((answer, fail) => waiting.push({ answer, fail })),
  )
  const reader: CatalogueReader = { find, all: find, hosts: async () => [] }
  return { reader, find, waiting }
}

const some = (): FoundEntries => ({ entries: [], isComplete: true })

describe('a shared lookup', () => {
  it('is asked for once by all who come while it is under way', async () => {
    const { reader, find, waiting } = slowReader()
    const shared = shareLookups(reader)
    const answers = [shared.find(hello), shared.find(hello)]
    const found = some()
    waiting[0]?.answer(found)
    expect(await Promise.all(answers)).toEqual([found, found])
    expect(find).toHaveBeenCalledTimes(1)
  })

  it('is made anew once it is answered, so that nobody sees what was', async () => {
    const { reader, find, waiting } = slowReader()
    const shared = shareLookups(reader)
    const first = shared.find(hello)
    waiting[0]?.answer(some())
    await first
    const second = shared.find(hello)
    const found = some()
    waiting[1]?.answer(found)
    expect(await second).toBe(found)
    expect(find).toHaveBeenCalledTimes(2)
  })

  it('fails for all who share it, and is made anew after that', async () => {
    const { reader, find, waiting } = slowReader()
    const shared = shareLookups(reader)
    const answers = [shared.find(hello), shared.find(hello)]
    waiting[0]?.fail(new Error('away'))
    expect((await Promise.allSettled(answers)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    void shared.find(hello)
    expect(find).toHaveBeenCalledTimes(2)
  })

  it('is not confused with that of another name', () => {
    const { reader, find } = slowReader()
    const shared = shareLookups(reader)
    void shared.find(hello)
    void shared.find(other)
    expect(find.mock.calls).toEqual([[hello], [other]])
  })
})
