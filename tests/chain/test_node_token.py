"""Node: blocks, and one ERC-721 token at one block, read from a real anvil

given a minted token, gives its owner and both URIs
given a block, answers as of that block, whatever happened since
given a block that was reorganised away, refuses
given another chain, an address without code, no such id, or no ERC-721: an outcome of that name
given garbage for a URI, garbage; given none, no-uri; given no image URI, None
"""

import asyncio

import pytest
from eth_abi import encode
from support.anvil import Anvil
from support.collection import digest, image_uri, metadata_uri
from support.hostile_node import HASH
from support.tokens import CHAIN_ID, owned

from pfpkit.chain import BlockRef, Node
from pfpkit.errors import ChainError
from pfpkit.reference import TokenRef
from pfpkit.tokens import Outcome

UNMINTED = "0x" + "11" * 20
WORD = b"\0" * 31


@pytest.fixture
def read(chain_url):
    """Reads a token in a loop of its own."""

    async def token(ref, block):
        async with Node(chain_url) as node:
            (found,) = await node.tokens([(ref, None)], block or await node.block())
            return found

    return lambda ref, block=None: asyncio.run(token(ref, block))


@pytest.fixture
def latest(chain_url):
    """The latest block."""

    async def block():
        async with Node(chain_url) as node:
            return await node.block()

    return lambda: asyncio.run(block())


def test_chain_id__when_asked__is_that_of_the_chain(chain_url):
    """31337 is anvil's."""

    async def ask():
        async with Node(chain_url) as node:
            return await node.chain_id()

    assert asyncio.run(ask()) == CHAIN_ID


def test_block__when_named_by_number__is_the_one_the_chain_has(chain_url, node, tokens):
    """Number, hash and time, also of the very first block."""

    async def ask():
        async with Node(chain_url) as reader:
            return await reader.block(0), await reader.block()

    first, last = asyncio.run(ask())
    assert first.number == 0
    raw = node.rpc("eth_getBlockByNumber", "latest", False)
    said = (int(raw["number"], 16), raw["hash"], int(raw["timestamp"], 16))
    assert (last.number, last.hash, last.timestamp) == said


@pytest.mark.parametrize(("at", "behind"), [("latest", 0), ("latest-0", 0), ("latest-3", 3)])
def test_block__when_named_by_confirmations__has_that_many_after_it(chain_url, node, at, behind):
    """And is named by its hash, as any other."""
    node.rpc("anvil_mine", hex(5))

    async def ask():
        async with Node(chain_url) as reader:
            return await reader.block(at), await reader.block()

    found, last = asyncio.run(ask())
    assert last.number - found.number == behind
    assert found.hash == node.rpc("eth_getBlockByNumber", hex(found.number), False)["hash"]


@pytest.mark.parametrize("at", ["latest-1000000", "finalized", "safe", "earliest"])
def test_block__when_the_chain_is_young__is_the_first_one(at):
    """Nothing was owned there: whoever owns a token is not confirmed so deep."""

    async def ask(url):
        async with Node(url) as reader:
            return await reader.block(at)

    with Anvil() as young:
        young.rpc("anvil_mine", hex(3))
        assert asyncio.run(ask(young.url)).number == 0


def test_has__when_a_block_was_reorganised_away__is_false(chain_url, node):
    """And true for the one that is there instead."""

    async def ask(block=None):
        async with Node(chain_url) as reader:
            return await (reader.has(block) if block else reader.block())

    before = node.rpc("evm_snapshot")
    node.rpc("evm_mine")
    gone = asyncio.run(ask())
    assert asyncio.run(ask(gone))
    node.revert(before)
    assert not asyncio.run(ask(gone))
    node.rpc("evm_setNextBlockTimestamp", gone.timestamp + 100)
    node.rpc("evm_mine")
    assert not asyncio.run(ask(gone))
    assert asyncio.run(ask(asyncio.run(ask())))


def test_block__when_it_is_not_there_yet__is_refused(chain_url):
    """With its number."""

    async def ask():
        async with Node(chain_url) as reader:
            await reader.block(10**9)

    with pytest.raises(ChainError, match="has no block 1000000000"):
        asyncio.run(ask())


def test_token__when_minted__has_owner_and_uris(read, latest, tokens):
    """As the contract says at the latest block."""
    (ref,) = tokens.mint(digest(1))
    state = read(ref)
    assert (state.ref, state.block) == (ref, latest())
    assert state.owner == tokens.people[1]
    assert (state.token_uri, state.image_uri) == (metadata_uri(digest(1)), image_uri(digest(1)))


def test_token__when_transferred_after_the_block__belongs_to_the_old_owner(read, latest, tokens):
    """And to the new one at the block after it."""
    (ref,) = tokens.mint(digest(1))
    pinned = latest()
    _, holder, buyer = tokens.people
    tokens.transfer(ref, holder, buyer)
    assert read(ref, pinned).owner == holder
    assert read(ref).owner == buyer


def test_token__when_burned_after_the_block__is_there_at_that_block(read, latest, tokens):
    """And not at the latest one."""
    (ref,) = tokens.mint(digest(1))
    pinned = latest()
    tokens.burn(ref, tokens.people[1])
    assert read(ref, pinned).token_uri == metadata_uri(digest(1))
    gone = read(ref)
    assert (gone.outcome, gone.block.number) == (Outcome.NO_TOKEN, pinned.number + 1)


def test_token__when_its_block_was_reorganised_away__is_refused(read, latest, tokens, node):
    """`requireCanonical`: the same height has another block now."""
    (ref,) = tokens.mint(digest(1))
    before = node.rpc("evm_snapshot")
    node.rpc("evm_mine")
    gone = latest()
    node.revert(before)
    node.rpc("evm_setNextBlockTimestamp", gone.timestamp + 100)
    node.rpc("evm_mine")
    assert latest().number == gone.number
    assert read(ref, latest()).owner == tokens.people[1]
    with pytest.raises(ChainError, match=f"does not have block {gone.number} "):
        read(ref, gone)


def test_token__when_its_block_never_was__is_refused(read, tokens):
    """A hash that no block has."""
    (ref,) = tokens.mint(digest(1))
    with pytest.raises(ChainError, match="does not have block 1"):
        read(ref, BlockRef(1, HASH, 0))


def test_token__when_of_another_chain__is_said_to_be(read, tokens):
    """The same address on mainnet is another contract."""
    found = read(TokenRef(1, tokens.address, 1))
    assert (found.outcome, found.owner) == (Outcome.WRONG_CHAIN, None)


def test_token__when_there_is_no_code__is_no_contract(read, tokens):
    """Neither where nothing is, nor at a person's address."""
    for address in (UNMINTED, tokens.people[1]):
        assert read(TokenRef(CHAIN_ID, address, 1)).outcome is Outcome.NO_CONTRACT


@pytest.mark.parametrize("token_id", [0, 2, 2**256 - 1])
def test_token__when_never_minted__does_not_exist(read, tokens, token_id):
    """The reason is the contract's own error, by name."""
    tokens.mint(digest(1))
    found = read(tokens.ref(token_id))
    assert found.outcome is Outcome.NO_TOKEN
    assert "ERC721NonexistentToken" in found.reason


def test_token__when_nobody_owns_it__does_not_exist(read, tokens):
    """Old contracts answer the zero address where ERC-721 says that they revert."""
    ref = tokens.impostor(owned("0x" + "00" * 20, "ipfs://bafkqaaa"))
    assert (read(ref).outcome, read(ref).reason) == (Outcome.NO_TOKEN, "nobody owns it")


def test_token__when_it_has_no_image_uri__has_none(read, tokens):
    """`imageURI` is ours; other collections do not have it, or answer nothing of the kind."""
    owner = tokens.people[2]
    without = tokens.impostor(owned(owner, "ipfs://bafkqaaa"))
    garbage = tokens.impostor(owned(owner, "ipfs://bafkqaaa") | {"imageURI(uint256)": b"\1"})
    for ref in (without, garbage):
        state = read(ref)
        assert (state.owner, state.token_uri) == (owner, "ipfs://bafkqaaa")
        assert state.image_uri is None


def test_token__when_the_text_lacks_its_padding__is_read(read, tokens):
    """As every wallet does: some contracts end a string where its letters end."""
    answer = encode(["uint256", "uint256"], [32, 9]) + b"ipfs://ab"
    ref = tokens.impostor(owned(UNMINTED, "") | {"tokenURI(uint256)": answer})
    assert read(ref).token_uri == "ipfs://ab"


@pytest.mark.parametrize(
    ("view", "answer"),
    [
        ("ownerOf(uint256)", b""),
        ("ownerOf(uint256)", b"\1" * 32),
        ("ownerOf(uint256)", b"\1" * 20),
        ("ownerOf(uint256)", bytes(31)),
        ("tokenURI(uint256)", b""),
        ("tokenURI(uint256)", b"ipfs://bafkqaaa"),
        ("tokenURI(uint256)", b"\xff" * 64),
        ("tokenURI(uint256)", WORD + b"\x20" + b"\xff" * 32),
        ("tokenURI(uint256)", WORD + b"\x20" + b"\0" * 24 + b"\x7f" + b"\xff" * 7),
        ("tokenURI(uint256)", WORD + b"\x20" + WORD + b"\x40" + b"short"),
        ("tokenURI(uint256)", encode(["bytes"], [b"\xff\xfe invalid UTF-8"])),
        ("tokenURI(uint256)", encode(["bytes"], [b"\xed\xa0\x80 half a surrogate pair"])),
    ],
)
def test_token__when_the_contract_answers_garbage__is_no_erc721(read, tokens, view, answer):
    """Empty, short, of another type, lying about its length, or no UTF-8."""
    ref = tokens.impostor(owned(UNMINTED, "ipfs://bafkqaaa") | {view: answer})
    found = read(ref)
    assert found.outcome is Outcome.GARBAGE
    assert view in found.reason


def test_token__when_the_uri_is_a_mebibyte__is_read_as_it_is(read, tokens):
    """What becomes of such a text is for the resolver to say."""
    state = read(TokenRef(CHAIN_ID, tokens.deploy("HugeURI"), 1))
    assert len(state.token_uri) == 2**20


def test_token__when_token_uri_alone_fails__is_not_called_missing(read, tokens):
    """Somebody owns it; the contract does not say what it shows."""
    ref = TokenRef(CHAIN_ID, tokens.deploy("BottomlessURI"), 1)
    found = read(ref)
    assert found.outcome is Outcome.OUT_OF_GAS
    assert found.owner is not None
