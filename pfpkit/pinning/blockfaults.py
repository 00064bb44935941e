"""What the disk and SQLite refuse a block store, said in the store's own errors."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pfpkit.errors import PinError, StoreDamaged, StoreFull

__all__ = ["FULL", "disk_faults"]

# A quota and a limit on file size look like a full disk to whoever has to fix it.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# SQLite says no more of a quota than that it could not write.
_INDEX_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE})
_INDEX_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_INDEX_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


@contextmanager
def disk_faults(verb: str, store: Path, index: Path) -> Iterator[None]:
    """Raise OSError and sqlite3.Error as PinError, StoreFull or StoreDamaged.

    `verb` is what could not be done to the folder `store`, whose index is the file `index`.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise _failure(verb, store, reason, error.filename, error.errno in FULL) from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF in _INDEX_DAMAGED:
            raise StoreDamaged(
                f"{index} is damaged: {error}; remove it and pin again: it is made "
                "anew from blocks.car, and no block is written twice"
            ) from error
        if code & 0xFF in _INDEX_BUSY:
            raise PinError(
                f"cannot {verb} the block store {store}: another process is busy with {index} "
                f"({error}); wait until it ends and run it again"
            ) from error
        is_full = bool({code, code & 0xFF} & _INDEX_FULL)
        raise _failure(verb, store, str(error), index, is_full) from error


def _failure(verb: str, store: Path, reason: str, where: object, is_full: bool) -> PinError:
    if is_full:
        return StoreFull(
            f"no room left for the block store {store}: {reason}; "
            "free some space and run it again (nothing half-written was left)"
        )
    return PinError(
        f"cannot {verb} the block store {store}: {reason} ({where or store}); "
        "it has to be a folder that you may read and write"
    )
