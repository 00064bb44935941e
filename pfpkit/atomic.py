"""Write files whole or not at all: temporary files beside them, flushed, then renamed over them."""

import contextlib
import errno
import os
from collections.abc import Mapping
from pathlib import Path

from pfpkit.flushing import flush_folders
from pfpkit.temporary import temporary_file


def write_file(path: Path, data: bytes) -> None:
    """Give `path` these bytes in one step, making its folder; OSError leaves it as it was."""
    write_files({path: data})


def write_files(files: Mapping[Path, bytes]) -> None:
    """Give each path its bytes, in order, once all of them are on the disk; it makes folders.

    OSError leaves every file as it was: a full disk fails before the first one is renamed.
    """
    with contextlib.ExitStack() as stack:
        written: dict[Path, str] = {}
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            written[path], out = stack.enter_context(temporary_file(path))
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
            _refuse_folder(path)
        for path, temporary in written.items():
            os.replace(temporary, path)
    flush_folders({path.parent for path in files})


def _refuse_folder(path: Path) -> None:
    # A rename onto it would fail, after others have been done.
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
