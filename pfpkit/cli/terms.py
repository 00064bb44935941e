"""What a user says of money, as options of a command."""

import functools
from collections.abc import Callable
from typing import Any

import click

from pfpkit.cost import Terms

_OPTIONS = [
    click.option("--base-fee", metavar="GWEI", help="To plan with.  [default: the node's]"),
    click.option("--price", metavar="PRICE", help="What one coin is worth, such as 3100usd."),
    click.option("--max-cost", metavar="COINS", help="Send nothing if all may cost more."),
    click.option("--max-fee", metavar="GWEI", help="Send nothing if a gas costs more."),
]


def terms_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of money; it gets them as one `terms`."""

    @functools.wraps(command)
    def with_terms(*args: Any, **options: Any) -> Any:
        said = {name: options.pop(name) for name in ("base_fee", "price", "max_cost", "max_fee")}
        return command(*args, terms=Terms.parse(said), **options)

    return functools.reduce(lambda inner, option: option(inner), reversed(_OPTIONS), with_terms)
