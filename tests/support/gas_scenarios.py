"""What each use of a collection costs: full transaction gas of real transactions.

Addresses and digests have no zero bytes, since those are cheaper as calldata; ids are below 256;
each scenario has a collection of its own, in which the minter has minted before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support.node import Node, calldata

TRANSFER = "transferFrom(address,address,uint256)"
SAFE_TRANSFER = "safeTransferFrom(address,address,uint256)"
BATCH = 100
# CBOR of solc's metadata: {"ipfs": 34 bytes that begin with 0x1220}
SOURCE_HASH = bytes.fromhex("a2646970667358221220")


def without_zeros(text: str) -> bytes:
    """32 bytes for a text, none of them zero."""
    return bytes(byte or 1 for byte in hashlib.sha256(text.encode()).digest())


def address(name: str) -> str:
    """An address for a name, without a zero byte."""
    return "0x" + without_zeros(name)[:20].hex()


def bundles(count: int) -> list[bytes]:
    """Digests without zero bytes."""
    return [without_zeros(f"bundle {number}") for number in range(count)]


@dataclass
class Bench:
    """A node and a collection in which `first` holds token 1 and `holder` 2 and 3."""

    node: Node
    collection: str
    taker: str

    def gas(self, sender: str, signature: str, *arguments: Any) -> int:
        """Gas of one transaction by a person named `sender`."""
        data = calldata(signature, *arguments)
        receipt = self.node.transact(address(sender), self.collection, data)
        return int(receipt["gasUsed"], 16)

    def execution(self, signature: str, *arguments: Any) -> int:
        """Gas of a view without what any transaction costs for itself and its calldata."""
        data = calldata(signature, *arguments)
        message = {"from": address("holder"), "to": self.collection, "data": "0x" + data.hex()}
        trace = self.node.rpc("debug_traceCall", message, "latest", {"tracer": "callTracer"})
        return int(trace["gasUsed"], 16) - 21_000 - sum(16 if byte else 4 for byte in data)


def _mint(bench: Bench, to: str) -> int:
    return bench.gas("minter", "mint(address,bytes32)", address(to), bundles(1)[0])


def _safe_mint(bench: Bench, to: str) -> int:
    return bench.gas("minter", "safeMint(address,bytes32,bytes)", to, bundles(1)[0], b"")


def _batch(bench: Bench, count: int = BATCH) -> int:
    return bench.gas("minter", "mintBatch(address,bytes32[])", address("new"), bundles(count))


def _uri_out_of_a_batch(bench: Bench) -> int:
    _batch(bench, 4)
    return bench.execution("tokenURI(uint256)", 6)


def _airdrop(bench: Bench) -> int:
    receivers = [address(f"receiver {number}") for number in range(BATCH)]
    return bench.gas("minter", "airdrop(address[],bytes32[])", receivers, bundles(BATCH))


def _transfer(bench: Bench, to: str, sender: str = "holder", call: str = TRANSFER) -> int:
    return bench.gas(sender, call, address("holder"), address(to), 2)


def _by_operator(bench: Bench) -> int:
    bench.gas("holder", "setApprovalForAll(address,bool)", address("operator"), True)
    return _transfer(bench, "first", "operator")


def _by_spender(bench: Bench) -> int:
    _approve(bench, address("spender"))
    return _transfer(bench, "first", "spender")


def _to_contract(bench: Bench) -> int:
    return bench.gas("holder", SAFE_TRANSFER, address("holder"), bench.taker, 2)


def _approve(bench: Bench, spender: str) -> int:
    return bench.gas("holder", "approve(address,uint256)", spender, 2)


def _approve_again(bench: Bench, spender: str) -> int:
    _approve(bench, address("spender"))
    return _approve(bench, spender)


def _set_operator(bench: Bench) -> int:
    return bench.gas("holder", "setApprovalForAll(address,bool)", address("operator"), True)


def _burn_again(bench: Bench) -> int:
    bench.gas("first", "burn(uint256)", 1)
    return bench.gas("holder", "burn(uint256)", 2)


SCENARIOS: dict[str, Callable[[Bench], int]] = {
    "mint to a new holder": lambda b: _mint(b, "new"),
    "mint to a holder of others": lambda b: _mint(b, "holder"),
    "safeMint to a new plain account": lambda b: _safe_mint(b, address("new")),
    "safeMint to a new contract": lambda b: _safe_mint(b, b.taker),
    "mintBatch of 3 to a new holder": lambda b: _batch(b, 3),
    "mintBatch of 4 to a new holder": lambda b: _batch(b, 4),
    f"mintBatch of {BATCH} to a new holder": _batch,
    f"airdrop to {BATCH} new holders": _airdrop,
    "transferFrom to a holder of others": lambda b: _transfer(b, "first"),
    "transferFrom to a new holder": lambda b: _transfer(b, "new"),
    "transferFrom by an operator": _by_operator,
    "transferFrom by an approved spender": _by_spender,
    "safeTransferFrom to a plain account": lambda b: _transfer(b, "first", call=SAFE_TRANSFER),
    "safeTransferFrom to a new contract": _to_contract,
    "approve, first": lambda b: _approve(b, address("spender")),
    "approve another": lambda b: _approve_again(b, address("other")),
    "approve nobody any more": lambda b: _approve_again(b, "0x" + "00" * 20),
    "setApprovalForAll, first": _set_operator,
    "burn, holder keeps others": _burn_again,
    "setMinter": lambda b: b.gas("owner", "setMinter(address)", address("new")),
    "tokenURI, execution alone": lambda b: b.execution("tokenURI(uint256)", 2),
    "tokenURI out of a batch, execution alone": _uri_out_of_a_batch,
    "imageURI, execution alone": lambda b: b.execution("imageURI(uint256)", 2),
    "bundleOf, execution alone": lambda b: b.execution("bundleOf(uint256)", 2),
}


def with_a_full_source_hash(code: bytes) -> bytes:
    """Creation code in which the hash of the sources, which no execution reads, has no zero bytes.

    Otherwise each changed comment would change the gas of the deployment by chance.
    """
    before, marker, after = code.partition(SOURCE_HASH)
    assert marker, "the code ends with no hash of its sources"
    return before + marker + without_zeros("sources") + after[32:]


def measure(node: Node, creation: bytes, taker: str) -> dict[str, int]:
    """Gas of every scenario, and of the deployment. `creation` names the people of `address`."""
    names = ("owner", "minter", "first", "holder", "operator", "spender")
    node.fund(*(address(name) for name in names))
    measured: dict[str, int] = {}
    for name, scenario in SCENARIOS.items():
        code = with_a_full_source_hash(creation)
        receipt = node.transact(address("owner"), None, code)
        measured["deploy"] = int(receipt["gasUsed"], 16)
        bench = Bench(node, receipt["contractAddress"], taker)
        _mint(bench, "first")
        bench.gas("minter", "mintBatch(address,bytes32[])", address("holder"), bundles(2))
        measured[name] = scenario(bench)
    return measured
