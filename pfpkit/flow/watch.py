"""The follower alone, over the database that `ape run serve` keeps for this chain."""

import asyncio
import contextlib

import click

from pfpkit.accounts import Session
from pfpkit.chain import Node
from pfpkit.errors import BadInput, ChainError, NotFound
from pfpkit.flow.serve import profile_folder, profile_settings
from pfpkit.profile.database import Database
from pfpkit.profile.follower import Follower, Tick
from pfpkit.profile.settings import Settings

__all__ = ["watch"]

_POLL_S = 1.0


def watch(session: Session, *, once: bool) -> None:
    """Follow until Ctrl-C, and print each block; NotFound where no service has run yet."""
    if session.is_ours:
        raise BadInput("this chain ends with this command; keep an anvil running, or --network")
    folder = profile_folder(session)
    path = folder / "profile.db"
    if not path.exists():
        raise NotFound(f"{path} is not there; run `ape run serve` on this network first")
    settings = profile_settings(session, folder)
    database = Database(settings.database_url)
    with contextlib.closing(database):
        database.migrate()
        asyncio.run(_follow(Node(session.url), database, settings, once))


async def _follow(node: Node, database: Database, settings: Settings, once: bool) -> None:
    async with node:
        follower = Follower(node, database, settings)
        try:
            await _print(follower, once)
        finally:
            await follower.end()


async def _print(follower: Follower, once: bool) -> None:
    told = None
    while True:
        try:
            line = _line(await follower.tick())
        except ChainError as error:
            if once:
                raise
            line = f"not followed: {error}"
        if line != told:
            click.echo(line)
        told = line
        if once:
            return
        await asyncio.sleep(_POLL_S)


def _line(tick: Tick) -> str:
    if tick.block is None:
        return "another process follows this chain"
    line = f"block {tick.block.number}: {tick.read} read again, {len(tick.lost)} lost"
    if tick.undone is not None:
        line += f", undone from block {tick.undone} on"
    return "\n  ".join([line, *tick.lost])
