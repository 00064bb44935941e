"""What a request needs, built once by `pfpkit.profile.app` and found by `service_of(request)`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from jinja2 import Environment
from starlette.requests import HTTPConnection

from pfpkit.chain import Node
from pfpkit.media import Renderer
from pfpkit.pinning import Pinner
from pfpkit.profile.answers import Answers
from pfpkit.profile.attempts import Attempts
from pfpkit.profile.database import Database
from pfpkit.profile.settings import Settings
from pfpkit.profile.shelf import Shelf
from pfpkit.profile.static import StaticFiles
from pfpkit.quorum import Quorum
from pfpkit.resolver import Resolver

if TYPE_CHECKING:
    from pfpkit.profile.comparison import Comparison
    from pfpkit.profile.events import Hub

__all__ = ["Service", "service_of"]


@dataclass(slots=True)
class Service:
    """The parts of one running service."""

    settings: Settings
    database: Database
    shelf: Shelf
    renderer: Renderer
    pages: Environment
    static: StaticFiles
    chain: Node | Quorum
    resolver: Resolver
    """Closes chain and gateways."""
    hub: "Hub"
    answers: Answers
    """Of this worker, sent again for a second."""
    attempts: Attempts
    asking: Attempts
    """Accounts and challenges that one client asks for, and pins that one account does."""
    waiting: asyncio.Semaphore
    """Pictures that may wait to be rendered."""
    resolving: asyncio.Semaphore
    """Tokens that are resolved for platforms at once."""
    begin_comparison: Callable[[], Awaitable["Comparison | None"]]
    pinners: tuple[Pinner, ...] = ()
    collection_name: str | None = None
    minter: str | None = None
    """Who may mint in the contract of the settings, as the chain said at the start."""

    compared: "Comparison | None" = None
    comparing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def comparison(self) -> "Comparison | None":
        """Return the comparison, begun when it is asked for first; None outside of the demo."""
        if not self.settings.demo:
            return None
        async with self.comparing:
            if self.compared is None:
                self.compared = await self.begin_comparison()
            return self.compared


def service_of(request: HTTPConnection) -> Service:
    """Return the service that a request is for."""
    return cast("Service", request.app.state.service)
