# shellcheck shell=bash
# Sourced: what this machine is, as far as its packages are concerned.

# The scripts install by themselves on this release only, because only there they were tried.
is_debian_12() {
  [ -r /etc/os-release ] && [ "$(. /etc/os-release && printf %s "${VERSION_CODENAME:-}")" = bookworm ] &&
    [ "$(. /etc/os-release && printf %s "${ID:-}")" = debian ]
}

may_install() { is_debian_12 && [ "$(id -u)" -eq 0 ]; }
