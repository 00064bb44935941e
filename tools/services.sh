#!/usr/bin/env bash
# The profile service's tests on real services: PostgreSQL, and an S3 server that checks signatures
# (Ceph's RADOS Gateway). Started here, under users and folders of their own, and stopped at the end.
# Packages are installed only with CI=true or --install; PFPKIT_TEST_POSTGRESQL (an address without
# a database, as postgresql://user@host:port) and PFPKIT_TEST_S3 name services that run already.
set -euo pipefail
cd "$(dirname "$0")/.."
install=false
[ "${CI:-}" = true ] && install=true
[ "${1:-}" = --install ] && install=true

folder=$(mktemp -d)
chmod 755 "$folder"
stops=()
finish() {
  for stop in "${stops[@]}"; do eval "$stop" || true; done
  rm -rf "$folder"
}
trap finish EXIT

stop() {
  echo "test-services: $*" >&2
  exit 1
}

packages() {
  $install || stop "$1 is missing; install $2, or run with --install"
  echo "test-services: installing $2"
  apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $2 >/dev/null
}

postgres_bin() {
  find /usr/lib/postgresql -maxdepth 3 -name initdb 2>/dev/null | sort -V | tail -1 | xargs -r dirname
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
  "${as[@]}" "$bin/initdb" -D "$folder/postgres/data" -U pfpkit -A trust --no-sync >/dev/null
  "${as[@]}" "$bin/pg_ctl" -D "$folder/postgres/data" -w -l "$folder/postgres/log" \
    -o "-p $port -k $folder/postgres -c listen_addresses=127.0.0.1" start >/dev/null
  stops+=("${as[*]} '$bin/pg_ctl' -D '$folder/postgres/data' -m immediate stop >/dev/null")
  export PFPKIT_TEST_POSTGRESQL="postgresql://pfpkit@127.0.0.1:$port"
  echo "test-services: $("$bin/postgres" --version) at 127.0.0.1:$port"
}

[ -n "${PFPKIT_TEST_POSTGRESQL:-}" ] || start_postgres
# shellcheck source=tools/radosgw.sh
[ -n "${PFPKIT_TEST_S3:-}" ] || . tools/radosgw.sh


APE_FOUNDRY_HOST="http://127.0.0.1:$(free_port)" .venv/bin/ape test "${TESTS:-tests/profile}" -q
