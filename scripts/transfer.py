"""Hand a token to its holder, or many to many: `ape run transfer`."""

from pathlib import Path
from typing import Any

import click
from ape.cli import account_option

from pfpkit.accounts import ScriptCommand, Session
from pfpkit.cli import run
from pfpkit.cli.sending import SendOptions, send_options
from pfpkit.errors import BadInput
from pfpkit.flow.transfer import transfer, transfer_all


@click.command(cls=ScriptCommand)
@account_option()
@click.option("--token", "token_id", type=click.IntRange(0), metavar="ID", help="The token.")
@click.option("--to", metavar="ADDRESS", help="Who gets it.")
@click.option(
    "--from-csv",
    "path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Many: a CSV with the columns recipient and id.",
)
@click.option("--again", is_flag=True, help="Send tokens once more that came back.")
@send_options
def cli(
    account: Any,
    provider: Any,
    token_id: int | None,
    to: str | None,
    path: Path | None,
    sending: SendOptions,
) -> None:
    """Transfer tokens of the account; a contract is asked whether it takes them."""
    session = Session(provider, account)
    if path is not None and token_id is None and to is None:
        run(transfer_all(session, path, options=sending))
        return
    if path is not None or token_id is None or to is None:
        raise BadInput("name a --token and --to whom it goes, or a file with --from-csv")
    if run(transfer(session, token_id=token_id, to=to, options=sending)) and not sending.as_json:
        command = f"ape run resolve {token_id} --holder {to}"
        click.echo(session.hint(command, signs=False))
