"""How often something was tried: a bound for guessing passwords, kept in memory by each worker."""

import time
from collections import OrderedDict

from pfpkit.profile.problem import Problem

__all__ = ["Attempts"]

_MOST_KEYS = 10_000


class Attempts:
    """At most `most` tries of a key in `within_s`; the key is a name, never a password."""

    def __init__(self, most: int = 10, within_s: float = 300.0) -> None:
        self._most, self._within_s = most, within_s
        self._tries: OrderedDict[str, list[float]] = OrderedDict()

    def count(self, key: str) -> None:
        """Count a try; Problem 429 when there were too many."""
        now = time.monotonic()
        tries = [at for at in self._tries.pop(key, []) if at > now - self._within_s]
        if len(tries) >= self._most:
            self._tries[key] = tries
            wait = int(tries[0] + self._within_s - now) + 1
            raise Problem(
                429,
                "too-many-tries",
                f"too many tries; wait {wait} seconds",
                headers={"Retry-After": str(wait)},
            )
        self._tries[key] = [*tries, now]
        while len(self._tries) > _MOST_KEYS:
            self._tries.popitem(last=False)

    def forget(self, key: str) -> None:
        """Forget the tries of a key, after one that succeeded."""
        self._tries.pop(key, None)
