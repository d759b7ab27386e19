/**
 * The process that runs one step and outlives the worker: `sh -c TEXT runner FOLDER COMMAND…`.
 *
 * Lock held: running. Free, and a line in `exit`: ended. Free, and `exit` empty: nobody knows how it ended.
 * No `started`: it never ran. Compose inherits the lock, so it stays held when only this shell is killed.
 * The exit code is written while the lock is held: written later, whoever waits for the lock would miss it.
 * What it writes at its end has its place on the disk before compose may begin, so a disk that is full by then, perhaps
 * of what compose printed, takes no verdict; without such a place nothing runs.
 * The trap keeps the shell alive through a SIGINT or SIGTERM to the group, so that it can write what came of it.
 * Each program that it starts beside compose costs a millisecond or two of every deploy, so all but `flock` is built in.
 */
export const runnerText = `
step=$1
shift
exec 9>>"$step/alive"
flock -n 9 || exit 0
[ ! -e "$step/started" ] && echo >"$step/exit" || exit 0
echo $$ >"$step/started" || { rm -f "$step/started"; exit 0; }
trap : INT TERM
"$@" >>"$step/out" 2>&1
echo $? 1<>"$step/exit"
`
