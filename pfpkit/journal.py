"""An append-only file of JSON lines, for what a run that is killed must not forget.

    "pfpkit pinning journal 2"                  what the lines below are, and of which version
    5b0f3c21 ["pin","kubo","bafy...",...]       each line behind the CRC-32 of its JSON, in hex

A line is handed to the system as soon as it is written, so that it outlives the process; it is
forced to the disk with others of its time, so that a power cut costs the last few. A line that was
cut short, damaged or edited is passed over: its checksum is not its own. What a right line says is
for its reader to check.
"""

import json
import os
import time
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pfpkit.atomic import write_file
from pfpkit.errors import BadRecord, PfpkitError
from pfpkit.flushing import write_all
from pfpkit.locks import hold

__all__ = ["HeldJournal", "Journal", "row_of"]

_SYNC_LINES = 64
_SYNC_S = 0.5
_SUM_BYTES = 9


class Journal:
    """Lines below a `head` that says what they are.

    A journal with another head is begun anew at the first line appended; with `keep_others`, which
    says what else to do, it is refused with BadRecord instead. Appending makes the folder and the
    file. Use as `with Journal(path, head) as journal:`, or call `close`, which forces what was
    appended to the disk.
    """

    def __init__(self, path: Path, head: str, *, keep_others: str = "") -> None:
        self.path = path
        self._keep_others = keep_others
        self._torn = False
        self.wrong = 0
        """How many lines `lines` has passed over."""
        self._head = json.dumps(head).encode() + b"\n"
        self._descriptor: int | None = None
        self._unsynced = 0
        self._synced_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def lines(self) -> Iterator[bytes]:
        """Yield the JSON of each whole line, oldest first. OSError when it cannot be read."""
        try:
            with self.path.open("rb") as file:
                if not self._is_ours(file.readline()):
                    return
                for line in file:
                    data = line[_SUM_BYTES:-1]
                    if line == _line(data):
                        yield data
                    else:
                        self.wrong += len(line) > 1
        except FileNotFoundError:
            return

    def mend_end(self) -> None:
        """Take away a last line that was never written whole, so that wrong lines are damaged ones.

        One that is whole but for its end is kept. OSError when the file cannot be written.
        """
        try:
            descriptor = os.open(self.path, os.O_RDWR)
        except FileNotFoundError:
            return
        try:
            data = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
            *_, end = data.rpartition(b"\n")
            whole = [line for line in (end, end[:-1]) if _line(line[_SUM_BYTES:]) == line + b"\n"]
            if not end:
                return
            os.ftruncate(descriptor, len(data) - len(end) + len(whole[0] if whole else b""))
            if whole:
                os.pwrite(descriptor, b"\n", len(data) - len(end) + len(whole[0]))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def append(self, data: bytes) -> None:
        """Add one line of this JSON; OSError when that failed, and what is there is not read."""
        descriptor = self._open()
        line = _line(data)
        # What a full disk left of a line must not swallow the next one.
        whole, self._torn = b"\n" * self._torn + line, True
        write_all(descriptor, whole)
        self._torn = False
        self._unsynced += 1
        if self._unsynced >= _SYNC_LINES or time.monotonic() - self._synced_at >= _SYNC_S:
            self.sync()

    def sync(self) -> None:
        """Return when every appended line is on the disk."""
        if self._unsynced and self._descriptor is not None:
            os.fsync(self._descriptor)
        self._unsynced = 0
        self._synced_at = time.monotonic()

    def replace(self, lines: Iterable[bytes]) -> None:
        """Give it lines of this JSON alone, in one step; without any, the file is removed."""
        self.close()
        data = b"".join(map(_line, lines))
        if data:
            write_file(self.path, self._head + data)
        else:
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Force what was appended to the disk, and close the file. Closing twice is fine."""
        if self._descriptor is not None:
            try:
                self.sync()
            finally:
                os.close(self._descriptor)
                self._descriptor = None

    def _open(self) -> int:
        if self._descriptor is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self._exists():
                write_file(self.path, self._head)
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND)
            # What a killed run left of a line must not swallow the next one.
            size = os.fstat(descriptor).st_size
            if os.pread(descriptor, 1, size - 1) != b"\n":
                write_all(descriptor, b"\n")
            self._descriptor = descriptor
        return self._descriptor

    def _exists(self) -> bool:
        try:
            with self.path.open("rb") as file:
                return self._is_ours(file.readline())
        except FileNotFoundError:
            return False

    def _is_ours(self, head: bytes) -> bool:
        if head == self._head:
            return True
        if head and self._keep_others:
            raise BadRecord(
                f"{self.path} is none that this pfpkit reads; use the pfpkit that wrote it, or "
                f"{self._keep_others}"
            )
        return False


class HeldJournal(ABC):
    """What a journal in a folder of its own says, while one run holds the folder.

    Use with `with`. With `holding=False` it only reads, beside whoever writes.
    """

    def __init__(self, folder: Path, head: str, *, keep_others: str, holding: bool) -> None:
        self.folder = folder
        self._journal = Journal(folder / "journal", head, keep_others=keep_others)
        self._holding = holding
        self._held: int | None = None

    def __enter__(self) -> Self:
        try:
            with self._disk():
                if self._holding:
                    self._held = hold(self.folder)
                    if self._held is None:
                        raise self._busy()
                self._load()
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            with self._disk():
                self._journal.close()
        finally:
            self._release()

    @abstractmethod
    def _load(self) -> None:
        """Take in what the lines say."""

    @abstractmethod
    def _busy(self) -> PfpkitError:
        """Return the error that says that another run holds the folder."""

    @abstractmethod
    def _unusable(self, words: str) -> PfpkitError:
        """Return the error that says why the folder is needed, when the system refuses it."""

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error

    def _release(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None


def row_of(values: Sequence[object]) -> bytes:
    """Return values as the JSON of a line.

    >>> row_of(["pin", "kubo", 7])
    b'["pin","kubo",7]'
    """
    return json.dumps(values, separators=(",", ":")).encode()


def _line(data: bytes) -> bytes:
    """Return a line that is believed; a bit, or up to four bytes in a row, never pass as right."""
    return b"%08x %b\n" % (zlib.crc32(data), data)
