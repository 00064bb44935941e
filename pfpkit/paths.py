"""Files and folders on disk become DAGs, as `ipfs add -r` makes them. Only reads.

Follows IPIP-0499 where it speaks of folders: hidden entries are left out unless asked for, empty
folders are kept, modes and times are not. What has no bytes of its own (links, pipes, devices) is
refused by name, so that nobody pins less, or more, than the folder seemed to hold.
"""

import os
import stat
from pathlib import Path

from pfpkit.errors import BadInput, NotFound
from pfpkit.unixfs import UNIXFS_V1_2025, Entry, Profile, Sink, add_directory, add_file

MAX_DEPTH = 200


def add_path(
    path: Path, profile: Profile = UNIXFS_V1_2025, sink: Sink | None = None, *, hidden: bool = False
) -> Entry:
    """Return the DAG of a file or folder; its blocks go to `sink`, the root last.

    Entries beneath `path` whose names start with a dot are left out unless `hidden`; `path` itself
    may be one. Raise BadInput or NotFound with the path that cannot be added.
    """
    try:
        return _add(path, profile, sink, hidden, MAX_DEPTH)
    except FileNotFoundError as error:
        raise NotFound(f"{error.filename}: there is no such file or folder") from None
    except OSError as error:
        raise BadInput(f"{error.filename or path}: {error.strerror or error}") from None


def _add(path: Path, profile: Profile, sink: Sink | None, hidden: bool, depth: int) -> Entry:
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode):
        if depth == 0:
            raise BadInput(f"{path}: folders are nested over {MAX_DEPTH} deep")
        return _add_folder(path, profile, sink, hidden, depth)
    if stat.S_ISLNK(mode):
        raise BadInput(f"{path} is a symbolic link; put what it points to in its place")
    if not stat.S_ISREG(mode):
        raise BadInput(f"{path} is neither a file nor a folder")
    with path.open("rb", buffering=0) as file:
        return add_file(file, profile, sink)


def _add_folder(path: Path, profile: Profile, sink: Sink | None, hidden: bool, depth: int) -> Entry:
    entries: dict[str, Entry] = {}
    for name in sorted(os.listdir(path)):
        if hidden or not name.startswith("."):
            entries[name] = _add(path / name, profile, sink, hidden, depth - 1)
    try:
        return add_directory(entries, profile, sink)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None
