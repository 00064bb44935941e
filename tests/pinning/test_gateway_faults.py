"""Gateway when something is wrong: damaged blocks, stalled clients, taken ports, large files"""

import logging
import random
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from support.blocks import damage, lose
from support.dags import file_dag

from pfpkit.cid import CID, DAG_PB, cid_of
from pfpkit.errors import PinError
from pfpkit.pinning import Dag
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.gateway import Gateway
from pfpkit.unixfs import UNIXFS_V1_2025, Block, Link, dagpb
from pfpkit.unixfs.node import Message

CONTENT = random.Random(7).randbytes(2048)


@pytest.fixture
def store(tmp_path: Path) -> BlockStore:
    return BlockStore(tmp_path / "store")


@pytest.fixture
def dag(store: BlockStore) -> Dag:
    made = file_dag(CONTENT)
    store.pin(made)
    return made


def collect(url: str, received: list[bytes]) -> None:
    with httpx.stream("GET", url, trust_env=False) as response:
        assert response.status_code == 200
        received.extend(response.iter_raw())


def leaf(dag: Dag, number: int) -> CID:
    wanted = CONTENT[number * 64 : number * 64 + 64]
    return next(block.cid for block in dag.blocks if block.data == wanted)


@pytest.mark.parametrize("form", ["", "?format=raw", "?format=car", "?format=car&dag-scope=block"])
def test_get__when_the_block_is_damaged__is_500_with_its_cid(store: BlockStore, form: str) -> None:
    """Wrong bytes never leave, in no format; the answer names the block and no local path."""
    block = Block(cid_of(CONTENT), CONTENT)
    store.put(block)
    damage(store, block.cid)
    with Gateway(store) as gateway:
        response = httpx.get(f"{gateway.url}/ipfs/{block.cid}{form}", trust_env=False)
    assert response.status_code == 500
    assert response.text == f"block {block.cid} is damaged here and is not served\n"
    assert "etag" not in response.headers


@pytest.mark.parametrize("form", ["", "?format=car"])
@pytest.mark.parametrize("kind", ["damaged", "gone"])
def test_get__when_a_later_block_is_bad__connection_is_cut(
    store: BlockStore, dag: Dag, form: str, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """What was begun with a 200 is cut, so that the client sees it; nothing is logged."""
    bad = leaf(dag, 20)
    if kind == "damaged":
        damage(store, bad)
    else:
        lose(store, bad)
    received: list[bytes] = []
    with Gateway(store) as gateway, pytest.raises(httpx.RemoteProtocolError):
        collect(f"{gateway.url}/ipfs/{dag.root}{form}", received)
    content = b"".join(received)
    assert CONTENT[20 * 64 : 21 * 64] not in content
    if form == "":
        assert content == CONTENT[: 20 * 64]
    assert capfd.readouterr() == ("", "")


def test_get__when_a_node_lies_about_its_children__is_refused(store: BlockStore) -> None:
    """A file whose parts are longer than their parent says never passes for whole."""
    part = file_dag(CONTENT[:100])
    message = Message(type=2, filesize=64, blocksizes=(32, 32))
    links = [Link(part.root, "", 64)] * 2
    data = dagpb.encode(links, message.encode())
    liar = Block(cid_of(data, DAG_PB), data)
    store.pin(Dag(liar.cid, (*part.blocks, liar)))
    with Gateway(store) as gateway:
        response = httpx.get(f"{gateway.url}/ipfs/{liar.cid}", trust_env=False)
    assert response.status_code == 406
    assert f"{part.root} holds 100 bytes, its parent says 32" in response.text


def test_get__when_small__answers_without_the_delay_of_nagle(store: BlockStore, dag: Dag) -> None:
    """Head and body leave together; otherwise each answer would wait 40 ms for an ACK."""
    with Gateway(store) as gateway, httpx.Client(trust_env=False) as client:
        times = [
            client.get(f"{gateway.url}/ipfs/{dag.root}?format=raw").elapsed.total_seconds()
            for _ in range(20)
        ]
    assert min(times[1:]) < 0.03


def test_get__when_a_range_avoids_the_bad_block__is_served(store: BlockStore, dag: Dag) -> None:
    """Only the blocks of the range are read; one that starts in the bad block is a 500."""
    damage(store, leaf(dag, 20))
    with Gateway(store) as gateway:
        url = f"{gateway.url}/ipfs/{dag.root}"
        good = httpx.get(url, headers={"Range": "bytes=1344-"}, trust_env=False)
        bad = httpx.get(url, headers={"Range": "bytes=1300-"}, trust_env=False)
    assert (good.status_code, good.content) == (206, CONTENT[1344:])
    assert (bad.status_code, str(leaf(dag, 20)) in bad.text) == (500, True)


def test_gateway__when_the_port_is_taken__says_so(store: BlockStore) -> None:
    """A second gateway on one port is a clear error, not a hang."""
    with Gateway(store) as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(PinError, match=rf"127\.0\.0\.1 port {port}.*choose another port"):
            Gateway(store, port=port).__enter__()
        assert httpx.get(f"{first.url}/", trust_env=False).status_code == 404


@pytest.mark.parametrize("host", ["203.0.113.1", "no-such-host.invalid"])
def test_gateway__when_the_host_is_not_ours__says_so(store: BlockStore, host: str) -> None:
    """An address of another machine cannot be listened on."""
    with pytest.raises(PinError, match=f"cannot listen on {host}"):
        Gateway(store, host=host).__enter__()


def test_gateway__when_nothing_is_said__listens_on_loopback_alone(store: BlockStore) -> None:
    """Nobody else on the network can reach it."""
    with Gateway(store) as gateway:
        assert gateway.url.startswith("http://127.0.0.1:")
        port = int(gateway.url.rpartition(":")[2])
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", port), timeout=1)


def test_gateway__when_stopped__is_gone_and_the_port_is_free(store: BlockStore) -> None:
    """The block ends with the listener closed and no thread left; the port can be used again."""
    before = threading.active_count()
    with Gateway(store) as gateway:
        port = int(gateway.url.rpartition(":")[2])
        httpx.get(f"{gateway.url}/", trust_env=False)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    assert not [thread for thread in threading.enumerate() if thread.name == "gateway"]
    assert threading.active_count() <= before + 1
    with Gateway(store, port=port) as again:
        assert again.url.endswith(f":{port}")


def test_gateway__when_clients_stall__stops_all_the_same(store: BlockStore) -> None:
    """One that never sends its request, one that never reads its answer, one that idles."""
    large = file_dag(bytes(64 * 2**20), UNIXFS_V1_2025)
    store.pin(large)
    with Gateway(store) as gateway:
        address = ("127.0.0.1", int(gateway.url.rpartition(":")[2]))
        stalled = [socket.create_connection(address) for _ in range(3)]
        stalled[0].sendall(b"GET /ipfs/")
        stalled[1].sendall(f"GET /ipfs/{large.root} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        time.sleep(0.3)
        started = time.monotonic()
    assert time.monotonic() - started < 5
    for client in stalled:
        client.close()


def test_gateway__when_the_program_dies__does_not_hold_it_up(tmp_path: Path) -> None:
    """An exception inside the block ends the program at once, with that exception alone."""
    code = (
        "import sys\n"
        "from pfpkit.pinning.blockstore import BlockStore\n"
        "from pfpkit.pinning.gateway import Gateway\n"
        "with Gateway(BlockStore(sys.argv[1])) as gateway:\n"
        "    raise KeyboardInterrupt\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert done.stderr.strip().splitlines()[-1] == "KeyboardInterrupt"
    assert "uvicorn" not in done.stderr


def test_get__when_the_file_is_large__memory_stays_flat(tmp_path: Path) -> None:
    """96 MiB as a file and as a CAR: the process grows by a few blocks, not by the file."""
    code = (
        "import resource, sys\n"
        "import httpx\n"
        "from pfpkit.pinning import Dag\n"
        "from pfpkit.pinning.blockstore import BlockStore\n"
        "from pfpkit.pinning.gateway import Gateway\n"
        "from pfpkit.unixfs import add_file\n"
        "store = BlockStore(sys.argv[1])\n"
        "class Zeros:\n"
        "    left = 96 * 2**20\n"
        "    def read(self, size=-1):\n"
        "        size = min(size, self.left)\n"
        "        self.left -= size\n"
        "        return self.left.to_bytes(8, 'big') * (size // 8)\n"
        "root = add_file(Zeros(), sink=store.put).cid\n"
        "store.pin(Dag(root, ()))\n"
        "def peak():\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "with Gateway(store) as gateway:\n"
        "    httpx.get(gateway.url, trust_env=False)\n"
        "    before = peak()\n"
        "    for form in ('', '?format=car'):\n"
        "        url = f'{gateway.url}/ipfs/{root}{form}'\n"
        "        with httpx.stream('GET', url, trust_env=False) as response:\n"
        "            size = sum(map(len, response.iter_raw()))\n"
        "        assert size >= 96 * 2**20, size\n"
        "    print((peak() - before) // (1024 if sys.platform == 'linux' else 2**20))\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 24


def test_gateway__when_it_runs__leaves_the_programs_logging_alone(store: BlockStore) -> None:
    """No handler is added anywhere."""
    before = list(logging.getLogger().handlers)
    with Gateway(store):
        pass
    assert logging.getLogger().handlers == before
    assert logging.getLogger("uvicorn").handlers == []


def test_gateway__when_two_run_at_once__serve_their_own_stores(tmp_path: Path) -> None:
    """A demonstration runs an honest and a lying one side by side."""
    one, two = BlockStore(tmp_path / "one"), BlockStore(tmp_path / "two")
    block = Block(cid_of(b"one"), b"one")
    one.put(block)
    with Gateway(one) as first, Gateway(two) as second:
        urls = [f"{gateway.url}/ipfs/{block.cid}?format=raw" for gateway in (first, second)]
        assert [httpx.get(url, trust_env=False).status_code for url in urls] == [200, 404]
