"""`blocks.car`: every block of a store in one append-only file, each a section of a CARv1.

Follows the CARv1 specification (ipld.io/specs/transport/car/carv1), so that any CAR reader reads
it. A CAR has to name a root, and a store has none: the head names the empty directory, and holds
it. Whoever writes holds an exclusive lock on the file, which the kernel lets go of when the
process is killed. What stands in the file is trusted for nothing: readers hash it.
"""

import asyncio
import fcntl
import hashlib
import io
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import BinaryIO, NamedTuple

from pfpkit.car import section_head, write_car
from pfpkit.cid import CID, MAX_BLOCK_BYTES, SHA2_256, Block, read_varint
from pfpkit.errors import BadCar, BadCID, PinError, StoreDamaged
from pfpkit.flushing import flush_folders, write_all
from pfpkit.unixfs import add_directory

__all__ = ["BlockFile", "Place", "Writer", "leaving"]

_MAX_HEAD = 64  # of a section: its length, and a CID of sha2-256
_BUFFER = 2**20
_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.001, 0.02

_left: ContextVar[threading.Event | None] = ContextVar("left", default=None)


@contextmanager
def leaving() -> Iterator[None]:
    """Around what waits for a thread that writes, and that runs in a copy of this context: when
    this is cancelled, the thread does not wait for another writer any more."""
    left = threading.Event()
    token = _left.set(left)
    try:
        yield
    except asyncio.CancelledError:
        left.set()
        raise
    finally:
        _left.reset(token)


class Place(NamedTuple):
    """Where a block's bytes are in the file."""

    offset: int
    length: int

    @property
    def end(self) -> int:
        """The offset behind them."""
        return self.offset + self.length


class BlockFile:
    """The file at `path`; made when somebody writes. A writer waits up to `patience` seconds for
    another one."""

    def __init__(self, path: Path, patience: float) -> None:
        self.path = path
        self._patience = patience

    @contextmanager
    def reading(self) -> Iterator[Callable[[Place], bytes]]:
        """Yield how to read the bytes at a place: fewer when the file ends before, or is gone."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            yield lambda _: b""
            return
        try:
            yield lambda place: os.pread(descriptor, place.length, place.offset)
        finally:
            os.close(descriptor)

    def size(self) -> int:
        """Return how many bytes the file has; 0 when it is gone."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    @contextmanager
    def writing(self) -> Iterator["Writer"]:
        """Yield the one writer that there is at a time, as soon as another one has ended.

        StoreDamaged when the file does not begin as one of ours, PinError when the other one does
        not end in time.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(self.path, flags, 0o644)
        try:
            self._lock(descriptor)
            yield Writer(self.path, descriptor)
        finally:
            os.close(descriptor)

    def _lock(self, descriptor: int) -> None:
        """Lock the file; no call of the kernel's is waited in, for no signal ends that one in a
        thread."""
        left = _left.get() or threading.Event()
        end, pause = time.monotonic() + self._patience, _FIRST_PAUSE_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() >= end or left.wait(pause):
                    raise PinError(
                        f"another process is writing to {self.path}; wait until it ends and run "
                        "it again"
                    ) from None
                pause = min(2 * pause, _LAST_PAUSE_S)


class Writer:
    """Appends to the file while it is locked; `size` is where it ends."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size
        self._begin()

    def _begin(self) -> None:
        head = os.pread(self._descriptor, len(_HEAD), 0)
        if not _HEAD.startswith(head):
            raise StoreDamaged(
                f"{self._path} does not begin as the file of a block store; move it away, and pin "
                "again what it held"
            )
        if head != _HEAD:
            os.ftruncate(self._descriptor, 0)
            write_all(self._descriptor, _HEAD)
            os.fsync(self._descriptor)
            flush_folders([self._path.parent, self._path.parent.parent])
            self.size = len(_HEAD)

    def recover(self, end: int) -> list[tuple[bytes, Place]]:
        """Return digest and place of every right block behind `end`, which are on the disk then.

        The file ends after the last of them: what a killed writer did not finish goes.
        """
        found = []
        with suppress(StoreDamaged):  # bytes that never were a section are no end worth keeping
            for block in self.scan(end):
                found.append(block)
        self.cut(found[-1][1].end if found else end)
        self.flush()
        return found

    def cut(self, end: int) -> None:
        """End the file at `end`, or after its head."""
        end = max(end, len(_HEAD))
        if end < self.size:
            os.ftruncate(self._descriptor, end)
            self.size = end

    def flush(self) -> int:
        """Have all of the file on the disk, and return where it ends."""
        os.fsync(self._descriptor)
        return self.size

    def append(self, blocks: Iterable[Block]) -> list[Place]:
        """Add blocks in one go and return their places; all of them are on the disk then.

        After an error none is in the file.
        """
        places, parts, end = [], list[bytes](), self.size
        for cid, data in blocks:
            head = section_head(cid, len(data))
            place = Place(end + len(head), len(data))
            places.append(place)
            parts += (head, data)
            end = place.end
        if parts:
            try:
                write_all(self._descriptor, b"".join(parts))
                os.fsync(self._descriptor)
            except BaseException:
                os.ftruncate(self._descriptor, self.size)
                raise
            self.size = end
        return places

    def scan(self, start: int = 0) -> Iterator[tuple[bytes, Place]]:
        """Yield digest and place of every right block from `start` on, where a section begins or
        the file; a last one that is not whole is cut off.

        A block whose bytes are not its CID's is left out. StoreDamaged where no section begins, for
        then nobody knows where the next one does.
        """
        with open(self._descriptor, "rb", buffering=_BUFFER, closefd=False) as file:
            start = max(start, len(_HEAD))
            while start < self.size:
                found = self._section(file, start)
                if found is None:
                    self.cut(start)
                    return
                cid, place = found
                file.seek(place.offset)
                if hashlib.sha256(file.read(place.length)).digest() == cid.digest:
                    yield cid.digest, place
                start = place.end

    def _section(self, file: BinaryIO, start: int) -> tuple[CID, Place] | None:
        """Return the CID and the place of the block whose section begins at `start`.

        None when the file ends within it.
        """
        file.seek(start)
        head = file.read(_MAX_HEAD)
        try:
            length, at = read_varint(head, error=BadCar)
            if length > _MAX_HEAD + MAX_BLOCK_BYTES:
                raise BadCar(f"a section of {length} bytes is longer than any here")
            end = start + at + length
            if end > self.size:
                return None
            cid, at = CID.read(head, at)
            if cid.hash_code != SHA2_256 or start + at > end:
                raise BadCar("its CID is none that is kept here")
        except (BadCar, BadCID) as error:
            if len(head) < _MAX_HEAD:
                return None
            raise StoreDamaged(
                f"{self._path} is damaged: no block begins at byte {start} ({error}); move the "
                f"folder {self._path.parent} away, and pin again what it held"
            ) from None
        return cid, Place(start + at, end - start - at)


def _head() -> bytes:
    blocks: list[Block] = []
    root = add_directory({}, sink=blocks.append).cid
    out = io.BytesIO()
    write_car(out, [root], blocks)
    return out.getvalue()


_HEAD = _head()
