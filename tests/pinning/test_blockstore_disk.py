"""BlockStore on a disk that fails: full, limited, unreadable, or left behind by a killed run

Several processes at once: every block ends right, and every pin is whole at every moment.
"""

import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from support.dags import dag_of

from pfpkit.car import read_car
from pfpkit.cid import cid_of
from pfpkit.errors import PinError, StoreFull
from pfpkit.pinning import Dag, PinReceipt
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.gateway import Gateway
from pfpkit.unixfs import UNIXFS_V1_2025, Block

NOBODY = 65534


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow over `size` bytes: the kernel then fails the write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Act as an ordinary user, also when root runs the tests."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if user == 0:
            os.seteuid(0)


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """Take the rights to `folder` from whoever runs the tests."""
    mode = folder.stat().st_mode
    folder.chmod(0)
    try:
        with as_nobody():
            yield
    finally:
        folder.chmod(mode)


def car_of(folder: Path) -> list[Block]:
    """The blocks of blocks.car behind its head, as a CAR reader gives them."""
    with (folder / "blocks.car").open("rb") as file:
        return list(read_car(file, whole=False)[1])[1:]


def test_put__when_a_write_fails_half_way__leaves_no_half_block(tmp_path: Path) -> None:
    """A write that the kernel cuts short is named as no room, and nothing of it is there."""
    store = BlockStore(tmp_path)
    data = bytes(100_000)
    with largest_file(50_000), pytest.raises(StoreFull, match=f"{tmp_path}.*free some space"):
        store.put(Block(cid_of(data), data))
    assert car_of(tmp_path) == []
    assert store.lacking([cid_of(data)])
    assert store.put(Block(cid_of(data), data)) is True


def test_pin_many__when_one_block_fails__none_of_its_batch_is_there(tmp_path: Path) -> None:
    """What is in the store after a failed batch is what was there before it."""
    store = BlockStore(tmp_path)
    small, large = (dag_of({"image": bytes(n)}, UNIXFS_V1_2025) for n in (10, 100_000))
    with largest_file(50_000):
        found = store.pin_many([small, large])
    assert [type(one) for one in found] == [StoreFull, StoreFull]
    assert (store.roots(), car_of(tmp_path)) == ((), [])
    assert [type(one) for one in store.pin_many([small, large])] == [PinReceipt, PinReceipt]


def test_put_many__when_the_index_has_no_room__shows_no_block(tmp_path: Path) -> None:
    """The blocks had room and their places had not: they are no blocks, and give their room back.

    Small ones, so that the index grows more than blocks.car.
    """
    store = BlockStore(tmp_path)
    blocks = [Block(cid_of(data), data) for data in (b"%d" % n for n in range(300))]
    room = (tmp_path / "index.sqlite").stat().st_size
    with largest_file(room), pytest.raises(StoreFull, match="free some space"):
        store.put_many(blocks)
    assert car_of(tmp_path) == []
    assert len(store.lacking(block.cid for block in blocks)) == len(blocks)
    assert store.put_many(blocks[:5]) == 5
    assert car_of(tmp_path) == blocks[:5]
    assert store.put_many(blocks) == 295


def test_pin__when_the_disk_is_really_full__records_nothing_and_resumes(tiny_disk: Path) -> None:
    """ENOSPC from a real file system where one can be mounted (see `tiny_disk`)."""
    dag = dag_of({"image": os.urandom(2**20), "metadata.json": b"{}"}, UNIXFS_V1_2025)
    store = BlockStore(tiny_disk)
    with pytest.raises(StoreFull, match="free some space"):
        store.pin(dag)
    assert store.roots() == ()
    assert car_of(tiny_disk) == []
    small = dag_of({"metadata.json": b"{}"})
    assert store.pin(small).new is True


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB when this user may mount one, else a limit of the same effect."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if sys.platform == "linux" and subprocess.run(mount, capture_output=True).returncode == 0:
        try:
            yield folder
        finally:
            # Lazily: what the test opened is closed when it is forgotten.
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
    else:
        with largest_file(512 * 1024):
            yield folder


def test_block_store__when_the_folder_is_unreadable__says_which_and_what_is_needed(
    tmp_path: Path,
) -> None:
    """An ordinary user without rights is told so in one line."""
    folder = tmp_path / "store"
    store = BlockStore(folder)
    store.put(Block(cid_of(b"x"), b"x"))
    with without_rights(folder):
        with pytest.raises(PinError, match=r"cannot open .*store: Permission denied") as caught:
            BlockStore(folder)
        with pytest.raises(PinError, match=r"cannot read .*store: Permission denied"):
            store.get(cid_of(b"x"))
        with pytest.raises(PinError, match="Permission denied"):
            store.put(Block(cid_of(b"y"), b"y"))
    assert "a folder that you may read and write" in str(caught.value)
    assert store.get(cid_of(b"x")) == b"x"


def test_block_store__when_it_may_only_be_read__serves_and_refuses_to_write() -> None:
    """Another user may serve the store that somebody else writes."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        BlockStore(path).put(Block(cid_of(b"x"), b"x"))
        folders = [path, *(entry for entry in path.rglob("*") if entry.is_dir())]
        for folder in folders:
            folder.chmod(0o555)
        for file in path.iterdir():
            file.chmod(0o444)
        with as_nobody():
            store = BlockStore(path)
            assert store.get(cid_of(b"x")) == b"x"
            assert store.put(Block(cid_of(b"x"), b"x")) is False
            with pytest.raises(PinError, match="Permission denied"):
                store.put(Block(cid_of(b"y"), b"y"))
            with Gateway(store) as gateway:
                url = f"{gateway.url}/ipfs/{cid_of(b'x')}?format=raw"
                assert httpx.get(url, trust_env=False).content == b"x"
        for folder in folders:
            folder.chmod(0o755)


def test_block_store__when_the_folder_is_a_file__says_so(tmp_path: Path) -> None:
    """A wrong option is no traceback."""
    (tmp_path / "store").write_bytes(b"")
    with pytest.raises(PinError, match="cannot open the block store"):
        BlockStore(tmp_path / "store")


STOPS = {
    "before it is flushed": "os.fsync = stop",
    "before it is indexed": "BlockIndex.add = stop",
}


@pytest.mark.parametrize("where", STOPS)
def test_block_store__when_a_run_is_killed__next_one_keeps_what_is_whole(
    tmp_path: Path, where: str
) -> None:
    """A process killed while it writes leaves an end that the next one looks through."""
    code = (
        "import os, sys\n"
        "from pfpkit.cid import Block, cid_of\n"
        "from pfpkit.pinning.blockindex import BlockIndex\n"
        "from pfpkit.pinning.blockstore import BlockStore\n"
        "def stop(*_):\n"
        "    print('writing', flush=True)\n"
        "    sys.stdin.read()\n"
        "store = BlockStore(sys.argv[1])\n"
        f"{STOPS[where]}\n"
        "store.put(Block(cid_of(b'half'), b'half'))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        during = BlockStore(tmp_path)
        assert during.lacking([cid_of(b"half")])
        assert [block.data for block in car_of(tmp_path)] == [b"half"]
        writer.send_signal(signal.SIGKILL)
    after = BlockStore(tmp_path)
    assert after.lacking([cid_of(b"half")])
    assert after.put(Block(cid_of(b"other"), b"other")) is True
    assert [block.data for block in car_of(tmp_path)] == [b"half", b"other"]
    assert after.put(Block(cid_of(b"half"), b"half")) is False


HALF_A_TRANSACTION = """
import os, signal, sqlite3, sys
index = sqlite3.connect(sys.argv[1], isolation_level=None)
# A small cache, so that what is not committed is in the file already.
index.execute("PRAGMA cache_size = 2")
index.execute("BEGIN IMMEDIATE")
index.execute("DELETE FROM pins")
for _ in range(2000):
    index.execute("INSERT INTO blocks VALUES (?, 1, 1)", (os.urandom(32),))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_block_store__when_killed_in_the_middle_of_a_transaction__is_as_before_it() -> None:
    """Whoever may write undoes it by opening the store; who may only read is told of it."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        dag = dag_of({"image": bytes(9)})
        BlockStore(path).pin(dag)
        index = path / "index.sqlite"
        whole = index.stat().st_size
        subprocess.run([sys.executable, "-c", HALF_A_TRANSACTION, str(index)], check=False)
        assert index.stat().st_size > whole
        for place, mode in ((path, 0o555), *((file, 0o444) for file in path.iterdir())):
            place.chmod(mode)
        with as_nobody(), pytest.raises(PinError, match=r"index\.sqlite.*read and write"):
            BlockStore(path)
        path.chmod(0o755)
        for file in path.iterdir():
            file.chmod(0o644)
        store = BlockStore(path)
        assert store.roots() == (dag.root,)
        assert store.is_whole(dag.root)
        assert store.pin(dag_of({"image": bytes(10)})).new is True


PINNING = """
import sys, time
sys.path.insert(0, sys.argv[2])
from support.dags import dag_of
from pfpkit.pinning.blockstore import BlockStore
store, first = BlockStore(sys.argv[1]), int(sys.argv[3])
for group in range(first, first + 1_000_000):
    dags = [dag_of({"image": b"%d %d" % (group, n) * 30, "b": b"b"}) for n in range(5)]
    assert all(receipt.new for receipt in store.pin_many(dags))
    print(group, flush=True)
    time.sleep(0.01)
"""
TESTS = str(Path(__file__).parents[1])


def test_pin_many__when_killed_in_the_middle_of_groups__every_pin_is_whole(tmp_path: Path) -> None:
    """SIGKILL at any moment, again and again, beside another that goes on and one that reads."""
    command = [sys.executable, "-c", PINNING, str(tmp_path), TESTS]
    moments = random.Random(5)
    told = 0
    with subprocess.Popen([*command, "10000000"], stdout=subprocess.PIPE) as other:
        for life in range(4):
            with subprocess.Popen(
                [*command, str(life * 1_000_000)], stdout=subprocess.PIPE
            ) as writer:
                assert writer.stdout is not None
                for _ in range(moments.randrange(1, 4)):
                    told += writer.stdout.readline() != b""
                time.sleep(moments.random() / 50)
                writer.kill()
            store = BlockStore(tmp_path)
            assert all(map(store.is_whole, store.roots()[:100]))
            assert len(store.roots()) >= 5 * told
        assert other.poll() is None
        other.kill()
    store = BlockStore(tmp_path)
    store.put(Block(cid_of(b"last"), b"last"))
    roots = set(store.roots())
    assert all(map(store.is_whole, roots))
    held = car_of(tmp_path)
    assert roots <= {block.cid for block in held}
    assert len(held) == len(set(held)), "no block was written twice"


def test_put_many__when_two_processes_write_the_same_and_others__both_end_whole(
    tmp_path: Path,
) -> None:
    """Two writers and a reader at once: every block ends right, and no leftovers."""
    code = (
        "import sys\n"
        "from pfpkit.cid import cid_of\n"
        "from pfpkit.pinning.blockstore import BlockStore\n"
        "from pfpkit.unixfs import Block\n"
        "first, last = int(sys.argv[2]), int(sys.argv[3])\n"
        "for n in range(first, last):\n"
        "    data = b'%d' % n * 500\n"
        "    BlockStore(sys.argv[1]).put(Block(cid_of(data), data))\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), *span])
        for span in (("0", "60"), ("30", "90"))
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    store = BlockStore(tmp_path)
    for n in range(90):
        data = b"%d" % n * 500
        assert store.get(cid_of(data)) == data
    assert len(car_of(tmp_path)) == 90


def test_pin__when_two_processes_pin_the_same__exactly_one_root_and_both_succeed(
    tmp_path: Path,
) -> None:
    """Racing pins of one DAG end in one record."""
    code = (
        "import sys\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from support.dags import dag_of\n"
        "from pfpkit.pinning.blockstore import BlockStore\n"
        "BlockStore(sys.argv[1]).pin(dag_of({'a': bytes(range(256)) * 20, 'b': b'b'}))\n"
    )
    pinners = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), TESTS]) for _ in range(2)
    ]
    assert [pinner.wait(60) for pinner in pinners] == [0, 0]
    dag = dag_of({"a": bytes(range(256)) * 20, "b": b"b"})
    store = BlockStore(tmp_path)
    assert store.roots() == (dag.root,)
    assert store.pin(Dag(dag.root, ())).new is False
