"""The least gas that a use of such a collection can cost, term by term, from the EVM's rules.

What the floor assumes: ERC-721 with `balanceOf` and its events, a 32-byte digest for each token,
ids one after another, one plain transaction without an access list, with the calldata of
ProfilePicture. The digest of a single mint is in a slot; those of a batch or an airdrop are in the
code of one contract, whose address is in a slot. The floors of SLOT_FOR_EACH have a slot for each
of these too. Every slot, log and account that this needs is counted once, and no opcode beside
them. Who does less (stores no digest, writes no holder, keeps no balances) can be below.

Prices: Yellow Paper, appendix G; EIP-2028 (calldata), EIP-2929 (cold access), EIP-2200 and
EIP-3529 (storage, refunds), EIP-3860 (creation code), EIP-7623 (the least that calldata costs).
`tests/gas/test_floor.py` has a node charge a program of just these terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from support.gas_scenarios import BATCH, TRANSFER, address, bundles
from support.node import calldata

SLOT_FOR_EACH = ", a slot for each digest"
# EIP-3529: refunds give back at most this part of what was used.
REFUND_SHARE = 5


@dataclass(frozen=True, slots=True)
class Price:
    """What the EVM charges for one thing; `refund` comes back at the end, `least` is EIP-7623's."""

    name: str
    gas: int
    refund: int = 0
    least: int = 0


TRANSACTION = Price("transaction", 21_000, least=21_000)
FULL_BYTE = Price("byte of calldata that is not zero", 16, least=40)
ZERO_BYTE = Price("byte of calldata that is zero", 4, least=10)
NEW_SLOT = Price("slot from zero: cold 2,100 + set 20,000", 22_100)
CHANGED_SLOT = Price("slot changed: cold 2,100 + reset 2,900", 5_000)
CLEARED_SLOT = Price("slot to zero: cold 2,100 + reset 2,900, 4,800 back", 5_000, refund=4_800)
READ_SLOT = Price("slot read: cold 2,100", 2_100)
COLD_ACCOUNT = Price("code size of an account: cold 2,600", 2_600)
CREATE = Price("contract made", 32_000)
CODE_BYTE = Price("byte of its code", 200)
CREATION_WORD = Price("word of its creation code", 2)
LOG = Price("log of four topics: 375 + 4 x 375", 1_875)


@dataclass(frozen=True, slots=True)
class Floor:
    """The terms of one use, each with how often, and for how many tokens they are."""

    calldata: bytes
    terms: tuple[tuple[Price, int], ...]
    tokens: int = 1

    @property
    def total(self) -> int:
        """Gas of the whole use."""
        gas = sum(price.gas * times for price, times in self.terms)
        refund = sum(price.refund * times for price, times in self.terms)
        least = sum(price.least * times for price, times in self.terms)
        return max(gas - min(refund, gas // REFUND_SHARE), least)

    @property
    def each(self) -> int:
        """Gas for each token, rounded down."""
        return self.total // self.tokens

    def lines(self) -> list[str]:
        """The terms in words."""
        lines = [f"{times} x {price.name}: {price.gas * times:,}" for price, times in self.terms]
        return [*lines, f"together: {self.total:,}"]


def _transaction(call: bytes, *terms: tuple[Price, int], tokens: int = 1) -> Floor:
    zeros = call.count(0)
    own = ((TRANSACTION, 1), (FULL_BYTE, len(call) - zeros), (ZERO_BYTE, zeros))
    return Floor(call, own + terms, tokens)


def _mint(signature: str, *rest: Any, owner: Price, asked: bool = False) -> Floor:
    call = calldata(signature, address("new"), bundles(1)[0], *rest)
    holder_and_digest, counter = (NEW_SLOT, 2), (CHANGED_SLOT, 1)
    account = ((COLD_ACCOUNT, 1),) if asked else ()
    return _transaction(call, holder_and_digest, (owner, 1), counter, *account, (LOG, 1))


def _many(use: str, call: bytes, owners: int) -> dict[str, Floor]:
    counter_and_logs = (CHANGED_SLOT, 1), (LOG, BATCH)
    # STOP and the digests; what returns them, of a dozen bytes, needs one word more.
    code = 1 + 32 * BATCH
    digests = (CREATE, 1), (CREATION_WORD, code // 32 + 1), (CODE_BYTE, code)
    holders, address_of_code = BATCH + owners, 1
    slots = (NEW_SLOT, holders + address_of_code), (NEW_SLOT, holders + BATCH)
    return {
        use: _transaction(call, slots[0], *counter_and_logs, *digests, tokens=BATCH),
        use + SLOT_FOR_EACH: _transaction(call, slots[1], *counter_and_logs, tokens=BATCH),
    }


def _transfer(receiver: Price, *rest: tuple[Price, int]) -> Floor:
    call = calldata(TRANSFER, address("holder"), address("first"), 2)
    holder_and_sender = (CHANGED_SLOT, 2)
    return _transaction(call, holder_and_sender, (receiver, 1), *rest, (LOG, 1))


def _burn(*rest: tuple[Price, int]) -> Floor:
    holder, balance = (CLEARED_SLOT, 1), (CHANGED_SLOT, 1)
    return _transaction(calldata("burn(uint256)", 2), holder, balance, *rest, (LOG, 1))


def _receivers() -> list[str]:
    return [address(f"receiver {number}") for number in range(BATCH)]


FLOORS: dict[str, Floor] = {
    "mint, new owner": _mint("mint(address,bytes32)", owner=NEW_SLOT),
    "mint, same owner": _mint("mint(address,bytes32)", owner=CHANGED_SLOT),
    "safeMint, new owner": _mint(
        "safeMint(address,bytes32,bytes)", b"", owner=NEW_SLOT, asked=True
    ),
    **_many(
        "batch of 100, each",
        calldata("mintBatch(address,bytes32[])", address("new"), bundles(BATCH)),
        owners=1,
    ),
    **_many(
        "airdrop to 100, each",
        calldata("airdrop(address[],bytes32[])", _receivers(), bundles(BATCH)),
        owners=BATCH,
    ),
    "transfer, existing receiver": _transfer(CHANGED_SLOT),
    "transfer, new receiver": _transfer(NEW_SLOT),
    "transfer by operator": _transfer(CHANGED_SLOT, (READ_SLOT, 1)),
    "transfer out of a batch": _transfer(CHANGED_SLOT),
    "approve, first": _transaction(
        calldata("approve(address,uint256)", address("spender"), 2),
        (READ_SLOT, 1),
        (NEW_SLOT, 1),
        (LOG, 1),
    ),
    "burn": _burn(),
    "burn, with totalSupply": _burn((CHANGED_SLOT, 1)),
    "tokenURI, execution": Floor(b"", ((READ_SLOT, 1),)),
}
