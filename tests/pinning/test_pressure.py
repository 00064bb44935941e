"""Gate: how hard a service is pressed, in time that the tests make pass

given a rate, never more calls than it allows in any minute; given slots, never more at once
given Retry-After, every call waits; given 429 without one, every call waits for the backoff
given failures, exponential backoff with full jitter, as often as the call and the run may
"""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.clocks import START, OrderedClock

from pfpkit.errors import NotPinned, PinError, Unavailable
from pfpkit.pinning.pressure import Failure, Gate, Pressure, retry_after

AGAIN = Failure("busy", retryable=True)


class Calls:
    """Calls through a gate; `times` is when each attempt began."""

    def __init__(self, clock, pressure, takes=0.0, outcomes=()):
        self.clock = clock
        self.gate = Gate("svc", pressure, clock.clock)
        self.takes = takes
        self.outcomes = list(outcomes)
        self.times = []
        self.at_once = self.most_at_once = 0

    async def attempt(self):
        self.times.append(self.clock.time)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.clock.clock.sleep(self.takes)
        self.at_once -= 1
        return self.outcomes.pop(0) if self.outcomes else "done"

    def run(self, count=1, tokens=1):
        async def all_at_once():
            calls = [self.gate.run("work", self.attempt, tokens=tokens) for _ in range(count)]
            return await asyncio.gather(*calls, return_exceptions=True)

        return self.clock.run(all_at_once())


@settings(deadline=None, max_examples=25)
@given(
    rate=st.sampled_from([6.0, 60.0, 600.0]),
    burst=st.integers(1, 20),
    count=st.integers(1, 60),
    takes=st.sampled_from([0.0, 0.3, 5.0]),
)
def test_gate__when_there_is_a_rate__is_never_exceeded(rate, burst, count, takes):
    """In no window of time begin more calls than the burst and what came back meanwhile."""
    calls = Calls(OrderedClock(), Pressure(per_minute=rate, burst=burst, at_once=100), takes)
    assert calls.run(count) == ["done"] * count
    allowed = min(burst, rate)
    for first, begin in enumerate(calls.times):
        for last, end in enumerate(calls.times[first:], first):
            assert last - first + 1 <= allowed + (end - begin) * rate / 60 + 1e-6
    # And no slower than that either.
    assert calls.times[-1] <= max(0.0, count - allowed) * 60 / rate + 1e-6


def test_gate__when_a_call_costs_two__takes_two_of_the_rate():
    """Some routes of a service have half the rate."""
    calls = Calls(OrderedClock(), Pressure(per_minute=60, burst=2, at_once=9))
    calls.run(5, tokens=2)
    assert calls.times == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("slots", [1, 3])
def test_gate__when_there_are_slots__no_more_run_at_once(slots):
    """And all of them are used."""
    calls = Calls(OrderedClock(), Pressure(at_once=slots), takes=1.0)
    calls.run(9)
    assert calls.most_at_once == slots
    assert calls.clock.time == 9 / slots


def test_gate__when_told_to_wait__every_call_waits():
    """Not only the one that was told, and the rest do not come as one burst after it."""
    told = Failure("429", retryable=True, retry_after=30.0)
    pressure = Pressure(per_minute=60, burst=4, at_once=2)
    calls = Calls(OrderedClock(), pressure, takes=0.5, outcomes=[told])
    assert calls.run(6) == ["done"] * 6
    # Two were under way when the first was told.
    assert calls.times[:2] == [0, 0]
    assert calls.times[2] >= 30
    assert all(b - a >= 0.99 for a, b in zip(calls.times[2:], calls.times[3:], strict=False))


def test_gate__when_busy_without_a_time__every_call_waits_for_the_backoff():
    """429 alone says the same, only not for how long."""
    told = Failure("429", retryable=True, busy=True)
    calls = Calls(OrderedClock(), Pressure(at_once=1, backoff_s=8), outcomes=[told])
    assert calls.run(3) == ["done"] * 3
    assert calls.times == [0, 4, 4, 4]


def test_gate__when_told_to_wait_too_long__no_call_waits():
    """What comes later in the run is not even sent."""
    told = Failure("429", retryable=True, retry_after=3600.0)
    calls = Calls(OrderedClock(), Pressure(at_once=1), outcomes=[told])
    errors = calls.run(3)
    assert [type(error) for error in errors] == [Unavailable] * 3
    assert "svc did not work: it asks to be left alone for 3600 s" in str(errors[0])
    assert (len(calls.times), calls.clock.time) == (1, 0)


@settings(deadline=None)
@given(chance=st.floats(0, 1, exclude_max=True))
def test_gate__when_it_fails__backs_off_exponentially_with_full_jitter(chance):
    """Between nothing and twice as long each time, up to the longest."""
    pressure = Pressure(retries=7, backoff_s=1, backoff_max_s=20)
    calls = Calls(OrderedClock(chance), pressure, outcomes=[AGAIN] * 7)
    assert calls.run() == ["done"]
    waits = [b - a for a, b in zip(calls.times, calls.times[1:], strict=False)]
    assert waits == pytest.approx([chance * longest for longest in (1, 2, 4, 8, 16, 20, 20)])


def test_gate__when_a_call_fails_too_often__is_unavailable():
    """One file's budget; the message has the last reason."""
    calls = Calls(OrderedClock(), Pressure(retries=3), outcomes=[AGAIN] * 9)
    (error,) = calls.run()
    assert str(error) == "svc did not work: busy (tried 4 times); run it again later"
    assert len(calls.times) == 4


def test_gate__when_all_calls_fail__the_runs_budget_ends_it():
    """A service that is down does not cost every file all of its tries."""
    calls = Calls(OrderedClock(), Pressure(retries=6, run_retries=10), outcomes=[AGAIN] * 10_000)
    errors = calls.run(100)
    assert {type(error) for error in errors} == {Unavailable}
    assert len(calls.times) == 110
    assert "no retries are left" in str(errors[-1])


def test_gate__when_one_in_five_fails__the_budget_lasts():
    """Each success gives a retry back: thousands of calls end well."""
    outcomes = [AGAIN if n % 5 == 0 else "done" for n in range(3000)]
    calls = Calls(OrderedClock(), Pressure(run_retries=10), outcomes=outcomes)
    assert calls.run(2400) == ["done"] * 2400


def test_gate__when_the_failure_is_final__is_raised_at_once_as_what_it_is():
    """With what to do."""
    calls = Calls(
        OrderedClock(), Pressure(), outcomes=[Failure("no", error=NotPinned, next="wait")]
    )
    (error,) = calls.run()
    assert (type(error), str(error)) == (NotPinned, "svc did not work: no; wait")
    assert len(calls.times) == 1


def test_gate__when_a_call_is_cancelled__its_slot_is_free_again():
    """Ctrl-C in one file's upload does not stop the others."""
    clock = OrderedClock()
    calls = Calls(clock, Pressure(at_once=1), takes=10.0)

    async def story():
        first = asyncio.ensure_future(calls.gate.run("work", calls.attempt))
        await clock.clock.sleep(1)
        first.cancel()
        return await calls.gate.run("work", calls.attempt)

    assert clock.run(story()) == "done"
    assert clock.time == 11


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        (" 7 ", 7.0),
        ("9" * 400, 9_999_999_999.0),
        ("Sat, 21 Nov 2026 09:02:00 GMT", 120.0),
        ("Saturday, 21-Nov-26 09:02:00 GMT", 120.0),
        ("Sat, 21 Nov 2020 09:00:00 GMT", 0.0),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("\u0665", None),
        ("Sat, 99 Nov 2026 09:02:00 GMT", None),
    ],
)
def test_retry_after__when_read__is_seconds_or_nothing(value, seconds):
    """Seconds and all dates of RFC 9110; what is neither says nothing."""
    assert retry_after(value, START) == seconds


def test_pressure__when_much_is_uploaded__allows_more_time():
    """A large file on a slow line is no stall."""
    assert Pressure(total_s=10, min_bytes_per_s=100).within(1000) == 20


def test_errors__when_from_a_gate__are_pin_errors():
    """So that one `except` in the pipeline knows them all."""
    assert issubclass(Unavailable, PinError)
