"""How a renderer and its workers talk: a program's argument, and framed bytes. Pure."""

import json
import struct
from dataclasses import astuple

from pfpkit.media.bounds import Bounds, MediaLimits

__all__ = ["COST", "LENGTH", "READY", "task", "told"]

READY = b"ready"
LENGTH = struct.Struct(">Q")
"""Before a picture and before an answer: how many bytes it has."""
COST = struct.Struct(">dQ")
"""At the head of an answer: seconds of processor time, and the most bytes of memory so far."""


def task(limits: MediaLimits, sizes: tuple[int, ...], bounds: Bounds) -> str:
    """Return the argument that tells a worker its limits."""
    return json.dumps([astuple(limits), sizes, astuple(bounds)])


def told(argument: str) -> tuple[MediaLimits, tuple[int, ...], Bounds]:
    """Read what `task` wrote.

    >>> told(task(MediaLimits(), (48,), Bounds())) == (MediaLimits(), (48,), Bounds())
    True
    """
    limits, sizes, bounds = json.loads(argument)
    return MediaLimits(*limits), tuple(sizes), Bounds(*bounds)
