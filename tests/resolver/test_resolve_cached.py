"""Resolver with a cache: content is asked for once, and pictures come from what is kept

given a second visitor, nobody is asked and the answer says when the chain was
given two visitors at once, one walk; of what is on the disk, one picture
given content that no gateway has, one wait for all visitors
given damage on the disk, right answers
"""

import asyncio
import shutil

import pytest
from support.hostile_gateway import HostileGateway, Lie
from support.shelves import large_picture, token_shelf
from support.visits import SHELF, visited

from pfpkit.cache import NEGATIVE_S, OWNERSHIP_S
from pfpkit.cached import CachedBlocks
from pfpkit.cid import CID, RAW
from pfpkit.errors import GatewayError
from pfpkit.media import Renderer
from pfpkit.retrieval import Retriever


def test_resolve__by_a_second_visitor__asks_nobody(chain_url, minted, gateway, cache, clock):
    """The answer is as of the first one's block, and says when that was asked."""
    ref, holder = minted

    async def visit():
        renderer = Renderer(workers=1, sizes=(48,))
        async with visited(chain_url, gateway, cache, renderer=renderer) as (resolver, node):
            found = await resolver.resolve(ref, holder)
            return found, node.asked, renderer.started

    first, asked, started = asyncio.run(visit())
    assert (first.verdict, first.remembered, asked, started) == ("verified", False, 1, 1)
    before = len(gateway.requests)
    clock.time += OWNERSHIP_S - 1
    second, asked, started = asyncio.run(visit())
    assert (second.verdict, second.remembered, asked, started) == ("verified", True, 0, 0)
    assert len(gateway.requests) == before
    assert second.receipt == first.receipt  # when the chain was asked, too
    assert second.ownership == first.ownership
    assert second.proof == first.proof
    assert second.rendered.rendition(48) == first.rendered.rendition(48)


def test_resolve__by_two_at_once__is_one_walk(chain_url, minted, gateway, cache):
    """One question to the chain, and as many to the gateway as one visitor has."""
    ref, holder = minted

    async def visit(visitors, cache):
        before = len(gateway.requests)
        async with visited(chain_url, gateway, cache) as (resolver, node):
            found = await asyncio.gather(*[resolver.resolve(ref, holder) for _ in range(visitors)])
        return found, node.asked, len(gateway.requests) - before

    _, _, alone = asyncio.run(visit(1, None))
    found, asked, requests = asyncio.run(visit(20, cache))
    assert {one.verdict for one in found} == {"verified"}
    assert (asked, requests) == (1, alone)


def test_resolve__by_two_at_once_when_it_is_on_the_disk__is_one_proof(chain_url, tokens, cache):
    """However many ask another process for a large picture, it is read and held once."""
    shelf = token_shelf(large_picture())
    (ref,) = tokens.mint(shelf.root.digest)

    async def visit(visitors):
        async with visited(chain_url, gateway, cache) as (resolver, _):
            return await asyncio.gather(*[resolver.resolve(ref) for _ in range(visitors)])

    with HostileGateway(shelf.blocks) as gateway:
        (first,) = asyncio.run(visit(1))
        found = asyncio.run(visit(20))
    assert {one.verdict for one in found} == {"verified"}
    assert found[0].proof == first.proof
    assert len({id(one.proof) for one in found}) == 1


def test_resolve__when_no_gateway_has_it__waits_once(chain_url, minted, cache, clock):
    """For all visitors of half a minute, but for who wants it fresh."""
    ref, holder = minted

    async def visit(gateway, **options):
        before = len(gateway.requests)
        async with visited(chain_url, gateway, cache) as (resolver, _):
            found = await resolver.resolve(ref, holder, **options)
        return found, len(gateway.requests) - before

    with HostileGateway(SHELF.blocks, Lie.MISSING) as gateway:
        first, requests = asyncio.run(visit(gateway))
        assert (first.verdict, first.receipt.failure.error) == ("unverified", "GatewayError")
        assert requests > 0
        clock.time += 2
        second, requests = asyncio.run(visit(gateway))
        assert (second.receipt.failure.error, requests) == ("GatewayError", 0)
        assert second.reason == f"{first.reason} (2 s ago)"
        assert asyncio.run(visit(gateway, fresh=True))[1] > 0
        clock.time += NEGATIVE_S
        assert asyncio.run(visit(gateway))[1] > 0
    with HostileGateway(SHELF.blocks) as honest:
        # Another gateway was not asked yet.
        assert asyncio.run(visit(honest))[0].verified


def test_resolve__when_no_gateway_can_be_reached__asks_again(chain_url, minted, cache):
    """The network is away, and nothing is known of the block."""
    ref, holder = minted
    with HostileGateway(SHELF.blocks) as gateway:
        pass
    shut = gateway

    async def visit(gateway):
        async with visited(chain_url, gateway, cache) as (resolver, _):
            return await resolver.resolve(ref, holder)

    for _ in range(2):
        found = asyncio.run(visit(shut))
        assert found.receipt.failure.error == "GatewayError"
        assert "ago" not in found.reason


def test_resolve__when_the_disk_is_damaged__asks_again(chain_url, minted, gateway, cache, tmp_path):
    """Every entry, block or fact: one flipped bit each is found."""
    ref, holder = minted

    async def visit():
        renderer = Renderer(workers=1, sizes=(48,))
        async with visited(chain_url, gateway, cache, renderer=renderer) as (resolver, node):
            return await resolver.resolve(ref, holder), node.asked

    first, _ = asyncio.run(visit())
    for path in (tmp_path / "cache").glob("??/*"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    second, asked = asyncio.run(visit())
    assert (second.verdict, second.remembered, asked) == ("verified", False, 1)
    assert second.proof == first.proof
    assert cache.counts.damaged >= 3  # the rest came anew with the CAR of the first one
    third, asked = asyncio.run(visit())
    assert (third.remembered, asked) == (True, 0)


def test_resolve__again_by_the_same_resolver__needs_no_disk(
    chain_url, minted, gateway, cache, tmp_path
):
    """A proof that holds is kept in memory; one that does not is made again."""
    ref, holder = minted

    async def story(shelf):
        async with visited(chain_url, shelf, cache) as (resolver, _):
            first = await resolver.resolve(ref, holder)
            shutil.rmtree(tmp_path / "cache")
            before = len(shelf.requests)
            second = await resolver.resolve(ref, holder)
            return first, second, len(shelf.requests) - before

    first, second, requests = asyncio.run(story(gateway))
    assert (second.verdict, requests) == ("verified", 0)
    assert second.proof is first.proof
    with HostileGateway(SHELF.blocks, Lie.MISSING) as absent:
        _, second, requests = asyncio.run(story(absent))
    assert second.verdict == "unverified"
    assert requests > 0


def test_resolve__when_another_codec_of_the_block_was_not_found__asks(
    chain_url, minted, gateway, cache
):
    """Else a stranger's token that names it so would hide this one's picture, again and again."""
    ref, holder = minted

    async def strange():
        async with Retriever([gateway.url]) as retriever:
            await CachedBlocks(retriever, cache).block(CID(1, RAW, SHELF.root.digest))

    gateway.lie = Lie.MISSING
    with pytest.raises(GatewayError):
        asyncio.run(strange())
    gateway.lie = Lie.HONEST

    async def visit():
        async with visited(chain_url, gateway, cache) as (resolver, _):
            return await resolver.resolve(ref, holder)

    assert asyncio.run(visit()).verified
