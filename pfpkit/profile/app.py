"""The application: builds every part from the settings, and is the only one that does."""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pfpkit.cache import Cache
from pfpkit.chain import Node
from pfpkit.console import clipped
from pfpkit.errors import BadInput, BadSetting, ChainError, PfpkitError, StorageError
from pfpkit.media import Renderer
from pfpkit.pinning import Pinner
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.settings import PinningSettings, make_pinners
from pfpkit.profile import (
    avatars,
    comparing,
    demo,
    details,
    events,
    files,
    minting,
    people_api,
    profiles,
    signing,
    wallet,
)
from pfpkit.profile.answers import Again, Answers
from pfpkit.profile.attempts import Attempts
from pfpkit.profile.comparison import Comparison
from pfpkit.profile.database import Database
from pfpkit.profile.events import Hub
from pfpkit.profile.follower import Follower
from pfpkit.profile.headers import SafeHeaders
from pfpkit.profile.objects import Objects
from pfpkit.profile.pages import environment, refused
from pfpkit.profile.service import Service
from pfpkit.profile.settings import Settings
from pfpkit.profile.shelf import Shelf
from pfpkit.profile.static import StaticFiles
from pfpkit.quorum import Quorum
from pfpkit.resolver import Resolver
from pfpkit.retrieval import Retriever
from pfpkit.views import Call

__all__ = ["application"]

_HERE = Path(__file__).parent
_LOG = logging.getLogger("pfpkit.profile")
_RENDERED_AT_ONCE = 16
_RESOLVED_AT_ONCE = 64
_SWEEP_S = 300
_START_S = 5.0


def application(settings: Settings) -> Starlette:
    """Return the service as an ASGI application; it opens what it needs when it is started."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as parts:
            service = app.state.service = await _built(settings, parts, answers, static)
            follower = Follower(service.chain, service.database, settings)
            tasks = [
                asyncio.create_task(work)
                for work in (follower.run(), service.hub.run(service), _swept(service))
            ]
            parts.push_async_callback(_ended, tasks)
            yield

    answers = Answers()
    static = StaticFiles(_HERE / "static")
    return Starlette(
        routes=[
            Route("/healthz", health, methods=["GET"]),
            Route("/static/{path:path}", static.serve, methods=["GET"]),
            *files.ROUTES,
            *people_api.ROUTES,
            *avatars.ROUTES,
            *signing.ROUTES,
            *wallet.ROUTES,
            *minting.ROUTES,
            *comparing.ROUTES,
            *demo.ROUTES,
            *details.ROUTES,
            *events.ROUTES,
            *profiles.ROUTES,
        ],
        middleware=[
            Middleware(SafeHeaders, settings=settings),
            # Starlette's own is around the headers, and would send a fault without them.
            Middleware(ServerErrorMiddleware, handler=refused),
            Middleware(Again, answers=answers),
        ],
        exception_handlers={HTTPException: refused, PfpkitError: refused},
        lifespan=lifespan,
    )


async def _built(
    settings: Settings, parts: AsyncExitStack, answers: Answers, static: StaticFiles
) -> Service:
    await _check_chain(settings)
    database = Database(settings.database_url)
    parts.callback(database.close)
    await asyncio.to_thread(database.migrate)
    renderer = Renderer()
    chain = _chain(settings)
    cache = Cache(settings.work / "cache")
    resolver = Resolver(chain, Retriever(settings.gateways), renderer=renderer, cache=cache)
    await parts.enter_async_context(resolver)
    pinners = _pinners(settings)
    for pinner in pinners:
        await parts.enter_async_context(pinner)
    collection_name, minter = await _collection(settings, chain)
    objects = Objects(settings.objects)

    async def begin_comparison() -> Comparison | None:
        found = await Comparison.begin(settings, database, objects, renderer)
        if found is not None:
            parts.callback(found.close)
        return found

    def forgotten(key: str) -> None:
        for path in files.paths_of(key):
            answers.drop(path)

    return Service(
        settings=settings,
        database=database,
        shelf=Shelf(database, objects, forgotten),
        renderer=renderer,
        pages=environment(_HERE / "templates"),
        static=static,
        chain=chain,
        resolver=resolver,
        hub=Hub(),
        resolving=asyncio.Semaphore(_RESOLVED_AT_ONCE),
        begin_comparison=begin_comparison,
        pinners=pinners,
        collection_name=collection_name,
        minter=minter,
        answers=answers,
        attempts=Attempts(),
        asking=Attempts(settings.per_minute, 60.0),
        waiting=asyncio.Semaphore(_RENDERED_AT_ONCE),
    )


async def _check_chain(settings: Settings) -> None:
    """Refuse a node of another chain; whether one is that is silent now, its every answer says."""

    async def checked(url: str) -> None:
        async with Node(url, timeout_s=_START_S) as node:
            with suppress(ChainError):
                found = await node.chain_id()
                if found != settings.chain_id:
                    raise BadSetting(
                        f"PFPKIT_CHAIN_ID is {settings.chain_id}, and {node.name}, which "
                        f"PFPKIT_NODES names, is of chain {found}; name nodes of one chain, and it"
                    )

    await asyncio.gather(*map(checked, settings.nodes))


def _chain(settings: Settings) -> Node | Quorum:
    nodes = [Node(url) for url in settings.nodes]
    agree = settings.agree or len(nodes) // 2 + 1
    return Quorum(nodes, agree) if len(nodes) > 1 else nodes[0]


def _pinners(settings: Settings) -> tuple[Pinner, ...]:
    """Return where pictures are pinned; BadSetting names what is missing."""
    if not settings.pinners:
        return ()
    try:
        said = json.loads(settings.pinning.read_text()) if settings.pinning else None
        store = BlockStore(settings.blocks or settings.work / "blocks")
        return make_pinners(settings.pinners, PinningSettings.parse(said), os.environ, store)
    except (BadInput, ValueError, OSError) as error:
        raise BadSetting(f"PFPKIT_PINNERS or PFPKIT_PINNING cannot be used: {error}") from None


async def _collection(settings: Settings, chain: Node | Quorum) -> tuple[str | None, str | None]:
    """Return name and minter of the contract to mint with; without a node, pages do not name it."""
    if settings.collection is None:
        return None, None
    views = (Call("name()", "string"), Call("minter()", "address"))
    try:
        block = await chain.block()
        name, minter = [
            call.read(answer)
            for call in views
            if isinstance(
                answer := await chain.execute(settings.collection, call.sent, block), bytes
            )
        ]
    except (ChainError, ValueError) as error:
        _LOG.warning("PFPKIT_COLLECTION is not named on pages: %s", error)
        return None, None
    return clipped(str(name), 100), str(minter)


async def _swept(service: Service) -> None:
    """Every few minutes, end what a crash left half done."""
    while True:
        try:
            await service.shelf.sweep()
        except StorageError as error:
            _LOG.warning("nothing is swept: %s", error)
        await asyncio.sleep(_SWEEP_S)


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for failure in await asyncio.gather(*tasks, return_exceptions=True):
        if not isinstance(failure, asyncio.CancelledError):
            _LOG.error("a task of the service ended: %r", failure)


async def health(request: Request) -> Response:
    """Say that the worker answers."""
    return JSONResponse({"status": "ok"})
