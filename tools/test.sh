#!/usr/bin/env bash
# All tests on two cores: those of the scripts, which mostly wait for processes, beside the others.
set -uo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/.venv/bin:$PATH
said=$(mktemp)
trap 'rm -f "$said"' EXIT

# Once, for both would write the same cache.
ape compile --verbosity WARNING || exit 1
ape test tests/scripts "$@" >"$said" 2>&1 &
scripts=$!
ape test --ignore=tests/scripts "$@"
others=$?
wait "$scripts"
status=$?
cat "$said"
[ "$others" -eq 0 ] && [ "$status" -eq 0 ]
