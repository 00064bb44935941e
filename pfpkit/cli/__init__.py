"""The `pfpkit` program: what needs neither a chain nor Ape. One file per command."""

from typing import IO, Any

import click

from pfpkit.cli.check import check_command
from pfpkit.cli.cid import cid
from pfpkit.errors import PfpkitError


class Failure(click.ClickException):
    """An error that pfpkit raised on purpose: `error: ...` on stderr, exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"error: {self.message}", file=file, err=file is None)


class Command(click.Command):
    """A command on its own that may raise PfpkitError."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PfpkitError as error:
            raise Failure(str(error)) from error


class Program(click.Group):
    """A group whose commands may raise PfpkitError."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PfpkitError as error:
            raise Failure(str(error)) from error


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pfpkit")
def cli() -> None:
    """NFT profile pictures: compute, explain and check content addresses."""


cli.add_command(check_command)
cli.add_command(cid)
