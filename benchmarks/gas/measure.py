"""Every use of every contract, by real transactions on one node, each in a collection of its own.

Addresses, digests and the rest as in tests/gas: no zero bytes, ids below 256, a minter who has
minted before; the first three tokens were minted one by one. After each mint the contract is asked
who holds the token and what its URI is, so that nothing that is cheap for being wrong is measured.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from eth_abi import decode
from support.gas_scenarios import (
    BATCH,
    SOURCE_HASH,
    TRANSFER,
    Bench,
    address,
    with_a_full_source_hash,
)
from support.loopback import free_port
from support.node import Node, calldata

from benchmarks.gas.compiler import ROOT, Code
from benchmarks.gas.peers import Contract, uri_of

RECEIVERS = [address(f"receiver {number}") for number in range(BATCH)]
PACKED_AIRDROP = "airdrop(bytes,bytes32[])"  # of an experiment
PEOPLE = ("owner", "minter", "first", "holder", "operator", "spender")


@contextmanager
def anvil() -> Iterator[Node]:
    """A node of this run's own, ended with it."""
    port = free_port()
    program = str(ROOT / ".venv/bin/anvil")
    command = [program, "--silent", "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command) as process:  # noqa: S603
        try:
            node = _connect(port)
            node.fund(*(address(name) for name in PEOPLE))
            yield node
        finally:
            process.terminate()


def _connect(port: int) -> Node:
    for _ in range(100):
        try:
            return Node(f"http://127.0.0.1:{port}")
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise TimeoutError(f"anvil did not listen on port {port} within 10 seconds")


@dataclass
class Collection(Bench):
    """A Bench that mints as its contract does, and checks what came of it."""

    contract: Contract

    def mint(self, to: str, call: str = "") -> int:
        """Gas of one token to a person named `to`."""
        signature = call or self.contract.mint
        content = 1 if self.contract.keeps == "nothing" else self.contract.contents(1)[0]
        rest = [b""] if signature.endswith(",bytes)") else []
        return self.gas("minter", signature, address(to), content, *rest)

    def mint_batch(self, to: str, count: int = BATCH) -> int:
        """Gas of several tokens to one."""
        nothing = self.contract.keeps == "nothing"
        content = count if nothing else self.contract.contents(count)
        return self.gas("minter", self.contract.batch, address(to), content)

    def airdrop(self, count: int = BATCH) -> int:
        """Gas of several tokens, each to another."""
        receivers = RECEIVERS[:count]
        arguments: list[Any] = [receivers, self.contract.contents(count)]
        if self.contract.keeps == "nothing":
            arguments = [receivers]
        if self.contract.airdrop == PACKED_AIRDROP:
            packed = b"".join(bytes.fromhex(to[2:]) for to in receivers)
            arguments = [packed, self.contract.contents(count)]
        return self.gas("minter", self.contract.airdrop, *arguments)

    def check(self, place: int, holder: str, content: int) -> None:
        """Fail unless the token of that place is the holder's, with that content."""
        token = self.contract.first_id + place
        (owner,) = decode(["address"], self._ask("ownerOf(uint256)", token))
        assert owner == holder, f"{self.contract.title}: token {token} is not its receiver's"
        if self.contract.keeps != "nothing":
            (uri,) = decode(["string"], self._ask("tokenURI(uint256)", token))
            wanted = self.contract.contents(content + 1)[content]
            wanted = uri_of(wanted) if isinstance(wanted, bytes) else wanted
            assert uri == wanted, f"{self.contract.title}: token {token} has another URI"

    def _ask(self, signature: str, *arguments: Any) -> bytes:
        return self.node.call(self.collection, calldata(signature, *arguments))


def _mint(at: Collection, to: str, call: str = "") -> int:
    gas = at.mint(to, call)
    at.check(3, address(to), 0)
    return gas


def batch(at: Collection, count: int = BATCH) -> int:
    """Gas of each token of a batch."""
    gas = at.mint_batch("new", count)
    at.check(3 + count - 1, address("new"), count - 1)
    return gas // count


def airdrop(at: Collection, count: int = BATCH) -> int:
    """Gas of each token of an airdrop."""
    gas = at.airdrop(count)
    at.check(3 + count - 1, RECEIVERS[count - 1], count - 1)
    return gas // count


def _transfer(at: Collection, to: str, sender: str = "holder", token: int = 2) -> int:
    gas = at.gas(sender, TRANSFER, address("holder"), address(to), token)
    at.check(token - at.contract.first_id, address(to), max(token - at.contract.first_id - 3, 0))
    return gas


def _by_operator(at: Collection) -> int:
    at.gas("holder", "setApprovalForAll(address,bool)", address("operator"), True)
    return _transfer(at, "first", "operator")


def _out_of_a_batch(at: Collection) -> int:
    at.mint_batch("holder")
    return _transfer(at, "first", token=BATCH // 2)


def _batch_and_moves(at: Collection) -> int:
    gas = at.mint_batch("holder")
    ids = range(at.contract.first_id + 3, at.contract.first_id + 3 + BATCH)
    return (gas + sum(_transfer(at, "first", token=token) for token in ids)) // BATCH


def _burn(at: Collection) -> int:
    at.gas("first", "burn(uint256)", at.contract.first_id)
    return at.gas("holder", "burn(uint256)", 2)


def _has_mint(contract: Contract) -> bool:
    return bool(contract.mint)


def _counts_burned(contract: Contract) -> bool:
    return "totalSupply" not in contract.lacks


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that is measured, and which contracts can do it."""

    measure: Callable[[Collection], int]
    needs: Callable[[Contract], bool] = _has_mint


USES: dict[str, Use] = {
    "mint, new owner": Use(lambda at: _mint(at, "new")),
    "mint, same owner": Use(lambda at: _mint(at, "holder")),
    "safeMint, new owner": Use(lambda at: _mint(at, "new", at.contract.safe_mint)),
    "batch of 100, each": Use(batch, lambda c: bool(c.batch)),
    "airdrop to 100, each": Use(airdrop, lambda c: bool(c.airdrop)),
    "transfer, existing receiver": Use(lambda at: _transfer(at, "first")),
    "transfer, new receiver": Use(lambda at: _transfer(at, "new")),
    "transfer by operator": Use(_by_operator),
    "transfer out of a batch": Use(_out_of_a_batch, lambda c: bool(c.batch)),
    "batch of 100, each then moved": Use(_batch_and_moves, lambda c: bool(c.batch)),
    "approve, first": Use(
        lambda at: at.gas("holder", "approve(address,uint256)", address("spender"), 2)
    ),
    "burn": Use(_burn),
    "burn, with totalSupply": Use(_burn, _counts_burned),
    "tokenURI, execution": Use(lambda at: at.execution("tokenURI(uint256)", 2)),
}


def measure(node: Node, contract: Contract, code: Code, uses: dict[str, Use]) -> dict[str, int]:
    """Gas of every use that the contract has, and of its deployment."""
    creation = code.creation
    if SOURCE_HASH in creation:
        creation = with_a_full_source_hash(creation)
    measured: dict[str, int] = {}
    deployed = 0
    for name, use in uses.items():
        if not use.needs(contract):
            continue
        receipt = node.transact(address("minter"), None, creation + contract.arguments)
        at = Collection(node, receipt["contractAddress"], "", contract)
        for holder in ("first", "holder", "holder"):
            at.mint(holder)
        measured[name] = use.measure(at)
        deployed = int(receipt["gasUsed"], 16)
    return measured | {"deploy": deployed}
