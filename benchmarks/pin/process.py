"""Programs run one at a time, each in a process of its own: their seconds, processor and memory.

A program says on its last line, as JSON, how many seconds its work took; its start and its imports
are not in them. Memory is the largest resident set of each of its processes, added up, so that
pages which workers share count more than once: never less than what was in use. Linux only.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.pin.corpus import ROOT

_LOOK_S = 0.02


@dataclass(frozen=True)
class Run:
    """What one run took: seconds of the work and of the processor, bytes of memory, and more."""

    seconds: float
    cpu_s: float
    memory: int
    said: dict[str, Any]


def run(command: Sequence[str], *, folder: Path = ROOT) -> Run:
    """Run a program to its end; its exit code has to be 0."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    with subprocess.Popen(  # noqa: S603
        command, cwd=folder, env=environment, stdout=subprocess.PIPE
    ) as process:
        watch = _Watch(process.pid)
        assert process.stdout is not None
        output = process.stdout.read().decode()
        # Not Popen.wait: what it used is asked for, and so of every child that it waited for.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        watch.end()
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    said = json.loads(output.splitlines()[-1])
    # Not the usage's: that counts what this process holds too, for it is one until exec.
    return Run(said.pop("seconds"), usage.ru_utime + usage.ru_stime, watch.memory, said)


class _Watch:
    """Looks at a process and those beneath it until `end`."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._highest: dict[int, int] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    @property
    def memory(self) -> int:
        """The largest resident sets, added up, in bytes."""
        return sum(self._highest.values())

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(_LOOK_S):
            for process in _family(self._process):
                if found := _highest(process):
                    self._highest[process] = found


def _family(process: int) -> list[int]:
    found = [process]
    for one in found:
        try:
            for thread in os.listdir(f"/proc/{one}/task"):
                children = Path(f"/proc/{one}/task/{thread}/children").read_text()
                found += map(int, children.split())
        except OSError:
            continue  # it has just ended
    return found


def resident(process: int) -> int:
    """Return the resident sets of a process and those beneath it now, added up, in bytes."""
    return sum(_status(one, "VmRSS:") for one in _family(process))


def _highest(process: int) -> int:
    return _status(process, "VmHWM:")


def _status(process: int, field: str) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    _, _, rest = status.partition(field)
    return int(rest.split()[0]) * 1024 if rest else 0
