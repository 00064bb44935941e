#!/usr/bin/env bash
# The profile service's tests on real services: PostgreSQL, an S3 server that checks signatures
# (Ceph's RADOS Gateway), nginx, Schemathesis. Started here or by the tests, in folders of their own,
# and stopped.
# Packages are installed only with CI=true or --install; PFPKIT_TEST_POSTGRESQL (an address without
# a database, as postgresql://user@host:port) and PFPKIT_TEST_S3 name services that run already.
# Whatever fails is named, with what it printed last.
set -Eeuo pipefail
cd "$(dirname "$0")/.."
suite=test-services
# shellcheck source=tools/packages.sh
. tools/packages.sh

folder=$(mktemp -d)
chmod 755 "$folder"
stops=()
finish() {
  local status=$?
  trap - ERR
  set +e
  for stop in "${stops[@]}"; do eval "$stop"; done
  rm -rf "$folder"
  [ "$status" = 0 ] || echo "test-services: failed (exit $status)" >&2
}
trap finish EXIT
trap 'failed $? "$BASH_COMMAND" "${BASH_SOURCE[0]##*/}:$LINENO"' ERR
for signal in INT TERM HUP; do
  trap 'echo "test-services: ended by '$signal'" >&2; exit 1' $signal
done

failed() {
  echo "test-services: $3: exit $1 of: $2" >&2
}

postgres_bin() {
  [ -d /usr/lib/postgresql ] || return 0
  find /usr/lib/postgresql -maxdepth 3 -name initdb | sort -V | tail -1 | xargs -r dirname
}

free_port() {
  .venv/bin/python -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start_postgres() {
  local bin port as=()
  bin=$(postgres_bin)
  if [ -z "$bin" ]; then
    packages PostgreSQL postgresql
    bin=$(postgres_bin)
  fi
  [ -n "$bin" ] || stop "PostgreSQL's initdb is not in /usr/lib/postgresql"
  port=$(free_port)
  mkdir "$folder/postgres"
  # It refuses to run as root; the package makes this user.
  if [ "$(id -u)" = 0 ]; then
    chown postgres "$folder/postgres"
    as=(runuser -u postgres --)
  fi
  quietly "${as[@]}" "$bin/initdb" -D "$folder/postgres/data" -U pfpkit -A trust --no-sync
  "${as[@]}" "$bin/pg_ctl" -D "$folder/postgres/data" -w -l "$folder/postgres/log" \
    -o "-p $port -k $folder/postgres -c listen_addresses=127.0.0.1" start >/dev/null || {
    tail -n 20 "$folder/postgres/log" >&2
    stop "PostgreSQL does not start"
  }
  stops+=("${as[*]} '$bin/pg_ctl' -D '$folder/postgres/data' -m immediate stop >/dev/null")
  export PFPKIT_TEST_POSTGRESQL="postgresql://pfpkit@127.0.0.1:$port"
  echo "test-services: $("$bin/postgres" --version) at 127.0.0.1:$port"
}

if [ -z "${PFPKIT_TEST_NGINX:-}" ]; then
  [ -x /usr/sbin/nginx ] || packages nginx nginx
  export PFPKIT_TEST_NGINX=/usr/sbin/nginx
fi
if [ -z "${PFPKIT_TEST_SCHEMATHESIS:-}" ]; then
  place=.build/schemathesis
  if ! cmp -s tests/profile/schemathesis.lock $place/.lock; then
    echo "test-services: Schemathesis, into $place"
    quietly .venv/bin/python -m venv --clear $place
    quietly $place/bin/pip --disable-pip-version-check install -q --require-hashes --no-deps \
      -r tests/profile/schemathesis.lock
    cp tests/profile/schemathesis.lock $place/.lock
  fi
  export PFPKIT_TEST_SCHEMATHESIS=$PWD/$place/bin/st
fi
[ -n "${PFPKIT_TEST_POSTGRESQL:-}" ] || start_postgres
# shellcheck source=tools/radosgw.sh
[ -n "${PFPKIT_TEST_S3:-}" ] || . tools/radosgw.sh

APE_FOUNDRY_HOST="http://127.0.0.1:$(free_port)" .venv/bin/ape test "${TESTS:-tests/profile}" -q
if [ -z "${TESTS:-}" ]; then
  echo "test-services: the same on SQLite and a folder, what \`make test\` leaves out of it"
  # Set and empty: all files are collected, and there is no server to use.
  PFPKIT_TEST_POSTGRESQL='' PFPKIT_TEST_S3='' APE_FOUNDRY_HOST="http://127.0.0.1:$(free_port)" \
    .venv/bin/ape test tests/profile/test_{api,attacks,comparison,events,minting}.py -q
fi
