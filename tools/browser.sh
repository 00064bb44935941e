#!/usr/bin/env bash
# The pages in Chromium. Debian's package is installed only with --install or CI=true; otherwise this
# says what is missing. Playwright and axe-core come from their locks, into .build/browser.
set -euo pipefail
cd "$(dirname "$0")/.."
place=.build/browser
suite=test-browser
# shellcheck source=tools/packages.sh
. tools/packages.sh

chromium=${PFPKIT_CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$chromium" ]; then
  packages Chromium "chromium fonts-liberation fonts-urw-base35" "name one in PFPKIT_CHROMIUM"
  chromium=$(command -v chromium)
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
