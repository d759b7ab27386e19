# shellcheck shell=bash
# Sourced: programs that run beside a script, each a process group of its own, so that Ctrl-C reaches only the script,
# and ending one ends its children too.

# Starts a command; its pid, which is also its group, is in $group.
in_group() {
  set -m
  "$@" </dev/null &
  # shellcheck disable=SC2034
  group=$!
  set +m
}

# The dead whom nobody has buried yet do not count.
is_gone() { ! ps -A -o pgid=,stat= | awk -v group="$1" '$1 == group && $2 !~ /^Z/ { found = 1 } END { exit !found }'; }

end_group() {
  [ -n "$1" ] || return 0
  kill -TERM -- "-$1" 2>/dev/null || return 0
  # A serve that carries a thousand deploys takes its time to end its Redis, which nobody else would.
  wait_until 30 is_gone "$1" || kill -KILL -- "-$1" 2>/dev/null || true
}

# Ends what left its group on purpose but has this directory on its command line, children included.
end_leftovers() {
  local pid
  for pid in $(pgrep -f -- "$1/"); do
    kill -KILL -- "-$(ps -o pgid= -p "$pid" | tr -d ' ')" 2>/dev/null || kill -KILL "$pid" 2>/dev/null || true
  done
}
