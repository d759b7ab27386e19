import { notice } from '@redeployster/shared/contract/log-line'
import { printable } from '@redeployster/shared/contract/printable'
import yoctoSpinner from 'yocto-spinner'
import type { Colours } from './colours.ts'
import { addProgress, blockLines, emptyBlock, progressIn } from './fold.ts'
import type { Show } from './show.ts'
import { endingText, isWorthKeeping, nameOf, tookText, unsaidReason } from './words.ts'

/** The part of a terminal that is used; `process.stdout` is one. */
export type Terminal = NodeJS.WriteStream

const minRows = 10

/**
 * For a person who watches: what moves is redrawn in place, at the bottom, and a spinner shows that time passes. What
 * is final scrolls up and stays.
 */
export function showOnTerminal(terminal: Terminal, colours: Colours): Show {
  const begunAt = Date.now()
  let block = emptyBlock
  let drawn = 0
  let recent: readonly string[] = []
  let state = 'asking for a deploy'
  const spinner = yoctoSpinner({ stream: terminal, handleSignals: false })
  const spinnerText = () => `${state} ${colours.dim(`· ${tookText(Date.now() - begunAt)}`)}`
  spinner.start(spinnerText())
  const tick = () => (spinner.text = spinnerText())
  const clock = setInterval(tick, 1000)
  clock.unref()

  function become(next: string) {
    if (next === state) return
    state = next
    tick()
  }

  function fitted(line: string): string {
    return line.slice(0, Math.max(20, (terminal.columns || 80) - 1))
  }

  /** One write for all, so that nothing flickers: up to where the block began, `above` in its place, then the block. */
  function redraw(above: readonly string[]) {
    const rows = blockLines(block)
    const most = Math.max(minRows, terminal.rows || 24) - 3
    const shown = rows.slice(-most).map((row) => paint(fitted(row), colours))
    const up = drawn > 0 ? `\u001b[${drawn}A\u001b[0J` : ''
    const text = [...above, ...shown].map((line) => `${line}\n`).join('')
    drawn = shown.length
    if (up + text !== '') terminal.write(up + text)
  }

  /** What moved has come to rest, and stays as it was last. */
  function settle(): readonly string[] {
    const rows = blockLines(block).map((row) => paint(row, colours))
    block = emptyBlock
    return rows
  }

  const say = (text: string) => redraw([...settle(), colours.cyan(text)])

  return {
    begin(job) {
      become(job.state === 'running' ? 'deploying' : 'queued')
      say(notice(`job ${job.id} deploys ${nameOf(job)}`))
    },
    lines(lines) {
      become('deploying')
      const above: string[] = []
      for (const { text } of lines) {
        const progress = progressIn(text)
        if (progress) block = addProgress(block, progress)
        else above.push(...settle(), paint(printable(text), colours))
      }
      redraw(above)
      recent = [...recent, ...lines.map(({ text }) => printable(text))].slice(-10)
    },
    aside(text) {
      const said = printable(text)
      // The first of every connection repeats what `begin` has said.
      if (/^redeployster: job .* deploys /.test(said)) return
      if (isWorthKeeping(said)) say(said)
      else become(said.includes('still queued') ? 'queued' : 'deploying')
    },
    note: (text) => say(notice(text)),
    end(ending, job) {
      const reason = unsaidReason(ending, recent)
      const took = colours.dim(` after ${tookText(Date.now() - begunAt)}`)
      const text = endingText(ending, job)
      const last = ending.exitCode === 0 ? colours.green(`✔ ${text}`) : colours.red(`✖ ${text}`)
      redraw([...settle(), ...(reason === undefined ? [] : [colours.cyan(reason)]), last + took])
    },
    fail(reason, exitCode) {
      const said = printable(reason)
      redraw([...settle(), exitCode === 130 ? colours.yellow(said) : colours.red(`✖ ${said}`)])
    },
    close() {
      clearInterval(clock)
      redraw(settle())
      spinner.stop()
    },
  }
}

/** Our own lines, and how things are, stand out. */
function paint(text: string, colours: Colours): string {
  const line = text.trimEnd()
  if (line.startsWith('redeployster: ')) return colours.cyan(line)
  const progress = progressIn(line)
  if (!progress) return line
  const status = paintStatus(progress.status, colours)
  return line.slice(0, line.length - progress.status.length) + status
}

function paintStatus(status: string, colours: Colours): string {
  if (/^(Started|Running|Healthy|Created|Pulled|Exited|Removed)/.test(status)) return colours.green(status)
  if (/^(Error|Warning|Unhealthy|Dead)/i.test(status)) return colours.red(status)
  return colours.yellow(status)
}
