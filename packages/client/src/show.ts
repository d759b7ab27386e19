import type { Ending, Job } from './job.ts'

export interface Line {
  /** In the log; a line that stands for lost ones at its end has none. */
  readonly number: number | undefined
  readonly text: string
}

/** Where a deploy is shown: a terminal, the log of a pipeline, or a program that reads JSON. */
export interface Show {
  /** The job is known. */
  begin(job: Job): void
  /** Lines of the log, each once and in order. */
  lines(lines: readonly Line[]): void
  /** What the API says of itself and of the job while it is silent. */
  aside(text: string): void
  /** What the client says itself. */
  note(text: string): void
  /** The end; the job is the record, if it could be read. */
  end(ending: Ending, job: Job | undefined): void
  /** There is no verdict, for this reason. */
  fail(reason: string, exitCode: number): void
  /** Gives the terminal back; nothing is shown afterwards. */
  close(): void
}
