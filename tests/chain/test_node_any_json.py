"""Node against nodes that say anything: logs, receipts, transactions, and every other part

given any JSON in place of any part, a value or an error of ours
given a transaction that the node has not, None; one that it refuses, an error
given an event of another form, nobody is named as whom a token was minted to
"""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.called import REF, VIEWS
from support.hostile_node import BLOCK, HASH, HONEST, OWNER, Failure, HostileNode, views

from pfpkit.chain import Node
from pfpkit.errors import ChainError, PfpkitError
from pfpkit.reference import Standard, TokenRef
from pfpkit.transfers import TRANSFER

MULTI = TokenRef(31337, "0x" + "33" * 20, 7, Standard.ERC1155)
KEYS = ["id", "result", "error", "code", "data", "topics", "logs", "hash"]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([HASH, "0x", "0x7a69", "0x" + "00" * 32, "0x" + "00" * 31 + "20"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def liar():
    with HostileNode() as node:
        yield node


MINT = {
    "address": REF.contract,
    "topics": [TRANSFER, "0x" + "00" * 32, "0x" + "00" * 12 + "11" * 20, f"0x{7:064x}"],
    "blockNumber": "0x5",
    "blockHash": HASH,
    "transactionHash": HASH,
}
SAID = {
    **HONEST,
    "eth_call": views,
    "eth_getLogs": [MINT],
    "eth_getTransactionByHash": {"input": "0x"},
    "eth_getTransactionReceipt": {"status": "0x1", "logs": [MINT]},
    "eth_getTransactionCount": "0x1",
    "eth_getBalance": "0x1",
    "eth_feeHistory": {"baseFeePerGas": ["0x1"]},
    "eth_maxPriorityFeePerGas": "0x1",
    "eth_gasPrice": "0x1",
    "eth_estimateGas": "0x1",
    "anvil_metadata": {"forkedNetwork": {}, "instanceId": HASH},
}


@settings(max_examples=80, deadline=None)
@given(method=st.sampled_from([*SAID, "body"]), value=JSON)
def test_node__when_any_part_is_any_json__gives_a_value_or_an_error_of_ours(liar, method, value):
    """Nothing that a node can say ends in a traceback."""
    liar.answers = SAID | {method: value}
    liar.instead = json.dumps(value).encode() if method == "body" else None

    async def ask():
        async with Node(liar.url) as node:
            readings = (
                node.call(REF.contract, VIEWS, BLOCK),
                node.tokens([(REF, OWNER), (MULTI, OWNER), (MULTI, None)], BLOCK),
                node.has(BLOCK),
                node.mint_block(REF.contract, 7),
                node.minted_to(REF.contract, 7),
                node.first_log(REF.contract, 0),
                node.transfers([REF.contract], 0, 5),
                node.minted(REF.contract, HASH),
                node.transaction(HASH),
                node.code_at(REF.contract, BLOCK),
                node.execute(REF.contract, b"", BLOCK),
                node.nonce_at(OWNER, BLOCK),
                node.balance(OWNER),
                node.fees(),
                node.refusals(REF.contract, OWNER, {OWNER: (OWNER, 7)}, BLOCK),
                node.fork_name(),
                node.estimate_gas(OWNER, None, "0x"),
            )
            return await asyncio.gather(*readings, return_exceptions=True)

    failures = [found for found in asyncio.run(ask()) if isinstance(found, BaseException)]
    assert all(isinstance(error, PfpkitError) for error in failures), failures
    assert all(str(error).isprintable() for error in failures)


def asked(question, answers):
    """What a node with these answers gives to a question."""

    async def ask(url):
        async with Node(url) as node:
            return await question(node)

    with HostileNode(answers) as node:
        return asyncio.run(ask(node.url))


def test_transaction__when_the_node_has_none__is_none():
    """Null, as JSON-RPC says what is not there; where it has it, both objects."""
    known = asked(lambda node: node.transaction(HASH), SAID)
    assert known == (SAID["eth_getTransactionByHash"], SAID["eth_getTransactionReceipt"])
    nothing = dict.fromkeys(("eth_getTransactionByHash", "eth_getTransactionReceipt"))
    assert asked(lambda node: node.transaction(HASH), nothing) == (None, None)


@pytest.mark.parametrize("answer", [Failure(-32000, "busy"), 7, [HASH]])
@pytest.mark.parametrize("which", ["eth_getTransactionByHash", "eth_getTransactionReceipt"])
def test_transaction__when_the_node_refuses__is_an_error(which, answer):
    """Not a value that is taken for a transaction, or for one that is not there."""
    with pytest.raises(ChainError, match=f"refused {which}|answered {which} with no object"):
        asked(lambda node: node.transaction(HASH), SAID | {which: answer})


def test_minted_to__when_the_event_is_whole__is_whom_it_names():
    """An event of another form, or two of them, name nobody."""
    assert asked(lambda node: node.minted_to(REF.contract, 7), SAID) == OWNER
    for logs in ([], [MINT, MINT], [{**MINT, "topics": [*MINT["topics"][:2], 7, 7]}]):
        with pytest.raises(ChainError, match="does not know the mint of token 7"):
            asked(lambda node: node.minted_to(REF.contract, 7), {"eth_getLogs": logs})
