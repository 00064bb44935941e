"""Deploy the collection's contract and record where it is: `ape run deploy`."""

import asyncio
from typing import Any

import click
from ape.cli import account_option

from pfpkit.accounts import ScriptCommand, Session
from pfpkit.addresses import without_credentials
from pfpkit.cli.terms import terms_options
from pfpkit.errors import BadInput
from pfpkit.flow.deploy import deploy


@click.command(cls=ScriptCommand)
@account_option()
@click.option("--owner", metavar="ADDRESS", help="Chooses the minter later.  [default: account]")
@click.option("--minter", metavar="ADDRESS", help="Mints.  [default: the account]")
@click.option("--max-supply", type=click.IntRange(1), default=10_000, show_default=True)
@click.option("--royalty-receiver", metavar="ADDRESS", help="[default: the account]")
@click.option("--royalty-bps", type=click.IntRange(0, 10_000), default=0, show_default=True)
@click.option("--gateway", "gateways", multiple=True, metavar="URL", help="Read back through it.")
@terms_options
@click.option("--again", is_flag=True, help="Deploy another one and record it instead.")
@click.option("--plan", "only_plan", is_flag=True, help="Run it on a fork and say what it costs.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@click.option("--yes", is_flag=True, help="Do not ask on a live network.")
def cli(account: Any, provider: Any, gateways: tuple[str, ...], **options: Any) -> None:
    """Deploy ProfilePicture for the collection in metadata/, which has to be pinned before."""
    session = Session(provider, account)
    if options["as_json"] and not options["only_plan"]:
        raise BadInput("--json prints a plan; add --plan")
    with session.forgetting():
        made = asyncio.run(deploy(session, gateways, **options))
    if made is None:
        return
    named = "".join(f" --gateway {without_credentials(url)}" for url in gateways)
    click.echo(session.hint(f"ape run mint{named}"))
