"""Retriever.folder: every block under a small directory, in one request

given a gateway that has all of it, one CAR brings it, in depth-first order
given one that lacks a block, lies or knows no CARs, it is named and the next one is asked
given what is no flat directory, or larger than allowed, no gateway is blamed
"""

import asyncio

import pytest
from support.dags import dag_of, file_dag
from support.hostile_gateway import HostileGateway, Lie

from pfpkit.cid import DAG_PB, Block, cid_of
from pfpkit.errors import BadBlock, GatewayError
from pfpkit.retrieval import Limits, Reason, Retriever
from pfpkit.unixfs import dagpb
from pfpkit.unixfs.node import Message

DAG = dag_of({"image": bytes(range(256)) * 40, "metadata.json": b'{"name":"x"}'})
MOST = 2**20
QUICK = Limits(read_s=1.0, car_s=2.0, hedge_s=9.0)


def folder(*gateways: HostileGateway, root=DAG.root, max_bytes: int = MOST):
    """What came, or the error, and the faults."""

    async def ask():
        async with Retriever([gateway.url for gateway in gateways], QUICK) as retriever:
            try:
                found = await retriever.folder(root, max_bytes=max_bytes)
            except (BadBlock, GatewayError) as error:
                found = error
            return found, retriever.faults

    return asyncio.run(ask())


def test_folder__when_a_gateway_has_it__comes_in_one_request() -> None:
    """The root first, and each file whole."""
    with HostileGateway(DAG.blocks) as gateway:
        found, faults = folder(gateway)
        assert len(gateway.requests) == 1
    assert found[0].cid == DAG.root
    assert set(found) == set(DAG.blocks)
    assert faults == []


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        (Lie.MISSING_BLOCK, Reason.INCOMPLETE),
        (Lie.HEADER_ONLY, Reason.INCOMPLETE),
        (Lie.PLAIN, Reason.WRONG_TYPE),
        (Lie.REDIRECTING, Reason.REDIRECTED),
    ],
)
def test_folder__when_a_gateway_fails__next_one_is_asked(lie: Lie, reason: Reason) -> None:
    """And what it did has a name."""
    with HostileGateway(DAG.blocks, lie) as liar, HostileGateway(DAG.blocks) as honest:
        found, faults = folder(liar, honest)
    assert set(found) == set(DAG.blocks)
    assert [(fault.url, fault.reason) for fault in faults] == [(liar.url, reason)]


def test_folder__when_all_lie__gateway_error() -> None:
    """Nothing is believed."""
    with HostileGateway(DAG.blocks, Lie.FLIPPED_BYTE) as liar:
        found, faults = folder(liar)
    assert isinstance(found, GatewayError)
    assert faults


def test_folder__when_its_links_say_more_than_allowed__is_refused_at_the_root() -> None:
    """Nobody is blamed: whoever asked did not know."""
    with HostileGateway(DAG.blocks) as gateway:
        found, faults = folder(gateway, max_bytes=10_000)
    assert isinstance(found, BadBlock)
    assert "has more than 10,000 bytes" in str(found)
    assert faults == []


def test_folder__when_more_comes_than_its_links_say__is_refused() -> None:
    """A directory may lie about what is beneath; the gateway that sends it does not."""
    leaf = Block(cid_of(bytes(50_000)), bytes(50_000))
    data = dagpb.encode([dagpb.Link(leaf.cid, "image", 1)], Message(1).encode())
    root = Block(cid_of(data, DAG_PB), data)
    with HostileGateway([root, leaf]) as gateway:
        found, faults = folder(gateway, root=root.cid, max_bytes=20_000)
    assert isinstance(found, BadBlock)
    assert "came of it" in str(found)
    assert faults == []


def test_folder__when_it_comes_in_crumbs__gateway_is_blamed() -> None:
    """Not the directory, which is no larger than allowed; the next gateway is asked."""
    dag = dag_of({"image": b"".join(b"%064d" % n for n in range(160)), "metadata.json": b"{}"})
    with HostileGateway(dag.blocks, Lie.CRUMBLED) as liar, HostileGateway(dag.blocks) as honest:
        found, faults = folder(liar, honest, root=dag.root)
    assert set(found) == set(dag.blocks)
    assert [(fault.url, fault.reason) for fault in faults] == [(liar.url, Reason.CRUMBS)]


def test_folder__when_it_is_a_file__is_refused() -> None:
    """No request was saved by asking for it so."""
    file = file_dag(bytes(3 * 2**20))
    with HostileGateway(file.blocks) as gateway:
        found, faults = folder(gateway, root=file.root, max_bytes=8 * 2**20)
    assert isinstance(found, BadBlock)
    assert "is no flat directory" in str(found)
    assert faults == []
