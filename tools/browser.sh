#!/usr/bin/env bash
# The pages in Chromium. Debian's package is installed only with --install or CI=true; otherwise this
# says what is missing. Playwright and axe-core come from their locks, into .build/browser.
set -euo pipefail
cd "$(dirname "$0")/.."
place=.build/browser
install=${CI:-false}
if [ "${1:-}" = --install ]; then
  install=true
  shift
fi

chromium=${PFPKIT_CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$chromium" ] && [ "$install" = true ]; then
  echo "test-browser: chromium, by apt-get"
  root=$([ "$(id -u)" = 0 ] || echo sudo)
  $root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends chromium fonts-liberation fonts-urw-base35 >/dev/null
  chromium=$(command -v chromium)
fi
if [ -z "$chromium" ]; then
  echo "test-browser: there is no Chromium. Install it (on Debian: apt-get install chromium), name one" >&2
  echo "in PFPKIT_CHROMIUM, or let this do it: tools/browser.sh --install" >&2
  exit 1
fi

if ! cmp -s tests/browser/requirements.lock $place/python/.lock; then
  echo "test-browser: Playwright, into $place/python"
  rm -rf $place/python
  .venv/bin/pip --disable-pip-version-check install -qq --require-hashes --no-deps \
    --target $place/python -r tests/browser/requirements.lock
  cp tests/browser/requirements.lock $place/python/.lock
fi
if ! cmp -s tests/browser/package-lock.json $place/npm/.lock; then
  echo "test-browser: axe-core, into $place/npm"
  mkdir -p $place/npm
  cp tests/browser/package.json tests/browser/package-lock.json .npmrc $place/npm
  (cd $place/npm && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >/dev/null)
  cp tests/browser/package-lock.json $place/npm/.lock
fi

PFPKIT_BROWSER=$chromium PYTHONPATH=$PWD/$place/python exec .venv/bin/pytest "${@:-tests/browser}"
