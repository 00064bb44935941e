"""What transactions cost, worked out before they are sent: gas, fees, and limits to both.

Pure. Fees follow EIP-1559: a base fee, which the chain sets anew in every block, and a tip. What a
coin is worth is stated by the user and asked of nobody.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from pfpkit.errors import BadInput, TransactionFailed

__all__ = [
    "COIN",
    "GWEI",
    "NO_TERMS",
    "TRANSACTION_GAS",
    "Fees",
    "Price",
    "Rate",
    "Terms",
    "coin_symbol",
    "gas_limit",
    "gwei",
]

GWEI = 10**9
COIN = 10**18
TRANSACTION_GAS = 2**24
"""EIP-7825: no transaction may have more gas."""

_AMOUNT = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,18})?) ?([A-Za-z]{0,8})")
_SYMBOLS = {137: "POL", 80002: "POL"}


@dataclass(frozen=True, slots=True)
class Rate:
    """What one coin is worth in a currency, as the user stated it."""

    amount: Decimal
    currency: str = "USD"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a stated price; BadInput says how to write it.

        >>> Rate.parse("3100usd"), Rate.parse("0.42 EUR").currency
        (Rate(amount=Decimal('3100'), currency='USD'), 'EUR')
        """
        amount, unit = _amount(text, "a price is written as 3100usd, which is 3100 USD a coin")
        return cls(amount, unit.upper() or "USD")

    def of(self, wei: int) -> str:
        """Return what an amount of wei is worth, in words."""
        return f"{wei * self.amount / COIN:,.2f} {self.currency}"

    def __str__(self) -> str:
        return f"{self.amount.normalize():,f} {self.currency} a coin"


@dataclass(frozen=True, slots=True)
class Fees:
    """Wei a gas: the base fee that is assumed, `stated` when by the user, and the tip."""

    base: int
    tip: int = 0
    stated: bool = False

    @property
    def each(self) -> int:
        """What one gas costs."""
        return self.base + self.tip

    def __str__(self) -> str:
        """Return the assumption in words.

        >>> print(Fees(3 * GWEI, GWEI // 10))
        3.1 gwei a gas (base fee 3 gwei, the node's; tip 0.1 gwei)
        """
        source = "as stated" if self.stated else "the node's"
        return (
            f"{gwei(self.each)} a gas (base fee {gwei(self.base)}, {source}; tip {gwei(self.tip)})"
        )


@dataclass(frozen=True, slots=True)
class Price:
    """Fees, the coin that they are paid in, and what one is worth if that was stated."""

    fees: Fees
    symbol: str = "ETH"
    rate: Rate | None = None

    def of(self, gas: int, more: int = 0) -> str:
        """Return the cost of an amount of gas, and of `more` wei beside it, in words.

        >>> Price(Fees(2 * GWEI), "ETH", Rate.parse("3000")).of(97_233)
        '0.000194 ETH (0.58 USD)'
        """
        return self.wei(gas * self.fees.each + more)

    def wei(self, wei: int) -> str:
        """Return an amount of wei in words."""
        # Six places would show the cost on a cheap chain as none.
        tiny = 0 < abs(wei) < COIN // 10**6
        shown = f"{wei / GWEI:,.6g} gwei" if tiny else f"{wei / COIN:.6f} {self.symbol}"
        return shown if self.rate is None else f"{shown} ({self.rate.of(wei)})"

    def __str__(self) -> str:
        """Return the assumption: `at 2 gwei a gas`, and the coin's worth where one was stated."""
        fee = f"at {gwei(self.fees.each)} a gas"
        return fee if self.rate is None else f"{fee} and {self.rate}"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the user said of money; None where nothing was said.

    `base_fee` and `max_fee` are wei a gas, `max_cost` is wei for the whole run.
    """

    base_fee: int | None = None
    rate: Rate | None = None
    max_cost: int | None = None
    max_fee: int | None = None

    @classmethod
    def parse(cls, options: Mapping[str, str | None]) -> Self:
        """Read `base_fee` and `max_fee` (gwei), `price`, and `max_cost` (coins, or the price's
        currency); BadInput names the option.

        >>> Terms.parse({"price": "2000usd", "max_cost": "50usd"}).max_cost / COIN
        0.025
        """
        rate = Rate.parse(text) if (text := options.get("price")) else None
        return cls(
            base_fee=_fee(options.get("base_fee"), "--base-fee"),
            rate=rate,
            max_cost=_cost(options.get("max_cost"), rate),
            max_fee=_fee(options.get("max_fee"), "--max-fee"),
        )

    def check(self, price: Price, gas: int, more: int = 0) -> None:
        """Refuse a run whose transactions have this gas limit in sum, and cost `more` wei beside;
        TransactionFailed says which limit stopped it."""
        if self.max_fee is not None and price.fees.each > self.max_fee:
            raise TransactionFailed(
                f"a gas costs {gwei(price.fees.each)}, more than --max-fee {gwei(self.max_fee)}; "
                "nothing was sent; wait for a lower base fee, or raise the limit"
            )
        cost = gas * price.fees.each + more
        if self.max_cost is not None and cost > self.max_cost:
            raise TransactionFailed(
                f"the run may cost {price.wei(cost)}, more than --max-cost "
                f"{price.wei(self.max_cost)}; nothing was sent; wait for a lower base fee, do "
                "less at once, or raise the limit"
            )

    def fee_cap(self, fees: Fees, gas: int, more: int = 0) -> int:
        """Return `maxFeePerGas` for transactions with this gas limit in sum: room for the base fee
        to double, and never so much that they could cost more than the limits allow."""
        caps = [2 * fees.base + fees.tip]
        if self.max_fee is not None:
            caps.append(self.max_fee)
        if self.max_cost is not None:
            caps.append(max(0, self.max_cost - more) // max(1, gas))
        return min(caps)


NO_TERMS = Terms()
"""Nothing was said: the node's base fee, no price, no limits."""


def gas_limit(gas: int) -> int:
    """Return the limit for a transaction that was estimated at `gas`: a fifth more, for what it
    finds may differ, and never over EIP-7825's."""
    return max(gas, min(gas * 6 // 5, TRANSACTION_GAS))


def coin_symbol(chain_id: int, otherwise: str) -> str:
    """Return the name of a chain's coin: a network that borrows Ethereum's rules has its own."""
    return _SYMBOLS.get(chain_id, otherwise)


def gwei(wei: int) -> str:
    """Return wei a gas in words.

    >>> gwei(1_500_000_000), gwei(7)
    ('1.5 gwei', '7e-09 gwei')
    """
    return f"{wei / GWEI:.6g} gwei"


def _amount(text: str, how: str) -> tuple[Decimal, str]:
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise BadInput(f"{text!r} is no amount; {how}")
    return Decimal(found[1]), found[2]


def _fee(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    amount, unit = _amount(text, f"{option} is in gwei, such as 20 or 0.05")
    if unit.lower() not in ("", "gwei"):
        raise BadInput(f"{option} {text}: write it in gwei, such as 20")
    return int(amount * GWEI)


def _cost(text: str | None, rate: Rate | None) -> int | None:
    if text is None:
        return None
    amount, unit = _amount(text, "--max-cost is in coins, such as 0.05, or as 50usd with --price")
    if unit.upper() in ("", "ETH", "POL"):
        return int(amount * COIN)
    if rate is None or unit.upper() != rate.currency:
        raise BadInput(
            f"--max-cost {text}: what a coin is worth in {unit.upper()} is not known; state it "
            f"with --price, such as --price 3100{unit.lower()}, or write the limit in coins"
        )
    return int(amount / rate.amount * COIN) if rate.amount else None
