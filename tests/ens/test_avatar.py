"""avatar: what an ENS name's avatar record says, read from the registry and resolver of ENS itself

given a record that names a token, gives the token and what the name stands for
given another URI, gives it as it is
given no name, resolver, record or registry, or one that cannot be read, says which
given a name that there cannot be, or that only looks like another, refuses it before it asks
"""

import asyncio

import pytest
from eth_abi import encode
from eth_utils import keccak
from hypothesis import example, given
from hypothesis import strategies as st
from support.collection import digest
from support.ens import Ens
from support.hostile_node import Failure, HostileNode

from pfpkit.chain import Node
from pfpkit.ens import REGISTRY, avatar, namehash, normalized
from pfpkit.errors import BadReference, ChainError, NoAvatar, NoSuchContract
from pfpkit.holding import look

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467.eth"
URIS = ["ipfs://bafkqaaa", "https://example.com/a.png", "data:image/png;base64,AAAA", "ar://x", "?"]


@pytest.fixture
def ens(tokens):
    """A registry of its own, with a resolver; people[0] owns every name."""
    return Ens(tokens.node, tokens.people[0])


@pytest.fixture
def read(chain_url, ens):
    """Reads a name's avatar at the latest block."""

    async def ask(name, registry):
        async with Node(chain_url) as node:
            return await avatar(node, name, await node.block(), registry)

    return lambda name, registry=None: asyncio.run(ask(name, registry or ens.registry))


@pytest.mark.parametrize(
    "name", ["holder.eth", "a.long.name.of.many.parts.xyz", "\u00f1and\u00fa.eth", FAMILY]
)
def test_avatar__when_it_names_a_token__has_token_and_address(read, ens, tokens, chain_url, name):
    """And whether the name's address holds it is a question for `look`."""
    (ref,) = tokens.mint(digest(1))
    _, holder, buyer = tokens.people
    registered = ens.register(name)
    ens.text(registered, "avatar", str(ref).lower())
    ens.address(registered, holder)
    found = read(name)
    assert (found.name, found.text, found.token, found.address) == (
        name,
        str(ref).lower(),
        ref,
        holder,
    )

    async def held():
        async with Node(chain_url) as node:
            return (await look(node, [(found.token, found.address)]))[0].state

    assert asyncio.run(held()) == "verified"
    tokens.transfer(ref, holder, buyer)
    assert asyncio.run(held()) == "not-owner"


def test_avatar__when_the_name_is_written_otherwise__is_that_of_the_name(read, ens):
    """ENSIP-15: capital letters are small ones."""
    ens.text(ens.register("holder.eth"), "avatar", "ipfs://bafkqaaa")
    assert read("HolDer.ETH") == read("holder.eth")


@pytest.mark.parametrize("uri", URIS)
def test_avatar__when_another_uri__is_given_as_it_is(read, ens, uri):
    """What becomes of it is for the resolver of pictures to say."""
    ens.text(ens.register("holder.eth"), "avatar", uri)
    found = read("holder.eth")
    assert (found.text, found.token, found.address) == (uri, None, None)


@pytest.mark.parametrize(
    "text", ["eip155:1/erc721:0x12/1", "eip155:1/erc20:0x/1", "EIP155:1/x:y/z", "eip155:"]
)
def test_avatar__when_it_names_a_token_wrongly__is_refused(read, ens, text):
    """With what is wrong with it; it is not taken for a URI."""
    ens.text(ens.register("holder.eth"), "avatar", text)
    with pytest.raises(BadReference):
        read("holder.eth")


def test_avatar__when_there_is_none__says_which_part_is_missing(read, ens, tokens):
    """The record, the name, the registry."""
    ens.text(ens.register("holder.eth"), "email", "x@example.com")
    with pytest.raises(NoAvatar, match=r"record of 'holder.eth' is empty"):
        read("holder.eth")
    with pytest.raises(NoAvatar, match=r"'nobody.eth' has no resolver of its own"):
        read("nobody.eth")
    with pytest.raises(NoSuchContract, match="has no code"):
        read("holder.eth", REGISTRY)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"text(bytes32,string)": b"\xff" * 64}, ChainError),
        ({}, NoAvatar),
    ],
    ids=["garbage", "no text view"],
)
def test_avatar__when_the_resolver_is_a_strangers__is_an_error_of_ours(
    read, ens, tokens, answers, error
):
    """Garbage, or nothing."""
    resolver = tokens.impostor(answers).contract
    ens.register("holder.eth", resolver)
    with pytest.raises(error):
        read("holder.eth")


LONG = "0x" + encode(["string"], ["x" * (2**20 + 1)]).hex()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Failure(3, "execution reverted", "0x556f1830" + "00" * 160), "kept outside the chain"),
        (LONG, "is longer than 1 MiB"),
        ("0x" + encode(["string"], [""]).hex(), "is empty"),
    ],
    ids=["OffchainLookup of ERC-3668", "a mebibyte and one", "nothing"],
)
def test_avatar__when_the_record_cannot_be_read__says_why(answer, reason):
    """The node's answers are those of a resolver that nobody has to trust."""

    def called(request, _):
        if request["data"].startswith("0x0178b8bf"):  # resolver(bytes32)
            return "0x" + encode(["address"], ["0x" + "11" * 20]).hex()
        return answer

    async def ask(url):
        async with Node(url) as node:
            await avatar(node, "holder.eth", await node.block())

    with HostileNode({"eth_call": called}) as node, pytest.raises(NoAvatar, match=reason):
        asyncio.run(ask(node.url))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "1 to 255 letters"),
        ("x" * 256, "1 to 255 letters"),
        (".", "empty"),
        ("a..eth", "empty"),
        (".eth", "empty"),
        ("hold er.eth", "disallowed character"),
        ("holder.eth\n", "disallowed character"),
        ("h\u043elder.eth", "visually confusing characters"),
        ("\u0440\u0430ypal.eth", "visually confusing characters"),
        ("a_b.eth", "underscore"),
        ("xn--ls8h.eth", "--"),
        ("holder\u3002\u200b.eth", "ENSIP-15"),
        ("\ud800.eth", "ENSIP-15"),
    ],
    ids=ascii,
)
def test_avatar__when_there_can_be_no_such_name__is_refused_before_anything_is_asked(name, reason):
    """In printable ASCII; a name that only looks like another is one of them."""

    async def ask(url):
        async with Node(url) as node:
            await avatar(node, name, await node.block())

    with HostileNode() as node:
        with pytest.raises(BadReference, match=reason) as refusal:
            asyncio.run(ask(node.url))
        assert len(node.sizes) == 1
    assert str(refusal.value).isascii()
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 2000


def test_namehash__when_of_the_vectors_of_eip_137__is_theirs():
    """https://eips.ethereum.org/EIPS/eip-137"""
    assert namehash("") == bytes(32)
    assert namehash("eth").hex() == (
        "93cdeb708b7545dc668eb9280176169d1c33cfd8ed6f04690a0bcc88a93fc4ae"
    )
    assert namehash("foo.eth").hex() == (
        "de9b09fd7c5f901e23a3f19fecc54828e9c848539801e86591bd9801b019f84f"
    )


@given(st.text(max_size=20))
@example("\ud800")
def test_normalized__when_any_text__is_a_name_or_refused(text):
    """What is a name stays the same when it is read again."""
    try:
        name = normalized(text)
    except BadReference:
        return
    assert normalized(name) == name
    assert len(namehash(name)) == len(keccak(b""))
