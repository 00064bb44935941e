"""Resolver with a cache: what is asked again, what is not, and what the answers claim

given a second visitor, nobody is asked and the answer says when the chain was
given two visitors at once, one walk; of what is on the disk, one picture
given an owner who changed, the old one for some seconds, and never to who wants it fresh
given a reorganisation, the next look names the block that is gone, and nothing rests on it
given a chain that cannot be read, nothing is remembered
given content that no gateway has, one wait for all visitors
given damage on the disk, right answers
"""

import asyncio
import shutil
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from support.hostile_gateway import HostileGateway, Lie
from support.shelves import large_picture, token_shelf

from pfpkit.cache import NEGATIVE_S, OWNERSHIP_S, Cache
from pfpkit.cached import CachedBlocks
from pfpkit.chain import Node
from pfpkit.cid import CID, RAW
from pfpkit.errors import GatewayError
from pfpkit.media import Renderer
from pfpkit.quorum import Quorum
from pfpkit.resolver import Resolver
from pfpkit.retrieval import Limits, Retriever
from pfpkit.tokens import Outcome

SHELF = token_shelf()
SOON = Limits(read_s=0.3, block_s=0.5, hedge_s=0.2)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self):
        self.time = 1_800_000_000.0

    def __call__(self):
        return self.time


class CountedNode(Node):
    """A node that counts how often it was asked for tokens."""

    asked = 0

    async def tokens(self, asked, block):
        self.asked += 1
        return await super().tokens(asked, block)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cache(tmp_path, clock):
    return Cache(tmp_path / "cache", now=clock)


@pytest.fixture
def gateway():
    with HostileGateway(SHELF.blocks) as running:
        yield running


@pytest.fixture
def minted(tokens):
    """A token of the shelf, and its holder."""
    (ref,) = tokens.mint(SHELF.root.digest)
    return ref, tokens.people[1]


@asynccontextmanager
async def visited(url, gateway, cache, **options):
    """A resolver, and its node."""
    node = CountedNode(url)
    options = {"renderer": None} | options
    async with Resolver(node, Retriever([gateway.url], SOON), cache=cache, **options) as resolver:
        yield resolver, node


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


def test_resolve__when_the_token_moved__says_so_when_the_answer_is_old_or_fresh_is_asked(
    chain_url, tokens, minted, gateway, cache, clock
):
    """Until then the answer names its block, and who had the token there."""
    ref, holder = minted
    buyer = tokens.people[2]

    async def visit(**options):
        async with visited(chain_url, gateway, cache) as (resolver, _):
            return await resolver.resolve(ref, holder, **options)

    first = asyncio.run(visit())
    tokens.transfer(ref, holder, buyer)
    remembered = asyncio.run(visit())
    assert (remembered.verdict, remembered.remembered) == ("verified", True)
    assert remembered.ownership.block == first.receipt.block
    fresh = asyncio.run(visit(fresh=True))
    assert (fresh.verdict, fresh.remembered) == ("not-owner", False)
    # What was found fresh is what the next one is told.
    assert asyncio.run(visit()).verdict == "not-owner"
    clock.time += OWNERSHIP_S
    later = asyncio.run(visit())
    assert (later.verdict, later.remembered, later.ownership.undone) == ("not-owner", False, None)


def test_resolve__after_a_reorganisation__names_the_block_that_is_gone(
    chain_url, tokens, minted, gateway, cache, clock
):
    """At the next look; and no other answer that rests on it is believed, though it is young."""
    ref, holder = minted
    buyer = tokens.people[2]
    snapshot = tokens.node.rpc("evm_snapshot")
    tokens.transfer(ref, holder, buyer)

    async def story():
        async with visited(chain_url, gateway, cache) as (resolver, node):
            before = await resolver.resolve(ref, buyer)
            clock.time += 1
            young = await resolver.resolve(ref)
            tokens.node.rpc("evm_revert", snapshot)
            for _ in range(3):
                tokens.node.rpc("evm_mine")
            clock.time += OWNERSHIP_S - 0.5
            after, asked = await resolver.resolve(ref, buyer), node.asked
            other = await resolver.resolve(ref)
            return before, young, after, other, node.asked - asked

    before, young, after, other, asked = asyncio.run(story())
    assert (before.verdict, after.verdict) == ("verified", "not-owner")
    assert after.ownership.undone == before.ownership.block
    assert young.receipt.owner == buyer
    assert (other.receipt.owner, other.remembered, asked) == (holder, False, 1)


def test_resolve__when_the_chain_could_not_be_read__remembers_nothing(
    chain_url, minted, gateway, cache
):
    """Unknown is no answer; whoever comes next asks."""
    ref, holder = minted

    class Ill(Node):
        ill = True

        async def tokens(self, asked, block):
            if self.ill:
                return await Node("http://127.0.0.1:9").tokens(asked, block)
            return await super().tokens(asked, block)

    async def story():
        node = Ill(chain_url)
        retriever = Retriever([gateway.url], SOON)
        async with Resolver(node, retriever, renderer=None, cache=cache) as resolver:
            first = await resolver.resolve(ref, holder)
            node.ill = False
            return first, await resolver.resolve(ref, holder)

    first, second = asyncio.run(story())
    assert (first.verdict, second.verdict) == ("unknown", "verified")
    assert not second.remembered


def test_resolve__through_other_nodes__does_not_believe_what_one_said(
    chain_url, minted, gateway, cache
):
    """Whoever wants two nodes to agree asks two."""
    ref, holder = minted

    async def visit(chain):
        retriever = Retriever([gateway.url], SOON)
        async with Resolver(chain, retriever, renderer=None, cache=cache) as resolver:
            return await resolver.resolve(ref, holder)

    assert asyncio.run(visit(Node(chain_url))).verdict == "verified"
    both = Quorum([Node(chain_url), Node("http://127.0.0.1:9")], agree=2)
    assert asyncio.run(visit(both)).verdict == "unknown"


def test_resolve__at_a_number__is_asked_each_time(chain_url, minted, gateway, cache):
    """Who names a block asks about that one."""
    ref, holder = minted

    async def visit():
        async with visited(chain_url, gateway, cache) as (resolver, node):
            block = await node.block()
            found = [await resolver.resolve(ref, holder, at=at) for at in (block, block.number)]
            return [one.remembered for one in found], node.asked

    assert asyncio.run(visit()) == ([False, False], 2)
    assert asyncio.run(visit()) == ([False, False], 2)


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


class SlowNode(Node):
    """A node whose first answer comes when the test says so."""

    def __init__(self, url, slow="tokens"):
        super().__init__(url)
        self.slow = slow
        self.read, self.go = asyncio.Event(), asyncio.Event()

    async def block(self, at="latest"):
        return await self.waited("block", await super().block(at))

    async def tokens(self, asked, block):
        return await self.waited("tokens", await super().tokens(asked, block))

    async def waited(self, what, found):
        if what == self.slow and not self.read.is_set():
            self.read.set()
            await self.go.wait()
        return found


@pytest.mark.parametrize("slow", ["block", "tokens"])
def test_resolve__when_an_earlier_question_is_answered_last__the_later_answer_stays(
    chain_url, tokens, minted, gateway, cache, slow
):
    """Who sold the token is not its owner again because a node was slow."""
    ref, holder = minted
    node = SlowNode(chain_url, slow)

    async def story():
        retriever = Retriever([gateway.url], SOON)
        async with Resolver(node, retriever, renderer=None, cache=cache) as resolver:
            waiting = asyncio.create_task(resolver.resolve(ref, holder))
            await node.read.wait()
            tokens.transfer(ref, holder, tokens.people[2])
            later = await resolver.resolve(ref, holder, fresh=True)
            node.go.set()
            return await waiting, later, await resolver.resolve(ref, holder)

    first, later, remembered = asyncio.run(story())
    assert (first.verdict, later.verdict) == ("verified", "not-owner")
    assert first.ownership.block.number < later.ownership.block.number
    assert (remembered.verdict, remembered.remembered) == ("not-owner", True)
    assert remembered.ownership.block == later.ownership.block


def test_resolve__when_the_node_took_its_time__answer_is_believed_from_when_it_was_asked(
    chain_url, minted, gateway, cache, clock
):
    """What was waited for is a part of its seconds."""
    ref, holder = minted
    node = SlowNode(chain_url)

    async def story():
        retriever = Retriever([gateway.url], SOON)
        async with Resolver(node, retriever, renderer=None, cache=cache) as resolver:
            slow = asyncio.create_task(resolver.resolve(ref, holder))
            await asyncio.sleep(0.3)
            node.go.set()
            await slow
            clock.time += OWNERSHIP_S - 0.2
            return await resolver.resolve(ref, holder)

    assert not asyncio.run(story()).remembered


def test_resolve__when_another_codec_of_the_block_was_not_found__asks(
    chain_url, minted, gateway, cache
):
    """Else a stranger's token that names it so would hide this one's picture, again and again."""
    ref, holder = minted

    async def strange():
        async with Retriever([gateway.url], SOON) as retriever:
            await CachedBlocks(retriever, cache).block(CID(1, RAW, SHELF.root.digest))

    gateway.lie = Lie.MISSING
    with pytest.raises(GatewayError):
        asyncio.run(strange())
    gateway.lie = Lie.HONEST

    async def visit():
        async with visited(chain_url, gateway, cache) as (resolver, _):
            return await resolver.resolve(ref, holder)

    assert asyncio.run(visit()).verified


@pytest.mark.parametrize("named", [True, False])
def test_resolve__when_a_contract_answered_garbage__remembers_that_and_says_so(
    chain_url, minted, gateway, cache, named
):
    """The contract said it at a block: the node did not fail."""
    ref, holder = minted

    class Garbled(Node):
        async def tokens(self, asked, block):
            found = await super().tokens(asked, block)
            return [replace(one, outcome=Outcome.GARBAGE, owner=None) for one in found]

    async def story():
        retriever = Retriever([gateway.url], SOON)
        async with Resolver(Garbled(chain_url), retriever, renderer=None, cache=cache) as resolver:
            asked = ref, holder if named else None
            return await resolver.resolve(*asked), await resolver.resolve(*asked)

    first, second = asyncio.run(story())
    assert (first.verdict, second.verdict) == ("unknown", "unknown")
    assert (first.remembered, second.remembered) == (False, True)
