#!/usr/bin/env bash
# All tests on two cores: those of the scripts, which mostly wait for processes, beside the others.
set -uo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/.venv/bin:$PATH
said=$(mktemp)
trap 'rm -f "$said"' EXIT

# Once, for both would write the same cache.
ape compile --verbosity WARNING || exit 1
# Ape takes any port for its node, and waits in vain where another program has that one already.
read -r one two < <(python - <<'PORTS'
import socket

held = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(one.getsockname()[1] for one in held))
PORTS
)
APE_FOUNDRY_HOST=http://127.0.0.1:$one ape test tests/scripts "$@" >"$said" 2>&1 &
scripts=$!
APE_FOUNDRY_HOST=http://127.0.0.1:$two ape test --ignore=tests/scripts "$@"
others=$?
wait "$scripts"
status=$?
cat "$said"
[ "$others" -eq 0 ] && [ "$status" -eq 0 ]
