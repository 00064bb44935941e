"""Progress of long work: one line with a bar on a terminal, a few plain lines in a pipe.

Our own, for none of those at hand does both: click's bar guesses the time left from its last seven
steps, tqdm and rich draw in pipes or not at all, and none knows that the slowest of several
services says when all is done. No colour, so that NO_COLOR has nothing to turn off; TERM=dumb is
treated as a pipe. Writes to stderr alone.
"""

import io
import math
import os
import sys
import threading
import time
from collections.abc import Mapping
from typing import Self

from pfpkit.console import duration, shown, size
from pfpkit.flushing import write_all

__all__ = ["Progress", "Rate"]

_REDRAW_S = 0.1
_TICK_S = 0.5
_LINE_S = 30.0
"""In a pipe, this long without a line looks like a hang."""
_SOON_S = 1.0
"""In a pipe, quarters that follow each other faster than this are one line."""
_TELLING_S, _TELLING_STEPS = 3.0, 3
"""Before that, a guess of the time left is worth nothing."""
_MEMORY_S = 20.0
_BAR = (10, 30)
_SPARE = 3
"""Columns for the ^C that a terminal echoes; a line that wraps could not be rewritten."""


class Rate:
    """Steps and bytes a second, of about the last 20 seconds; older ones fade out.

    >>> rate = Rate(0.0)
    >>> for second in range(1, 11):
    ...     rate.add(second, 4, 4000)
    >>> round(rate.steps(10.0), 1), round(rate.bytes(10.0)), round(rate.left(100, 10.0), 1)
    (4.1, 4101, 24.4)
    """

    def __init__(self, begun: float) -> None:
        self._begun = self._at = begun
        self._steps = self._bytes = self._seconds = 0.0
        self._count = 0

    def add(self, at: float, steps: int, size: int = 0) -> None:
        """Count what was done at a time in seconds."""
        self._fade(at)
        self._count += steps
        self._steps += steps
        self._bytes += size

    def steps(self, at: float) -> float:
        """Return how many steps a second; falls while nothing comes."""
        self._fade(at)
        return self._steps / self._seconds if self._seconds else 0.0

    def bytes(self, at: float) -> float:
        """Return how many bytes a second."""
        self._fade(at)
        return self._bytes / self._seconds if self._seconds else 0.0

    def left(self, steps: int, at: float) -> float | None:
        """Return the seconds that so many steps take, or None before that means anything."""
        rate = self.steps(at)
        early = at - self._begun < _TELLING_S or self._count < _TELLING_STEPS
        return None if early or not rate else steps / rate

    def _fade(self, at: float) -> None:
        # An exponential window: each second counts e times less than one 20 seconds later.
        kept = math.exp(-max(0.0, at - self._at) / _MEMORY_S)
        self._steps *= kept
        self._bytes *= kept
        self._seconds = self._seconds * kept + _MEMORY_S * (1 - kept)
        self._at = max(at, self._at)


class _Part:
    """One of several things that go on at once, such as one service's uploads."""

    def __init__(self, total: int, begun: float) -> None:
        self.total = total
        self.done = 0
        self.rate = Rate(begun)


class Progress:
    """Counts to `total`, or to one total for each of several parts; use as a `with` block.

    However the block is left, the terminal's cursor is on a line of its own.
    """

    def __init__(self, label: str, total: int | Mapping[str, int]) -> None:
        totals = {"": total} if isinstance(total, int) else dict(total)
        self._label = label
        self._begun = time.monotonic()
        self._parts = {name: _Part(count, self._begun) for name, count in totals.items()}
        self.total = sum(totals.values())
        self._out = sys.stderr
        self._tty = (
            self._out is not None and self._out.isatty() and os.environ.get("TERM") != "dumb"
        )
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._closed = False
        self._drawn = self._told = 0.0
        self._quarter = 0
        self._failed = 0
        self._line = ""

    @property
    def done(self) -> int:
        """How many are done, of all parts."""
        return sum(part.done for part in self._parts.values())

    @property
    def left(self) -> float | None:
        """The seconds until the slowest part is done; None while one cannot be guessed."""
        return self._slowest(time.monotonic())[0]

    @property
    def per_second(self) -> float:
        """How many a second, of late."""
        now = time.monotonic()
        return sum(part.rate.steps(now) for part in self._parts.values())

    def __call__(self, done: int) -> None:
        """Show that `done` of the only part are done."""
        (name,) = self._parts
        self.add(name, done - self._parts[name].done)

    def add(self, part: str = "", steps: int = 1, size: int = 0, *, well: bool = True) -> None:
        """Show that so many more steps of a part are done, which were `size` bytes, or failed."""
        now = time.monotonic()
        with self._lock:
            found = self._parts[part]
            found.done += steps
            self._failed += 0 if well else steps
            found.rate.add(now, steps, size)
            if self.done >= self.total:
                self.close()
            else:
                self._show(now)

    def tell(self, line: str) -> None:
        """Write a line of its own, above the bar where there is one."""
        with self._lock:
            self._write(f"\r\033[K{line}\n{self._line}" if self._tty else f"{line}\n")

    def close(self) -> None:
        """Show the last state; nothing is drawn after that. Once more does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._ended.set()
            if self._tty and (self._line or self.done):
                self._write(f"\r\033[K{self._cut(self._last())}\n")
            elif not self._tty and self.done:
                self._write(f"{self._last()}\n")

    def __enter__(self) -> Self:
        if self.total:
            # So that a wait for a slow service does not look like a hang.
            threading.Thread(target=self._tick, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tick(self) -> None:
        while not self._ended.wait(_TICK_S):
            with self._lock:
                if not self._closed:
                    self._show(time.monotonic())

    def _show(self, now: float) -> None:
        if self._tty:
            if now - self._drawn >= _REDRAW_S:
                self._drawn = now
                self._line = self._bar(now)
                self._write(f"\r\033[K{self._line}")
            return
        quarter = 4 * self.done // self.total
        waited = now - max(self._told, self._begun)
        if waited >= _LINE_S or (quarter > self._quarter and waited >= _SOON_S):
            self._told, self._quarter = now, quarter
            facts = self._facts(now)
            self._write(f"  {', '.join([f'{self._label} {self._count()}', *facts])}\n")

    def _bar(self, now: float) -> str:
        """Return the line, as much of it as the terminal has room for now."""
        columns = self._columns() - _SPARE
        facts = [self._count(), *self._facts(now)]
        while True:
            text = f"  {self._label}  " + "  ".join(facts)
            room = min(columns - len(text) - 2, _BAR[1])
            if room >= _BAR[0]:
                full, empty = self._marks()
                filled = room * self.done // self.total
                bar = full * filled + empty * (room - filled)
                return f"  {self._label}  {bar}  " + "  ".join(facts)
            if len(text) <= columns or len(facts) == 1:
                return self._cut(text)
            # The time left goes last.
            facts.pop(-2 if len(facts) > 2 else -1)

    def _facts(self, now: float) -> list[str]:
        facts = []
        rate = sum(part.rate.steps(now) for part in self._parts.values())
        sent = sum(part.rate.bytes(now) for part in self._parts.values())
        if self.done and now - self._begun >= 1:
            facts.append(_pace(rate))
            if sent:
                facts.append(f"{size(int(sent))}/s")
        left, name = self._slowest(now)
        if left is not None:
            facts.append(f"{duration(left)} left" + (f" on {name}" if name else ""))
        return facts

    def _slowest(self, now: float) -> tuple[float | None, str]:
        """Return the seconds left and the part that takes longest, if there are several."""
        open_parts = {n: p for n, p in self._parts.items() if p.done < p.total}
        lefts = {n: p.rate.left(p.total - p.done, now) for n, p in open_parts.items()}
        known = {name: left for name, left in lefts.items() if left is not None}
        if not known or len(known) < len(lefts):
            return None, ""
        name = max(known, key=lambda name: known[name])
        return known[name], shown(name) if len(self._parts) > 1 else ""

    def _count(self) -> str:
        failed = f", {self._failed:,} failed" if self._failed else ""
        return f"{self.done - self._failed:,}/{self.total:,}{failed}"

    def _last(self) -> str:
        took = time.monotonic() - self._begun
        whole = self.done >= self.total
        time_taken = f" in {duration(took)}" if took >= 1 and whole else ""
        return f"  {self._label} {self._count()}{time_taken}{'' if whole else ', stopped'}"

    def _marks(self) -> tuple[str, str]:
        try:
            "█░".encode(self._out.encoding or "ascii")
        except UnicodeEncodeError:
            return "#", "-"
        return "█", "░"

    def _columns(self) -> int:
        # Asked each time, for a window may be resized; COLUMNS would not know.
        try:
            return os.get_terminal_size(self._out.fileno()).columns or 80
        except (OSError, ValueError):
            return 80

    def _cut(self, text: str) -> str:
        return text[: max(1, self._columns() - _SPARE)]

    def _write(self, text: str) -> None:
        if not text or self._out is None:
            return
        try:
            self._out.flush()
            # Past its buffer: what a full log leaves in there fails once more when Python ends.
            write_all(self._out.fileno(), text.encode(self._out.encoding or "utf-8", "replace"))
        except io.UnsupportedOperation:
            self._out.write(text)  # no file at all
        except (OSError, ValueError):
            # A log that is full or closed is no reason to end hours of uploading.
            self._out, self._tty = None, False


def _pace(rate: float) -> str:
    """Return steps a second in words; slow ones by the minute.

    >>> _pace(83.4), _pace(2.04), _pace(0.25)
    ('83/s', '2.0/s', '15/min')
    """
    if rate < 1:
        return f"{rate * 60:.0f}/min"
    return f"{rate:.1f}/s" if rate < 10 else f"{rate:,.0f}/s"
