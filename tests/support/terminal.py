"""A program on a real pseudo-terminal, and what its screen shows."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_PIECE = re.compile(r"\x1b\[K|[^\x1b]", re.DOTALL)


class Terminal:
    """A program whose streams are a terminal of `columns`; use as a `with` block."""

    def __init__(
        self,
        command: Sequence[str],
        columns: int = 80,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.raw = ""
        self._bytes = b""
        self._ours, theirs = pty.openpty()
        self.resize(columns)
        ambient = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
        self._process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**ambient, "TERM": "xterm", "PYTHONUTF8": "1", **(env or {})},
            cwd=cwd,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *error: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._ours)

    def resize(self, columns: int) -> None:
        """Make the window as wide."""
        self.columns = columns
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def press_ctrl_c(self) -> None:
        """As the key does: the line discipline sends SIGINT."""
        os.write(self._ours, b"\x03")

    def kill(self) -> None:
        """SIGKILL."""
        self._process.send_signal(signal.SIGKILL)

    def until(self, words: str, within_s: float = 20.0) -> None:
        """Read until the words were printed."""
        end = time.monotonic() + within_s
        while words not in self.raw:
            assert time.monotonic() < end, self.raw
            assert self._read(), self.raw

    def end(self, within_s: float = 30.0) -> int:
        """Read to the end, and return the exit code."""
        end = time.monotonic() + within_s
        while self._read():
            assert time.monotonic() < end, self.raw
        return self._process.wait(5)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._ours], [], [], 5.0)
        if not ready:
            return True
        try:
            read = os.read(self._ours, 65536)
        except OSError:  # Linux says so when nobody has the other end any more
            read = b""
        self._bytes += read
        self.raw = self._bytes.decode(errors="ignore")
        return bool(read)

    @property
    def screen(self) -> list[str]:
        """The lines that a user sees in the end, wrapped as a terminal of this width does."""
        return screen(self.raw, self.columns)


def screen(raw: str, columns: int) -> list[str]:
    """Return what a terminal shows that knows carriage returns and 'erase to the end'."""
    lines: list[str] = [""]
    at = 0
    pieces = _PIECE.findall(raw)
    assert "".join(pieces) == raw, f"another escape sequence in {raw!r}"
    for piece in pieces:
        if piece == "\r":
            at = 0
        elif piece == "\n":
            lines.append("")
            at = 0
        elif piece == "\x1b[K":
            lines[-1] = lines[-1][:at]
        else:
            if at == columns:
                lines.append("")
                at = 0
            lines[-1] = lines[-1][:at].ljust(at) + piece + lines[-1][at + 1 :]
            at += 1
    return lines[:-1] if lines[-1] == "" else lines
