"""What was used last, kept in memory up to a number of bytes. Pure."""

from collections import OrderedDict
from typing import Generic, TypeVar

__all__ = ["Recent"]

K = TypeVar("K")
T = TypeVar("T")


class Recent(Generic[K, T]):
    """Values by key, at most `max_bytes` of them; what was used longest ago goes."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes, self._bytes = max_bytes, 0
        self._kept = OrderedDict[K, tuple[int, T]]()

    def get(self, key: K) -> T | None:
        """Return what is kept under `key`, which is used now."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[1]

    def drop(self, key: K) -> None:
        """Keep nothing under `key`."""
        self._bytes -= self._kept.pop(key, (0, None))[0]

    def put(self, key: K, value: T, size: int) -> None:
        """Keep a value of `size` bytes; one that is a large part of all is not kept."""
        self.drop(key)
        if size > self._max_bytes // 8:
            return
        self._kept[key] = (size, value)
        self._bytes += size
        while self._bytes > self._max_bytes:
            _, (gone, _) = self._kept.popitem(last=False)
            self._bytes -= gone
