"""One process at a time: a folder that is held until its holder lets go or dies."""

import fcntl
import os
from pathlib import Path

__all__ = ["hold"]


def hold(folder: Path) -> int | None:
    """Make a folder and hold it; return what holds it until it is closed, None if another does.

    The system lets go of it for a process that is killed. OSError when the folder cannot be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
