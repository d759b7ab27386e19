import type { Argv } from '../compose/command.ts'

/**
 * What the process does that runs one step and outlives the worker. It is a shell that reads this from its standard input.
 *
 * Lock held: running. Free, and a line in `exit`: ended. Free, and `exit` empty: nobody knows how it ended.
 * No `started`: it never ran. Compose inherits the lock, so it stays held when only this shell is killed.
 * The exit code is written while the lock is held: written later, whoever waits for the lock would miss it.
 * What it writes at its end has its place on the disk before compose may begin, so a disk that is full by then, perhaps
 * of what compose printed, takes no verdict; without such a place nothing runs.
 * The trap keeps the shell alive through a SIGINT or SIGTERM to the group, so that it can write what came of it.
 * Each program that it starts beside compose costs a millisecond or two of every deploy, so all but `flock` is built in.
 * The braces make a shell read all before it does anything: of a worker that is killed while it writes nothing runs.
 * The folder is empty: in the current one compose would also read a `.env`.
 */
export function runnerText(folder: string, argv: Argv): string {
  return `{
cd ${quoted(folder)} || exit 0
set -- ${argv.map(quoted).join(' ')}
exec 9>>alive
flock -n 9 || exit 0
[ ! -e started ] && echo >exit || exit 0
echo $$ >started || { rm -f started; exit 0; }
trap : INT TERM
"$@" </dev/null >>out 2>&1
echo $? 1<>exit
exit 0
}
`
}

/** As one word of a shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
