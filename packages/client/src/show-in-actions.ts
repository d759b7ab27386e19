import { printable } from '@redeployster/shared/contract/printable'
import type { Ending, Job } from './job.ts'
import type { Show } from './show.ts'
import { showPlain } from './show-plain.ts'
import { endingText, jobTookMs, nameOf, tookText } from './words.ts'

interface Actions {
  write(text: string): void
  /** Adds to a file that the runner has named in the environment; without it, to nothing. */
  append(file: 'GITHUB_OUTPUT' | 'GITHUB_STEP_SUMMARY', text: string): void
  readonly token: string
  /** Nobody whose output is shown may know it beforehand. */
  readonly stopWord: string
}

/**
 * For the log of GitHub Actions. Its runner takes commands out of what a step prints, so it is told to take none as
 * long as the output of a deploy is shown, until it reads a word that this output cannot hold.
 */
export function showInActions({ write, append, token, stopWord }: Actions): Show {
  const plain = showPlain(write, write)
  const print = (...lines: string[]) => write(lines.map((line) => `${line}\n`).join(''))
  let shown: Job | undefined
  let isStopped = false

  function resume() {
    if (isStopped) print(`::${stopWord}::`, '::endgroup::')
    isStopped = false
  }

  print(`::add-mask::${escaped(token)}`)
  return {
    ...plain,
    begin(job) {
      shown = job
      print(`::group::Deploy of ${nameOf(job)}, job ${job.id}`, `::stop-commands::${stopWord}`)
      isStopped = true
      append('GITHUB_OUTPUT', outputs({ 'job-id': job.id }))
    },
    note(text) {
      // Before the job is known, the words of whoever answers are no safer than a log.
      if (isStopped) plain.note(text)
      else print(`::stop-commands::${stopWord}`, `redeployster: ${printable(text)}`, `::${stopWord}::`)
    },
    end(ending, job = shown) {
      plain.end(ending, job)
      resume()
      const text = endingText(ending, job)
      if (ending.exitCode === 0) print(text)
      else print(`::error title=Deploy failed::${escaped(withReason(text, ending))}`)
      append('GITHUB_OUTPUT', outputs(results(ending, job)))
      append('GITHUB_STEP_SUMMARY', summary(rowsOf(ending, job)))
    },
    fail(reason, exitCode) {
      resume()
      print(`::error title=No verdict::${escaped(reason)}`)
      append('GITHUB_OUTPUT', outputs({ 'exit-code': String(exitCode) }))
      const verdict = ['Verdict', `❌ none, exit code ${exitCode}`] as const
      append('GITHUB_STEP_SUMMARY', summary([...jobRows(shown), verdict, ['Reason', reason]]))
    },
    close: resume,
  }
}

/** What stands behind the second `::` of a command. */
function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function withReason(text: string, { reason }: Ending): string {
  return reason === undefined ? text : `${text}: ${printable(reason)}`
}

function results({ state, exitCode }: Ending, job: Job | undefined): Readonly<Record<string, string>> {
  return {
    state,
    'exit-code': String(exitCode),
    'image-before': job?.imageBefore ?? '',
    'image-after': job?.imageAfter ?? '',
  }
}

/** A line each: whoever could begin another one could name outputs of his own. */
function outputs(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${printable(value)}\n`)
    .join('')
}

type Row = readonly [name: string, value: string | undefined]

function jobRows(job: Job | undefined): readonly Row[] {
  return job
    ? [
        ['Service', nameOf(job)],
        ['Job', job.id],
      ]
    : []
}

function rowsOf(ending: Ending, job: Job | undefined): readonly Row[] {
  const tookMs = job && jobTookMs(job)
  return [
    ...jobRows(job),
    ['Verdict', `${ending.exitCode === 0 ? '✅' : '❌'} ${ending.state}, exit code ${ending.exitCode}`],
    ['Reason', ending.exitCode === 0 ? undefined : ending.reason],
    ['Took', tookMs === undefined ? undefined : tookText(tookMs)],
    ['Image before', job?.imageBefore],
    ['Image after', job?.imageAfter],
  ]
}

function summary(rows: readonly Row[]): string {
  const lines = rows.flatMap(([name, value]) => (value ? [`| ${name} | ${cell(value)} |`] : []))
  return ['| Deploy | |', '| --- | --- |', ...lines, '', ''].join('\n')
}

/** A text that is neither Markdown nor HTML. */
function cell(text: string): string {
  return printable(text).replaceAll(/[\\`*_[\]{}()#!|<>&~]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
