# Debian's packages for the tests of a suite, which are installed only with --install or CI=true; and
# quiet commands, which are heard when they fail. Sourced; `suite` is the make target that is run.
# shellcheck shell=bash disable=SC2154
install=false
[ "${CI:-}" = true ] && install=true
if [ "${1:-}" = --install ]; then
  install=true
  shift
fi

stop() {
  echo "$suite: $*" >&2
  exit 1
}

# Runs a command whose output nobody needs, unless it fails.
quietly() {
  local status=0 said
  said=$("$@" 2>&1) || status=$?
  [ "$status" = 0 ] && return
  tail -n 20 <<<"$said" >&2
  stop "exit $status of: $*"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# What is missing, the packages that have it, and what else would do.
packages() {
  $install || stop "$1 is missing: ${3:+$3, }install $2, or let this do it: make $suite INSTALL=1"
  echo "$suite: installing $2"
  quietly as_root apt-get update
  # shellcheck disable=SC2086
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $2
}
