"""Resolver with a cache: the chain's word is believed for some seconds, and never longer

given an owner who changed, the old one until then, and never to who wants it fresh
given a reorganisation, the next look names the block that is gone, and nothing rests on it
given a chain that cannot be read, other nodes, a number, or a slow answer, nothing is believed that
is too old
"""

import asyncio
from dataclasses import replace

import pytest
from support.visits import visited

from pfpkit.cache import OWNERSHIP_S
from pfpkit.chain import Node
from pfpkit.quorum import Quorum
from pfpkit.resolver import Resolver
from pfpkit.retrieval import Retriever
from pfpkit.tokens import Outcome


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
            tokens.node.revert(snapshot)
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


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_resolve__when_a_reorganisation_takes_both_blocks__names_the_deeper(
    chain_url, tokens, minted, gateway, cache, clock, depth
):
    """The one that was asked for and the latest are gone: it goes back to the deeper at least."""
    ref, holder = minted
    snapshot = tokens.node.rpc("evm_snapshot")
    tokens.transfer(ref, holder, tokens.people[2])
    tokens.node.rpc("anvil_mine", hex(depth))

    async def visit():
        async with visited(chain_url, gateway, cache) as (resolver, _):
            return await resolver.resolve(ref, tokens.people[2], at=f"latest-{depth}")

    before = asyncio.run(visit())
    tokens.node.rpc("evm_revert", snapshot)
    tokens.node.rpc("anvil_mine", hex(depth + 2))
    clock.time += OWNERSHIP_S
    after = asyncio.run(visit())
    assert (before.verdict, after.verdict) == ("verified", "not-owner")
    assert after.ownership.undone == before.receipt.block


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
        retriever = Retriever([gateway.url])
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
        retriever = Retriever([gateway.url])
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
        retriever = Retriever([gateway.url])
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
        retriever = Retriever([gateway.url])
        async with Resolver(node, retriever, renderer=None, cache=cache) as resolver:
            slow = asyncio.create_task(resolver.resolve(ref, holder))
            await asyncio.sleep(0.3)
            node.go.set()
            await slow
            clock.time += OWNERSHIP_S - 0.2
            return await resolver.resolve(ref, holder)

    assert not asyncio.run(story()).remembered


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
        retriever = Retriever([gateway.url])
        async with Resolver(Garbled(chain_url), retriever, renderer=None, cache=cache) as resolver:
            asked = ref, holder if named else None
            return await resolver.resolve(*asked), await resolver.resolve(*asked)

    first, second = asyncio.run(story())
    assert (first.verdict, second.verdict) == ("unknown", "unknown")
    assert (first.remembered, second.remembered) == (False, True)
