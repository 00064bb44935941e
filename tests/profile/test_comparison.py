"""The comparison: both ways over real parts, and three acts that are really done

given other bytes under the object's key, the ordinary way shows them and notices nothing
given a gateway that lies, it is named, and the picture is the right one still
given a sale, the hexagon falls; put back, it stands again
given no demo, there is none of it
given a token that is not verified, no gateway is left running
"""

import asyncio
import hashlib
import threading
from dataclasses import replace

import pytest
from support.anvil import DEPLOYER, HOLDER
from support.collection import digest
from support.hostile_node import OWNER, Failure, HostileNode, views
from support.pictures import encoded, noise
from support.profile import Browser, problem, settings_in
from support.site import running_site

from pfpkit.errors import ChainError
from pfpkit.profile.comparison import Comparison
from pfpkit.profile.database import Database
from pfpkit.profile.objects import Objects
from pfpkit.profile.shelf import Shelf
from pfpkit.reference import TokenRef


@pytest.fixture(scope="module")
def demo(tmp_path_factory, project):
    """A demo with two pictures of its accounts': one is two tokens, and a token has none."""
    with running_site(tmp_path_factory.mktemp("demo"), project, demo=True) as running:
        running.mint_picture(encoded(noise(), "PNG"), "Other")
        running.mint(0, "Fennel")
        running.mint(0, "Fennel again")
        running.tokens.mint(digest(1), to=DEPLOYER)
        yield running


@pytest.fixture
def page(demo):
    """A browser on the comparison's page; what was changed is put back."""
    with Browser(demo.url, {}) as browser:
        yield browser
        assert browser.send_json("/compare/reset").status_code == 200


def bytes_of(browser, way):
    """The sha2-256 of what is shown."""
    answer = browser.get(f"/compare/{way}")
    assert answer.status_code == 200
    return hashlib.sha256(answer.content).hexdigest()


def test_compare__when_begun__shows_the_same_picture_in_both_ways(demo, page):
    """Circle and hexagon, each with its latency and what was asked."""
    state = page.get("/compare/state").json()
    assert bytes_of(page, "ordinary") == bytes_of(page, "nft") == state["image"]["sha256"]
    assert state["nft"]["picture"]["shape"] == "hexagon"
    assert (state["ordinary"]["requests"], state["nft"]["requests"] > 2) == (2, True)
    assert not state["ordinary"]["swapped"]
    assert page.get("/compare").status_code == 200


def test_compare__when_the_object_is_swapped__nobody_notices(demo, page):
    """Status 200, another picture; the token's is as before."""
    right = bytes_of(page, "ordinary")
    state = page.send_json("/compare/swap-object").json()
    assert (state["ordinary"]["swapped"], state["ordinary"]["noticed"]) == (True, False)
    assert bytes_of(page, "ordinary") != right
    assert bytes_of(page, "nft") == right


def test_compare__when_a_gateway_lies__it_is_named(demo, page):
    """The other gateway gives the right bytes, so that the hexagon stands."""
    right = bytes_of(page, "nft")
    state = page.send_json("/compare/swap-gateway").json()["nft"]
    liar, honest = state["gateways"]
    assert (liar["lying"], liar["verdict"], honest["verdict"]) == (True, "caught", "honest")
    assert liar["url"] in state["caught"]
    assert (state["picture"]["shape"], bytes_of(page, "nft")) == ("hexagon", right)


def test_compare__when_sold__the_hexagon_falls(demo, page):
    """By a transfer on the chain; put back by another."""
    before = demo.chain.height
    state = page.send_json("/compare/sell").json()["nft"]
    assert demo.chain.height == before + 1
    assert (state["sold"], state["verdict"], state["src"]) == (True, "not-owner", None)
    assert state["picture"]["shape"] == "circle"
    assert page.send_json("/compare/reset").json()["nft"]["picture"]["shape"] == "hexagon"


def test_compare__when_the_store_is_swept__the_object_stays(demo, page):
    """It has a row, as every object of the service: else it would be gone after ten minutes."""
    right = bytes_of(page, "ordinary")
    settings = demo.service.parts.settings
    shelf = Shelf(Database(settings.database_url), Objects(settings.objects))
    asyncio.run(shelf.sweep(unfinished_s=-60))
    assert page.send_json("/compare/measure").status_code == 200
    assert bytes_of(page, "ordinary") == right


def gateways():
    """The threads of gateways that run in this process."""
    return {one for one in threading.enumerate() if one.name == "gateway"}


def test_begin__when_the_token_is_not_verified__leaves_no_gateway(demo, tmp_path):
    """Every visit begins it anew until the content is there."""
    parts, before = demo.service.parts, gateways()
    lacking = replace(parts.settings, blocks=tmp_path)
    objects = Objects(lacking.objects)
    with pytest.raises(
        ChainError, match="no two tokens with pictures to compare: metadata: no gateway"
    ):
        asyncio.run(Comparison.begin(lacking, parts.database, objects, parts.renderer))
    assert gateways() == before


@pytest.mark.parametrize("said", [Failure(-32601, "no such method"), {"no": "list"}, [OWNER]])
def test_sell__when_the_node_has_no_buyer__is_refused(tmp_path, said):
    """Its answer may be anything; what it is not is a traceback."""
    with HostileNode({"eth_call": views, "eth_accounts": said}) as node:
        ref = TokenRef(31337, "0x" + "22" * 20, 1)
        settings = settings_in(tmp_path, nodes=(node.url,))
        comparison = Comparison(settings, None, None, None, ref, OWNER)
        with pytest.raises(ChainError, match="has no other account"):
            asyncio.run(comparison.act("sell"))


def test_compare__when_not_the_demo__is_not_there(service, browser):
    """Neither state, nor buttons, nor a wallet that signs for anybody."""
    assert problem(browser.send_json("/compare/sell")) == (404, "not-found")
    assert problem(browser.send_json("/demo/rpc", method="eth_accounts")) == (404, "not-found")


def test_demo_wallet__when_a_page_asks__signs_and_nothing_more(demo, page):
    """A wallet's methods; none of the node's own, and none for another site's page."""
    accounts = page.send_json("/demo/rpc", method="eth_accounts", id=1).json()["result"]
    assert {DEPLOYER.lower(), HOLDER.lower()} <= {one.lower() for one in accounts}
    refused = page.send_json("/demo/rpc", method="anvil_setBalance", params=[HOLDER, "0x0"])
    assert refused.json()["error"]["code"] == -32601
    headers = {"Origin": "https://evil.example", "Accept": "application/json"}
    call = {"to": demo.tokens.address, "data": "0x6352211e" + "ff" * 32}
    reverted = page.send_json("/demo/rpc", method="eth_call", params=[call, "latest"], id=7).json()
    assert (reverted["id"], reverted["error"]["code"]) == (7, 3)
    assert reverted["error"]["data"].startswith("0x7e273289")
    foreign = page.post("/demo/rpc", json={"method": "eth_accounts"}, headers=headers)
    assert problem(foreign) == (403, "csrf")
