"""Race: the first right answer of several gateways

given a gateway that hesitates, the next is asked too, and the first right answer ends the rest
given one that answers in time, no other is asked
given faults, they are remembered, and forgotten after minutes
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from support.dags import dag_of
from support.hostile_gateway import HostileGateway, Lie

from pfpkit.cid import cid_of
from pfpkit.errors import BadBlock, BadInput, GatewayError, WrongBytes
from pfpkit.gateways import Gateway, Reason, Refused
from pfpkit.race import HALF_LIFE_S, PATIENCE, Race
from pfpkit.retrieval import Limits, Retriever

DAG = dag_of({"image": bytes(range(256))})
BLOCK = next(iter(DAG.blocks))
CID = cid_of(b"x")
HEDGED = Limits(hedge_s=0.1, read_s=5.0, block_s=5.0)
STALLS = [Lie.SILENT, Lie.STALLED, Lie.DRIPPING]


def race(*names: str, clock: Callable[[], float] = time.monotonic) -> Race:
    return Race([Gateway.of(f"http://{name}.example") for name in names], clock)


def named(gateway: Gateway) -> str:
    return gateway.url.removeprefix("http://").removesuffix(".example")


def after(**delays: float) -> Callable[[Gateway], Awaitable[str]]:
    """An `ask` in which each gateway takes so many seconds; a negative one fails after them."""

    async def ask(gateway: Gateway) -> str:
        delay = delays[named(gateway)]
        await asyncio.sleep(abs(delay))
        if delay < 0:
            raise Refused(Reason.NOT_FOUND, "404")
        return named(gateway)

    return ask


@pytest.mark.parametrize("lie", STALLS)
def test_block__when_the_first_gateway_stalls__the_next_is_asked_too(lie: Lie) -> None:
    """Long before its limit; and it is named, and asked last from then on."""

    async def scenario(urls: list[str]) -> Retriever:
        async with Retriever(urls, HEDGED) as retriever:
            for block in DAG.blocks:
                assert await retriever.block(block.cid) == block.data
        return retriever

    with HostileGateway(DAG.blocks, lie) as slow, HostileGateway(DAG.blocks) as honest:
        started = time.monotonic()
        retriever = asyncio.run(scenario([slow.url, honest.url]))
        assert time.monotonic() - started < 5  # the limit of the one that stalls
        (fault,) = retriever.faults
        assert (fault.url, fault.reason) == (slow.url, Reason.OVERTAKEN)
        assert honest.url in fault.detail
        assert len(slow.requests) == 1


def test_block__when_overtaken__its_connection_is_closed() -> None:
    """Nothing goes on arriving that nobody waits for."""
    with HostileGateway(DAG.blocks, Lie.DRIPPING) as slow, HostileGateway(DAG.blocks) as honest:

        async def scenario() -> int:
            async with Retriever([slow.url, honest.url], HEDGED) as retriever:
                await retriever.block(BLOCK.cid)
                await asyncio.sleep(0.2)
                before = slow.sent
                await asyncio.sleep(0.3)
                return slow.sent - before

        assert asyncio.run(scenario()) == 0


def test_block__when_the_first_answers_in_time__no_other_is_asked() -> None:
    """Hedging costs nothing where nobody hesitates."""
    with HostileGateway(DAG.blocks) as first, HostileGateway(DAG.blocks) as second:

        async def scenario() -> None:
            async with Retriever([first.url, second.url], Limits(hedge_s=5.0)) as retriever:
                for block in DAG.blocks:
                    await retriever.block(block.cid)
                assert retriever.faults == []

        asyncio.run(scenario())
        assert second.requests == []


def test_block__when_liars_are_faster__the_right_one_wins() -> None:
    """A wrong answer is no answer, however early."""
    lies = [Lie.SILENT, Lie.FLIPPED_BYTE, Lie.OTHER_FILE]
    servers = [HostileGateway(DAG.blocks, lie) for lie in lies]
    servers.append(HostileGateway(DAG.blocks, Lie.SLOW))
    for server in servers:
        server.__enter__()

    async def scenario() -> Retriever:
        async with Retriever([server.url for server in servers], HEDGED) as retriever:
            assert await retriever.block(BLOCK.cid) == BLOCK.data
        return retriever

    reasons = [fault.reason for fault in asyncio.run(scenario()).faults]
    for server in servers:
        server.__exit__(None, None, None)
    assert reasons == [Reason.WRONG_BYTES, Reason.WRONG_BYTES, Reason.OVERTAKEN]


def test_first__when_all_fail__names_each_and_waits_for_the_last() -> None:
    """One that is slow to fail is waited for."""
    with pytest.raises(GatewayError) as caught:
        asyncio.run(race("a", "b").first(CID, "raw", 0.01, after(a=-0.1, b=-0.02)))
    assert [fault.url for fault in caught.value.faults] == ["http://b.example", "http://a.example"]


def test_first__when_one_fails__the_next_is_asked_at_once() -> None:
    """The hedge is for those who hesitate."""

    async def scenario() -> float:
        started = time.monotonic()
        assert await race("a", "b").first(CID, "raw", 9.0, after(a=-0.0001, b=0.0)) == "b"
        return time.monotonic() - started

    assert asyncio.run(scenario()) < 5


def test_first__when_the_content_is_at_fault__ends_there() -> None:
    """Another gateway has the same bytes; and nobody is blamed for them."""

    async def ask(gateway: Gateway) -> str:
        asked.append(gateway.url)
        raise BadBlock("no node")

    asked: list[str] = []
    here = race("a", "b")
    with pytest.raises(BadBlock):
        asyncio.run(here.first(CID, "raw", 9.0, ask))
    assert len(asked) == 1
    assert not here.faults


def test_first__when_cancelled__cancels_what_it_asked() -> None:
    """No request outlives who wanted it."""
    ended: list[str] = []

    async def ask(gateway: Gateway) -> str:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(named(gateway))
        return ""

    async def scenario() -> None:
        task = asyncio.create_task(race("a", "b").first(CID, "raw", 0.01, ask))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert sorted(ended) == ["a", "b"]

    asyncio.run(scenario())


def test_first__when_a_gateway_is_usually_slow__is_waited_for_longer() -> None:
    """A far one is not doubled for ever; its usual time is known for each form of answer."""
    here = race("a", "b")
    gateway = here.order()[0]
    assert here.patience_s(gateway, "raw", 0.01) == 0.01
    asyncio.run(here.first(CID, "raw", 9.0, after(a=0.1, b=0.0)))
    assert 0.1 * PATIENCE <= here.patience_s(gateway, "raw", 0.01) < 3.0
    assert here.patience_s(gateway, "car", 0.01) == 0.01


def test_order__when_faults_grow_old__they_are_forgotten() -> None:
    """Asked last, then after those that failed since, then first again."""
    now = [0.0]
    here = race("a", "b", "c", clock=lambda: now[0])

    def fail(name: str) -> None:
        delays = {"a": 0.0, "b": 0.0, "c": 0.0, name: -0.0001}
        asyncio.run(here.first(CID, "raw", 9.0, after(**delays)))

    def order() -> str:
        return "".join(map(named, here.order()))

    assert order() == "abc"
    fail("a")
    assert order() == "bca"
    now[0] += HALF_LIFE_S
    fail("b")
    assert order() == "cab"
    now[0] += 4 * HALF_LIFE_S
    assert order() == "acb"
    now[0] += HALF_LIFE_S
    assert order() == "abc"


def test_first__when_bytes_are_wrong__says_so() -> None:
    """What was hashed and is not it."""

    async def ask(gateway: Gateway) -> str:
        raise WrongBytes("not it")

    with pytest.raises(GatewayError, match="sent wrong bytes"):
        asyncio.run(race("a").first(CID, "raw", 9.0, ask))


def test_race__when_nobody_is_named__says_so() -> None:
    """Nothing can be asked."""
    with pytest.raises(BadInput, match="name at least one"):
        Race([])
