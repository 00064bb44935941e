"""A process that renders pictures and can do nothing else: `python -m pfpkit.media.worker TASK`.

Reads a picture from standard input (its length in 8 bytes, then its bytes) and writes one answer
the same way: 16 bytes of what it cost, and a `Rendered` as bytes. Before it says that it is ready,
it gives up, for good: memory over a limit, files and sockets (it may open none, but for the font of
a drawing with text), and writing to any file. For each picture the kernel gives it some seconds of
processor time. It ends by itself when whoever started it is gone.
"""

import contextlib
import math
import os
import resource
import sys
from dataclasses import replace
from io import BytesIO
from typing import BinaryIO

from PIL import Image

from pfpkit.media import raster, svg
from pfpkit.media.bounds import MediaLimits
from pfpkit.media.font import Font
from pfpkit.media.header import looks_like_svg
from pfpkit.media.outcomes import MediaOutcome, Refusal
from pfpkit.media.rendered import Rendered
from pfpkit.media.wire import COST, LENGTH, READY, told
from pfpkit.temporary import temporary_folder

_LINUX = sys.platform == "linux"


def main(argument: str) -> None:
    limits, sizes, bounds = told(argument)
    with temporary_folder("pfpkit-media-") as folder:
        font = Font(folder)
        _rehearse(sizes, font)
        # Its own copies: a decoder that prints would spoil the answers.
        questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        peak = _Peak()
        _confine(bounds.memory_bytes)
        answers.write(READY)
        answers.flush()
        while (data := _read(questions)) is not None:
            _allow(bounds.cpu_s)
            before = _cpu_s()
            answer = render(data, limits, sizes, font).to_bytes()
            cost = COST.pack(_cpu_s() - before, peak.bytes())
            answers.write(LENGTH.pack(len(cost) + len(answer)) + cost + answer)
            answers.flush()


def render(data: bytes, limits: MediaLimits, sizes: tuple[int, ...], font: Font) -> Rendered:
    """Return what comes of a picture; whatever its decoder raises is an outcome."""
    try:
        edge = max(sizes)
        if looks_like_svg(data):
            about, square = svg.drawn(data, limits, edge, font)
        else:
            about, square = raster.decoded(data, limits, edge)
        return replace(about, renditions=raster.written(square, sizes))
    except Refusal as refusal:
        return Rendered(refusal.outcome, refusal.reason[:500])
    except MemoryError:
        return Rendered(MediaOutcome.TOO_MUCH_MEMORY, "decoding it needs more memory than allowed")
    except BaseException as error:  # noqa: BLE001 - a panic of resvg is no Exception
        return Rendered(MediaOutcome.CRASHED, f"its decoder failed: {type(error).__name__}"[:500])


def _rehearse(sizes: tuple[int, ...], font: Font) -> None:
    """Render one picture of each kind, so that everything is loaded while files may be opened."""
    dot = Image.new("RGB", (2, 2))
    pictures = [
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><text y="9">a</text></svg>'
    ]
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "AVIF"):
        out = BytesIO()
        dot.save(out, kind)
        pictures.append(out.getvalue())
    for picture in pictures:
        rendered = render(picture, MediaLimits(), sizes, font)
        if not rendered.shown:
            raise RuntimeError(f"a worker cannot render: {rendered.reason}")


def _confine(memory_bytes: int) -> None:
    """Give up what rendering does not need. What this system cannot limit stays unlimited."""
    free = os.dup(0)
    os.close(free)
    for what, limit in (
        (resource.RLIMIT_AS, (memory_bytes, memory_bytes)),
        (resource.RLIMIT_FSIZE, (0, 0)),
        (resource.RLIMIT_CORE, (0, 0)),
        # The lowest number that is free: the next open() or socket() fails.
        (resource.RLIMIT_NOFILE, (free, free + 1)),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, limit)


def _allow(cpu_s: int) -> None:
    """Let the kernel end this process after so many seconds of processor time more."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(_cpu_s()) + cpu_s, hard))


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class _Peak:
    """The most memory that this process has held: its own, for rusage counts its parent's too."""

    def __init__(self) -> None:
        # Opened now, for later nothing can be.
        self._status = os.open("/proc/self/status", os.O_RDONLY) if _LINUX else None

    def bytes(self) -> int:
        if self._status is not None:
            lines = os.pread(self._status, 8192, 0).decode().splitlines()
            return next(int(line.split()[1]) * 1024 for line in lines if line[:6] == "VmHWM:")
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _read(questions: BinaryIO) -> bytes | None:
    """Return the next picture, or None when nobody asks any more."""
    head = questions.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(head)
    data = questions.read(size)
    return data if len(data) == size else None


if __name__ == "__main__":
    main(sys.argv[1])
