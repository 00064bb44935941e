"""Answers: sent again for a second, by path and query

given one that is a second old, one request makes it again and the others get it meanwhile
given two seconds, nobody gets it; given a refusal or another query, it is made each time
given that the client has it, 304; given that it has another, it is made
"""

import asyncio
from itertools import count

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route
from support.clock import Clock

from pfpkit.profile.answers import Again, Answers


@pytest.fixture
def clock():
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def ask(clock):
    """Ask an application whose answers say how often they were made."""
    answers, made = Answers(clock), count(1)

    async def picture(request):
        number = next(made)
        sent = {"ETag": f'"{number}"', "Cache-Control": "public"}
        status = 404 if "refused" in request.url.query else 200
        return answers.keep(request, Response(str(number), status, sent, "text/plain"))

    app = Starlette(
        routes=[Route("/{name}", picture)], middleware=[Middleware(Again, answers=answers)]
    )
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")

    def asked(path, **headers):
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return runner.run(client.get(path, headers=told))

    asked.drop = answers.drop
    with asyncio.Runner() as runner:
        yield asked
        runner.run(client.aclose())


def test_again__when_asked_within_a_second__is_the_same(ask, clock):
    """Bytes and headers; another query or path is another answer."""
    first = ask("/a")
    clock.time += 0.9
    again = ask("/a")
    assert (again.text, again.headers) == (first.text, first.headers)
    assert [ask("/a?size=48").text, ask("/b").text, ask("/a").text] == ["2", "3", "1"]


def test_again__when_a_second_old__one_makes_it_and_others_get_it_meanwhile(clock):
    """So that a thousand who come at once are one question."""
    answers, begun, gate = Answers(clock), asyncio.Event(), asyncio.Event()
    made = count(1)

    async def slow(request):
        number = next(made)
        if number > 1:
            begun.set()
            await gate.wait()
        return answers.keep(request, Response(str(number), headers={"ETag": f'"{number}"'}))

    app = Again(Starlette(routes=[Route("/", slow)]), answers)

    async def story():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            assert (await client.get("/")).text == "1"
            clock.time += 1.5
            maker = asyncio.create_task(client.get("/"))
            await begun.wait()
            assert (await client.get("/")).text == "1"
            gate.set()
            assert (await maker).text == "2"
            assert (await client.get("/")).text == "2"

    asyncio.run(asyncio.wait_for(story(), 10))


def test_again__when_two_seconds_old__is_nobodys(ask, clock):
    """Also when whoever began to make it again never came back."""
    assert ask("/a").text == "1"
    clock.time += 2.0
    assert ask("/a").text == "2"


def test_again__when_it_was_a_refusal_or_is_dropped__is_made_each_time(ask):
    """What is refused now may be there in a moment, and what is deleted is gone at once."""
    assert [ask("/a?refused").text, ask("/a?refused").text] == ["1", "2"]
    assert [ask("/a").text, ask("/a").text] == ["3", "3"]
    ask.drop("/a")
    assert ask("/a").text == "4"


def test_again__when_the_client_has_it__is_304(ask):
    """With what may be kept of it, and no body; for another ETag it is made."""
    tag = ask("/a").headers["etag"]
    known = ask("/a", If_None_Match=tag)
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    assert "content-length" not in known.headers
    assert ask("/a", If_None_Match='"other"').text == "2"
