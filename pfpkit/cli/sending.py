"""How transactions are sent, as options of a command."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import click

from pfpkit.cli.terms import terms_options
from pfpkit.cost import NO_TERMS, Terms
from pfpkit.transactions.batches import MOST_MINTS

__all__ = ["BATCH", "SendOptions", "send_options"]


@dataclass(frozen=True, slots=True)
class SendOptions:
    """How to send; None where the network's settings decide.

    `batch` is the most tokens in one transaction, `patience_s` how long a node that does not answer
    is asked again, `stall_s` how long nothing may move.
    """

    terms: Terms = NO_TERMS
    confirmations: int | None = None
    in_flight: int = 8
    batch: int = MOST_MINTS
    patience_s: float = 60.0
    stall_s: float = 600.0
    again: bool = False
    only_plan: bool = False
    as_json: bool = False
    yes: bool = False


_DEFAULTS = SendOptions()
_OPTIONS = [
    click.option("--plan", "only_plan", is_flag=True, help="Run it on a fork; send nothing."),
    click.option(
        "--confirmations",
        type=click.IntRange(0, 1000),
        metavar="N",
        help="Blocks after a transaction's own until it is done.  [default: the network's]",
    ),
    click.option(
        "--in-flight",
        type=click.IntRange(1, 16),
        default=_DEFAULTS.in_flight,
        show_default=True,
        help="Transactions sent before the first of them is in a block.",
    ),
    click.option(
        "--patience",
        "patience_s",
        type=click.FloatRange(0, 86400),
        default=_DEFAULTS.patience_s,
        show_default=True,
        metavar="SECONDS",
        help="So long a node that does not answer is asked again.",
    ),
    click.option(
        "--stall",
        "stall_s",
        type=click.FloatRange(1, 86400),
        default=_DEFAULTS.stall_s,
        show_default=True,
        metavar="SECONDS",
        help="Stop when nothing has moved for so long.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print events as JSON lines."),
    click.option("--yes", is_flag=True, help="Do not ask on a live network."),
]
BATCH = click.option(
    "--batch",
    type=click.IntRange(1),
    metavar="N",
    help="Most tokens in one transaction.  [default: as gas allows]",
)


def send_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of sending and of money; it gets them as one `sending`."""

    @functools.wraps(command)
    def with_options(*args: Any, **said: Any) -> Any:
        names = [one.name for one in fields(SendOptions) if one.name in said]
        found = {name: said.pop(name) for name in names}
        given = {name: value for name, value in found.items() if value is not None}
        return command(*args, sending=SendOptions(**given), **said)

    inner = functools.reduce(lambda one, option: option(one), reversed(_OPTIONS), with_options)
    return terms_options(inner)
