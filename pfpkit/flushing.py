"""Bytes written whole, and folders forced to the disk."""

import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["flush_folders", "write_all"]


def flush_folders(folders: Iterable[Path]) -> None:
    """Force the names in some folders to the disk."""
    for folder in folders:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte to an open file; OSError when not all were."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
