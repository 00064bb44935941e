"""Wire: what one node says of the account and its transactions, and what is not taken from it.

given receipts in any letter case, prices of any size and events of other contracts, they are read;
given a log that cannot be what the contract said, it is the node that is named, not the contract.
"""

import asyncio
import json

import pytest
from support.hostile_node import HASH, HONEST, OWNER, HostileNode

from pfpkit.errors import NodeUnreachable
from pfpkit.reference import NOBODY, checksum_address
from pfpkit.transactions.wire import Wire
from pfpkit.transfers import TRANSFER

CONTRACT, OTHER = "0x" + "c0" * 20, "0x" + "0d" * 20
SENT = "0x" + "77" * 32
WORDS = [TRANSFER, "0x" + "00" * 32, f"0x{OWNER[2:]:0>64}", f"0x{0xABC:064x}"]
LOG = {"address": CONTRACT, "topics": WORDS, "blockNumber": "0x5", "blockHash": HASH}
RECEIPT = {
    "transactionHash": SENT,
    "to": CONTRACT,
    "status": "0x1",
    "blockNumber": "0x5",
    "blockHash": HASH,
    "gasUsed": "0x5208",
    "effectiveGasPrice": "0x7",
    "logs": [LOG],
}
HEAD = HONEST["eth_getBlockByNumber"] | {"baseFeePerGas": "0x7", "gasLimit": "0x1c9c380"}


def look(receipt, head=None, patience_s=0.0):
    """What a node says at one look, of a transaction in its block too."""
    answers = {
        "eth_getBlockByNumber": HEAD | (head or {}),
        "eth_getTransactionCount": "0x1",
        "eth_maxPriorityFeePerGas": "0x1",
        "eth_gasPrice": "0x8",
        "eth_getTransactionReceipt": receipt,
    }

    async def ask(url):
        async with Wire(url, OWNER, patience_s=patience_s) as wire:
            return await wire.look([SENT], [])

    with HostileNode(answers) as node:
        return asyncio.run(ask(node.url))


def moves(receipt):
    """The transfers that are read of a receipt: contract, token, from whom and to whom."""
    found = look(receipt).receipts[SENT].transfers
    return [(one.contract, one.token_id, one.sender, one.to) for one in found]


MINTED = [(checksum_address(CONTRACT), 0xABC, NOBODY, checksum_address(OWNER))]


def test_look__another_contract_has_a_transfer_in_the_receipt__is_left_out():
    """A receiver's hook may move what it likes; so may events of other kinds be among them."""
    approval = LOG | {"topics": ["0x" + "8c" * 32, *WORDS[1:]]}
    logs = [LOG | {"address": OTHER}, LOG, approval, LOG | {"topics": []}]
    assert moves(RECEIPT | {"logs": logs}) == MINTED


def test_look__node_writes_hex_in_upper_case__is_read_as_any_other():
    """JSON-RPC says no case."""
    upper = json.loads(json.dumps(LOG["topics"]).upper().replace("0X", "0x"))
    loud = {"address": f"0x{CONTRACT[2:].upper()}", "blockHash": f"0x{HASH[2:].upper()}"}
    assert moves(RECEIPT | {"logs": [LOG | loud | {"topics": upper}]}) == MINTED


GARBLED = {
    "no logs": {"logs": None},
    "logs are an object": {"logs": {}},
    "log is null": {"logs": [LOG, None]},
    "log in no block": {"logs": [LOG | {"blockHash": None}]},
    "block is a number": {"logs": [LOG | {"blockNumber": 5}]},
    "topics are null": {"logs": [LOG | {"topics": None}]},
    "a topic is missing": {"logs": [LOG | {"topics": WORDS[:3]}]},
    "first topic is null": {"logs": [LOG | {"topics": [None, *WORDS[1:]]}]},
    "topic is short": {"logs": [LOG | {"topics": [*WORDS[:3], "0xabc"]}]},
    "log of nobody": {"logs": [LOG | {"address": None}]},
    "nothing was called": {"to": None},
}


@pytest.mark.parametrize("garbled", GARBLED.values(), ids=GARBLED)
def test_look__a_log_of_what_was_called_is_garbled__names_the_node(garbled):
    """It is asked again, and is no sign that the contract did something else than it should."""
    with pytest.raises(NodeUnreachable, match=f"gave no whole receipt of {SENT}"):
        look(RECEIPT | garbled)


def test_look__receipt_is_garbled_once__is_asked_again():
    """The next answer counts."""
    answers = iter([RECEIPT | {"logs": [LOG | {"topics": None}]}, RECEIPT])
    seen = look(lambda _: next(answers), patience_s=5.0)
    assert [one.token_id for one in seen.receipts[SENT].transfers] == [0xABC]


def test_look__a_gas_costs_over_two_to_the_53__is_read_exactly():
    """An amount of wei is no number of JSON; one more, so that a float would be another."""
    price = hex(2**53 + 1)
    seen = look(RECEIPT | {"effectiveGasPrice": price}, {"baseFeePerGas": price})
    assert seen.market.base == 2**53 + 1
    assert seen.receipts[SENT].wei_per_gas == 2**53 + 1
