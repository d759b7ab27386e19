/**
 * The process that runs one step and outlives the worker: `sh -c TEXT runner FOLDER COMMAND…`.
 *
 * Lock held: running. Free, and `exit` there: ended. Free without `exit`: nobody knows how it ended.
 * No `started`: it never ran. Compose inherits the lock, so it stays held when only this shell is killed.
 * The exit code is written while the lock is held: written later, whoever waits for the lock would miss it.
 * The trap keeps the shell alive through a SIGINT or SIGTERM to the group, so that it can write what came of it.
 */
export const runnerText = `
step=$1
shift
exec 9>>"$step/alive"
flock -n 9 || exit 0
(set -C; echo $$ >"$step/started") 2>/dev/null || exit 0
trap : INT TERM
"$@" >>"$step/out" 2>&1
echo $? >"$step/exit.tmp"
mv "$step/exit.tmp" "$step/exit"
`
