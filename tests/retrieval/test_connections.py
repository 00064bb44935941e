"""Connections: requests over connections that stay open

given one that was used before, it is used again, the last one first
given one that the server closed, or that was idle too long, another is made
given an answer that was not read to its end, a request that was cancelled or an end, none is kept
given as many requests as may be under way, the next one waits
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import httpcore
import httpx
import pytest

from pfpkit.connections import Connections, Place, fields

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Twice: a\r\nx-twice: b\r\n\r\nhi"


class Server:
    """Answers every request with PAGE, or as `stall` or `hang_up` say, and counts connections."""

    def __init__(self) -> None:
        self.connections = 0
        self.open = 0
        self.heads: list[bytes] = []
        self.stall = asyncio.Event()
        self.stall.set()
        self.hang_up = False
        self.answers = 2**31
        """So many on one connection; it ends at the next request, without an answer."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        left = self.answers
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                await self.stall.wait()
                if not left:
                    break
                left -= 1
                writer.write(PAGE)
                await writer.drain()
                if self.hang_up:
                    break
        self.open -= 1
        writer.close()


@asynccontextmanager
async def served():
    """A server and its place."""
    server = Server()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        yield server, Place.of(httpx.URL(f"http://user:secret@127.0.0.1:{port}/base?key=secret"))


async def get(connections: Connections, place: Place) -> bytes:
    async with connections.answer(place, b"/x", [], connect_s=5, read_s=5) as response:
        return b"".join([piece async for piece in response.aiter_stream()])


async def until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not there():
            await asyncio.sleep(0.005)


def run(scenario: Callable[[Server, Place], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        async with served() as (server, place):
            await scenario(server, place)

    asyncio.run(all_of_it())


def test_answer__when_asked_again__connection_is_used_again() -> None:
    """One after another over one; two at once over two, and the last one used comes first."""

    async def scenario(server: Server, place: Place) -> None:
        connections = Connections()
        assert [await get(connections, place) for _ in range(3)] == [b"hi"] * 3
        assert server.connections == 1
        await asyncio.gather(get(connections, place), get(connections, place))
        await get(connections, place)
        assert server.connections == 2
        await connections.aclose()
        await until(lambda: server.open == 0)

    run(scenario)


def test_place__when_the_url_has_credentials__they_are_not_sent() -> None:
    """Nor are its query and path: what is asked for is the target alone."""

    async def scenario(server: Server, place: Place) -> None:
        connections = Connections()
        await get(connections, place)
        await connections.aclose()
        (head,) = server.heads
        assert head.startswith(b"GET /x HTTP/1.1\r\nHost: 127.0.0.1:")
        assert b"secret" not in head + repr(place).encode()
        assert place.path == b"/base"

    run(scenario)


def test_answer__when_the_server_has_hung_up__another_connection_is_made() -> None:
    """Nothing is sent where nobody listens any more."""

    async def scenario(server: Server, place: Place) -> None:
        server.hang_up = True
        connections = Connections()
        assert await get(connections, place) == b"hi"
        await until(lambda: server.open == 0)
        await asyncio.sleep(0.01)
        assert await get(connections, place) == b"hi"
        assert server.connections == 2
        await connections.aclose()

    run(scenario)


def test_answer__when_idle_too_long__another_connection_is_made() -> None:
    """The old one is closed."""

    async def scenario(server: Server, place: Place) -> None:
        connections = Connections(idle_s=0.02)
        await asyncio.gather(get(connections, place), get(connections, place))
        await asyncio.sleep(0.05)
        await get(connections, place)
        assert server.connections == 3
        await until(lambda: server.open == 1)
        await connections.aclose()

    run(scenario)


def test_answer__when_not_read_to_its_end__connection_is_closed() -> None:
    """What is left of it would be taken for the next answer."""

    async def scenario(server: Server, place: Place) -> None:
        connections = Connections()
        with suppress(ZeroDivisionError):
            async with connections.answer(place, b"/x", [], connect_s=5, read_s=5) as response:
                assert response.status == 200
                raise ZeroDivisionError
        await until(lambda: server.open == 0)
        assert await get(connections, place) == b"hi"
        await connections.aclose()

    run(scenario)


def test_answer__when_cancelled__connection_is_closed() -> None:
    """And the room that it took is free again."""

    async def scenario(server: Server, place: Place) -> None:
        connections = Connections(most=1)
        server.stall.clear()
        task = asyncio.create_task(get(connections, place))
        await until(lambda: len(server.heads) == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        server.stall.set()
        await until(lambda: server.open == 0)
        assert await get(connections, place) == b"hi"
        await connections.aclose()

    run(scenario)


def test_answer__when_closed_meanwhile__connection_is_not_kept() -> None:
    """Whoever uses it ends it."""

    async def scenario(server: Server, place: Place) -> None:
        connections = Connections()
        async with connections.answer(place, b"/x", [], connect_s=5, read_s=5) as response:
            await connections.aclose()
            assert await response.aread() == b"hi"
        await until(lambda: server.open == 0)

    run(scenario)


def test_answer__when_as_many_as_may_are_under_way__next_one_waits() -> None:
    """The third of two goes when one is done."""

    async def scenario(server: Server, place: Place) -> None:
        connections = Connections(most=2)
        server.stall.clear()
        tasks = [asyncio.create_task(get(connections, place)) for _ in range(3)]
        await until(lambda: len(server.heads) == 2)
        await asyncio.sleep(0.02)
        assert len(server.heads) == 2
        server.stall.set()
        assert await asyncio.gather(*tasks) == [b"hi"] * 3
        assert server.connections == 2
        await connections.aclose()

    run(scenario)


def test_answer__when_nobody_listens__connect_error() -> None:
    """The next one can be asked all the same."""

    async def scenario(server: Server, place: Place) -> None:
        connections = Connections(most=1)
        nobody = Place.of(httpx.URL("http://127.0.0.1:1"))
        with pytest.raises(httpcore.ConnectError):
            await get(connections, nobody)
        assert await get(connections, place) == b"hi"
        await connections.aclose()

    run(scenario)


def test_answer__when_the_host_is_no_name__connect_error() -> None:
    """A label of 64 letters is refused by what looks names up."""

    async def scenario(server: Server, place: Place) -> None:
        connections = Connections()
        with pytest.raises(httpcore.ConnectError):
            await get(connections, Place.of(httpx.URL(f"http://{'a' * 64}.example")))

    run(scenario)


def test_fields__when_a_header_comes_twice__values_are_joined() -> None:
    """Under its name in lower case (RFC 9110, section 5.3)."""

    async def scenario(server: Server, place: Place) -> None:
        connections = Connections()
        async with connections.answer(place, b"/x", [], connect_s=5, read_s=5) as response:
            assert fields(response) == {"content-length": "2", "x-twice": "a, b"}
        await connections.aclose()

    run(scenario)


def test_answer__when_one_server_is_silent__the_others_are_asked() -> None:
    """What is under way at one server takes no room at another."""

    async def scenario(silent: Server, place: Place) -> None:
        connections = Connections(most=1)
        silent.stall.clear()
        waiting = [asyncio.create_task(get(connections, place)) for _ in range(3)]
        await until(lambda: len(silent.heads) == 1)
        async with served() as (_, other), asyncio.timeout(5):
            assert await get(connections, other) == b"hi"
        silent.stall.set()
        assert await asyncio.gather(*waiting) == [b"hi"] * 3
        await connections.aclose()

    run(scenario)


def test_answer__when_one_takes_the_last_while_an_old_one_is_closed__both_answer() -> None:
    """Whenever the other request comes: each turn of the event loop is tried."""

    async def late(turns: int, connections: Connections, place: Place) -> bytes:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await get(connections, place)

    async def held(done: asyncio.Event, connections: Connections, place: Place) -> bytes:
        async with connections.answer(place, b"/x", [], connect_s=5, read_s=5) as response:
            page = await response.aread()
            await done.wait()
        return page

    async def scenario(server: Server, place: Place) -> None:
        for turns in range(6):
            connections, done = Connections(idle_s=0.02), asyncio.Event()
            first = asyncio.create_task(held(done, connections, place))
            await get(connections, place)
            await asyncio.sleep(0.03)
            done.set()
            second = late(turns, connections, place)
            assert await asyncio.gather(first, second) == [b"hi", b"hi"]
            await connections.aclose()

    run(scenario)


def test_answer__when_a_kept_connection_ends_without_one__is_asked_for_over_a_new_one() -> None:
    """The server had closed it meanwhile. A new one that ends so, or a POST, is not repeated."""

    async def scenario(server: Server, place: Place) -> None:
        server.answers = 1
        connections = Connections()
        assert [await get(connections, place) for _ in range(3)] == [b"hi"] * 3
        assert (server.connections, len(server.heads)) == (3, 5)
        with pytest.raises(httpcore.RemoteProtocolError):
            async with connections.answer(
                place, b"/x", [(b"Content-Length", b"0")], connect_s=5, read_s=5, body=b""
            ):
                pass
        assert len(server.heads) == 6
        server.answers = 0
        with pytest.raises(httpcore.RemoteProtocolError):
            await get(connections, place)
        assert len(server.heads) == 7
        await connections.aclose()

    run(scenario)
