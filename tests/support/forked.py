"""Command lines of `ape` that are forked from a Python that has loaded Ape, see loaded_ape.py."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

PROGRAM = Path(__file__).parent / "loaded_ape.py"
_LONGEST = 2**10


class LoadedApe:
    """The Python that has loaded Ape. It runs one command line at a time, and ends with us."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-P", PROGRAM]
            subprocess.Popen(command, stdin=theirs, env=environment, cwd="/")

    def start(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> Forked:
        """Begin a command line."""
        command = {
            "arguments": list(arguments),
            "folder": str(folder),
            "environment": dict(environment),
        }
        pipes = [os.pipe() for _ in range(3)]
        (stdin, to), (out, stdout), (err, stderr) = pipes
        theirs = [stdin, stdout, stderr]
        socket.send_fds(self._socket, [json.dumps(command).encode()], theirs)
        for stream in theirs:
            os.close(stream)
        return Forked(self._socket, to, out, err)


class Forked:
    """A command line that runs, or has ended; `end` has to be called."""

    def __init__(self, answers: socket.socket, to: int, out: int, err: int) -> None:
        self._answers, self._to, self._streams = answers, to, (out, err)
        self._answers.settimeout(240)
        self.number = int(self._answers.recv(_LONGEST))

    @property
    def has_ended(self) -> bool:
        """Whether `end` returns at once."""
        return bool(select.select([self._answers], [], [], 0)[0])

    def press_ctrl_c(self) -> None:
        """Send SIGINT."""
        if not self.has_ended:
            os.kill(self.number, signal.SIGINT)

    def end(self, answer: str = "", timeout_s: float = 240) -> tuple[int, str, str]:
        """Type `answer`, wait, and return the exit code and what was printed on both streams."""
        with ThreadPoolExecutor(2) as pool:
            read = [pool.submit(_read, stream) for stream in self._streams]
            with suppress(BrokenPipeError), open(self._to, "w", encoding="utf-8") as typed:
                typed.write(answer)
            self._answers.settimeout(timeout_s)
            try:
                code = int(self._answers.recv(_LONGEST))
            except TimeoutError:
                os.kill(self.number, signal.SIGKILL)
                self._answers.recv(_LONGEST)
                raise
            out, err = (stream.result() for stream in read)
        return code, out, err


def _read(stream: int) -> str:
    with open(stream, encoding="utf-8") as file:
        return file.read()
