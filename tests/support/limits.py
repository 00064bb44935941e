"""What a test does to a child before it starts: a full disk, or a root that obeys permissions."""

from __future__ import annotations

import ctypes
import resource
from collections.abc import Callable

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE = 1


def no_file_larger(size: int) -> Callable[[], None]:
    """No file may grow beyond `size` bytes: to whoever writes, the disk is full."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def bound_by_permissions() -> None:
    """Take from root the right to write where nobody may; does nothing to anybody else."""
    if hasattr(libc := ctypes.CDLL(None), "prctl"):
        libc.prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0)
