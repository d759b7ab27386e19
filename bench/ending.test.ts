import { describe, expect, it } from 'vitest'
import { createEnding } from './ending.ts'

describe('the end of a case', () => {
  it('undoes the last thing first', async () => {
    const undone: string[] = []
    const { atEnd, clear } = createEnding()
    atEnd(() => undone.push('engine'))
    atEnd(() => undone.push('container'))
    await clear()
    expect(undone).toEqual(['container', 'engine'])
  })

  it('undoes everything once, whoever else asks for it', async () => {
    let times = 0
    const { atEnd, clear } = createEnding()
    atEnd(() => (times += 1))
    await Promise.all([clear(), clear()])
    await clear()
    expect(times).toBe(1)
  })

  it('undoes the others when one fails, and says what failed', async () => {
    const undone: string[] = []
    const { atEnd, clear } = createEnding()
    atEnd(() => undone.push('engine'))
    atEnd(() => {
      throw new Error('the container stays')
    })
    await expect(clear()).rejects.toThrow('the container stays')
    expect(undone).toEqual(['engine'])
  })

  it('undoes at once what is started after it', async () => {
    let isUndone = false
    const { atEnd, clear } = createEnding()
    await clear()
    atEnd(() => (isUndone = true))
    expect(isUndone).toBe(true)
  })
})
