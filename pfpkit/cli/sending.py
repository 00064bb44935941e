"""How transactions are sent, as options of a command."""

import functools
from collections.abc import Callable
from typing import Any

import click

from pfpkit.cli.terms import terms_options

__all__ = ["send_options"]

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
        default=8,
        show_default=True,
        help="Transactions sent before the first of them is in a block.",
    ),
    click.option(
        "--patience",
        "patience_s",
        type=click.FloatRange(0, 86400),
        default=60.0,
        show_default=True,
        metavar="SECONDS",
        help="So long a node that does not answer is asked again.",
    ),
    click.option(
        "--stall",
        "stall_s",
        type=click.FloatRange(1, 86400),
        default=600.0,
        show_default=True,
        metavar="SECONDS",
        help="Stop when nothing has moved for so long.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print events as JSON lines."),
    click.option("--yes", is_flag=True, help="Do not ask on a live network."),
]
NAMES = (
    "terms",
    "only_plan",
    "confirmations",
    "in_flight",
    "batch",
    "patience_s",
    "stall_s",
    "again",
    "as_json",
    "yes",
)
BATCH = click.option(
    "--batch",
    type=click.IntRange(1),
    metavar="N",
    help="Most tokens in one transaction.  [default: as gas allows]",
)


def send_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of sending and of money; it gets them as `sending`, a dict."""

    @functools.wraps(command)
    def with_options(*args: Any, **said: Any) -> Any:
        found = {
            name: said.pop(name) for name in NAMES if said.get(name) is not None or name in said
        }
        return command(*args, sending={k: v for k, v in found.items() if v is not None}, **said)

    inner = functools.reduce(lambda one, option: option(one), reversed(_OPTIONS), with_options)
    return terms_options(inner)
