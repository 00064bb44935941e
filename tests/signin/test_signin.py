"""Sign-in with Ethereum: a message counts for one service, chain, account, token, moment

read_message: given what was asked for, the same again; given anything else, bad-message
check_place, check_time, check_same: name what differs
check_signature: EOA by ecrecover; code by ERC-1271; not deployed by ERC-6492; at one block
"""

import asyncio
from dataclasses import replace

import pytest
from eth_abi import encode
from eth_utils import keccak, to_checksum_address
from support.wallets import Wallet

from pfpkit.chain import Node
from pfpkit.errors import BadSignIn
from pfpkit.signin import (
    LIFETIME_S,
    Challenge,
    check_place,
    check_same,
    check_signature,
    check_time,
    read_message,
)

NOW = 1_790_000_000
TOKEN = "eip155:31337/erc721:0x5FbDB2315678afecb367f032d93F642f64180aa3/7"
WALLET = Wallet(77)
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SUFFIX = bytes.fromhex("6492" * 16)
# Returns ERC-1271's magic value for whatever it is asked; see `answering`.
YES = bytes.fromhex("1626ba7e") + bytes(28)


def challenge(**changes):
    """What this service asks WALLET for."""
    asked = Challenge.new(
        "https://a.example", "/wallet/picture", WALLET.address, 31337, "Show it.", (TOKEN,), NOW
    )
    return replace(asked, **changes)


def fault(check, *arguments):
    """The word that a check refuses with."""
    with pytest.raises(BadSignIn) as refusal:
        check(*arguments)
    return str(refusal.value.fault)


def test_read_message__when_it_was_asked_for__says_the_same():
    """What is written is what is read, for https and for loopback."""
    for origin in ("https://a.example", "http://127.0.0.1:8080"):
        asked = challenge(origin=origin)
        assert read_message(asked.message) == asked
        check_place(asked, origin, 31337)
        check_time(asked, NOW + 1)
        check_same(read_message(asked.message), asked)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text[:150],
        lambda text: text + "\n",
        lambda text: text.replace("Version: 1", "Version: 2"),
        lambda text: text.replace("Show it.", "Show\nit."),
        lambda text: text.replace(WALLET.address, WALLET.address.swapcase()),
        lambda text: text.replace("Resources:", "Request ID: 1\nResources:"),
        lambda text: text.replace("Chain ID: 31337", "Chain ID: 31337\nChain ID: 1"),
        lambda text: text.replace("Show it.", "x" * 2000),
        lambda text: text.replace("Z\n", "\n"),
        lambda text: text.replace("Z\n", "+00:00\n"),
    ],
)
def test_read_message__when_it_is_none__is_bad(spoil):
    """Cut short, of another version, with a field too many, too long."""
    text = spoil(challenge().message)
    assert text != challenge().message
    assert fault(read_message, text) == "bad-message"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"nonce": "f" * 32}, "nonce-unknown"),
        ({"address": Wallet(78).address}, "wrong-account"),
        ({"path": "/wallet/signin"}, "wrong-uri"),
        ({"resources": (TOKEN[:-1] + "8",)}, "wrong-token"),
        ({"resources": ()}, "wrong-token"),
        ({"resources": (TOKEN, TOKEN)}, "wrong-token"),
        ({"statement": "Show it and more."}, "bad-message"),
        ({"expires": NOW + 299}, "bad-message"),
        ({"issued": NOW - 1}, "bad-message"),
    ],
)
def test_check_same__when_one_thing_differs__names_it(changes, word):
    """Each field is compared, and in the end all of them."""
    asked = challenge()
    assert fault(check_same, replace(asked, **changes), asked) == word


def test_check_place__when_of_another_place_or_chain__names_it():
    """A message that was signed for somebody else, who relays it."""
    assert fault(check_place, challenge(origin="https://b.example"), "https://a.example", 1) == (
        "wrong-domain"
    )
    # The scheme is a part of the place: what was signed over plain HTTP may have been read.
    assert fault(check_place, challenge(origin="http://a.example"), "https://a.example", 1) == (
        "wrong-domain"
    )
    assert fault(check_place, challenge(), "https://a.example", 1) == "wrong-chain"
    other = challenge().message.replace("URI: https://a.example", "URI: https://b.example")
    assert fault(read_message, other) == "wrong-uri"


@pytest.mark.parametrize(
    ("changes", "now", "word"),
    [
        ({}, NOW + LIFETIME_S, "expired"),
        ({"expires": None}, NOW, "expired"),
        ({"expires": NOW + 10**6}, NOW + LIFETIME_S + 31, "too-old"),
        ({}, NOW - 31, "from-the-future"),
        ({"expires": NOW + LIFETIME_S + 1}, NOW, "bad-message"),
    ],
)
def test_check_time__when_not_now__names_it(changes, now, word):
    """Over, without an end, old with a late end, of tomorrow, lasting too long."""
    assert fault(check_time, challenge(**changes), now) == word


@pytest.fixture
def accepted(chain_url):
    """Returns the word that a signature is refused with at the latest block, or `yes`."""

    async def ask(address, text, signature):
        async with Node(chain_url) as node:
            try:
                await check_signature(node, address, text, signature, await node.block())
            except BadSignIn as error:
                return str(error.fault)
            return "yes"

    return lambda address, text, signature: asyncio.run(ask(address, text, signature))


def answering(answer):
    """Creation code of a contract that answers everything with these 32 bytes."""
    runtime = b"\x7f" + answer + bytes.fromhex("60005260206000f3")
    return bytes.fromhex(f"60{len(runtime):02x}600c60003960{len(runtime):02x}6000f3") + runtime


def signed(text):
    """WALLET's signature, as bytes."""
    return bytes.fromhex(WALLET.sign(text)[2:])


def test_check_signature__when_a_key_signed__counts(accepted):
    """And for no other account, text, or bit."""
    text = challenge().message
    good = signed(text)
    assert accepted(WALLET.address, text, good) == "yes"
    assert accepted(Wallet(78).address, text, good) == "bad-signature"
    assert accepted(WALLET.address, text + " ", good) == "bad-signature"
    assert accepted(WALLET.address, text, good[:-1] + b"\x00") == "bad-signature"
    assert accepted(WALLET.address, text, good[:64]) == "bad-signature"
    assert accepted(WALLET.address, text, bytes(65)) == "bad-signature"
    assert accepted(WALLET.address, text, bytes(64) + b"\x1b") == "bad-signature"
    assert accepted(WALLET.address, text, b"") == "bad-signature"
    assert accepted(WALLET.address, text, b"\x01" * 9000) == "bad-signature"


def test_check_signature__when_s_is_in_the_upper_half__is_refused(accepted):
    """Anybody can make it of the one that was sent: the same signature, twice."""
    text = challenge().message
    good = signed(text)
    upper = (ORDER - int.from_bytes(good[32:64])).to_bytes(32, "big")
    other = good[:32] + upper + bytes([55 - good[64]])
    assert accepted(WALLET.address, text, other) == "malleable-signature"


def test_check_signature__when_the_account_has_code__asks_it(accepted, node, holder):
    """ERC-1271 decides, and ecrecover is not asked: a contract may refuse its maker's key."""
    text = challenge().message
    yes = node.deploy(str(holder), answering(YES))
    no = node.deploy(str(holder), answering(b"\xff" * 32))
    assert accepted(yes, text, b"whatever") == "yes"
    assert accepted(no, text, signed(text)) == "bad-signature"
    assert accepted(yes, text, b"") == "yes"


def test_check_signature__when_the_account_has_code_now__its_key_counts_no_longer(accepted, node):
    """The wallet's own key signed, but its account is a contract's that says no."""
    text = challenge().message
    code = answering(b"\xff" * 32)[12:]
    node.rpc("anvil_setCode", WALLET.address, "0x" + code.hex())
    try:
        assert accepted(WALLET.address, text, signed(text)) == "bad-signature"
    finally:
        node.rpc("anvil_setCode", WALLET.address, "0x")


def test_check_signature__when_delegated_to_who_does_not_answer__says_so(accepted, node, holder):
    """EIP-7702: the key is the account's, and what it is delegated to speaks for it."""
    text = challenge().message
    silent = node.deploy(str(holder), bytes.fromhex("600160008160095f39f300"))
    yes = node.deploy(str(holder), answering(YES))
    no = node.deploy(str(holder), answering(b"\xff" * 32))
    try:
        for delegate, word in (
            (silent, "delegate-silent"),
            (yes, "yes"),
            (no, "bad-signature"),
        ):
            node.rpc("anvil_setCode", WALLET.address, "0xef0100" + delegate[2:])
            assert accepted(WALLET.address, text, signed(text)) == word
    finally:
        node.rpc("anvil_setCode", WALLET.address, "0x")


def test_check_signature__when_not_deployed_yet__asks_what_would_be(accepted, node, holder):
    """ERC-6492: the factory's call makes the wallet, which is then asked; nothing is written."""
    text = challenge().message
    deployer = node.deploy(str(holder), CREATE2_FACTORY)
    init = answering(YES)
    address = create2(deployer, init)
    wrapped = encode(["address", "bytes", "bytes"], [deployer, bytes(32) + init, b"x"]) + SUFFIX
    assert accepted(address, text, wrapped) == "yes"
    # The factory makes another contract than the one that is claimed.
    assert accepted(Wallet(79).address, text, wrapped) == "bad-signature"
    refusing = answering(b"\xff" * 32)
    other = encode(["address", "bytes", "bytes"], [deployer, bytes(32) + refusing, b"x"]) + SUFFIX
    assert accepted(create2(deployer, refusing), text, other) == "bad-signature"
    assert accepted(address, text, b"garbage" + SUFFIX) == "bad-signature"


# keyless-style factory: CREATE2 of the call data after a salt of 32 bytes.
CREATE2_FACTORY = bytes.fromhex(
    "604580600e600039806000f350fe"
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0"
    "3601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
)


def create2(factory, init):
    """The address of what the factory makes with salt 0."""
    data = b"\xff" + bytes.fromhex(factory[2:]) + bytes(32) + keccak(init)
    return to_checksum_address(keccak(data)[12:])
