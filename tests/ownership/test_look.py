"""look: who holds a token, through a node, on a real chain

given a token that was just bought, pending until enough blocks follow, then verified
given a token that was sold or burned, not the owner, however deep the sale is
given a reorganisation that undoes an owner, the next look says so and names the block that is gone
given a node that is away or of another chain, unknown with the reason
"""

import asyncio

import pytest
from support.anvil import Anvil
from support.collection import digest
from support.hostile_node import Fault, HostileNode
from support.tokens import CHAIN_ID

from pfpkit.chain import Node
from pfpkit.holding import look
from pfpkit.reference import TokenRef


@pytest.fixture
def now(chain_url):
    """Looks through a node, at a depth, for one token and holder."""

    def looked(ref, holder, at="latest", before=(), url=chain_url):
        async def ask():
            async with Node(url, timeout_s=5) as node:
                return await look(node, [(ref, holder)], at, before=before)

        (found,) = asyncio.run(ask())
        return found

    return looked


def test_look__when_just_bought__is_pending_until_enough_blocks_follow(now, tokens, node):
    """Twelve confirmations: eleven blocks are not enough."""
    node.rpc("anvil_mine", hex(20))
    (ref,) = tokens.mint(digest(1))
    bought = int(node.rpc("eth_blockNumber"), 16)
    holder = tokens.people[1]
    found = now(ref, holder, "latest-12")
    assert (found.state, found.block.number) == ("pending", bought)
    node.rpc("anvil_mine", hex(11))
    found = now(ref, holder, "latest-12")
    assert (found.state, found.block.number) == ("pending", bought + 11)
    node.rpc("anvil_mine", hex(1))
    found = now(ref, holder, "latest-12")
    raw = node.rpc("eth_getBlockByNumber", hex(bought), False)
    assert (found.state, found.block.number, found.block.hash) == ("verified", bought, raw["hash"])
    assert found.block.timestamp == int(raw["timestamp"], 16)
    assert now(ref, tokens.people[2], "latest-12").state == "not-owner"


def test_look__when_sold_or_burned__is_not_the_owner(now, tokens, node):
    """At once, though the holder still owns it at the block that was asked for."""
    sold, burned = tokens.mint(digest(1), digest(2))
    _, holder, buyer = tokens.people
    node.rpc("anvil_mine", hex(5))
    tokens.transfer(sold, holder, buyer)
    tokens.burn(burned, holder)
    assert [now(ref, holder, "latest-4").state for ref in (sold, burned)] == ["not-owner"] * 2
    assert now(sold, buyer, "latest-4").state == "pending"


@pytest.mark.parametrize("at", ["latest", "latest-1"])
def test_look__when_a_reorganisation_undoes_the_owner__says_so(now, tokens, node, at):
    """The purchase is in no block of the new chain; the block of the earlier look is named."""
    (ref,) = tokens.mint(digest(1))
    _, holder, buyer = tokens.people
    before = node.rpc("evm_snapshot")
    tokens.transfer(ref, holder, buyer)
    node.rpc("anvil_mine", hex(2))
    first = now(ref, buyer, at)
    assert (first.state, first.undone) == ("verified", None)
    same = now(ref, buyer, at, before=[first])
    assert (same.state, same.undone) == ("verified", None)

    node.revert(before)
    node.rpc("evm_setNextBlockTimestamp", first.block.timestamp + 100)
    node.rpc("anvil_mine", hex(5))
    found = now(ref, buyer, at, before=[first])
    assert (found.state, found.undone) == ("not-owner", first.block)
    assert now(ref, holder, at, before=[first]).undone is None  # another question
    assert now(ref, holder, at).state == "verified"


def test_look__when_a_reorganisation_keeps_the_owner__names_the_block_that_is_gone(
    now, tokens, node
):
    """Verified all the same, as of a block that is there."""
    (ref,) = tokens.mint(digest(1))
    before = node.rpc("evm_snapshot")
    node.rpc("evm_mine")
    first = now(ref, tokens.people[1])
    node.revert(before)
    node.rpc("evm_setNextBlockTimestamp", first.block.timestamp + 100)
    node.rpc("evm_mine")
    found = now(ref, tokens.people[1], before=[first])
    assert (found.state, found.undone) == ("verified", first.block)
    assert found.block != first.block


def test_look__when_the_node_is_away__is_unknown(now, tokens):
    """With the reason; never the owner, never not."""
    (ref,) = tokens.mint(digest(1))
    with HostileNode() as node:
        url = node.url
    found = now(ref, tokens.people[1], url=url)
    assert (found.state, found.block) == ("unknown", None)
    assert "cannot be reached" in found.reason


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.HTML, Fault.HANGS_UP, Fault.ENDLESS])
def test_look__when_the_node_fails__is_unknown(now, tokens, fault):
    """However it does."""
    with HostileNode(fault=fault) as node:
        found = now(tokens.ref(1), tokens.people[1], url=node.url)
    assert (found.state, found.block) == ("unknown", None)


def test_look__when_of_another_chain_or_unreadable__is_unknown(now, tokens):
    """As of the block that was read."""
    elsewhere = now(TokenRef(1, tokens.address, 1), tokens.people[1])
    assert (elsewhere.state, elsewhere.reason) == (
        "unknown",
        "wrong-chain: the node is of chain 31337",
    )
    burner = now(TokenRef(CHAIN_ID, tokens.deploy("GasEatingReceiver"), 1), tokens.people[1])
    assert burner.state == "unknown"
    assert burner.reason.startswith("out-of-gas: ownerOf(uint256)")


def test_look__when_the_chain_is_younger_than_asked__is_pending(now, tokens):
    """Nobody owned anything before the first block."""
    (ref,) = tokens.mint(digest(1))
    found = now(ref, tokens.people[1], "latest-1000000")
    assert found.state == "pending"
    with Anvil() as other:
        assert now(ref, tokens.people[1], "finalized", url=other.url).state == "not-owner"
