"""A small pool of worker processes that stay warm, and the answer for each picture.

A worker that dies, stalls or answers with nonsense costs the picture it had, and is replaced.
Workers are told nothing of this process: their environment holds only what Python needs to start.
A worker that a decoder's fault has handed to an attacker can spoil the pictures it gets after it,
until it is replaced (`Bounds.pictures`); it can open no file and no socket.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from typing import Self

from pfpkit.errors import BadContent, NoWorker
from pfpkit.media.bounds import SIZES, Bounds, MediaLimits
from pfpkit.media.outcomes import WORKER_FAILED, MediaOutcome
from pfpkit.media.rendered import MAX_BYTES, Cost, Rendered
from pfpkit.media.wire import COST, LENGTH, READY, task

__all__ = ["Renderer"]

_RULES = 1
"""Counted up when the same bytes give other files."""
_START_S = 60.0
_DYING_S = 5.0
_PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class Renderer:
    """Renders strangers' pictures, `workers` at once; use as `async with Renderer() as renderer:`.

    Workers are started when the first pictures come, and end with the block.
    """

    def __init__(
        self,
        *,
        workers: int = 2,
        sizes: Sequence[int] = SIZES,
        limits: MediaLimits | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self.sizes = sizes = tuple(sizes)
        self.limits = limits or MediaLimits()
        self.bounds = bounds or Bounds()
        self.started = 0
        """How many processes have been started."""
        self._slots = asyncio.Semaphore(workers)
        self._idle: list[_Worker] = []
        self._closed = False
        decoders = ", ".join(f"{name} {version(name)}" for name in ("pillow", "resvg-py"))
        self.rules = f"media {_RULES}, {decoders}, sizes {sizes}, {self.limits}"
        """What decides which files come of given bytes; a part of the key of whoever keeps them."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the workers that are idle; one that renders ends after its picture."""
        self._closed = True
        while self._idle:
            await self._idle.pop().end()

    async def render(self, data: bytes) -> Rendered:
        """Return what comes of a picture. Raises nothing for what the bytes are.

        NoWorker when workers cannot be started at all.
        """
        if len(data) > self.limits.max_bytes:
            words = f"{len(data):,} bytes is more than the {self.limits.max_bytes:,} allowed"
            return Rendered(MediaOutcome.TOO_LARGE, words)
        async with self._slots:
            worker = await self._worker()
            rendered: Rendered | None = None
            try:
                rendered = await worker.render(data, self.bounds)
                rendered = replace(rendered, drawn_by=self.rules)
            finally:
                spent = self._closed or worker.pictures >= self.bounds.pictures
                if rendered is None or rendered.outcome in WORKER_FAILED or spent:
                    await worker.end()
                else:
                    self._idle.append(worker)
            return rendered

    async def _worker(self) -> "_Worker":
        while self._idle:
            worker = self._idle.pop()
            if worker.lives:
                return worker
            await worker.end()
        self.started += 1
        return await _Worker.start(task(self.limits, self.sizes, self.bounds))


class _Worker:
    """One process, and the two pipes to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.pictures = 0
        self._process = process

    @classmethod
    async def start(cls, told: str) -> Self:
        """Start a process and wait until it is ready; NoWorker when it is not."""
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "pfpkit.media.worker", told),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for whoever asked
            )
        except OSError as error:
            raise NoWorker(f"no worker for pictures starts: {error.strerror}") from error
        worker = cls(process)
        ready = False
        try:
            async with asyncio.timeout(_START_S):
                ready = await worker._read(len(READY)) == READY
        except (TimeoutError, EOFError):
            pass
        finally:
            if not ready:
                await worker.end()
        if not ready:
            how = f"{sys.executable} -m pfpkit.media.worker '{told}'"
            raise NoWorker(f"no worker for pictures starts; run this to see why: {how}")
        return worker

    @property
    def lives(self) -> bool:
        return self._process.returncode is None

    async def render(self, data: bytes, bounds: Bounds) -> Rendered:
        self.pictures += 1
        try:
            async with asyncio.timeout(bounds.wall_s):
                answer = await self._ask(data)
        except TimeoutError:
            return Rendered(MediaOutcome.TOO_SLOW, f"not done after {bounds.wall_s:g} s")
        except (OSError, EOFError):
            return await self._death(bounds)
        try:
            rendered = Rendered.from_bytes(answer[COST.size :])
            return replace(rendered, cost=Cost(*COST.unpack_from(answer)))
        except BadContent as error:
            return Rendered(MediaOutcome.CRASHED, f"its worker answered with {error}")

    async def end(self) -> None:
        """Kill the process and wait until it is gone."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await asyncio.shield(self._process.communicate())

    async def _ask(self, data: bytes) -> bytes:
        questions = self._process.stdin
        assert questions is not None
        questions.write(LENGTH.pack(len(data)))
        questions.write(data)
        await questions.drain()
        (size,) = LENGTH.unpack(await self._read(LENGTH.size))
        if not COST.size < size <= MAX_BYTES:
            raise EOFError(f"an answer of {size:,} bytes")
        return await self._read(size)

    async def _read(self, size: int) -> bytes:
        answers = self._process.stdout
        assert answers is not None
        return await answers.readexactly(size)

    async def _death(self, bounds: Bounds) -> Rendered:
        """Return what the process died of."""
        try:
            # Not killed at once: asyncio would lose the number that it ended with.
            async with asyncio.timeout(_DYING_S):
                code = await self._process.wait()
        except TimeoutError:
            return Rendered(MediaOutcome.CRASHED, "its worker answered with nonsense")
        if code == -signal.SIGXCPU:
            words = f"decoding it took more than {bounds.cpu_s} s of processor time"
            return Rendered(MediaOutcome.TOO_SLOW, words)
        how = _signal(-code) if code < 0 else f"exit code {code}"
        words = f"the decoder ended with its process ({how}), out of memory or by a fault"
        return Rendered(MediaOutcome.CRASHED, words)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one that has no name, such as those for programs' own use
        return f"signal {number}"


def _environment() -> dict[str, str]:
    names = [name for name in os.environ if name.startswith("PYTHON") or name in _PASSED_ON]
    return {name: os.environ[name] for name in names}
