"""Limits of one whole reading

read: given a path, blocks, bytes or time beyond its limits, stops and says which
car: given more blocks than the limit, refuses them while they arrive
block, read: given another hash than sha2-256, refuse alike and ask nobody
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import pytest
from support.dags import SMALL, dag_of, file_dag
from support.hostile_blocks import node
from support.hostile_gateway import HostileGateway, Lie
from support.trees import Blocks

from pfpkit.cid import CID, DAG_PB, RAW
from pfpkit.errors import BadBlock, BadCID, GatewayError, PfpkitError
from pfpkit.retrieval import IpfsPath, Limits, Retriever
from pfpkit.unixfs import Block, Link
from pfpkit.unixfs.node import Message

T = TypeVar("T")
FILE = file_dag(random.Random(1).randbytes(1024))
FOLDER = dag_of({"a": b"x" * 100}, SMALL)


def run(
    gateway: HostileGateway, limits: Limits, ask: Callable[[Retriever], Awaitable[T]]
) -> T | PfpkitError:
    """What `ask` gave, or the error that it raised."""

    async def scenario() -> T | PfpkitError:
        async with Retriever([gateway.url], limits) as retriever:
            try:
                return await ask(retriever)
            except PfpkitError as error:
                return error

    return asyncio.run(scenario())


def test_read__when_a_file_has_too_many_blocks__stops_before_it_asks_for_them() -> None:
    """At the limit the file is read, one less refuses it by what its nodes name."""
    count = len(FILE.blocks)
    with HostileGateway(FILE.blocks) as gateway:
        fetched = run(gateway, Limits(blocks=count), lambda r: r.read(FILE.root))
        assert not isinstance(fetched, PfpkitError)
        assert len(fetched.blocks) == count
        refused = run(gateway, Limits(blocks=count - 1), lambda r: r.read(FILE.root))
        assert isinstance(refused, BadBlock)
        assert f"more than {count - 1} blocks" in str(refused)
        assert len(gateway.requests) < 2 * count


def test_read__when_the_path_takes_blocks_too__both_are_counted() -> None:
    """A folder and its file share one limit."""
    whole = len(FOLDER.blocks)
    with HostileGateway(FOLDER.blocks) as gateway:
        ask = f"{FOLDER.root}/a"
        assert not isinstance(
            run(gateway, Limits(blocks=whole), lambda r: r.read(ask)), PfpkitError
        )
        refused = run(gateway, Limits(blocks=whole - 1), lambda r: r.read(ask))
    assert isinstance(refused, BadBlock)
    assert f"takes more than {whole - 1} blocks" in str(refused)


def test_read__when_the_blocks_are_too_large_together__stops() -> None:
    """Bytes of folders and of nodes count, not those of the file alone."""
    size = sum(len(block.data) for block in FOLDER.blocks)
    with HostileGateway(FOLDER.blocks) as gateway:
        ask = f"{FOLDER.root}/a"
        assert not isinstance(
            run(gateway, Limits(total_bytes=size), lambda r: r.read(ask)), PfpkitError
        )
        refused = run(gateway, Limits(total_bytes=size - 1), lambda r: r.read(ask))
    assert isinstance(refused, BadBlock)
    assert f"takes more than {size - 1} bytes" in str(refused)


def test_read__when_every_block_is_slow__stops_when_the_time_is_up() -> None:
    """No answer alone is too slow; together they are."""
    large = file_dag(random.Random(2).randbytes(8192))
    with HostileGateway(large.blocks, Lie.SLOW) as gateway:
        started = time.monotonic()
        refused = run(gateway, Limits(total_s=0.3), lambda r: r.read(large.root))
        assert time.monotonic() - started < 5
        assert len(gateway.requests) < len(large.blocks)
    assert isinstance(refused, GatewayError)
    assert "in 0.3 s" in str(refused)


def test_read__when_a_kept_block_is_read_on_and_on__stops_when_the_time_is_up() -> None:
    """What is at hand costs no request; reading it 90,000 times still costs time."""
    blocks = Blocks()
    leaf = node(blocks, [], Message(2, filesize=0))
    for width in (300, 300):
        sizes = [0] * width
        leaf = node(blocks, [Link(leaf, "")] * width, Message(2, filesize=0, blocksizes=sizes))
    with HostileGateway([Block(*item) for item in blocks.items()]) as gateway:
        refused = run(gateway, Limits(blocks=10**6, total_s=0.1), lambda r: r.read(leaf))
    assert isinstance(refused, GatewayError)


def test_ipfs_path__when_of_countless_segments__is_refused() -> None:
    """Each segment costs a request: 64 are far above every folder that is minted."""
    assert IpfsPath.parse(f"ipfs://{FOLDER.root}{'/a' * 64}").path.count("a") == 64
    for make in (
        lambda: IpfsPath.parse(f"ipfs://{FOLDER.root}{'/a' * 65}"),
        lambda: IpfsPath(FOLDER.root, "a/" * 64 + "a"),
    ):
        with pytest.raises(BadCID, match="65 segments"):
            make()


def test_car__when_it_has_too_many_blocks__is_refused_while_it_arrives() -> None:
    """Foreign blocks are held while they arrive, so they count too."""
    count = len(FILE.blocks)
    with HostileGateway(FILE.blocks) as gateway:
        blocks = run(gateway, Limits(blocks=count), lambda r: r.car(FILE.root))
        assert isinstance(blocks, tuple)
        assert set(blocks) == set(FILE.blocks)
        gateway.lie = Lie.EXTRA_BLOCK
        refused = run(gateway, Limits(blocks=count), lambda r: r.car(FILE.root))
    assert isinstance(refused, GatewayError)
    assert f"more than {count} blocks" in str(refused)


@pytest.mark.parametrize("codec", [RAW, DAG_PB])
def test_block_and_read__when_an_identity_cid__refuse_alike(codec: int) -> None:
    """It holds its bytes itself; sha2-256 alone is trusted, and nobody is asked."""
    empty = replace(CID.parse("bafkqaaa"), codec=codec)
    with HostileGateway(FILE.blocks) as gateway:
        for ask in (Retriever.block, Retriever.read):
            refused = run(gateway, Limits(), lambda r, ask=ask: ask(r, empty))  # type: ignore[misc]
            assert isinstance(refused, BadCID)
            assert "identity" in str(refused)
        assert gateway.requests == []
