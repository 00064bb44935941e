"""A trustless gateway over a local block source, on loopback unless told otherwise.

Serves what https://specs.ipfs.tech/http-gateways/trustless-gateway/ asks for, and single files as
https://specs.ipfs.tech/http-gateways/path-gateway/ does; `answers` has the details. Trusts the
source for hashing: a damaged block ends in a 500 that names it, or, when part of the answer has
been sent, in a connection cut short. A CID of another hash than sha2-256 is answered with 400, an
identity CID too; `bafkqaaa` alone, the empty one, is answered, for clients probe gateways with it.
"""

import errno
import socket
import threading
import time
from typing import Protocol, Self

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pfpkit.cid import CID
from pfpkit.console import clipped
from pfpkit.errors import BadCID, NotFound, PinError, StoreDamaged
from pfpkit.pinning.answers import METHODS, PUBLIC, answer
from pfpkit.pinning.entities import Get

__all__ = ["BlockSource", "Gateway", "app"]

_READY_WITHIN_S = 10.0
_PROBE = CID.parse("bafkqaaa")


class BlockSource(Protocol):
    """Where the gateway reads: `BlockStore` is one."""

    def get(self, cid: CID) -> bytes:
        """Return verified bytes; NotFound or StoreDamaged otherwise."""


def app(source: BlockSource) -> Starlette:
    """Return the gateway over `source` as an ASGI application."""

    def endpoint(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": METHODS, **PUBLIC})
        return answer(request, _checked(source))

    route = Route("/ipfs/{path:path}", endpoint, methods=["GET", "HEAD", "OPTIONS"])
    application = Starlette(routes=[route], exception_handlers={HTTPException: _refusal})
    application.router.redirect_slashes = False
    return application


class Gateway:
    """Serves `source` while the `with` block runs; `port` 0 takes a free one.

    The socket listens once the block is entered. Leaving the block cuts what is still being
    served: a client that stalls cannot hold it up.
    """

    def __init__(self, source: BlockSource, host: str = "127.0.0.1", port: int = 0) -> None:
        self._source = source
        self._host = host
        self._port = port

    @property
    def url(self) -> str:
        """The address to ask, such as `http://127.0.0.1:8080`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def __enter__(self) -> Self:
        self._socket = self._listen()
        self._port = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app(self._source),
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=0,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="gateway", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + _READY_WITHIN_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self._socket.close()
                raise PinError(f"the gateway at {self.url} did not start")
            time.sleep(0.002)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()

    def _listen(self) -> socket.socket:
        where = f"{self._host} port {self._port}"
        try:
            family, kind, _, _, address = socket.getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            # asyncio turns Nagle's algorithm off (40 ms an answer) only where TCP is named.
            listener = socket.socket(family, kind, socket.IPPROTO_TCP)
            try:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(address)
                listener.listen(128)
            except OSError:
                listener.close()
                raise
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PinError(
                    f"the gateway cannot listen on {where}, something else does; "
                    "choose another port, or 0 for a free one"
                ) from None
            reason = error.strerror or str(error)
            raise PinError(f"the gateway cannot listen on {where}: {reason}") from None
        return listener


def _checked(source: BlockSource) -> Get:
    """Return how to read blocks so that what goes wrong becomes an answer, without local paths."""

    def get(cid: CID) -> bytes:
        if cid == _PROBE:
            return b""
        try:
            return source.get(cid)
        except NotFound:
            raise HTTPException(404, f"{cid} is not here") from None
        except BadCID as error:
            raise HTTPException(400, str(error)) from None
        except StoreDamaged:
            raise HTTPException(500, f"block {cid} is damaged here and is not served") from None
        except PinError:
            raise HTTPException(503, f"block {cid} cannot be read here") from None

    return get


def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **PUBLIC}
    headers.update(error.headers or {})
    return PlainTextResponse(f"{clipped(error.detail, 500)}\n", error.status_code, headers)
