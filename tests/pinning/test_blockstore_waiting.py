"""BlockStore while another process writes: it is waited for, not for ever, and Ctrl-C ends it."""

import fcntl
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from pfpkit.cid import cid_of
from pfpkit.errors import PinError
from pfpkit.pinning import blockindex
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.unixfs import Block

TESTS = str(Path(__file__).parents[1])


@contextmanager
def writing_elsewhere(folder: Path) -> Iterator[None]:
    """As long as another one writes; a lock is its open file's, not its process's."""
    with (folder / "blocks.car").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def test_put__when_another_process_does_not_end__says_so(tmp_path: Path) -> None:
    """Nobody waits for ever, and reading waits for nobody."""
    store = BlockStore(tmp_path, patience=0.1)
    store.put(Block(cid_of(b"x"), b"x"))
    with writing_elsewhere(tmp_path):
        with pytest.raises(PinError, match=r"another process is writing to .*blocks\.car; wait"):
            store.put(Block(cid_of(b"y"), b"y"))
        assert store.get(cid_of(b"x")) == b"x"
    assert store.put(Block(cid_of(b"y"), b"y")) is True


def test_get__when_another_process_does_not_leave_the_index__says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is not at fault, and nothing has to be changed."""
    monkeypatch.setattr(blockindex, "_BUSY_S", 0.1)
    store = BlockStore(tmp_path)
    store.put(Block(cid_of(b"x"), b"x"))
    with closing(sqlite3.connect(tmp_path / "index.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(PinError, match=r"another process is busy with .*run it again$"):
            store.get(cid_of(b"x"))
    assert store.get(cid_of(b"x")) == b"x"


WAITING = """
import asyncio, sys
sys.path.insert(0, sys.argv[2])
from support.dags import dag_of
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.embedded import EmbeddedPinner
async def main():
    pinner = EmbeddedPinner(BlockStore(sys.argv[1]))
    asyncio.get_running_loop().call_later(0.1, lambda: print("waiting", flush=True))
    await pinner.pin(dag_of({"image": b"1"}))
asyncio.run(main())
"""


def test_pin__when_interrupted_while_another_writes__ends(tmp_path: Path) -> None:
    """One Ctrl-C, also when a thread waits."""
    BlockStore(tmp_path)
    command = [sys.executable, "-c", WAITING, str(tmp_path), TESTS]
    with (
        writing_elsewhere(tmp_path),
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as waiter,
    ):
        assert waiter.stdout is not None
        assert waiter.stdout.readline() == b"waiting\n"
        began = time.monotonic()
        waiter.send_signal(signal.SIGINT)
        _, said = waiter.communicate(timeout=20)
        assert time.monotonic() - began < 10
    assert b"KeyboardInterrupt" in said
