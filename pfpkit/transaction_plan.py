"""A run's transactions before they are sent: gas, cost, nonces, addresses, what is left.

What a transaction takes is asked of the node (`eth_estimateGas`), or found by running all of them
one after another on a fork, which is what `--plan` does. On an OP Stack chain the fee for the data
that goes to Ethereum comes on top of gas, and is asked of the GasPriceOracle predeploy of its
specification; on Arbitrum the node's estimate holds it already.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_utils.crypto import keccak

from pfpkit.chain import Call, Node, Reverted
from pfpkit.console import facts, table
from pfpkit.cost import TRANSACTION_GAS, Fees, Price, Terms, coin_symbol, gas_limit
from pfpkit.errors import NoSuchContract, TransactionFailed
from pfpkit.fork import Fork
from pfpkit.reference import checksum_address

__all__ = ["DataFee", "Intended", "Plan", "Step", "created_address", "plan"]

GAS_PRICE_ORACLE = "0x420000000000000000000000000000000000000F"
"""OP Stack specification, "Predeploys": `getL1Fee(bytes)` of an unsigned transaction."""
_OP_STACK = {10, 8453, 84532, 11155420}
_ARBITRUM = {42161, 421614}


@dataclass(frozen=True, slots=True)
class Intended:
    """One transaction to plan. `to` is None for a deployment; `gas` is None to have it estimated.

    The gas of a transaction that only works after the one before it cannot be estimated by the
    node: state it, or plan on a fork.
    """

    what: str
    to: str | None
    data: bytes
    gas: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One planned transaction: its nonce, gas and gas limit, the fee for its data if there is one,
    and the address of the contract that it makes, if it makes one."""

    what: str
    to: str | None
    nonce: int
    gas: int
    limit: int
    data_wei: int = 0
    creates: str | None = None


class DataFee:
    """What the plan says of the fee for data on a layer 2."""

    NONE = ""
    INCLUDED = "the fee for data on Ethereum is included"
    IN_GAS = "the fee for data on Ethereum is in the gas"
    UNKNOWN = "the fee for data on Ethereum comes on top and could not be read; it is not included"


@dataclass(frozen=True, slots=True)
class Plan:
    """All transactions of a run, in order, with what they cost at `price`.

    `now` are the node's fees, which differ from those of `price` where a base fee was stated.
    """

    what: str
    network: str
    chain_id: int
    account: str
    balance: int
    price: Price
    now: Fees
    steps: tuple[Step, ...]
    data_fee: str = DataFee.NONE
    forked_at: int | None = None
    node: str | None = None

    @property
    def gas(self) -> int:
        """The gas of all transactions."""
        return sum(step.gas for step in self.steps)

    @property
    def limit(self) -> int:
        """The sum of their gas limits: more is not taken, whatever happens."""
        return sum(step.limit for step in self.steps)

    @property
    def data_wei(self) -> int:
        """The fees for data of all transactions."""
        return sum(step.data_wei for step in self.steps)

    @property
    def cost(self) -> int:
        """Wei that the run costs."""
        return self.gas * self.price.fees.each + self.data_wei

    @property
    def creates(self) -> str:
        """The address of the one contract that it makes."""
        (made,) = [step.creates for step in self.steps if step.creates]
        return made

    def check(self, terms: Terms) -> None:
        """TransactionFailed when a limit stops the run, or the account cannot pay for it."""
        # A base fee that was stated is for the cost that is shown; the chain takes its own.
        for fees in (self.price.fees, self.now):
            terms.check(replace(self.price, fees=fees), self.limit, self.data_wei)
        needed = self.gas * self.now.each + self.data_wei
        if self.balance < needed:
            raise TransactionFailed(
                f"{self.account} has {self.price.wei(self.balance)}, and this costs "
                f"{self.price.wei(needed)}; send it some, or name another --account"
            )

    def fee_cap(self, terms: Terms) -> int:
        """Return `maxFeePerGas` for its transactions; see `Terms.fee_cap`."""
        return terms.fee_cap(self.now, self.limit, self.data_wei)

    def overrides(self, terms: Terms) -> dict[str, int]:
        """Return nonce, gas limit and fees of its one transaction, as Ape names them."""
        (only,) = self.steps
        cap = self.fee_cap(terms)
        fees = {"max_fee": cap, "max_priority_fee": min(self.now.tip, cap)}
        return {"nonce": only.nonce, "gas_limit": self.limit, **fees}

    def head(self) -> str:
        """Return what is asked about before sending: network, account, cost."""
        rows = [
            ("network", f"{self.network} (chain {self.chain_id})"),
            ("account", f"{self.account}, {self.price.wei(self.balance)}"),
            ("cost", f"about {self.gas:,} gas {self.price}: {self.price.wei(self.cost)}"),
        ]
        if self.node is not None:
            rows.insert(1, ("node", self.node))
        if self.data_fee:
            rows.append(("note", self.data_fee))
        return f"{self.what}\n{facts(rows)}"

    def text(self) -> str:
        """Return the whole plan: each transaction, the assumptions, and what is left."""
        rows = [
            (step.nonce, step.what, f"{step.gas:,}", self.price.of(step.gas, step.data_wei))
            for step in self.steps
        ]
        found = (
            "as the node estimates"
            if self.forked_at is None
            else f"run on a fork of block {self.forked_at:,}"
        )
        after = [
            ("gas", f"{self.gas:,}, {found}; at most {self.limit:,}"),
            ("fees", str(self.price.fees)),
            ("left", self.price.wei(self.balance - self.cost)),
        ]
        after += [("contract", step.creates) for step in self.steps if step.creates]
        listed = table(["nonce", "transaction", "gas", "cost"], rows)
        return f"{self.head()}\n{listed}\n{facts(after)}"

    def as_json(self) -> dict[str, Any]:
        """Return the plan as a program reads it; amounts of wei are decimal strings."""
        fees, rate = self.price.fees, self.price.rate
        return {
            "event": "plan",
            "what": self.what,
            "network": self.network,
            "chain_id": self.chain_id,
            "account": self.account,
            "coin": self.price.symbol,
            "base_fee": str(fees.base),
            "base_fee_stated": fees.stated,
            "tip": str(fees.tip),
            "price": None
            if rate is None
            else {"amount": str(rate.amount), "currency": rate.currency},
            "forked_at": self.forked_at,
            "transactions": [
                {
                    "what": step.what,
                    "to": step.to,
                    "nonce": step.nonce,
                    "gas": step.gas,
                    "gas_limit": step.limit,
                    "data_fee": str(step.data_wei),
                    "cost": str(step.gas * fees.each + step.data_wei),
                    "creates": step.creates,
                }
                for step in self.steps
            ],
            "gas": self.gas,
            "cost": str(self.cost),
            "balance": str(self.balance),
            "left": str(self.balance - self.cost),
            "note": self.data_fee,
        }


async def plan(
    node: Node,
    what: str,
    intended: Sequence[Intended],
    *,
    account: str,
    network: str,
    terms: Terms,
    symbol: str = "ETH",
    fork: Fork | None = None,
    shown_node: str | None = None,
    named: Callable[[Reverted], str] = lambda reverted: reverted.reason,
) -> Plan:
    """Return the plan of transactions that `account` would send in this order.

    On `fork`, a fork of the node's chain, each is run after the one before it. TransactionFailed
    with the reason, said by `named`, when the contract refuses one.
    """
    chain_id, balance = await node.chain_id(), await node.balance(account)
    now = Fees(*await node.fees())
    fees = now if terms.base_fee is None else Fees(terms.base_fee, now.tip, stated=True)
    price = Price(fees, coin_symbol(chain_id, symbol), terms.rate)
    steps = []
    for nonce, one in enumerate(intended, await node.nonce(account)):
        found = await _gas(node, fork, account, one)
        if isinstance(found, Reverted):
            raise TransactionFailed(
                f"the contract refuses {one.what}: {named(found)}; nothing was sent"
            )
        gas, needed = found
        if needed > TRANSACTION_GAS:
            raise TransactionFailed(
                f"{one.what} takes {needed:,} gas, and no transaction may have more than "
                f"{TRANSACTION_GAS:,} (EIP-7825); do less at once"
            )
        made = created_address(account, nonce) if one.to is None else None
        steps.append(Step(one.what, one.to, nonce, gas, gas_limit(needed), 0, made))
    unsigned = [_unsigned(chain_id, s, i, price) for s, i in zip(steps, intended, strict=True)]
    note, data_fees = await _data_fees(node, chain_id, unsigned)
    return Plan(
        what=what,
        network=network,
        chain_id=chain_id,
        account=account,
        balance=balance,
        price=price,
        now=now,
        steps=tuple(
            replace(step, data_wei=fee) for step, fee in zip(steps, data_fees, strict=True)
        ),
        data_fee=note,
        forked_at=None if fork is None else fork.block,
        node=shown_node,
    )


def created_address(sender: str, nonce: int) -> str:
    """Return the address of the contract that `sender` makes with this nonce (CREATE).

    >>> created_address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", 0)
    '0x5FbDB2315678afecb367f032d93F642f64180aa3'
    """
    made = keccak(rlp.encode([bytes.fromhex(sender[2:]), nonce]))[12:]
    return checksum_address(f"0x{made.hex()}")


async def _gas(
    node: Node, fork: Fork | None, account: str, one: Intended
) -> tuple[int, int] | Reverted:
    """Return the gas of a transaction, and what its limit has to be at least."""
    if fork is not None:
        return await fork.send(account, one.to, one.data)
    if one.gas is not None:
        return one.gas, one.gas
    answer = await node.estimate_gas(account, one.to, f"0x{one.data.hex()}")
    return answer if isinstance(answer, Reverted) else (answer, answer)


async def _data_fees(
    node: Node, chain_id: int, unsigned: Sequence[bytes]
) -> tuple[str, Sequence[int]]:
    """Return what the plan says of fees for data, and the fee of each transaction."""
    nothing = [0] * len(unsigned)
    if chain_id in _ARBITRUM:
        return DataFee.IN_GAS, nothing
    calls = [Call("getL1Fee(bytes)", "uint256", (one,)) for one in unsigned]
    try:
        fees = await node.call(GAS_PRICE_ORACLE, calls, await node.block())
    except NoSuchContract:
        return (DataFee.UNKNOWN if chain_id in _OP_STACK else DataFee.NONE), nothing
    if any(isinstance(fee, Reverted) for fee in fees):
        return DataFee.UNKNOWN, nothing
    return DataFee.INCLUDED, fees


def _unsigned(chain_id: int, step: Step, one: Intended, price: Price) -> bytes:
    """Return a transaction without its signature (EIP-1559)."""
    to = b"" if one.to is None else bytes.fromhex(one.to[2:])
    fees = price.fees.tip, 2 * price.fees.base + price.fees.tip
    return b"\x02" + bytes(
        rlp.encode([chain_id, step.nonce, *fees, step.limit, to, 0, one.data, []])
    )
