"""Temporary files and folders that are removed even when their process was killed.

Whoever makes one holds a lock on it, which the kernel lets go of with the process; whoever makes
the next one removes those of its kind that nobody holds. On a file system without locks nothing
is removed for others.
"""

import fcntl
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["temporary_file", "temporary_folder"]

_MADE_UP = r"[a-z0-9_]{8}"
"""What tempfile puts into a name."""


@contextmanager
def temporary_file(path: Path) -> Iterator[tuple[str, BinaryIO]]:
    """Yield the name of a new file beside `path`, and the file; renamed or not, it is gone at the
    end. OSError when it cannot be made."""
    prefix, suffix = f".{path.name}.", ".tmp"
    _remove_left(path.parent, prefix, suffix)
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=suffix)
        if _hold(handle, name):
            break
        os.close(handle)
    try:
        with os.fdopen(handle, "wb") as out:
            os.fchmod(handle, 0o644)
            yield name, out
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """Yield a new folder among the system's temporary ones. OSError when it cannot be made."""
    _remove_left(Path(tempfile.gettempdir()), prefix, "")
    while True:
        name = tempfile.mkdtemp(prefix=prefix)
        handle = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
        if _hold(handle, name):
            break
        os.close(handle)
    try:
        yield Path(name)
    finally:
        # What cannot be removed is left to the next one.
        shutil.rmtree(name, ignore_errors=True)
        os.close(handle)


def _hold(handle: int, name: str) -> bool:
    """Return whether `name` is still there, once it is held."""
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        return os.path.samestat(os.fstat(handle), os.stat(name, follow_symlinks=False))
    except FileNotFoundError:
        # Somebody cleaned in the moment between making and holding it.
        return False


def _remove_left(folder: Path, prefix: str, suffix: str) -> None:
    """Remove what killed processes of this user left."""
    ours = re.compile(re.escape(prefix) + _MADE_UP + re.escape(suffix))
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if ours.fullmatch(entry.name):
                _remove(entry.path)


def _remove(path: str) -> None:
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            status = os.fstat(handle)
            if status.st_uid == os.geteuid():
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path) if stat.S_ISDIR(status.st_mode) else os.unlink(path)
        finally:
            os.close(handle)
