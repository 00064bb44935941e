"""What a run may cost: its limit, and the wei that it has signed for. Pure."""

from pfpkit.transactions.signed import Request

__all__ = ["Budget"]


class Budget:
    """Wei for all that one run signs, replacements included; without a limit, as much as it takes.

    >>> budget = Budget(100)
    >>> budget.sign(Request(1, 0, "", b"", 3, 20, 1))
    >>> budget.left(0), budget.left(1)
    (100, 40)
    >>> budget.settle(0, 30)
    >>> budget.left(1)
    70
    >>> budget.set_aside(50)
    >>> budget.left(1)
    20
    """

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limit
        self._signed: dict[int, int] = {}

    def left(self, nonce: int) -> int | None:
        """Return the wei that the transaction with this nonce may cost; None without a limit."""
        if self._limit is None:
            return None
        others = sum(wei for other, wei in self._signed.items() if other != nonce)
        return max(0, self._limit - others)

    def sign(self, request: Request) -> None:
        """Note a transaction that may cost all that it offers, in place of one with its nonce."""
        self._signed[request.nonce] = request.most

    def settle(self, nonce: int, wei: int) -> None:
        """Note what a transaction of this run has cost in the end; 0 when it is never mined."""
        if nonce in self._signed:
            self._signed[nonce] = wei

    def set_aside(self, wei: int) -> None:
        """Keep wei for what is not the price of gas, such as a layer 2's fee for data."""
        if self._limit is not None:
            self._limit -= wei
