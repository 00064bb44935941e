"""Servers and gateways that keep whoever asks: slow, endless, packed, cut short, sent in circles.

`answers` are what a web server may send instead of a file, with the fault that `pfpkit.web` names.
Each is sent for the token URI and for the picture. What gateways do is a `Lie` of `HostileGateway`.
"""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterator
from functools import partial
from io import BytesIO

from resolver.attacks.attack import Attack, Scene, attack
from support.hostile_gateway import HostileGateway, Lie
from support.read_path import LINK, WEB_BYTES
from support.shelves import PICTURE, shelf_of
from support.web_server import Answer, after, dripping, page, redirect

from pfpkit.car import write_car
from pfpkit.cid import Block, cid_of
from pfpkit.guard import WebFault
from pfpkit.media import MediaOutcome
from pfpkit.proof import StepError

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
FOREIGN = Block(cid_of(b"foreign"), b"foreign")


def answers(max_bytes: int) -> dict[str, tuple[Answer, WebFault]]:
    """What a server may send to who takes at most `max_bytes`, and how it has to be called."""
    piece = max_bytes // 2
    chunk = b"%x\r\n" % piece + b"y" * piece + b"\r\n"
    return {
        "silent": (after(30, b""), WebFault.TIMED_OUT),
        "slowloris in the head": (dripping(HEAD, b"X: y\r\n", 0.05), WebFault.TIMED_OUT),
        "slowloris in one header": (dripping(HEAD + b"X: ", b"y", 0.05), WebFault.TIMED_OUT),
        "slowloris in the body": (dripping(HEAD + b"\r\n", b"y", 0.05), WebFault.TIMED_OUT),
        "slowloris in chunks": (dripping(CHUNKED, b"1\r\ny\r\n", 0.05), WebFault.TIMED_OUT),
        "slowloris in a chunk's length": (dripping(CHUNKED, b"0", 0.05), WebFault.TIMED_OUT),
        "interim answers for ever": (
            dripping(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.002),
            WebFault.TIMED_OUT,
        ),
        "a head for ever": (dripping(HEAD, b"X: " + b"y" * 1000 + b"\r\n", 0), WebFault.NOT_HTTP),
        "one header for ever": (dripping(HEAD + b"X: ", b"y" * 4096, 0), WebFault.NOT_HTTP),
        "a body for ever": (dripping(HEAD + b"\r\n", b"y" * piece, 0), WebFault.TOO_LARGE),
        "chunks for ever": (dripping(CHUNKED, chunk, 0), WebFault.TOO_LARGE),
        "tiny chunks for ever": (
            dripping(CHUNKED, (b"8\r\n" + b"y" * 8 + b"\r\n") * 4096, 0),
            WebFault.TOO_LARGE,
        ),
        "a chunk extension for ever": (
            dripping(CHUNKED + b"1;", b"x=y;" * 500, 0),
            WebFault.CUT_SHORT,
        ),
        "trailers for ever": (
            dripping(CHUNKED + b"0\r\n", b"X: " + b"y" * 1000 + b"\r\n", 0),
            WebFault.CUT_SHORT,
        ),
        "an absurd length": (
            HEAD + b"Content-Length: 99999999999999999999\r\n\r\n",
            WebFault.TOO_LARGE,
        ),
        "two lengths": (
            HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nyy",
            WebFault.NOT_HTTP,
        ),
        "less than announced": (HEAD + b"Content-Length: 9\r\n\r\nyy", WebFault.CUT_SHORT),
        "too large by a byte": (page(b"y" * (max_bytes + 1)), WebFault.TOO_LARGE),
        "gzip bomb": (
            page(gzip.compress(bytes(2**24)), "Content-Encoding: gzip"),
            WebFault.COMPRESSED,
        ),
        "brotli": (page(b"y", "Content-Encoding: br"), WebFault.COMPRESSED),
        "gzip as transfer coding": (
            HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
            WebFault.NOT_HTTP,
        ),
        "no HTTP": (b"\x16\x03\x01 not HTTP\r\n\r\n", WebFault.NOT_HTTP),
        "nothing": (b"", WebFault.NOT_HTTP),
        "HTTP/0.9": (b"cats", WebFault.NOT_HTTP),
        "404": (page(b"no", status="404 Not Found"), WebFault.NOT_FOUND),
        "410": (page(b"no", status="410 Gone"), WebFault.NOT_FOUND),
        "429": (page(b"later", status="429 Too Many Requests"), WebFault.BUSY),
        "500": (page(b"oh", status="500 Oh"), WebFault.REFUSED),
        "206": (page(b"part", status="206 Partial Content"), WebFault.REFUSED),
        "204": (HEAD.replace(b"200", b"204") + b"\r\n", WebFault.REFUSED),
        "304": (page(b"", status="304 Not Modified"), WebFault.REFUSED),
        "a redirect nowhere": (page(b"", status="302 Found"), WebFault.REFUSED),
        "a redirect in a circle": (redirect(""), WebFault.TOO_MANY_REDIRECTS),
        "a redirect to no URL": (redirect("http://["), WebFault.BAD_URL),
        "a redirect to a control character": (redirect("/\x1b[2J"), WebFault.BAD_URL),
    }


ANSWERS = answers(WEB_BYTES)


def sent(hop: str, name: str, scene: Scene) -> str:
    """A token URI, or one whose picture is, on a server that answers so."""
    url = scene.page(ANSWERS[name][0])
    return url if hop == "uri" else scene.inline(url)


def servers() -> Iterator[Attack]:
    """What a web server sends, for the token URI and for the picture."""
    for hop, (name, (_, fault)) in itertools.product(("uri", "image"), ANSWERS.items()):
        step = "metadata" if hop == "uri" else "image"
        waits = fault is WebFault.TIMED_OUT
        arrange = partial(sent, hop, name)
        yield attack(f"{hop}: {name}", arrange, step, StepError.WEB_ERROR, waits=waits)


def chain(length: int, last: bytes, scene: Scene) -> str:
    """The first of so many redirects to an answer, each to another place."""
    url = scene.page(last)
    for _ in range(length):
        url = scene.page(redirect(url))
    return url


def chains() -> Iterator[Attack]:
    """Redirects one after another: five are followed, and what is at their end is judged."""
    said = page(b"<html>")
    five, six = partial(chain, 5, said), partial(chain, 6, said)
    yield attack("chain of five to html", five, "metadata", StepError.BAD_METADATA)
    yield attack("chain of six", six, "metadata", StepError.WEB_ERROR)
    inside = partial(to_victim, 4)
    yield attack("chain of four and a victim", inside, "metadata", StepError.WEB_ERROR)
    html = lambda scene: scene.inline(scene.page(page(b"<html>")))  # noqa: E731
    yield attack("html for a picture", html, "media", MediaOutcome.UNSUPPORTED)


def to_victim(length: int, scene: Scene) -> str:
    """A chain that ends where nobody may go."""
    return chain(length, redirect(scene.victim), scene)


WAITING = (Lie.SILENT, Lie.STALLED, Lie.DRIPPING)
LIES = (
    *(Lie.FLIPPED_BYTE, Lie.OTHER_FILE, Lie.EMPTY, Lie.TRUNCATED, Lie.ENDLESS),
    *(Lie.ANNOUNCED_HUGE, Lie.ODD_STATUS, Lie.WRONG_TYPE, Lie.GZIP_BOMB, Lie.MISSING),
    *(Lie.CRUMBS, Lie.BUSY, Lie.BROKEN, Lie.GARBAGE, Lie.ENDLESS_HEAD, Lie.HANGS_UP, *WAITING),
)


def bundle(scene: Scene, *, blocks: Lie | None = None, cars: Lie = Lie.HONEST) -> str:
    """A token's directory on a gateway that lies, about `blocks` otherwise than about CARs."""
    shelf = shelf_of({"image": PICTURE, "metadata.json": b'{"image":"%s"}' % LINK.encode()})
    scene.blocks.update(shelf.blocks)
    scene.gateway = HostileGateway([], cars)
    scene.gateway.lie_of_blocks = blocks
    return f"ipfs://{shelf.root}/metadata.json"


def gateways() -> Iterator[Attack]:
    """The only gateway lies, whatever it is asked for."""
    for lie in LIES:
        arrange = partial(bundle, cars=lie)
        waits = lie in WAITING
        yield attack(f"gateway: {lie}", arrange, "metadata", StepError.GATEWAY_ERROR, waits=waits)


def instead(body: bytes, scene: Scene) -> str:
    """A gateway that sends these bytes for every CAR."""
    uri = bundle(scene, blocks=Lie.MISSING)
    scene.gateway.instead = body
    return uri


def cars() -> Iterator[Attack]:
    """The only gateway has no blocks alone, and CARs that are cut short or have more in them."""
    no_blocks = partial(bundle, blocks=Lie.MISSING)
    for lie in (Lie.MISSING_BLOCK, Lie.HEADER_ONLY, Lie.TRUNCATED, Lie.FLIPPED_BYTE):
        arrange = partial(no_blocks, cars=lie)
        yield attack(f"CAR: {lie}", arrange, "metadata", StepError.GATEWAY_ERROR)
    stalls = partial(no_blocks, cars=Lie.HEADER_THEN_STALL)
    name = f"CAR: {Lie.HEADER_THEN_STALL}"
    yield attack(name, stalls, "metadata", StepError.GATEWAY_ERROR, waits=True)
    # Only what belongs to the token is taken, and that is right.
    extra = partial(no_blocks, cars=Lie.EXTRA_BLOCK)
    yield attack(f"CAR: {Lie.EXTRA_BLOCK}", extra, "media", MediaOutcome.SHOWN)
    whole = BytesIO()
    write_car(whole, [FOREIGN.cid], [FOREIGN])
    for name, body in {
        "of another DAG": whole.getvalue(),
        "with a length of 2 to the 60": whole.getvalue() + b"\xff" * 8 + b"\x0f",
        "with a header of 2 to the 60": b"\xff" * 8 + b"\x0f",
        "with 10,000 foreign blocks": whole.getvalue() + whole.getvalue()[59:] * 10_000,
        "that is no CAR": b"\xa0" * 1000,
    }.items():
        arrange = partial(instead, body)
        yield attack(f"CAR {name}", arrange, "metadata", StepError.GATEWAY_ERROR)


CASES = [*servers(), *chains(), *gateways(), *cars()]
