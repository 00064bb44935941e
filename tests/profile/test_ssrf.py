"""What strangers name, the service does not ask: token URIs, images, gateways that lead elsewhere

given a hostile URL as token URI or as image, a verdict that is not verified, and nobody is asked
given an SVG that names one, and a gateway that redirects to one, the same
given an honest token beside them, verified
"""

import json
from dataclasses import replace

import pytest
from resolver.attacks.addresses import FORMS
from support.anvil import HOLDER
from support.hostile_gateway import HostileGateway, Lie
from support.profile import JSON, Browser, ProfileService
from support.tokens import owned
from support.web_server import WebServer, page

from pfpkit.cid import cid_of

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><image href="{url}" width="9" '
    'height="9"/><path d="M0 0h9v9H0z" fill="url({url}#x)"/></svg>'
)


@pytest.fixture(scope="module")
def victim():
    """An internal service, on every address of this machine."""
    with WebServer({"/": page(b"{}")}, host="0.0.0.0") as server:
        yield server
        assert server.connections == 0


@pytest.fixture(scope="module")
def victim6():
    """The same, on its IPv6 addresses."""
    with WebServer({"/": page(b"{}")}, host="::") as server:
        yield server
        assert server.connections == 0


def refused(site, platform, uri):
    """Ask both ways for a token whose contract says this URI; return the verdict."""
    ref = site.tokens.impostor(owned(HOLDER, uri))
    verdict = platform.post("/verify", json={"token": str(ref), "holder": HOLDER})
    assert verdict.status_code == 200, verdict.text
    assert not verdict.json()["shown"]
    shown = platform.get(f"/avatar/{ref}", params={"size": 48})
    assert shown.status_code == 422, shown.text
    assert shown.json()["verdict"] == verdict.json()["verdict"]
    return verdict.json()["verdict"]


@pytest.mark.parametrize("url", FORMS, ids=lambda url: ascii(url)[:60])
def test_verify__when_the_token_uri_is_hostile__asks_nobody(site, platform, victim, victim6, url):
    """As the contract says it, and as the image of metadata that is on the chain."""
    asked = victim6 if "[" in url else victim
    named = url.replace(":P", f":{asked.port}")
    image = f"data:application/json,{json.dumps({'name': 'x', 'image': named})}"
    for uri in (named, image):
        assert refused(site, platform, uri) in ("unverified", "unverifiable")
    assert asked.connections == 0


def test_verify__when_an_svg_names_a_url__is_not_shown_and_asks_nobody(site, platform, victim):
    """The renderer opens nothing, and what would have is refused."""
    svg = SVG.format(url=victim.url("/", "127.0.0.1"))
    refused(site, platform, f"data:application/json,{json.dumps({'image_data': svg})}")
    assert victim.connections == 0


def test_verify__when_the_gateway_leads_elsewhere__does_not_follow(site, victim, tmp_path):
    """A gateway is named by who runs the service; where it leads is a stranger's word again."""
    with HostileGateway([], Lie.REDIRECTING, elsewhere=victim.url("/", "127.0.0.1")) as gateway:
        settings = replace(site.service.settings, gateways=(gateway.url,), work=tmp_path)
        with ProfileService(settings) as service, Browser(service.origin, JSON) as platform:
            ref = site.tokens.impostor(owned(HOLDER, f"ipfs://{cid_of(b'absent')}"))
            answer = platform.post("/verify", json={"token": str(ref)}).json()
            assert answer["verdict"] == "unverified"
        assert gateway.requests
    assert victim.connections == 0


def test_verify__when_an_honest_token_is_beside_them__is_verified(site, platform):
    """With the same service, so that it is not a service that refuses everything."""
    answer = platform.post("/verify", json={"token": str(site.mint())}).json()
    assert (answer["verdict"], answer["shown"]) == ("verified", True)
