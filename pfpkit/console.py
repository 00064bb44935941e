"""What scripts print: aligned facts, tables, costs, and progress that is a line in a pipe.

Imports no ape. Money is shown in the chain's coin at a stated base fee, never at a hidden one.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

GWEI = 10**9
COIN = 10**18


@dataclass(frozen=True, slots=True)
class Price:
    """A fee (wei a gas, base fee and tip) and, if stated, what one coin costs in USD."""

    wei_per_gas: int
    usd_per_coin: float | None = None
    symbol: str = "ETH"

    def of(self, gas: int) -> str:
        """Return the cost of an amount of gas in words.

        >>> Price(2 * GWEI, 3000.0).of(97_233)
        '0.000194 ETH (0.58 USD)'
        """
        wei = gas * self.wei_per_gas
        coins = wei / COIN
        # Six places would show the cost on a cheap chain as none.
        shown = f"{coins:.6f} {self.symbol}" if not 0 < coins < 1e-6 else f"{wei / GWEI:,.6g} gwei"
        return (
            shown if self.usd_per_coin is None else f"{shown} ({coins * self.usd_per_coin:.2f} USD)"
        )

    def __str__(self) -> str:
        """Return the assumption: `at 2 gwei a gas`, and the coin's price where one was stated."""
        fee = f"at {self.wei_per_gas / GWEI:g} gwei a gas"
        return fee if self.usd_per_coin is None else f"{fee} and {self.usd_per_coin:,g} USD a coin"


def facts(rows: Sequence[tuple[str, object]]) -> str:
    """Return names and values in two columns.

    >>> print(facts([("network", "local"), ("id", 1)]))
      network  local
      id       1
    """
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"  {name:{width}}  {value}" for name, value in rows)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table; columns of numbers stand to the right.

    >>> print(table(["what", "gas"], [["mint", "97,233"], ["transfer", "39,810"]]))
      what         gas
      --------  ------
      mint      97,233
      transfer  39,810
    """
    texts = [[str(cell) for cell in row] for row in rows]
    columns = list(zip(head, *texts, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    right = [all(cell[:1].isdigit() for cell in column[1:]) for column in columns]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(cells, widths, right, strict=True)
        )
        return ("  " + "  ".join(padded)).rstrip()

    return "\n".join([line(head), line(["-" * width for width in widths]), *map(line, texts)])


def shown(text: str) -> str:
    r"""Return `text` with what a terminal would obey, or cannot print, as escapes.

    >>> shown("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class Progress:
    """Counts to `total`: one line that is rewritten on a terminal, plain lines in a pipe."""

    def __init__(self, label: str, total: int) -> None:
        self._label = label
        self._total = total
        self._tty = sys.stderr.isatty()
        self._every = max(1, total // 4)
        self.done = 0

    def __call__(self, done: int, detail: str = "") -> None:
        """Show that `done` of the total are done."""
        self.done = done
        line = f"  {self._label} {done:,}/{self._total:,} {detail}".rstrip()
        last = done >= self._total
        if self._tty:
            click.echo(f"\r\033[K{line}" + ("\n" if last else ""), err=True, nl=False)
        elif last or done % self._every == 0:
            click.echo(line, err=True)
