"""Bytes written whole, files and folders forced to the disk.

Many at once, for a file system's journal commits what several threads ask for in one go.
"""

import functools
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from typing import TypeVar

__all__ = ["flush_folders", "write_all", "write_through"]

_AT_ONCE = 16
_OPEN = 64  # macOS allows a process 256 open files by default

_T = TypeVar("_T")


def write_through(files: Mapping[Path, bytes]) -> None:
    """Write new files; every byte is on the disk when this returns."""
    source = iter(files.items())
    while some := list(islice(source, _OPEN)):
        _write_some(some)


def _write_some(files: Iterable[tuple[Path, bytes]]) -> None:
    descriptors: list[int] = []
    try:
        for file, data in files:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            descriptors.append(descriptor)
            write_all(descriptor, data)
        _each(os.fsync, descriptors)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def flush_folders(folders: Collection[Path]) -> None:
    """Force the names in some folders to the disk."""
    _each(_flush_folder, folders)


def _each(flush: Callable[[_T], None], whats: Collection[_T]) -> None:
    rows = list(whats)
    if len(rows) < 2:
        _all(flush, rows)
        return
    flushed = [_flushers().submit(_all, flush, rows[i::_AT_ONCE]) for i in range(_AT_ONCE)]
    wait(flushed)  # whoever sees an error closes the files, and then nobody may still use them
    for one in flushed:
        one.result()


def _all(flush: Callable[[_T], None], whats: Iterable[_T]) -> None:
    for what in whats:
        flush(what)


@functools.cache
def _flushers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE, "flush")


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte to an open file; OSError when not all were."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
