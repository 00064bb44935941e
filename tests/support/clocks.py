"""Clocks for what waits: time that passes at once, and time that passes in order."""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta

from pfpkit.pinning.pressure import Clock

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class QuickClock:
    """Whoever sleeps wakes at once, and the time has passed. `slept` tells how long."""

    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []
        self.clock = Clock(
            now=lambda: self.time,
            sleep=self._sleep,
            chance=lambda: 0.5,
            today=lambda: START + timedelta(seconds=self.time),
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)


class OrderedClock:
    """Time stands while anybody works, and then jumps to the first who sleeps."""

    def __init__(self, chance: float = 0.5) -> None:
        self.time = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0
        self.clock = Clock(
            now=lambda: self.time,
            sleep=self._sleep,
            chance=lambda: chance,
            today=lambda: START + timedelta(seconds=self.time),
        )

    async def _sleep(self, seconds: float) -> None:
        self._count += 1
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.time + seconds, self._count, woken))
        await woken

    def run(self, work):
        """Run a coroutine to its end, as fast as it can be computed."""

        async def drive():
            task = asyncio.ensure_future(work)
            while not task.done():
                # Everybody who can go on does, before the time does.
                for _ in range(50):
                    await asyncio.sleep(0)
                if self._sleepers and not task.done():
                    self.time, _, woken = heapq.heappop(self._sleepers)
                    if not woken.done():
                        woken.set_result(None)
            return await task

        return asyncio.run(drive())
