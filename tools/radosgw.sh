# Ceph's RADOS Gateway as an S3 server that checks signatures: one monitor, one store in memory, one
# gateway, from Debian's packages, unpacked and not installed. Sourced by tools/services.sh.
# shellcheck shell=bash disable=SC2154
ceph=.build/radosgw
packages="radosgw ceph-mon ceph-osd ceph-base ceph-common librados2 librgw2 librbd1 libcephfs2
  libradosstriper1 liboath0 libtcmalloc-minimal4 libgoogle-perftools4 libboost-thread1.74.0
  libboost-context1.74.0 libboost-program-options1.74.0 libboost-iostreams1.74.0
  libboost-filesystem1.74.0 libfmt9 libibverbs1 libleveldb1d librdmacm1 libsnappy1v5 libaio1 libfuse2
  libpmem1 liblua5.3-0 librabbitmq4 libndctl6 libdaxctl1 libnl-3-200 libnl-route-3-200 libkmod2
  libbabeltrace1 python3-rados"

if [ ! -e "$ceph/.done" ]; then
  $install || stop "an S3 server is missing: name one in PFPKIT_TEST_S3, or let this unpack Ceph's (Debian 12 on x86-64): make $suite INSTALL=1"
  echo "test-services: Ceph's gateway, unpacked into $ceph"
  rm -rf "$ceph" && mkdir -p "$ceph/packages"
  quietly as_root apt-get update
  # apt's own user may not write here, and says so each time.
  # shellcheck disable=SC2086
  (cd "$ceph/packages" && quietly apt-get download -o APT::Sandbox::User=root $packages)
  for package in "$ceph"/packages/*.deb; do quietly dpkg -x "$package" "$ceph/root"; done
  rm -r "$ceph/packages"
  touch "$ceph/.done"
fi

root=$PWD/$ceph/root
libraries=$root/usr/lib/x86_64-linux-gnu

configure_ceph() {
  cat > "$run/ceph.conf" <<CONF
[global]
fsid = $id
mon host = v1:127.0.0.1:$monitor
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
ms cluster mode = crc
ms service mode = crc
ms client mode = crc
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd crush chooseleaf type = 0
osd crush update on start = false
osd class update on start = false
osd objectstore = memstore
memstore device bytes = 1073741824
mon allow pool size one = true
mon max pg per osd = 1000
mon data = $run/mon
mon data avail crit = 1
mon data avail warn = 1
osd data = $run/osd
run dir = $run
admin socket = $run/\$name.asok
log file = $run/\$name.log
erasure code dir = $libraries/ceph/erasure-code
plugin dir = $libraries/ceph
osd class dir = $libraries/rados-classes
rgw data = $run/rgw
rgw frontends = beast endpoint=127.0.0.1:$gateway
CONF
}

of_ceph() {
  LD_LIBRARY_PATH="$root/lib/x86_64-linux-gnu:$libraries:$libraries/ceph" \
    PYTHONPATH="$root/usr/lib/python3/dist-packages" "$@"
}

# Runs one of Ceph's programs until the end of the tests.
serve() {
  local name=$1
  shift
  LD_LIBRARY_PATH="$root/lib/x86_64-linux-gnu:$libraries:$libraries/ceph" \
    "$root/usr/bin/$name" -c "$run/ceph.conf" "$@" -f >"$run/$name.out" 2>&1 &
  served+=($!)
}

end_ceph() {
  for one in "${served[@]}"; do
    kill -9 "$one" || true
    wait "$one" 2>/dev/null || true
  done
  served=()
}
served=()
stops+=(end_ceph)

# Runs a command; the monitor and the store need a moment before they answer.
patiently() {
  for _ in 1 2 3; do
    "$@" >"$run/said" 2>&1 && return
    sleep 2
  done
  return 1
}

command_of_monitor() {
  of_ceph timeout 30 /usr/bin/python3 - "$run/ceph.conf" "$1" <<'PYTHON'
import sys

import rados

with rados.Rados(conffile=sys.argv[1], name="client.admin") as cluster:
    code, _, words = cluster.mon_command(sys.argv[2], b"")
    sys.exit(words if code else 0)
PYTHON
}

answers() {
  .venv/bin/python - "$gateway" <<'PYTHON'
import http.client
import sys
import time

for _ in range(60):
    try:
        gateway = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=5)
        gateway.request("GET", "/")
        sys.exit(gateway.getresponse().status >= 500)
    except OSError:
        time.sleep(1)
sys.exit("it does not answer")
PYTHON
}

start_ceph() {
  local disk
  run=$(mktemp -d "$folder/ceph.XXXXXX")
  monitor=$(free_port) gateway=$(free_port) id=$(cat /proc/sys/kernel/random/uuid)
  disk=$(cat /proc/sys/kernel/random/uuid)
  mkdir "$run/mon" "$run/osd" "$run/rgw" && configure_ceph || return
  of_ceph "$root/usr/bin/monmaptool" --create --fsid "$id" --addv a "[v1:127.0.0.1:$monitor]" \
    "$run/monmap" >"$run/said" 2>&1 || return
  of_ceph "$root/usr/bin/ceph-mon" -c "$run/ceph.conf" --mkfs -i a --monmap "$run/monmap" \
    >"$run/said" 2>&1 || return
  serve ceph-mon -i a
  patiently command_of_monitor "{\"prefix\": \"osd new\", \"uuid\": \"$disk\"}" || return
  of_ceph "$root/usr/bin/ceph-osd" -c "$run/ceph.conf" -i 0 --mkfs --osd-uuid "$disk" \
    >"$run/said" 2>&1 || return
  patiently command_of_monitor \
    '{"prefix": "osd crush add", "id": 0, "weight": 1.0, "args": ["root=default"]}' || return
  serve ceph-osd -i 0
  # Its first use makes the pools, which waits for the store.
  of_ceph timeout 90 "$root/usr/bin/radosgw-admin" -c "$run/ceph.conf" user create --uid=tests \
    --display-name=tests --access-key=tests --secret-key="$id" >"$run/said" 2>&1 || return
  serve radosgw -n client.rgw
  answers >"$run/said" 2>&1
}

# Its programs race with each other as they start: what does not start is started anew.
for try in 1 2 3; do
  start_ceph && break
  echo "test-services: Ceph does not start (try $try of 3):" >&2
  tail -n 5 "$run/said" "$run"/*.out "$run"/*.log >&2
  end_ceph
  [ "$try" != 3 ] || stop "Ceph does not start"
done
export PFPKIT_TEST_S3=http://127.0.0.1:$gateway
export PFPKIT_TEST_S3_KEY_ID=tests PFPKIT_TEST_S3_SECRET_KEY=$id
echo "test-services: Ceph's RADOS Gateway at 127.0.0.1:$gateway"
