"""What a gas is offered: at first, and again when a transaction is stuck. Pure.

Follows EIP-1559. Nodes take a replacement (same account and nonce) when both of its fees are a
tenth or an eighth higher, as they are configured; ours are an eighth higher at least.
"""

from dataclasses import replace

from pfpkit.cost import Fees
from pfpkit.transactions.signed import Request

__all__ = ["first_fees", "is_plenty", "raised"]

_STEP = 9, 8
_PLENTY = 8


def first_fees(market: Fees, cap: int | None) -> tuple[int, int] | None:
    """Return the most that a gas may cost, with room for the base fee to double, and the tip.

    None when `cap` is below what a gas costs now.

    >>> first_fees(Fees(10, 1), None), first_fees(Fees(10, 1), 12), first_fees(Fees(10, 1), 9)
    ((21, 1), (12, 1), None)
    """
    if cap is not None and cap < market.each:
        return None
    most = 2 * market.base + market.tip
    return (most if cap is None else min(most, cap)), market.tip


def raised(request: Request, market: Fees, cap: int | None) -> Request | None:
    """Return the same transaction with fees that a node takes in place of it, up to `cap`.

    None when `cap` leaves no room for that, or is below the base fee.

    >>> old = Request(1, 0, "", b"", 21_000, 100, 8)
    >>> new = raised(old, Fees(10, 1), None)
    >>> new.max_fee, new.tip, raised(old, Fees(10, 1), 112)
    (113, 9, None)
    """
    least, tip = _eighth_more(request.max_fee), max(_eighth_more(request.tip), market.tip)
    if cap is not None and cap < max(least, tip, market.base):
        return None
    wanted = max(least, 2 * market.base + tip)
    return replace(request, max_fee=wanted if cap is None else min(wanted, cap), tip=tip)


def is_plenty(request: Request, market: Fees) -> bool:
    """Whether a transaction offers so many times the usual tip that more of it would not help.

    It waits for something else then: a node that passes nothing on, or a nonce before it.

    >>> old = Request(1, 0, "", b"", 21_000, 100, 8)
    >>> is_plenty(old, Fees(10, 1)), is_plenty(old, Fees(10, 2)), is_plenty(old, Fees(99, 1))
    (True, False, False)
    """
    return request.tip >= _PLENTY * max(1, market.tip) and (
        request.max_fee >= market.base + request.tip
    )


def _eighth_more(fee: int) -> int:
    up, down = _STEP
    return max(fee + 1, -(-fee * up // down))
