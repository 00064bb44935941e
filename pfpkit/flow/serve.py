"""The profile service with embedded parts: SQLite, files, the block store's gateway, a chain.

On a local chain it is the demo: what is not minted yet is minted first.
"""

import asyncio
import contextlib
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import click
import uvicorn

from pfpkit.accounts import Session
from pfpkit.chain import Node
from pfpkit.console import facts
from pfpkit.errors import BadInput, NoSuchContract
from pfpkit.flow.deploy import deploy
from pfpkit.flow.mint import mint
from pfpkit.flow.pin import pin
from pfpkit.minted import total_minted
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.profile.app import application
from pfpkit.profile.settings import ObjectPlace, Settings
from pfpkit.workspace import Workspace

__all__ = ["ServeOptions", "profile_folder", "profile_settings", "serve"]

_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What `ape run serve` was asked for. `port` 0 takes a free one."""

    port: int = 8700
    gateways: tuple[str, ...] = ()


def serve(session: Session, options: ServeOptions) -> None:
    """Serve until Ctrl-C; BadInput when the port is taken."""
    work = Workspace(session.root)
    collection = asyncio.run(_collection(session, work))
    with contextlib.ExitStack() as parts:
        listener = parts.enter_context(_listener(options.port))
        origin = f"http://{_HOST}:{listener.getsockname()[1]}"
        folder = parts.enter_context(_folder(session))
        routes = parts.enter_context(work.routes(options.gateways, live=not session.is_local))
        settings = replace(
            profile_settings(session, folder),
            origin=origin,
            secret=_secret(folder),
            gateways=tuple(route.url for route in routes),
            collection=collection,
            pinners=(BlockStore.name,) if session.is_local else (),
            blocks=session.root / ".pfpkit" / "blocks",
            demo=session.is_local,
        )
        rows = [
            ("chain", f"{session.chain_id} at {session.network}"),
            ("collection", collection or "none: people show tokens of any contract"),
            ("gateways", ", ".join(route.name for route in routes)),
            ("kept in", folder),
        ]
        click.echo(f"profiles at {origin}\n{facts(rows)}\nCtrl-C ends it")
        config = uvicorn.Config(
            application(settings),
            log_level="warning",
            access_log=False,
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        uvicorn.Server(config).run([listener])


async def _collection(session: Session, work: Workspace) -> str | None:
    """Return the collection's contract; on a local chain all of it is minted."""
    async with Node(session.url) as node:
        if not session.is_local:
            return (await session.deployment(node)).address if session.record().exists() else None
        if not session.record().exists() or not await _is_there(session, node):
            click.echo("pinning, deploying and minting the collection first")
            await pin(work)
            await deploy(session, again=True)
        contract = (await session.deployment(node)).address
        if await total_minted(node, contract) == 0:
            await mint(session)
        return contract


async def _is_there(session: Session, node: Node) -> bool:
    try:
        await session.deployment(node)
    except NoSuchContract:
        return False
    return True


@contextlib.contextmanager
def _folder(session: Session) -> Iterator[Path]:
    """Yield where the service keeps its things: for this command alone where the chain is, too."""
    if session.is_ours:
        with tempfile.TemporaryDirectory(prefix="pfpkit-profile-") as temporary:
            yield Path(temporary)
        return
    folder = profile_folder(session)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    yield folder


def profile_folder(session: Session) -> Path:
    """Return where the profiles of a chain are kept."""
    return session.root / ".pfpkit" / "profile" / session.record().stem


def profile_settings(session: Session, folder: Path) -> Settings:
    """Return how the profiles in a folder are kept, without what a service shows or signs."""
    settings = Settings(
        origin="http://127.0.0.1:1",
        secret="",
        database_url=f"sqlite:///{folder / 'profile.db'}",
        objects=ObjectPlace(folder=folder / "objects"),
        nodes=(session.url,),
        chain_id=session.chain_id,
        gateways=(),
        work=folder,
    )
    # A local chain may stand still for days.
    return replace(settings, max_head_age_s=None) if session.is_local else settings


def _secret(folder: Path) -> str:
    """Return the secret of this folder's database, made once."""
    path = folder / "secret"
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text()


def _listener(port: int) -> socket.socket:
    try:
        return socket.create_server((_HOST, port))
    except OSError as error:
        raise BadInput(
            f"{_HOST} port {port} cannot be listened on: {error.strerror}; choose another --port"
        ) from error
