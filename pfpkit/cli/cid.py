"""`pfpkit cid`: the CIDs of files and folders, and what a CID is made of."""

import os
from pathlib import Path
from typing import Any

import click

from pfpkit.cid import CID
from pfpkit.cli.explain import counted, describe, draw, remember
from pfpkit.console import shown
from pfpkit.errors import BadCID, NotFound
from pfpkit.paths import add_path
from pfpkit.unixfs import PROFILES, UNIXFS_V1_2025, Entry, Node, Profile, Sink, add_file


class CidCommand(click.Command):
    """A command that hands over to another one when its first word is that one's name.

    A group would read `pfpkit cid PATH` as an unknown command.
    """

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> click.Context:
        if args[:1] == ["explain"]:
            return explain.make_context(f"{info_name} explain", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_usage(ctx, formatter)
        formatter.write_usage(f"{ctx.command_path} explain", "[OPTIONS] CID-OR-PATH", " " * 7)


def _profile(_ctx: click.Context, _option: click.Parameter, value: str) -> Profile:
    return PROFILES[value]


_profile_option = click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default=UNIXFS_V1_2025.name,
    show_default=True,
    callback=_profile,
    help="IPIP-0499 profile. unixfs-v0-2015 gives the Qm... of older tools.",
)
_hidden_option = click.option(
    "--hidden", is_flag=True, help="Include entries of folders whose names start with a dot."
)


@click.command(cls=CidCommand, no_args_is_help=True)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@_profile_option
@_hidden_option
def cid(paths: tuple[str, ...], profile: Profile, hidden: bool) -> None:
    """Print the CID of each file or folder, as `ipfs add --only-hash` would.

    Nothing is sent anywhere. `-` reads standard input. `pfpkit cid explain` tells what a CID is
    made of, or a path; a file of that name is `./explain`.
    """
    for path in paths:
        entry = _add(path, profile, None, hidden)
        click.echo(f"{entry.cid} {shown(path)}")


@click.command(no_args_is_help=True)
@click.argument("subject", metavar="CID-OR-PATH")
@_profile_option
@_hidden_option
@click.option(
    "--depth",
    type=click.IntRange(0),
    default=4,
    show_default=True,
    help="Levels of blocks shown beneath a path.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=12,
    show_default=True,
    help="Links shown of each block.",
)
def explain(subject: str, profile: Profile, hidden: bool, depth: int, limit: int) -> None:
    """Say in words what a CID is made of; for a path, also draw the tree of its blocks."""
    text = subject.removeprefix("ipfs://")
    try:
        named = CID.parse(text)
    except BadCID as error:
        why = str(error)
    else:
        click.echo(describe(named, text))
        return
    if subject != "-" and not os.path.lexists(subject):
        raise NotFound(f"no such path, and {why}")
    nodes: dict[CID, Node] = {}
    entry = _add(subject, profile, remember(nodes), hidden)
    click.echo(describe(entry.cid, str(entry.cid)))
    click.echo(f"\n{shown(subject)} under {profile.name}, {counted(len(nodes), 'block')}:")
    click.echo("\n".join(draw(entry, nodes, depth=depth, limit=limit)))


def _add(path: str, profile: Profile, sink: Sink | None, hidden: bool) -> Entry:
    if path == "-":
        return add_file(click.get_binary_stream("stdin"), profile, sink)
    return add_path(Path(path), profile, sink, hidden=hidden)
