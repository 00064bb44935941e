"""`index.sqlite`: where each block is in `blocks.car`, and which roots are pinned.

    blocks  digest (32 bytes of sha2-256) -> offset and length of the block's bytes
    pins    root (a CIDv1, binary) -> how many blocks and bytes are under it
    file    the one row: how many bytes of blocks.car are indexed; what is behind them is no block

One transaction adds blocks and pins together, and is on the disk when it returns (synchronous
FULL). It has a rollback journal, and no write-ahead log: whoever may only read the folder could not
open a database with a log, for opening one makes files beside it. That costs 3 ms more a group (6
instead of 3 for 300 blocks), and a reader waits for a commit. The journal is truncated, not
deleted, so that a commit does not change the folder too.

SQLite's locks are lost when a process opens and closes this file in another way: nobody here does.
"""

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Self, TypeVar

from pfpkit.cid import CID
from pfpkit.errors import StoreDamaged
from pfpkit.pinning.blockfile import Place

__all__ = ["BlockIndex"]

_VERSION = 1  # as the database's user_version
_SCHEMA = (
    "CREATE TABLE blocks (digest BLOB PRIMARY KEY, offset INTEGER, length INTEGER) WITHOUT ROWID",
    "CREATE TABLE pins (root BLOB PRIMARY KEY, blocks INTEGER, bytes INTEGER) WITHOUT ROWID",
    "CREATE TABLE file (size INTEGER)",
)
_BUSY_S = 60.0
_CACHE_KIB = 16 * 2**10
_AT_ONCE = 500  # SQLite may allow 999 values in one statement

_T = TypeVar("_T")


class BlockIndex:
    """The database at `path`, open; threads may share it, other processes read and write it too.

    Every method raises sqlite3.Error, and OSError when the file cannot be reached.
    """

    def __init__(self, path: Path, mode: str) -> None:
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        self._path = path
        self._lock = threading.Lock()
        self._database = sqlite3.connect(
            uri, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        weakref.finalize(self, self._database.close)
        self._identity = _identity(path)
        self._run("PRAGMA journal_mode = TRUNCATE")
        self._run("PRAGMA synchronous = FULL")
        self._run(f"PRAGMA cache_size = -{_CACHE_KIB}")

    @classmethod
    def open(cls, path: Path) -> Self | None:
        """Return the index that is there, or None. StoreDamaged when the file is none of ours."""
        try:
            path.stat()
        except FileNotFoundError:
            return None
        index = cls(path, "rw")
        (version,) = index._run("PRAGMA user_version")[0]
        if version == _VERSION:
            return index
        # Whoever made it was killed before the first commit.
        if version == 0 and not index._run("SELECT 1 FROM sqlite_master"):
            return None
        raise StoreDamaged(
            f"{path} is no index that this pfpkit reads; remove it, or use the pfpkit that made it"
        )

    @classmethod
    def make(
        cls, path: Path, blocks: Iterable[tuple[bytes, Place]], size: Callable[[], int]
    ) -> Self:
        """Return a new index of these blocks without pins; `size` is asked after the last block.

        It is all there or not at all.
        """
        index = cls(path, "rwc")
        with index._transaction() as database:
            for statement in _SCHEMA:
                database.execute(statement)
            database.executemany(_ADD_BLOCK, _rows(blocks))
            database.execute("INSERT INTO file VALUES (?)", (size(),))
            database.execute(f"PRAGMA user_version = {_VERSION}")
        return index

    def is_current(self) -> bool:
        """Return whether this is still the file at its path; somebody may have removed that."""
        try:
            return _identity(self._path) == self._identity
        except FileNotFoundError:
            return False

    def places(self, digests: Iterable[bytes]) -> dict[bytes, Place]:
        """Return the places of those digests that are there."""
        rows = self._select("SELECT * FROM blocks WHERE digest IN", digests)
        return {digest: Place(offset, length) for digest, offset, length in rows}

    def pinned(self, roots: Iterable[CID]) -> set[CID]:
        """Return those of `roots`, as CIDv1, that are pinned."""
        names = (root.as_v1().encode() for root in roots)
        return {
            CID.decode(name)
            for (name,) in self._select("SELECT root FROM pins WHERE root IN", names)
        }

    def roots(self) -> list[CID]:
        """Return all that is pinned, as CIDv1."""
        return [CID.decode(name) for (name,) in self._run("SELECT root FROM pins")]

    def end(self) -> int:
        """Return how many bytes of blocks.car are indexed."""
        ((size,),) = self._run("SELECT size FROM file")
        return int(size)

    def shrink(self, size: int) -> int:
        """Return where the last block ends in blocks.car, which has `size` bytes.

        When that lost its end, the blocks there are forgotten first, and every pin, for nobody
        knows which were above them.
        """
        if self.end() > size:
            with self._transaction() as database:
                database.execute("DELETE FROM blocks WHERE offset + length > ?", (size,))
                database.execute("DELETE FROM pins")
                database.execute(
                    "UPDATE file SET size = (SELECT coalesce(max(offset + length), 0) FROM blocks)"
                )
        return self.end()

    def add(
        self,
        blocks: Iterable[tuple[bytes, Place]],
        pins: Mapping[CID, tuple[int, int]],
        size: int,
    ) -> None:
        """Add blocks and (blocks, bytes) of pins at once; a block that was there has a new place.

        `size` is how many bytes of blocks.car are indexed with them.
        """
        with self._transaction() as database:
            database.executemany(_ADD_BLOCK, _rows(blocks))
            rows = ((root.encode(), *counts) for root, counts in pins.items())
            database.executemany("INSERT OR REPLACE INTO pins VALUES (?, ?, ?)", rows)
            database.execute("UPDATE file SET size = ?", (size,))

    def unpin(self, root: CID) -> bool:
        """Forget a pin; return whether there was one."""
        with self._transaction() as database:
            gone = database.execute("DELETE FROM pins WHERE root = ?", (root.as_v1().encode(),))
            return gone.rowcount == 1

    def _run(self, statement: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()

    def _select(self, statement: str, values: Iterable[bytes]) -> Iterator[Any]:
        for some in _some_of(values):
            yield from self._run(f"{statement} ({','.join('?' * len(some))})", *some)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise


_ADD_BLOCK = "INSERT OR REPLACE INTO blocks VALUES (?, ?, ?)"


def _rows(blocks: Iterable[tuple[bytes, Place]]) -> Iterator[tuple[bytes, int, int]]:
    return ((digest, *place) for digest, place in blocks)


def _some_of(values: Iterable[_T]) -> Iterator[list[_T]]:
    source = iter(values)
    while some := list(islice(source, _AT_ONCE)):
        yield some


def _identity(path: Path) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino
