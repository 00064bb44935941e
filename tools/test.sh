#!/usr/bin/env bash
# All tests in three processes on two cores, for most of them wait: for other processes, a node, a
# disk. What the first two do not name runs in the third.
set -uo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/.venv/bin:$PATH
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT

# Once, for all would write the same cache.
ape compile --verbosity WARNING || exit 1

scripts=(tests/scripts)
long=(tests/contract tests/gas tests/flow tests/images tests/media tests/pinning)
apart=(tests/deploy) # make test-deploy
others=("${scripts[@]/#/--ignore=}" "${long[@]/#/--ignore=}" "${apart[@]/#/--ignore=}")

# Ape takes any port for its node, and waits in vain where another program has that one already.
read -r one two three < <(python - <<'PORTS'
import socket

held = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(one.getsockname()[1] for one in held))
PORTS
)

run() {
  local port=$1
  shift
  APE_FOUNDRY_HOST=http://127.0.0.1:$port ape test "$@"
}

run "$one" "${scripts[@]}" "$@" >"$said/scripts" 2>&1 &
first=$!
run "$two" "${long[@]}" "$@" >"$said/long" 2>&1 &
second=$!
run "$three" "${others[@]}" "$@"
third=$?
wait "$second"
second=$?
cat "$said/long"
wait "$first"
first=$?
cat "$said/scripts"
[ "$first" -eq 0 ] && [ "$second" -eq 0 ] && [ "$third" -eq 0 ]
