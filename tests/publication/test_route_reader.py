"""RouteReader: bundles through one gateway, at the pace that it allows

given a public gateway, keeps a rate; told to wait, asks nothing of it until then, and not for ever
given a fault that may pass, asks again; given one that does not, or none left, says that very fault
"""

import asyncio

import pytest
from support.clocks import QuickClock
from support.hostile_gateway import HostileGateway, Lie
from support.pictures import encoded, noise

from pfpkit import publication
from pfpkit.bundle import build
from pfpkit.errors import NotReadBack
from pfpkit.images import clean
from pfpkit.metadata import TokenMetadata
from pfpkit.publication import EMBEDDED, Route, RouteReader
from pfpkit.retrieval import Reason

BUNDLES = [build(clean(encoded(noise(seed=1), "PNG")), TokenMetadata(f"Pip {n}")) for n in range(9)]
ONE = BUNDLES[0]


@pytest.fixture
def clock():
    """Time that passes at once."""
    return QuickClock()


@pytest.fixture
def gateway():
    """It has all bundles."""
    with HostileGateway([block for bundle in BUNDLES for block in bundle.blocks]) as running:
        yield running


def read(gateway, clock, bundles, name=None):
    """Read bundles at once; give the seconds or the error of each."""

    async def all_of_them():
        route = Route(name or gateway.url, gateway.url)
        async with RouteReader(route, clock.clock) as reader:
            reads = [reader.read(b.root, b.image, len(b.blocks)) for b in bundles]
            return await asyncio.gather(*reads, return_exceptions=True)

    return asyncio.run(all_of_them())


def test_read__when_all_is_well__asks_for_each_block_and_waits_for_nothing(gateway, clock):
    """The bundle's own block once for each file of it."""
    assert all(seconds > 0 for seconds in read(gateway, clock, BUNDLES))
    assert len(gateway.requests) == sum(len(bundle.blocks) + 1 for bundle in BUNDLES)
    assert clock.slept == []


def test_read__when_the_gateway_is_public__keeps_the_rate(gateway, clock, monkeypatch):
    """A burst, and then so many requests a minute."""
    monkeypatch.setattr(Route, "is_public", True)
    read(gateway, clock, BUNDLES * 10)
    requests = len(gateway.requests)
    allowed = publication._PUBLIC.burst + clock.time * publication._PUBLIC.per_minute / 60
    assert requests <= allowed + 8  # one for each that is under way at once
    assert clock.time > 0


def test_read__when_a_rate_is_set__keeps_that(gateway, clock):
    """Whatever gateway of others it is; the embedded one is ours."""
    route = Route(gateway.url, gateway.url, per_minute=60, at_once=2)

    async def some():
        async with RouteReader(route, clock.clock) as reader:
            await reader.each(BUNDLES, lambda b: reader.read(b.root, b.image, len(b.blocks)))

    asyncio.run(some())
    assert clock.time >= len(gateway.requests) - route.pressure.burst - 2
    assert Route(EMBEDDED, gateway.url, per_minute=60).pressure.per_minute is None


@pytest.mark.parametrize("wait", ["60", "Sat, 21 Nov 2026 09:01:00 GMT"])
def test_read__when_told_to_wait__the_whole_route_does(gateway, clock, wait):
    """As long as it says, and all that are under way; then all of it comes."""
    gateway.first = [Lie.BUSY]
    gateway.retry_after = wait
    answers = read(gateway, clock, BUNDLES * 3)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert max(clock.slept) == pytest.approx(60, abs=1)
    # None but the eight that were under way had asked by then.
    again = len(gateway.requests) - sum(len(bundle.blocks) + 1 for bundle in BUNDLES * 3)
    assert 1 <= again <= 4


@pytest.mark.parametrize("lie", [Lie.CRUMBS, Lie.GZIP_BOMB, Lie.REDIRECTING, Lie.ENDLESS])
def test_read__when_it_would_do_the_same_again__asks_once(gateway, clock, lie):
    """What a gateway does to every request is not waited out."""
    gateway.lie = lie
    (answer,) = read(gateway, clock, BUNDLES[:1])
    assert type(answer) is NotReadBack
    assert len(gateway.requests) == 1
    assert clock.slept == []


def test_read__when_told_to_wait_without_end__ends(gateway, clock):
    """A gateway that is always busy is not asked for ever, and says so for each."""
    gateway.lie = Lie.BUSY
    answers = read(gateway, clock, BUNDLES)
    assert {type(answer) for answer in answers} == {NotReadBack}
    assert {answer.fault.reason for answer in answers} == {Reason.BUSY}
    assert len(gateway.requests) <= 4 * len(BUNDLES)
    assert clock.time >= 60


def test_read__when_told_to_wait_for_years__asks_no_more(gateway, clock):
    """What was not asked is told the same."""
    gateway.lie = Lie.BUSY
    gateway.retry_after = "999999999"
    answers = read(gateway, clock, BUNDLES * 3)
    assert {answer.fault.reason for answer in answers} == {Reason.BUSY}
    assert len(gateway.requests) <= 8
    assert clock.time == 0
    assert any("left alone for 999999999 s" in str(answer) for answer in answers)


@pytest.mark.parametrize("lie", [Lie.MISSING, Lie.BROKEN, Lie.HANGS_UP, Lie.TRUNCATED, Lie.EMPTY])
def test_read__when_a_fault_passes__it_came(gateway, clock, lie):
    """What was pinned a moment ago has to be found first."""
    gateway.first = [lie, lie]
    assert [isinstance(answer, float) for answer in read(gateway, clock, [ONE])] == [True]


@pytest.mark.parametrize(
    ("lie", "reason", "asked"),
    [(Lie.MISSING, Reason.NOT_FOUND, 4), (Lie.WRONG_TYPE, Reason.WRONG_TYPE, 1)],
)
def test_read__when_a_fault_stays__says_it(gateway, clock, lie, reason, asked):
    """As often as it is worth it."""
    gateway.lie = lie
    (answer,) = read(gateway, clock, [ONE])
    assert answer.fault.reason is reason
    assert str(answer).startswith(f"{ONE.root} cannot be read back through {gateway.url}: ")
    assert len(gateway.requests) == asked


def test_read__when_several_fail_at_once__each_has_its_own_fault(gateway, clock):
    """Two of nine are missing, one is wrong; what the others met meanwhile is not theirs."""
    gateway.blocks = {cid: data for cid, data in gateway.blocks.items() if cid != ONE.root}
    gateway.blocks[BUNDLES[1].metadata] = b"other words"
    del gateway.blocks[BUNDLES[2].metadata]
    answers = read(gateway, clock, BUNDLES)
    faults = [answer.fault.reason for answer in answers[:3]]
    assert faults == [Reason.NOT_FOUND, Reason.WRONG_BYTES, Reason.NOT_FOUND]
    assert [answer.fault.cid for answer in answers[:3]] == [
        ONE.root,
        BUNDLES[1].metadata,
        BUNDLES[2].metadata,
    ]
    assert all(isinstance(answer, float) for answer in answers[3:])


def test_read__when_embedded__asks_once(gateway, clock):
    """It knows at once what it has."""
    gateway.lie = Lie.MISSING
    read(gateway, clock, [ONE], EMBEDDED)
    assert len(gateway.requests) == 1
