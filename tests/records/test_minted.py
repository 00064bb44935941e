"""read_minted: what a collection's contract says of itself

given a collection, its minter, counts, and the first token of each bundle
given burned tokens, their bundles as they were at their mint
given tokens minted and burned in one block, their ids
given more tokens than one batch asks for, all of them
given another contract, NoSuchContract
total_minted: how many, and no more is asked
"""

import asyncio

import pytest
from eth_abi import encode
from support.collection import digest
from support.node import calldata
from support.tokens import Tokens

from pfpkit.chain import Node
from pfpkit.errors import ChainError, NoSuchContract
from pfpkit.minted import read_minted, total_minted


@pytest.fixture
def tokens(node, project, holder, minter):
    """A new collection of up to 700 tokens."""
    people = [str(who.address) for who in (minter, holder)]
    return Tokens(node, project, people, max_supply=700)


@pytest.fixture
def read(networks):
    """Reads a collection by the address of its contract."""
    url = networks.active_provider.web3.provider.endpoint_uri

    async def run(address):
        async with Node(url) as node:
            return await read_minted(node, address)

    return lambda address: asyncio.run(run(address))


def test_read_minted__when_nothing_is_minted__is_empty(read, tokens):
    """With who may mint, and how many are left."""
    state = read(tokens.address)
    assert (state.contract, state.minter) == (tokens.address, tokens.people[0])
    assert (state.total, state.max_supply, state.left) == (0, 700, 700)
    assert (state.by_digest, state.unknown) == ({}, ())


def test_read_minted__when_some_are__maps_each_bundle_to_its_first_token(read, tokens):
    """The same bundle may have been minted twice."""
    tokens.mint(digest(1), digest(2), digest(1))
    state = read(tokens.address)
    assert (state.total, state.left) == (3, 697)
    assert state.by_digest == {digest(1): 1, digest(2): 2}


def test_read_minted__when_one_was_burned__its_bundle_is_still_minted(read, tokens):
    """It is not minted again by mistake."""
    first, _ = tokens.mint(digest(1), digest(2))
    tokens.burn(first, tokens.people[1])
    tokens.mint(digest(3))
    state = read(tokens.address)
    assert state.total == 3
    assert state.by_digest == {digest(1): 1, digest(2): 2, digest(3): 3}
    assert state.unknown == ()


def test_read_minted__when_minted_and_burned_in_one_block__names_the_ids(read, tokens):
    """No node knows their bundles; whatever else is minted is read all the same."""
    tokens.mint(digest(1))
    minter = tokens.deploy("MintsAndBurns")
    node, owner = tokens.node, tokens.people[0]
    node.transact(owner, tokens.address, calldata("setMinter(address)", minter))
    digests = [digest(2), digest(3)]
    node.transact(owner, minter, calldata("run(address,bytes32[])", tokens.address, digests))
    state = read(tokens.address)
    assert (state.total, state.minter) == (3, minter)
    assert (state.by_digest, state.unknown) == ({digest(1): 1}, (2, 3))


def test_read_minted__when_more_than_one_batch__reads_them_all(read, tokens):
    """600 of them, in two batches at one block."""
    for start in range(0, 600, 200):
        tokens.mint(*[digest(n) for n in range(start, start + 200)])
    tokens.burn(tokens.ref(550), tokens.people[1])
    state = read(tokens.address)
    assert (state.total, len(state.by_digest)) == (600, 600)
    assert state.by_digest == {digest(n): n + 1 for n in range(600)}


def test_total_minted__when_one_was_burned__counts_it_and_asks_for_no_token(networks, tokens):
    """Two requests, however many there are: which block, and the counts there."""
    first, _ = tokens.mint(digest(1), digest(2))
    tokens.burn(first, tokens.people[1])

    async def count():
        async with Node(networks.active_provider.web3.provider.endpoint_uri) as node:
            return await total_minted(node, tokens.address), node.requests

    assert asyncio.run(count()) == (2, 2)


def test_read_minted__when_there_is_no_code__is_no_contract(read, tokens):
    """A person's address."""
    with pytest.raises(NoSuchContract, match="has no code"):
        read(tokens.people[1])


def test_read_minted__when_it_has_no_such_views__is_no_contract(read, tokens):
    """Some other contract."""
    with pytest.raises(NoSuchContract, match="is no ProfilePicture contract"):
        read(tokens.deploy("Impostor"))


@pytest.mark.parametrize(("total", "supply"), [(2, 1), (2**255, 2**256 - 1), (1, 2**48)])
def test_read_minted__when_its_numbers_cannot_be__is_no_contract(read, tokens, total, supply):
    """Before two to the 255th tokens are asked for."""
    numbers = {
        "minter()": encode(["address"], [tokens.people[0]]),
        "totalMinted()": encode(["uint256"], [total]),
        "maxSupply()": encode(["uint256"], [supply]),
        "bundleOf(uint256)": digest(1),
    }
    with pytest.raises(NoSuchContract, match="is no ProfilePicture contract"):
        read(tokens.impostor(numbers).contract)


def test_read_minted__when_it_answers_garbage__is_another_contract(read, tokens):
    """An answer that is no address."""
    numbers = {f"{view}()": b"\xff" * 31 for view in ("minter", "totalMinted", "maxSupply")}
    with pytest.raises(ChainError, match="is not the contract that was meant"):
        read(tokens.impostor(numbers).contract)
