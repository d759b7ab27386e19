import { describe, expect, it } from 'vitest'
import { addProgress, blockLines, emptyBlock, progressIn } from './fold.ts'

const blockOf = (...lines: readonly string[]) =>
  blockLines(lines.map((line) => progressIn(line)!).reduce(addProgress, emptyBlock))

describe('a line of compose', () => {
  it.each([
    [' Container shop-web-1  Recreate', 'Container shop-web-1', 'Recreate', false],
    [' Network shop_default  Creating', 'Network shop_default', 'Creating', false],
    [' Volume "shop_data"  Created', 'Volume "shop_data"', 'Created', false],
    [' web Pulling ', 'web', 'Pulling', false],
    [' web Pulled ', 'web', 'Pulled', false],
    [' 22eacb9f58e3 Already exists ', '22eacb9f58e3', 'Already exists', true],
    [' 22eacb9f58e3 Downloading [=>  ]  1MB/3MB', '22eacb9f58e3', 'Downloading [=>  ]  1MB/3MB', true],
  ])('tells of progress: %s', (line, subject, status, isLayer) => {
    expect(progressIn(line)).toEqual({ subject, status, isLayer })
  })

  it.each([
    '',
    'line 1',
    'redeployster: gate passed after 3.1 s',
    'Error response from daemon: pull access denied for web',
    'the web is Pulling itself together',
    ' redeployster: job 1 exit-code: 0',
  ])('that tells of none is kept as it is: %s', (line) => {
    expect(progressIn(line)).toBeUndefined()
  })
})

describe('on a terminal', () => {
  it('each thing that moves has one line, with what it did last', () => {
    expect(
      blockOf(
        ' Container shop-db-1  Running',
        ' Container shop-web-1  Recreate',
        ' Container shop-web-1  Recreated',
        ' Container shop-web-1  Starting',
        ' Container shop-web-1  Started',
      ),
    ).toEqual([' Container shop-db-1  Running', ' Container shop-web-1  Started'])
  })

  it('all layers have one line together', () => {
    const lines = [
      ' web Pulling ',
      ' 22eacb9f58e3 Already exists ',
      ' 4f4fb700ef54 Pulling fs layer ',
      ' 5a4fb700ef54 Waiting ',
      ' 4f4fb700ef54 Downloading [=>  ]  1MB/3MB',
    ]
    expect(blockOf(...lines)).toEqual([' web  Pulling', ' 1 of 3 layers, Downloading'])
    const done = [' 4f4fb700ef54 Pull complete ', ' 5a4fb700ef54 Pull complete ', ' web Pulled ']
    expect(blockOf(...lines, ...done)).toEqual([' web  Pulled', ' 3 of 3 layers'])
  })
})
