import { format } from 'prettier'
import { describe, expect, it } from 'vitest'
import { isMet, type Finding } from './case.ts'
import { toPlot } from './plot.ts'
import { toLine, toMarkdown } from './report.ts'

const finding: Finding = {
  measure: 'against typing it',
  value: 0.753,
  unit: 'ratio',
  target: { atMost: 0.8 },
  samples: { redeployster: [90, 100, 110], typed: [120, 130, 140] },
}
const outcome = { name: 'deploy', how: 'In turn.', findings: [finding] }

describe('a finding', () => {
  it.each([
    [{ atMost: 0.8 }, true],
    [{ atMost: 0.753 }, true],
    [{ atMost: 0.7 }, false],
    [{ atLeast: 0.7 }, true],
    [{ atLeast: 0.8 }, false],
  ])('with the target %j is met: %s', (target, expected) => {
    expect(isMet({ ...finding, target })).toBe(expected)
  })

  it('is one line on the terminal, with its mark, its target and its range', () => {
    expect(toLine(outcome, finding)).toBe(
      '✓ deploy: against typing it  0.75  (target ≤ 0.80)  [redeployster 91 ms – 109 ms; typed 121 ms – 139 ms]',
    )
    expect(toLine(outcome, { measure: 'typed', value: 1234.5, unit: 'ms' })).toBe('  deploy: typed  1235 ms')
    expect(toLine(outcome, { measure: 'sent', value: 412_345, unit: 'lines/s' })).toBe(
      '  deploy: sent  412,345 lines/s',
    )
  })
})

describe('the page', () => {
  it('has a row for each finding, with what it was made from', () => {
    const page = toMarkdown([outcome], ['Machine: two processors'])
    expect(page).toContain('- Machine: two processors\n- 1 of 1 targets are met\n')
    expect(page).toMatch(
      /\| against typing it \| 0\.75 +\| ≤ 0\.80 \| ✓ +\| redeployster 91 ms – 109 ms; typed 121 ms – 139 ms \|/,
    )
    expect(page).toContain('![deploy](benchmarks/deploy.svg)')
  })

  it('shows a target that was missed', () => {
    const missed = { ...outcome, findings: [{ ...finding, target: { atMost: 0.7 } }] }
    const page = toMarkdown([missed], [])
    expect(page).toContain('- 0 of 1 targets are met\n')
    expect(page).toMatch(/\| ≤ 0\.70 \| ✗ +\|/)
  })

  it('says which case did not come to its end, and why', () => {
    const page = toMarkdown([{ ...outcome, findings: [], error: 'waited\nfor a | b' }, outcome], [])
    expect(page).toContain('1 of 1 targets are met; these cases did not come to their end: deploy\n')
    expect(page).toMatch(/\| did not come to its end \| +\| +\| ✗ +\| waited for a \\\| b \|/)
  })

  it('is formatted as the gate wants it', async () => {
    const page = toMarkdown([outcome, { ...outcome, error: 'a | b' }], ['Machine: two processors'])
    expect(await format(page, { parser: 'markdown' })).toBe(page)
  })

  it('has no plot where there is nothing to plot', () => {
    const { samples: _, ...bare } = finding
    expect(toMarkdown([{ ...outcome, findings: [bare] }], [])).not.toContain('.svg')
    expect(toPlot({ ...outcome, findings: [bare] })).toBeUndefined()
  })
})

describe('a plot', () => {
  it('has a row, a dot for each sample and the median of each who was measured', () => {
    const svg = toPlot(outcome) ?? ''
    expect(svg.match(/<circle /g)).toHaveLength(6)
    expect(svg).toContain('>redeployster</text>')
    expect(svg).toContain('>100 ms</text>')
    expect(svg).toContain('>130 ms</text>')
  })

  it('has a panel for every finding with samples, in its own unit', () => {
    const speed: Finding = { measure: 'a < b', value: 2, unit: 'lines/s', samples: { one: [1, 2, 3] } }
    const bare: Finding = { measure: 'without', value: 2, unit: 's' }
    const svg = toPlot({ ...outcome, findings: [finding, bare, speed] }) ?? ''
    expect(svg.match(/<g /g)).toHaveLength(2)
    expect(svg).toContain('>against typing it</text>')
    expect(svg).toContain('>a &lt; b</text>')
    expect(svg).toContain('>2 lines/s</text>')
    expect(svg).not.toContain('without')
  })

  it('draws what was always 0', () => {
    const none: Finding = { measure: 'none', value: 0, unit: 's', samples: { one: [0, 0] } }
    expect(toPlot({ ...outcome, findings: [none] })).not.toContain('NaN')
  })
})
