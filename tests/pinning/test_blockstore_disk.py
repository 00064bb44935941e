"""BlockStore on a disk that fails: full, limited, unreadable, or left behind by a killed run"""

import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.dags import dag_of

from pfpkit.cid import cid_of
from pfpkit.errors import PinError, StoreFull
from pfpkit.pinning import Dag
from pfpkit.pinning.blockstore import BlockStore
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


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_put__when_a_write_fails_half_way__leaves_no_half_block(tmp_path: Path) -> None:
    """A write that the kernel cuts short is named as no room, and nothing of it is seen."""
    store = BlockStore(tmp_path)
    before = files_in(tmp_path)
    data = bytes(100_000)
    with largest_file(4096), pytest.raises(StoreFull, match=f"{tmp_path}.*free some space"):
        store.put(Block(cid_of(data), data))
    assert files_in(tmp_path) == before
    assert store.put(Block(cid_of(data), data)) is True


def test_put_many__when_one_block_fails__no_other_of_its_batch_is_half_there(
    tmp_path: Path,
) -> None:
    """What is in the store after a failed batch is whole."""
    store = BlockStore(tmp_path)
    small, large = Block(cid_of(b"small"), b"small"), bytes(100_000)
    with largest_file(4096), pytest.raises(StoreFull):
        store.put_many([small, Block(cid_of(large), large)])
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not store.has_block(small.cid) or store.get(small.cid) == small.data


def test_pin__when_the_disk_is_really_full__records_nothing_and_resumes(tiny_disk: Path) -> None:
    """ENOSPC from a real file system where one can be mounted (see `tiny_disk`)."""
    dag = dag_of({"image": os.urandom(2**20), "metadata.json": b"{}"}, UNIXFS_V1_2025)
    store = BlockStore(tiny_disk)
    with pytest.raises(StoreFull, match="free some space"):
        store.pin(dag)
    assert store.roots() == ()
    assert list((tiny_disk / "tmp").iterdir()) == []
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
            subprocess.run(["umount", str(folder)], check=True)
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
        (path / "lock").chmod(0o444)
        with as_nobody():
            store = BlockStore(path)
            assert store.get(cid_of(b"x")) == b"x"
            with pytest.raises(PinError, match="Permission denied"):
                store.put(Block(cid_of(b"y"), b"y"))
        for folder in folders:
            folder.chmod(0o755)


def test_block_store__when_the_folder_is_a_file__says_so(tmp_path: Path) -> None:
    """A wrong option is no traceback."""
    (tmp_path / "store").write_bytes(b"")
    with pytest.raises(PinError, match="cannot open the block store"):
        BlockStore(tmp_path / "store")


def test_block_store__when_a_killed_run_left_files__ignores_and_removes_them(
    tmp_path: Path,
) -> None:
    """A process killed while it writes leaves no block, and its leftovers go at the next start."""
    code = (
        "import os, sys\n"
        "from pfpkit.cid import cid_of\n"
        "from pfpkit.pinning.blockstore import BlockStore\n"
        "from pfpkit.unixfs import Block\n"
        "real = os.fsync\n"
        "def stop(descriptor):\n"
        "    print('writing', flush=True)\n"
        "    sys.stdin.read()\n"
        "store = BlockStore(sys.argv[1])\n"
        "os.fsync = stop\n"
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
        assert len(list((tmp_path / "tmp").iterdir())) == 1, "a living writer keeps its file"
        assert not during.has_block(cid_of(b"half"))
        writer.send_signal(signal.SIGKILL)
    after = BlockStore(tmp_path)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not after.has_block(cid_of(b"half"))
    assert after.put(Block(cid_of(b"half"), b"half")) is True


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
    assert list((tmp_path / "tmp").iterdir()) == []


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
    tests = str(Path(__file__).parents[1])
    pinners = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), tests]) for _ in range(2)
    ]
    assert [pinner.wait(60) for pinner in pinners] == [0, 0]
    dag = dag_of({"a": bytes(range(256)) * 20, "b": b"b"})
    store = BlockStore(tmp_path)
    assert store.roots() == (dag.root,)
    assert store.pin(Dag(dag.root, ())).new is False
