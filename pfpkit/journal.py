"""An append-only file of JSON lines, for what a run that is killed must not forget.

A line is handed to the system as soon as it is written, so that it outlives the process; it is
forced to the disk with others of its time, so that a power cut costs the last few. Another
program's file, or one of another version, is begun anew. Trusts its own lines no further: whoever
reads one checks it, and a line that was cut short is passed over.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from pfpkit.atomic import write_file

__all__ = ["Journal"]

_SYNC_LINES = 64
_SYNC_S = 0.5


class Journal:
    """Lines below a `head` that says what they are; a journal with another head is not read.

    Appending makes the folder and the file. Use as `with Journal(path, head) as journal:`, or
    call `close`, which forces what was appended to the disk.
    """

    def __init__(self, path: Path, head: str) -> None:
        self.path = path
        self._head = json.dumps(head).encode() + b"\n"
        self._descriptor: int | None = None
        self._unsynced = 0
        self._synced_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def lines(self) -> Iterator[bytes]:
        """Yield each whole line without its end, oldest first. OSError when it cannot be read."""
        try:
            with self.path.open("rb") as file:
                if file.readline() != self._head:
                    return
                for line in file:
                    if line.endswith(b"\n") and len(line) > 1:
                        yield line[:-1]
        except FileNotFoundError:
            return

    def append(self, row: object) -> None:
        """Add one line; OSError when that failed, and then the line may be there in part."""
        descriptor = self._open()
        _write_all(descriptor, _encode(row))
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
        """Give it these lines alone, in one step; without any, the file is removed."""
        self.close()
        data = b"".join(line + b"\n" for line in lines)
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
            if not self._is_ours():
                write_file(self.path, self._head)
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND)
            # What a killed run left of a line must not swallow the next one.
            size = os.fstat(descriptor).st_size
            if os.pread(descriptor, 1, size - 1) != b"\n":
                _write_all(descriptor, b"\n")
            self._descriptor = descriptor
        return self._descriptor

    def _is_ours(self) -> bool:
        try:
            with self.path.open("rb") as file:
                return file.readline() == self._head
        except FileNotFoundError:
            return False


def _encode(row: object) -> bytes:
    return json.dumps(row, separators=(",", ":")).encode() + b"\n"


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
