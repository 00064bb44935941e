"""Entries as files, whole or not there, bounded in bytes, shared by processes that may be killed.

    total               a lock for writers, and how many bytes the entries take at most
    incoming            the entry that is being written
    3f/3f9a0c...        an entry: the sha2-256 of its key in hex

Who writes holds the lock, notes the new total, writes `incoming` and renames it: whoever reads sees
a whole entry or none, and a process that is killed leaves a total that is too high, never too low.
Over the bound, the entries are counted again, and those that were used longest ago are removed
until an eighth is free. Reading takes no lock; it sets the entry's time, which is its last use.
Bytes are counted in whole disk blocks of 4 KiB. Nothing is forced to the disk: what a power cut
tears is found by its reader, for every entry is checked when it is read.
"""

import errno
import fcntl
import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pfpkit.errors import BadContent
from pfpkit.flushing import write_all

__all__ = ["Disk", "Longer"]

_BLOCK = 4096
_LOCK_S = 2.0
"""How long a writer waits for others; a process that was stopped may hold the lock for ever."""
_LEFT_ALONE_S = 30.0
_FREED = 8
_NAME = re.compile(r"[0-9a-f]{64}")
_SHARD = re.compile(r"[0-9a-f]{2}")


class Longer(Exception):
    """An entry has more bytes than were asked for."""


class Disk:
    """Entries in `folder`, which is made when the first one is written."""

    def __init__(self, folder: Path, max_bytes: int, now: Callable[[], float]) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._now = now
        self._left_alone_until = 0.0

    def get(self, key: str, max_bytes: int | None = None) -> bytes | None:
        """Return an entry as it is on the disk, and note its use; None when it is not there.

        BadContent when it cannot be read. Longer when it has more than `max_bytes`, and then it is
        not read.
        """
        try:
            handle = os.open(self._path(key), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BadContent(f"an entry cannot be read: {error.strerror}") from error
        try:
            status = os.fstat(handle)
            if max_bytes is not None and status.st_size > max_bytes:
                raise Longer
            used = self._now()
            with suppress(OSError):
                os.utime(handle, (used, used))
            return _whole(handle, status.st_size)
        except OSError as error:
            raise BadContent(f"an entry cannot be read: {error.strerror}") from error
        finally:
            os.close(handle)

    def put(self, key: str, data: bytes) -> str | None:
        """Keep an entry; return None, or in words why it could not be kept."""
        size = _on_disk(len(data))
        if size > self._max_bytes:
            return f"{len(data):,} bytes are more than the whole cache may have"
        path, incoming = Path(self._path(key)), self._folder / "incoming"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._total() as total:
                taken = _noted(total)
                if taken is None or taken + size > self._max_bytes:
                    taken = self._swept(self._max_bytes - size)
                if taken + size > self._max_bytes:
                    return "the cache is full, and its oldest entries cannot be removed"
                os.pwrite(total, b"%20d\n" % (taken + size), 0)
                try:
                    _write(incoming, data)
                    os.utime(incoming, (self._now(), self._now()))
                    path.parent.mkdir(mode=0o700, exist_ok=True)
                    os.replace(incoming, path)
                except OSError:
                    with suppress(OSError):
                        incoming.unlink()
                    raise
        except OSError as error:
            return str(error.strerror or error)
        return None

    def drop(self, key: str) -> None:
        """Remove an entry; the total is found again when it is needed."""
        with suppress(OSError):
            os.unlink(self._path(key))

    def _path(self, key: str) -> str:
        name = hashlib.sha256(key.encode()).hexdigest()
        return f"{self._folder}/{name[:2]}/{name}"

    @contextmanager
    def _total(self) -> Iterator[int]:
        """Yield the file of the total, locked; OSError when others do not let go of it."""
        if time.monotonic() < self._left_alone_until:
            raise _held()
        # Opened each time: whoever empties the folder by hand removes it, too.
        handle = os.open(self._folder / "total", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            end = time.monotonic() + _LOCK_S
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > end:
                        self._left_alone_until = time.monotonic() + _LEFT_ALONE_S
                        raise _held() from None
                    time.sleep(0.002)
            yield handle
        finally:
            os.close(handle)

    def _swept(self, most: int) -> int:
        """Return the bytes of all entries, once they are `most` or fewer; a part more is freed."""
        entries = sorted(self._entries())
        taken = sum(size for _, size, _ in entries)
        if taken <= most:
            return taken
        wanted = most - self._max_bytes // _FREED
        for _, size, path in entries:
            if taken <= wanted:
                break
            with suppress(OSError):
                os.unlink(path)
                taken -= size
        return taken

    def _entries(self) -> Iterator[tuple[float, int, str]]:
        """Yield last use, bytes on disk and path of each entry; nothing else is looked at."""
        with os.scandir(self._folder) as shards:
            folders = [shard.path for shard in shards if _SHARD.fullmatch(shard.name)]
        for folder in folders:
            with suppress(OSError), os.scandir(folder) as files:
                for file in files:
                    with suppress(OSError):
                        status = file.stat(follow_symlinks=False)
                        if stat.S_ISREG(status.st_mode) and _NAME.fullmatch(file.name):
                            yield status.st_mtime, _on_disk(status.st_size), file.path


def _on_disk(size: int) -> int:
    return max(1, -(-size // _BLOCK)) * _BLOCK


def _held() -> BlockingIOError:
    return BlockingIOError(errno.EAGAIN, "another process holds the cache and does not let go")


def _noted(total: int) -> int | None:
    """Return the total that is noted, or None when none is."""
    text = os.pread(total, 32, 0)
    return int(text) if re.fullmatch(rb" *[0-9]{1,20}\n", text) else None


def _whole(handle: int, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := os.read(handle, size)):
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _write(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        write_all(handle, data)
    finally:
        os.close(handle)
