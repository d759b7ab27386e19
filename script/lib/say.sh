# shellcheck shell=bash
# Sourced: one shape for what people read, and waiting without a guess at how long.

# Engines live in /usr/sbin, which is not on an ordinary person's PATH.
export PATH="$PATH:/usr/sbin:/sbin"
# Services and CI runners may start us without one; the shell then finds it by the user's name.
export HOME="${HOME:-$(cd ~ && pwd)}"

step() { printf '%-9s %s\n' "$1" "$2"; }

fail() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit 1
}

# Runs a command that is only worth reading when it fails.
quietly() {
  local output status=0
  output=$("$@" 2>&1 </dev/null) || status=$?
  if [ "$status" -ne 0 ]; then printf '%s: %s: exit code %s\n%s\n' "${0##*/}" "$*" "$status" "$output" >&2; fi
  return "$status"
}

# Asks every tenth of a second, for at most $1 seconds, until the command after it says yes.
wait_until() {
  local tenths=$(($1 * 10))
  shift
  until "$@"; do
    tenths=$((tenths - 1))
    [ "$tenths" -gt 0 ] || return 1
    sleep 0.1
  done
}
