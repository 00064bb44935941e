"""Addresses that only this machine can reach: in every spelling, at every hop of the read path.

`FORMS` are URLs with the fault that `pfpkit.web` names; `P` is the port of a victim, which listens
on all addresses. Each stands wherever a stranger can put a URL: in the token URI, in a redirect of
it, as the picture in metadata, and in a redirect of that. Beside them is all else that could make
the reader ask somebody: gateways, Arweave, names that change their address, drawings, and
contracts.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from eth_abi import encode
from eth_utils import keccak
from resolver.attacks.attack import Attack, Scene, attack
from support import programs
from support.hostile_gateway import Lie
from support.shelves import file_cid
from support.web_server import redirect

from pfpkit.guard import Lookup, WebFault
from pfpkit.media import MediaOutcome
from pfpkit.proof import StepError
from pfpkit.tokens import Outcome

# Public by the registries, and routed nowhere since RFC 7526.
PUBLIC = "192.88.99.1"
FORBIDDEN = WebFault.FORBIDDEN_ADDRESS
ABSENT = file_cid(b"absent")
NO_URL = ("file:", "gopher:", "ftp:", "unix:", "ws:", "//", "/etc", "http://[::1:P")
SVG = "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'>%s</svg>"

ZONE = {
    "cats.example": [PUBLIC],
    "loop.example": ["127.0.0.1"],
    "loop6.example": ["::1"],
    "both.example": [PUBLIC, "127.0.0.1"],
    "six.example": ["2606:4700::1111", "::1"],
    "metadata.example": ["169.254.169.254"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "zone.example": ["fe80::1%lo"],
    "public-zone.example": ["2606:4700::1111%lo"],
    "arweave.net": ["127.0.0.1"],
    "garbage.example": ["not an address"],
    "many.example": [f"192.88.99.{n}" for n in range(1, 30)],
}


FORMS = {
    # Loopback and its spellings; `P` is the victim's port, which is asked here.
    "http://127.0.0.1:P/": FORBIDDEN,
    "http://127.0.0.2:P/": FORBIDDEN,
    "http://127.255.255.254:P/": FORBIDDEN,
    "http://localhost:P/": FORBIDDEN,
    "http://LOCALHOST:P/": FORBIDDEN,
    "http://0.0.0.0:P/": FORBIDDEN,
    "http://[::1]:P/": FORBIDDEN,
    "http://[0:0:0:0:0:0:0:1]:P/": FORBIDDEN,
    "http://[::]:P/": FORBIDDEN,
    "https://127.0.0.1:P/": FORBIDDEN,
    "HTTP://127.0.0.1:P/": FORBIDDEN,
    "http://127.1:P/": WebFault.ODD_HOST,
    "http://127.0.1:P/": WebFault.ODD_HOST,
    "http://2130706433:P/": WebFault.ODD_HOST,
    "http://0x7f000001:P/": WebFault.ODD_HOST,
    "http://0x7f.0.0.1:P/": WebFault.ODD_HOST,
    "http://127.0.0.0x1:P/": WebFault.ODD_HOST,
    "http://017700000001:P/": WebFault.ODD_HOST,
    "http://127.0.0.1.:P/": WebFault.ODD_HOST,
    "http://0:P/": WebFault.ODD_HOST,
    "http://0177.0.0.1:P/": WebFault.BAD_URL,
    "http://127.0.0.01:P/": WebFault.BAD_URL,
    "http://\uff11\uff12\uff17.0.0.1:P/": WebFault.BAD_URL,
    "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:P/": WebFault.BAD_URL,
    "http://127\u30020\u30020\u30021:P/": FORBIDDEN,
    # IPv6 that hides IPv4, or is of this network.
    "http://[::ffff:127.0.0.1]:P/": FORBIDDEN,
    "http://[::ffff:7f00:1]:P/": FORBIDDEN,
    "http://[::127.0.0.1]:P/": FORBIDDEN,
    "http://[64:ff9b::7f00:1]:P/": FORBIDDEN,
    "http://[64:ff9b:1::7f00:1]:P/": FORBIDDEN,
    "http://[2002:7f00:1::]:P/": FORBIDDEN,
    "http://[2001:0:7f00:1::]:P/": FORBIDDEN,
    "http://[fe80::1]:P/": FORBIDDEN,
    "http://[fe80::1%25lo]:P/": WebFault.BAD_URL,
    "http://[fc00::1]:P/": FORBIDDEN,
    "http://[fd00:ec2::254]:P/": FORBIDDEN,
    "http://[fec0::1]:P/": FORBIDDEN,
    "http://[ff02::1]:P/": FORBIDDEN,
    "http://[2001:db8::1]:P/": FORBIDDEN,
    "http://[100::1]:P/": FORBIDDEN,
    # Private, shared, link-local, multicast, reserved, and services of clouds.
    "http://10.0.0.1:P/": FORBIDDEN,
    "http://172.16.0.1:P/": FORBIDDEN,
    "http://192.168.0.1:P/": FORBIDDEN,
    "http://100.64.0.1:P/": FORBIDDEN,
    "http://169.254.169.254:P/latest/meta-data/": FORBIDDEN,
    "http://100.100.100.200:P/": FORBIDDEN,
    "http://168.63.129.16:P/": FORBIDDEN,
    "http://192.0.0.192:P/": FORBIDDEN,
    "http://198.18.0.1:P/": FORBIDDEN,
    "http://192.0.2.1:P/": FORBIDDEN,
    "http://224.0.0.1:P/": FORBIDDEN,
    "http://240.0.0.1:P/": FORBIDDEN,
    "http://255.255.255.255:P/": FORBIDDEN,
    # Names.
    "http://loop.example:P/": FORBIDDEN,
    "http://loop6.example:P/": FORBIDDEN,
    "http://both.example:P/": FORBIDDEN,
    "http://six.example:P/": FORBIDDEN,
    "http://metadata.example:P/": FORBIDDEN,
    "http://mapped.example:P/": FORBIDDEN,
    "http://zone.example:P/": FORBIDDEN,
    "http://public-zone.example:P/": FORBIDDEN,
    "http://garbage.example:P/": FORBIDDEN,
    "http://many.example:P/": FORBIDDEN,
    "http://absent.invalid:P/": WebFault.NO_SUCH_HOST,
    # Ports, credentials, schemes, and what is no URL.
    "http://cats.example:22/": WebFault.PORT,
    "http://cats.example:6379/": WebFault.PORT,
    "http://cats.example:99999/": WebFault.PORT,
    "http://user@cats.example:P/": WebFault.CREDENTIALS,
    "http://user:hush@127.0.0.1:P/": WebFault.CREDENTIALS,
    "http://cats.example@127.0.0.1:P/": WebFault.CREDENTIALS,
    "http://cats.example\\@127.0.0.1:P/": WebFault.CREDENTIALS,
    "http://127.0.0.1:P\\@cats.example/": WebFault.CREDENTIALS,
    "file:///etc/passwd": WebFault.SCHEME,
    "gopher://127.0.0.1:P/_x": WebFault.SCHEME,
    "ftp://127.0.0.1:P/": WebFault.SCHEME,
    "unix:///var/run/docker.sock": WebFault.SCHEME,
    "ws://127.0.0.1:P/": WebFault.SCHEME,
    "//127.0.0.1:P/": WebFault.SCHEME,
    "/etc/passwd": WebFault.SCHEME,
    "": WebFault.SCHEME,
    "http://": WebFault.BAD_URL,
    "http:///x": WebFault.BAD_URL,
    "http:127.0.0.1:P/": WebFault.BAD_URL,
    "http://[::1:P/": WebFault.BAD_URL,
    "http://cats.example/\r\nHost: x": WebFault.BAD_URL,
    "http://127.0.0.1:P\r\n/": WebFault.BAD_URL,
    "http://cats.example/" + "x" * 3000: WebFault.BAD_URL,
}


async def names(host: str, port: int) -> Sequence[str]:
    """The tests' own resolver; what is not in its zone is asked of the system's."""
    if host in ZONE:
        return ZONE[host]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in found]


def rebinding() -> Lookup:
    """A resolver for which one name is public when it is judged, and loopback when asked again."""
    answers = itertools.cycle(([PUBLIC], ["127.0.0.1"]))

    async def look_up(host: str, port: int) -> Sequence[str]:
        return next(answers) if host == "rebinding.example" else await names(host, port)

    return look_up


def in_uri(scene: Scene, url: str) -> str:
    """The token URI itself."""
    return url


def in_redirect(scene: Scene, url: str) -> str:
    """Where the server of the token URI redirects to."""
    return scene.page(redirect(url))


def in_image(scene: Scene, url: str) -> str:
    """The picture in metadata that are on the chain."""
    return scene.inline(url)


def in_image_redirect(scene: Scene, url: str) -> str:
    """Where the picture's server redirects to."""
    return scene.inline(scene.page(redirect(url)))


HOPS: dict[str, Callable[[Scene, str], str]] = {
    "uri": in_uri,
    "redirect": in_redirect,
    "image": in_image,
    "image-redirect": in_image_redirect,
}


def put(hop: str, url: str, scene: Scene) -> str:
    """The token URI of one hop, with the port of the victim of the URL's family."""
    victim = scene.path.victim6 if "//[" in url else scene.path.victim
    return HOPS[hop](scene, url.replace(":P", f":{victim.port}"))


def end(hop: str, url: str) -> tuple[str, StepError]:
    """Where it has to end: at the request, and before it where there is no URL to ask."""
    if "redirect" not in hop:
        if not url and hop == "image":
            return "metadata", StepError.BAD_METADATA
        if not url or url.startswith(NO_URL) or len(url) > 2048:
            return ("token URI" if hop == "uri" else "image link"), StepError.BAD_URI
    return ("image" if "image" in hop else "metadata"), StepError.WEB_ERROR


def forms() -> Iterator[Attack]:
    """Every form at every hop. A header cannot hold a line end."""
    for hop, url in itertools.product(HOPS, FORMS):
        if "redirect" not in hop or "\r" not in url:
            name = f"{hop}-{ascii(url)[1:-1][:60]}"
            yield attack(name, partial(put, hop, url), *end(hop, url))


def rebound() -> Iterator[Attack]:
    """A name that changes its address between two questions; it is asked where it was public."""
    for hop in HOPS:
        url = "http://rebinding.example:P/"
        yield attack(f"{hop}-rebinding", partial(put, hop, url), *end(hop, url), waits=True)


def gateway_redirects(scene: Scene) -> str:
    """A gateway that redirects instead of answering."""
    scene.gateway.lie, scene.gateway.elsewhere = Lie.REDIRECTING, scene.victim
    return scene.metadata()


def reads_outside(scene: Scene) -> object:
    """A contract that has its reader ask a server (ERC-3668)."""
    kinds = ["address", "string[]", "bytes", "bytes4", "bytes"]
    signature = f"OffchainLookup({','.join(kinds)})"
    said = encode(kinds, ["0x" + "11" * 20, [scene.victim], b"", b"abcd", b""])
    data = keccak(text=signature)[:4] + said
    return scene.token("", tokenURI=programs.reverts(data))


def elsewhere() -> Iterator[Attack]:
    """Whoever else may be asked."""
    absent = (StepError.GATEWAY_ERROR,)
    yield attack("gateway-redirect", gateway_redirects, "metadata", *absent)
    url = "http://127.0.0.1:P/ipfs/" + str(ABSENT)
    yield attack("posing-as-gateway", partial(put, "uri", url), "metadata", *absent)
    yield attack("image-posing-as-gateway", partial(put, "image", url), "image", *absent)
    arweave = f"ar://{'A' * 43}/1.json"
    for hop, step in (("uri", "metadata"), ("image", "image")):
        yield attack(f"{hop}-arweave", partial(put, hop, arweave), step, StepError.WEB_ERROR)
    yield attack("contract-offchain-lookup", reads_outside, "token URI", Outcome.NO_URI)
    for name, body in {
        "image": "<image href='{}'/>",
        "xlink": "<image xlink:href='{}'/>",
        "style-sheet": "<style>@import '{}';</style>",
        "use": "<use href='{}#a'/>",
    }.items():
        drawn = partial(drawing, body)
        yield attack(f"drawing-{name}", drawn, "media", MediaOutcome.SVG_EXTERNAL)


def drawing(body: str, scene: Scene) -> str:
    """Metadata with a drawing in them that names a victim."""
    return scene.inline(SVG % body.format(scene.victim))


CASES = [*forms(), *rebound(), *elsewhere()]
