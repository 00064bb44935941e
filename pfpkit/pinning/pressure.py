"""How hard a remote service may be pressed, and what is done when it says no.

One `Gate` stands before one service, for all calls to it: a token bucket keeps its rate limit, a
number of slots bounds what is under way, and `Retry-After` (RFC 9110, section 10.2.3) makes every
call wait, not only the one that was told. Failures are values: one that may pass is tried again
after exponential backoff with full jitter, within the budget of the call and of the whole run.
Time, sleep and chance come from a `Clock`, so that tests need no waiting.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from pfpkit.errors import PinError, Unavailable

T = TypeVar("T")

_LATER = "run it again later"


@dataclass(frozen=True, slots=True)
class Pressure:
    """The limits of one service. Times are in seconds, sizes in bytes."""

    per_minute: float | None = None
    """The service's rate limit; None when only `at_once` bounds it."""
    burst: int = 10
    """How many requests may go at once after a rest; never more than a minute's."""
    at_once: int = 4
    connect_s: float = 10.0
    read_s: float = 60.0
    total_s: float = 120.0
    """For one attempt, and one second more for each `min_bytes_per_s` that it uploads."""
    min_bytes_per_s: int = 32 * 2**10
    retries: int = 6
    """How often one call is tried again."""
    run_retries: int = 100
    """How often all calls together are tried again; each success gives one back, so that a
    service that fails now and then is used to the end, and one that is down is given up."""
    backoff_s: float = 1.0
    backoff_max_s: float = 60.0
    retry_after_max_s: float = 300.0
    """A service that asks for more is given up until a later run."""
    answer_bytes: int = 2**20

    def within(self, upload_bytes: int) -> float:
        """Return how long one attempt may take that uploads so much."""
        return self.total_s + upload_bytes / self.min_bytes_per_s


@dataclass(frozen=True, slots=True)
class Clock:
    """Where time and chance come from. `now` counts seconds; `today` is the date in UTC."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.SystemRandom().random
    today: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed, in the service's words, and whether another one may succeed."""

    reason: str
    retryable: bool = False
    retry_after: float | None = None
    """Seconds that the whole service asked us to stay away."""
    busy: bool = False
    """The rate limit was met: without `retry_after`, the backoff is for the whole service."""
    error: type[PinError] = PinError
    next: str = ""
    """What the user can do about it."""


class Gate:
    """Lets calls to one service through, as fast as the service allows."""

    def __init__(self, name: str, pressure: Pressure, clock: Clock | None = None) -> None:
        self.name = name
        self.pressure = pressure
        self._clock = clock or Clock()
        self._slots = asyncio.Semaphore(pressure.at_once)
        self._bucket = _Bucket(pressure)
        self._closed_until = float("-inf")
        self._retries_left = pressure.run_retries

    async def run(
        self, what: str, attempt: Callable[[], Awaitable[T | Failure]], *, tokens: int = 1
    ) -> T:
        """Return what `attempt` gives, tried again while that is worth it.

        Raises the PinError that the last failure names: "<service> did not <what>: <reason>;
        <what to do>". `tokens` is what one attempt costs of the rate limit.
        """
        tries = 0
        while True:
            async with self._slots:
                await self._turn(what, tokens)
                outcome = await attempt()
            if not isinstance(outcome, Failure):
                self._retries_left = min(self.pressure.run_retries, self._retries_left + 1)
                return outcome
            wait = outcome.retry_after
            if wait is None and outcome.busy:
                wait = self._backoff(tries)
            if wait is not None:
                self._close_for(wait)
            if not outcome.retryable:
                told = self._say(what, outcome.reason, outcome.next)
                raise outcome.error(told, reason=outcome.reason)
            if tries >= self.pressure.retries:
                reason = f"{outcome.reason} (tried {tries + 1} times)"
                raise Unavailable(self._say(what, reason, _LATER), reason=outcome.reason)
            if self._retries_left <= 0:
                reason = f"{outcome.reason} (and so did other calls, no retries are left)"
                raise Unavailable(self._say(what, reason, _LATER), reason=outcome.reason)
            self._retries_left -= 1
            if wait is None:
                await self._clock.sleep(self._backoff(tries))
            tries += 1

    async def sleep(self, seconds: float) -> None:
        """Wait between two calls, such as questions about one thing's state."""
        await self._clock.sleep(seconds)

    def now(self) -> float:
        """Return the clock's seconds, for deadlines over several calls."""
        return self._clock.now()

    def _backoff(self, tries: int) -> float:
        longest: float = min(self.pressure.backoff_max_s, self.pressure.backoff_s * 2.0**tries)
        return longest * self._clock.chance()

    async def _turn(self, what: str, tokens: int) -> None:
        """Wait for this call's turn; Unavailable when the service is closed for too long."""
        await self._open(what)
        if wait := self._bucket.take(self._clock.now(), tokens):
            await self._clock.sleep(wait)
            await self._open(what)

    async def _open(self, what: str) -> None:
        while (wait := self._closed_until - self._clock.now()) > 0:
            if wait > self.pressure.retry_after_max_s:
                reason = f"it asks to be left alone for {wait:.0f} s"
                raise Unavailable(self._say(what, reason, "run it again then"), reason=reason)
            await self._clock.sleep(wait)

    def _close_for(self, seconds: float) -> None:
        now = self._clock.now()
        self._closed_until = max(self._closed_until, now + seconds)
        # Otherwise the whole burst would follow at the moment it opens.
        self._bucket.empty(max(now, self._closed_until))

    def _say(self, what: str, reason: str, next_step: str) -> str:
        return f"{self.name} did not {what}: {reason}" + (f"; {next_step}" if next_step else "")


class _Bucket:
    """Tokens that come back at a service's rate; taking more than there are means waiting."""

    def __init__(self, pressure: Pressure) -> None:
        self._rate = pressure.per_minute / 60 if pressure.per_minute else None
        most = max(1.0, pressure.per_minute) if pressure.per_minute else 1.0
        self._burst = min(float(max(1, pressure.burst)), most)
        self._tokens = self._burst
        self._at: float | None = None

    def take(self, now: float, tokens: int) -> float:
        """Take tokens, in debt if need be, and return the seconds until they are there."""
        if self._rate is None:
            return 0.0
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._tokens = min(self._burst, self._tokens + passed * self._rate) - tokens
        self._at = now if self._at is None else max(self._at, now)
        # Tokens that are promised from a moment to come on count from then.
        return max(0.0, -self._tokens / self._rate) + max(0.0, self._at - now)

    def empty(self, at: float) -> None:
        """Start anew without tokens at the moment `at`; debts stay."""
        self._tokens = min(self._tokens, 0.0)
        self._at = at


def retry_after(value: str, today: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, or None when it says nothing.

    >>> retry_after("120", datetime(2026, 11, 21, tzinfo=UTC))
    120.0
    >>> retry_after("Sat, 21 Nov 2026 00:00:07 GMT", datetime(2026, 11, 21, tzinfo=UTC))
    7.0
    >>> retry_after("soon", datetime(2026, 11, 21, tzinfo=UTC)) is None
    True
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        # Ten digits are 317 years; more could be no float.
        return float(text[:10])
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - today).total_seconds())
