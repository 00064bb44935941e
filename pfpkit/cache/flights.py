"""One flight per key: who asks while somebody is asking waits for that answer. asyncio alone."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

__all__ = ["Flights"]

K = TypeVar("K")
T = TypeVar("T")


class Flights(Generic[K, T]):
    """The questions that are under way in this process."""

    def __init__(self) -> None:
        self._under_way: dict[K, _Flight[T]] = {}

    async def once(self, key: K, make: Callable[[], Awaitable[T]]) -> T:
        """Return what `make` gives, or raise what it raises; who comes meanwhile gets the same.

        A waiter that is cancelled harms no other; when the last one goes, so does the question.
        """
        flight = self._under_way.get(key)
        if flight is None:
            flight = self._under_way[key] = _Flight(make)
            flight.task.add_done_callback(lambda _: self._landed(key, flight))
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                # Who comes now starts anew, and does not wait for what is being cancelled.
                self._landed(key, flight)
                flight.task.cancel()

    def _landed(self, key: K, flight: "_Flight[T]") -> None:
        if self._under_way.get(key) is flight:
            del self._under_way[key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # seen, even when everybody has gone


class _Flight(Generic[T]):
    def __init__(self, make: Callable[[], Awaitable[T]]) -> None:
        async def made() -> T:
            return await make()

        self.task = asyncio.ensure_future(made())
        self.waiters = 0
