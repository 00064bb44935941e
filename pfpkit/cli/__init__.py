"""The `pfpkit` program: what needs neither a chain nor Ape. One file per command.

Beside them, what the scripts of `ape run` share of their command lines: options, and how they end.
"""

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import IO, Any, TypeVar

import click

from pfpkit.cli.check import check_command
from pfpkit.cli.cid import cid
from pfpkit.cli.pins import pins
from pfpkit.console import shown
from pfpkit.errors import Interrupted, PfpkitError

_T = TypeVar("_T")


class Failure(click.ClickException):
    """An error that pfpkit raised on purpose: `error: ...` on stderr, exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        # Names and texts of strangers are in it; the terminal obeys none of them.
        lines = "\n".join(map(shown, self.message.split("\n")))
        click.echo(f"error: {lines}", file=file, err=file is None)


class Stopped(Failure):
    """Ctrl-C: records are whole, and running the command again does what is missing."""

    exit_code = 130

    def __init__(self, message: str = "stopped; run it again, it does what is missing") -> None:
        super().__init__(message)


@contextmanager
def one_line() -> Iterator[None]:
    """Turn an error of pfpkit, or Ctrl-C, into one line on stderr and an exit code."""
    try:
        yield
    except Interrupted as error:
        raise Stopped(str(error)) from error
    except PfpkitError as error:
        raise Failure(str(error)) from error
    except KeyboardInterrupt:
        raise Stopped from None
    except SystemExit as left:
        # Ape's answer to Ctrl-C.
        if left.code != Stopped.exit_code:
            raise
        raise Stopped from None


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run `work` to its end and return its result.

    Ctrl-C cancels it, so that it can put down what it holds.
    Ape's own handler would raise SystemExit in the middle of whatever the loop is doing.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return asyncio.run(work)
    finally:
        signal.signal(signal.SIGINT, before)


class Command(click.Command):
    """A command on its own that may raise PfpkitError."""

    def invoke(self, ctx: click.Context) -> Any:
        with one_line():
            return super().invoke(ctx)


class Program(click.Group):
    """A group whose commands may raise PfpkitError."""

    def invoke(self, ctx: click.Context) -> Any:
        with one_line():
            return super().invoke(ctx)


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pfpkit")
def cli() -> None:
    """NFT profile pictures: compute, explain and check content addresses; move pins."""


cli.add_command(check_command)
cli.add_command(cid)
cli.add_command(pins)
