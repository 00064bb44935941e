"""The comparison: both ways over real parts, and three acts that are really done

given other bytes under the object's key, the ordinary way shows them and notices nothing
given a gateway that lies, it is named, and the picture is the right one still
given a sale, the hexagon falls; put back, it stands again
given no demo, there is none of it
"""

import hashlib

import pytest
from support.anvil import DEPLOYER, HOLDER
from support.profile import Browser, problem
from support.site import running_site


@pytest.fixture(scope="module")
def demo(tmp_path_factory, project):
    """A demo with two tokens of its accounts."""
    with running_site(tmp_path_factory.mktemp("demo"), project, demo=True) as running:
        running.mint(4, "Other")
        running.mint(0, "Fennel")
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
    foreign = page.post("/demo/rpc", json={"method": "eth_accounts"}, headers=headers)
    assert problem(foreign) == (403, "csrf")
