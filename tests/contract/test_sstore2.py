"""SSTORE2: words in code, against an array in storage and against Python

given any words, from none to 767
    reading gives those words, as the array does
    the code is a zero byte and the words, and running it does nothing
given 768 words or more: BatchTooLarge, for little gas
given too little gas: reverts, in the creation with BatchNotStored, and keeps what was there
"""

from random import Random

import pytest
from eth_abi import decode
from support.collection import reverts
from support.node import Reverted, calldata

MOST = 767
BATCH_NOT_STORED = calldata("BatchNotStored(uint256)", 40)[:4]
RANDOM = Random(20261121)
SIZES = [0, 1, 2, 3, 4, 31, 32, 33, *RANDOM.sample(range(34, 300), 24)]


def words_of(count):
    """That many random words, some of them of zeros or ones."""
    return [
        RANDOM.choice([bytes(32), b"\xff" * 32, RANDOM.randbytes(32), RANDOM.randbytes(32)])
        for _ in range(count)
    ]


@pytest.fixture
def harness(project, deployer):
    """The library, made callable."""
    return deployer.deploy(project.SSTORE2Harness)


@pytest.fixture
def read(node, harness):
    """What both ways say, and the code."""

    def read(count):
        at = harness.address
        (code_words,) = decode(["bytes32[]"], node.call(at, calldata("words(uint256)", count)))
        (slot_words,) = decode(["bytes32[]"], node.call(at, calldata("referenceWords()")))
        code = bytes.fromhex(node.rpc("eth_getCode", harness.data(), "latest")[2:])
        return list(code_words), list(slot_words), code

    return read


def test_sstore2__when_words_are_random__reads_them_as_an_array_does(node, harness, deployer, read):
    """Every word, for sizes around the edges and in between."""
    for size in SIZES:
        words = words_of(size)
        call = calldata("write(bytes32[])", words)
        node.transact(deployer.address, harness.address, call)
        code_words, slot_words, code = read(size)
        assert code_words == slot_words == words
        assert code == b"\0" + b"".join(words)


def test_sstore2__when_as_many_as_code_holds__reads_them(node, harness, deployer):
    """767 words and the zero byte are 24,545 bytes; a contract may have 24,576 (EIP-170)."""
    words = words_of(MOST)
    harness.writeCode(words, sender=deployer)
    asked = calldata("words(uint256)", MOST)
    assert list(decode(["bytes32[]"], node.call(harness.address, asked))[0]) == words


@pytest.mark.parametrize("count", [768, 1_535, 1_536, 2_000])
def test_sstore2__when_more__refuses_before_the_gas_is_spent(
    collection, node, harness, deployer, count
):
    """It says how many, keeps nothing, and costs little more than its calldata (EIP-7623)."""
    words = words_of(count)
    with reverts(collection.BatchTooLarge, count=count, most=MOST):
        harness.writeCode(words, sender=deployer)
    assert int(harness.data(), 16) == 0
    data = calldata("writeCode(bytes32[])", words)
    message = {"from": deployer.address, "to": harness.address, "data": "0x" + data.hex()}
    receipt = node.rpc("eth_sendTransactionSync", message | {"gas": hex(16_777_216)})
    assert int(receipt["status"], 16) == 0
    assert int(receipt["gasUsed"], 16) < 30_000 + 40 * len(data)


def test_sstore2__when_its_code_is_called__does_nothing(node, harness, deployer, stranger):
    """The first byte is STOP: no digest is ever run as code, not even SELFDESTRUCT (0xff)."""
    words = [b"\xff" * 32] * 4
    harness.writeCode(words, sender=deployer)
    data = harness.data()
    receipt = node.transact(stranger.address, data, b"\xff" * 32)
    assert receipt["logs"] == []
    assert bytes.fromhex(node.rpc("eth_getCode", data, "latest")[2:]) == b"\0" + b"".join(words)


def test_sstore2__when_gas_runs_out__keeps_what_was_there(node, harness, deployer):
    """Wherever the gas ends, the whole transaction is undone; in the creation, it says so."""
    harness.writeCode([b"\1" * 32], sender=deployer)
    before = harness.data()
    message = {
        "from": deployer.address,
        "to": harness.address,
        "data": "0x" + calldata("writeCode(bytes32[])", words_of(40)).hex(),
    }
    enough = int(node.rpc("eth_estimateGas", message), 16)
    reasons = set()
    for gas in range(enough * 3 // 10, enough, enough // 20):
        limited = message | {"gas": hex(gas)}
        try:
            node.rpc("eth_call", limited, "latest")
            reasons.add("done")
        except Reverted as refusal:
            reasons.add(refusal.data[:4])
        except RuntimeError as error:
            # The gas ended outside the creation, or the node says something else.
            reasons |= set() if "OutOfGas" in str(error) else {str(error)}
        receipt = node.rpc("eth_sendTransactionSync", limited)
        assert int(receipt["status"], 16) == 0
        assert harness.data() == before
    assert reasons == {BATCH_NOT_STORED}
