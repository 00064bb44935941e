"""Retriever against gateways that lie

given a gateway that lies, its lie is named and the next gateway is used
given liars alone, GatewayError says what each did
given a flood or a stall, memory and time stay within the limits
"""

import asyncio
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.dags import dag_of, file_dag
from support.hostile_gateway import HostileGateway, Lie

from pfpkit.errors import GatewayError
from pfpkit.retrieval import Limits, Reason, Retriever
from pfpkit.unixfs import Block

# Nobody is overtaken here, so that each runs into its own limit.
TIGHT = Limits(block_bytes=64 * 1024, car_bytes=256 * 1024, hedge_s=90.0)
SOON = replace(TIGHT, read_s=0.6, block_s=1.2, car_s=1.2)
DAG = dag_of({"image": bytes(range(256)), "metadata.json": b'{"name":"x"}'})
BLOCKS = tuple(DAG.blocks)
BLOCK = BLOCKS[0]

# A lie about one block, and the name that the retriever has to give it.
BLOCK_LIES = {
    Lie.FLIPPED_BYTE: Reason.WRONG_BYTES,
    Lie.OTHER_FILE: Reason.WRONG_BYTES,
    Lie.EMPTY: Reason.WRONG_BYTES,
    Lie.TRUNCATED: Reason.CUT_SHORT,
    Lie.ENDLESS: Reason.TOO_LARGE,
    Lie.ANNOUNCED_HUGE: Reason.TOO_LARGE,
    Lie.SILENT: Reason.TIMED_OUT,
    Lie.STALLED: Reason.TIMED_OUT,
    Lie.DRIPPING: Reason.TIMED_OUT,
    Lie.CRUMBS: Reason.CRUMBS,
    Lie.REDIRECTING: Reason.REDIRECTED,
    Lie.WRONG_TYPE: Reason.WRONG_TYPE,
    Lie.PLAIN: Reason.WRONG_TYPE,
    Lie.GZIP_BOMB: Reason.COMPRESSED,
    Lie.MISSING: Reason.NOT_FOUND,
    Lie.BUSY: Reason.BUSY,
    Lie.BROKEN: Reason.REFUSED,
    Lie.GARBAGE: Reason.NOT_HTTP,
    Lie.ENDLESS_HEAD: Reason.NOT_HTTP,
    Lie.HANGS_UP: Reason.NOT_HTTP,
}
CAR_LIES = BLOCK_LIES | {
    # The flipped byte is in a block, in its CID or in a length.
    Lie.OTHER_FILE: Reason.BAD_CAR,
    Lie.EMPTY: Reason.BAD_CAR,
    Lie.ENDLESS: Reason.BAD_CAR,
    Lie.DRIPPING: Reason.BAD_CAR,
    Lie.CRUMBS: Reason.BAD_CAR,
    Lie.MISSING_BLOCK: Reason.INCOMPLETE,
    Lie.HEADER_ONLY: Reason.INCOMPLETE,
    Lie.HEADER_THEN_STALL: Reason.TIMED_OUT,
}


@pytest.fixture(scope="module")
def honest() -> Iterator[HostileGateway]:
    with HostileGateway(BLOCKS) as gateway:
        yield gateway


async def block_from(gateways: list[str], limits: Limits = TIGHT) -> tuple[bytes, Retriever]:
    async with Retriever(gateways, limits) as retriever:
        return await retriever.block(BLOCK.cid), retriever


async def car_from(
    gateways: list[str], limits: Limits = TIGHT
) -> tuple[tuple[Block, ...], Retriever]:
    async with Retriever(gateways, limits) as retriever:
        return await retriever.car(DAG.root), retriever


@pytest.mark.parametrize("lie", BLOCK_LIES)
def test_block__when_a_gateway_lies__names_the_lie_and_asks_the_next(
    honest: HostileGateway, lie: Lie
) -> None:
    """The caller gets right bytes, the liar is named, and all of it is soon over."""
    limits = SOON if lie.stalls else TIGHT
    with HostileGateway(BLOCKS, lie) as liar:
        started = time.monotonic()
        data, retriever = asyncio.run(block_from([liar.url, honest.url], limits))
        took = time.monotonic() - started
        assert data == BLOCK.data
        (fault,) = retriever.faults
        assert (fault.url, fault.cid, fault.reason) == (liar.url, BLOCK.cid, BLOCK_LIES[lie])
        assert liar.requests == [f"/ipfs/{BLOCK.cid}?format=raw"]
        assert took < 10


@pytest.mark.parametrize("lie", CAR_LIES)
def test_car__when_a_gateway_lies__names_the_lie_and_asks_the_next(
    honest: HostileGateway, lie: Lie
) -> None:
    """A DAG is whole and right, or its gateway failed."""
    limits = SOON if lie.stalls else TIGHT
    with HostileGateway(BLOCKS, lie) as liar:
        started = time.monotonic()
        blocks, retriever = asyncio.run(car_from([liar.url, honest.url], limits))
        assert time.monotonic() - started < 10
        assert set(blocks) == set(BLOCKS)
        (fault,) = retriever.faults
        assert (fault.url, fault.cid, fault.reason) == (liar.url, DAG.root, CAR_LIES[lie])


def test_car__when_a_foreign_block_is_added__drops_it() -> None:
    """What does not belong to the DAG is not handed on, though its hash is right."""
    with HostileGateway(BLOCKS, Lie.EXTRA_BLOCK) as gateway:
        blocks, retriever = asyncio.run(car_from([gateway.url]))
    assert set(blocks) == set(BLOCKS)
    assert retriever.faults == []


def test_block__when_all_lie__says_what_each_did() -> None:
    """One message names every gateway and its lie, in the order they were asked."""
    with (
        HostileGateway(BLOCKS, Lie.FLIPPED_BYTE) as first,
        HostileGateway(BLOCKS, Lie.REDIRECTING, elsewhere="http://10.0.0.1/secret?t=1") as second,
        HostileGateway(BLOCKS, Lie.BUSY) as third,
        pytest.raises(GatewayError) as caught,
    ):
        asyncio.run(block_from([first.url, second.url, third.url]))
    message = str(caught.value)
    assert message.startswith(f"no gateway gave {BLOCK.cid}: {first.url} sent wrong bytes (")
    assert f"{second.url} redirects elsewhere (302 to http://10.0.0.1/secret, which" in message
    assert f"{third.url} is busy (429 Too Many Requests)" in message
    assert "\n" not in message


def test_block__when_redirected__never_asks_the_other_place(honest: HostileGateway) -> None:
    """A redirect could lead into a private network."""
    with HostileGateway(BLOCKS) as trap:
        place = f"{trap.url}/ipfs/{BLOCK.cid}?format=raw"
        with HostileGateway(BLOCKS, Lie.REDIRECTING, elsewhere=place) as liar:
            asyncio.run(block_from([liar.url, honest.url]))
        assert trap.requests == []


@pytest.mark.parametrize(
    "place",
    [
        "file:///etc/passwd",
        "//10.0.0.1/x",
        "http://[",
        "/\x1b[31m",
        "",
        "http://a:b@c/",
        "http://xn--/",
        "http://xn--a.com/",
        "http://256.1.1.1/",
        "http://h:99999999/",
        "data:,x",
    ],
)
def test_block__when_redirected_oddly__is_one_printable_fault(
    honest: HostileGateway, place: str
) -> None:
    """Whatever a Location header holds, it is not followed and cannot write on the terminal."""
    with HostileGateway(BLOCKS, Lie.REDIRECTING, elsewhere=place) as liar:
        data, retriever = asyncio.run(block_from([liar.url, honest.url]))
    assert data == BLOCK.data
    (fault,) = retriever.faults
    assert fault.reason is Reason.REDIRECTED
    assert str(fault).isprintable()
    assert "a:b@" not in str(fault)


@pytest.mark.parametrize("status", ["300 Multiple Choices", "304 Not Modified", "399 Odd"])
def test_block__when_redirected_nowhere__is_refused_and_the_next_is_asked(
    honest: HostileGateway, status: str
) -> None:
    """A status of 3xx need not come with a Location."""
    with HostileGateway(BLOCKS, Lie.ODD_STATUS) as liar:
        liar.status = status
        data, retriever = asyncio.run(block_from([liar.url, honest.url]))
    assert data == BLOCK.data
    (fault,) = retriever.faults
    assert (fault.reason, fault.detail[:3]) == (Reason.REFUSED, status[:3])


@pytest.mark.parametrize("host", ["x" * 64, "a..b", "x" * 300])
def test_block__when_the_host_is_no_name__says_unreachable(
    honest: HostileGateway, host: str
) -> None:
    """What no resolver can look up is a gateway that cannot be reached."""
    data, retriever = asyncio.run(block_from([f"http://{host}", honest.url]))
    assert data == BLOCK.data
    assert [fault.reason for fault in retriever.faults] == [Reason.UNREACHABLE]


@pytest.mark.parametrize(
    ("digits", "reason"), [(18, Reason.TOO_LARGE), (20, Reason.TOO_LARGE), (5_000, Reason.NOT_HTTP)]
)
def test_block__when_an_absurd_length_is_announced__is_a_fault(
    honest: HostileGateway, digits: int, reason: Reason
) -> None:
    """More digits than Python turns into a number are a fault like any other."""
    with HostileGateway(BLOCKS, Lie.ANNOUNCED_HUGE) as liar:
        liar.announced = "9" * digits
        data, retriever = asyncio.run(block_from([liar.url, honest.url]))
    assert data == BLOCK.data
    assert [fault.reason for fault in retriever.faults] == [reason]


def test_block__when_nobody_listens__says_unreachable(honest: HostileGateway) -> None:
    """A gateway that is down is a fault like any other."""
    with HostileGateway(BLOCKS) as gone:
        pass
    data, retriever = asyncio.run(block_from([gone.url, honest.url]))
    assert data == BLOCK.data
    assert [fault.reason for fault in retriever.faults] == [Reason.UNREACHABLE]


def test_block__when_one_failed__it_is_asked_last_from_then_on(honest: HostileGateway) -> None:
    """A stalling gateway costs its time limit once, not once a block."""

    async def scenario(urls: list[str]) -> None:
        async with Retriever(urls, SOON) as retriever:
            for block in BLOCKS:
                assert await retriever.block(block.cid) == block.data

    with HostileGateway(BLOCKS, Lie.SILENT) as liar:
        asyncio.run(scenario([liar.url, honest.url]))
        assert len(liar.requests) == 1


@pytest.mark.parametrize("lie", [Lie.ENDLESS, Lie.GZIP_BOMB, Lie.ANNOUNCED_HUGE, Lie.ENDLESS_HEAD])
def test_block__when_flooded__memory_and_traffic_stay_small(lie: Lie) -> None:
    """A flood is cut near the limit of one block, never collected."""
    with HostileGateway(BLOCKS, lie) as liar:

        async def scenario() -> int:
            async with Retriever([liar.url], TIGHT) as retriever:
                tracemalloc.start()
                with pytest.raises(GatewayError):
                    await retriever.block(BLOCK.cid)
                peak = tracemalloc.get_traced_memory()[1]
                tracemalloc.stop()
                return peak

        # The gateway's own buffers count too, they are in this process.
        assert asyncio.run(scenario()) < (32 if lie is Lie.GZIP_BOMB else 4) * 2**20
        # What fits into the sockets' buffers was sent, not read.
        assert liar.sent < 16 * 2**20


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_block__when_any_bit_is_flipped__is_wrong_bytes(data: st.DataObject) -> None:
    """No single flipped bit of any block passes, wherever it is."""
    block = data.draw(st.sampled_from([block for block in BLOCKS if block.data]))
    bit = data.draw(st.integers(0, len(block.data) * 8 - 1))
    damaged = bytearray(block.data)
    damaged[bit // 8] ^= 1 << bit % 8
    with HostileGateway([Block(block.cid, bytes(damaged))]) as liar:

        async def scenario() -> Retriever:
            async with Retriever([liar.url], TIGHT) as retriever:
                with pytest.raises(GatewayError, match="sent wrong bytes"):
                    await retriever.block(block.cid)
                return retriever

        (fault,) = asyncio.run(scenario()).faults
    assert fault.reason is Reason.WRONG_BYTES


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_car__when_any_bit_is_flipped__never_gives_other_blocks(data: st.DataObject) -> None:
    """A flip in a block, a CID or a length ends in a fault; one in the unused roots does not."""
    with HostileGateway(BLOCKS) as gateway:
        whole = gateway.car(DAG.root)
        bit = data.draw(st.integers(0, len(whole) * 8 - 1))
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        gateway.instead = bytes(damaged)
        try:
            blocks, _ = asyncio.run(car_from([gateway.url]))
        except GatewayError:
            return
    assert set(blocks) == set(BLOCKS)


def test_read__when_each_block_meets_a_liar__file_is_right(honest: HostileGateway) -> None:
    """Liars of every kind beside one honest gateway cannot change a file."""
    dag = file_dag(bytes(range(256)) * 4)
    with HostileGateway(tuple(dag.blocks)) as good:
        liars = [
            HostileGateway(tuple(dag.blocks), lie)
            for lie in (Lie.FLIPPED_BYTE, Lie.OTHER_FILE, Lie.PLAIN, Lie.TRUNCATED)
        ]
        for liar in liars:
            liar.__enter__()

        async def scenario() -> bytes:
            async with Retriever([liar.url for liar in liars] + [good.url], TIGHT) as retriever:
                return (await retriever.read(dag.root)).data

        assert asyncio.run(scenario()) == bytes(range(256)) * 4
        for liar in liars:
            liar.__exit__(None, None, None)
