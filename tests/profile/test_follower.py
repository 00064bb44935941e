"""Follower: what is shown follows the chain, block by block

given a transfer, the hexagon is a circle within two blocks, on open pages too
given a reorganisation that undoes it, a hexagon again; one that undoes the purchase, a circle
given a node that is away, stale with its age; too long, unverified; back, verified
given a follower that was away, what happened meanwhile is found
"""

import json
import threading
import time

import pytest
from support.anvil import STRANGER
from support.profile import Browser


@pytest.fixture
def shown(site, holder, wallet, name):
    """A token of the wallet's that is shown under the name."""
    site.tokens.node.fund(wallet.address)
    ref = site.mint(to=wallet.address)
    answer = wallet.show(holder, ref)
    assert answer.status_code == 200, answer.text
    return ref


def until(state, browser, name, within_s=20.0):
    """What is shown once it is in that state."""
    end = time.monotonic() + within_s
    while (found := browser.picture_of(name))["state"] != state:
        assert time.monotonic() < end, found
        time.sleep(0.05)
    return found


def heard(site, name, events, ready):
    """Keep the events of an open page in a list."""
    with Browser(site.url, {}).stream("GET", f"/u/{name}/events", timeout=30) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: {"):
                events.append(json.loads(line.removeprefix("data: ")))
                ready.set()
                if events[-1]["state"] != "verified":
                    return


def test_follow__when_transferred__is_a_circle_within_two_blocks(site, shown, holder, wallet, name):
    """The page that is open hears of it without asking."""
    events, ready = [], threading.Event()
    page = threading.Thread(target=heard, args=(site, name, events, ready), daemon=True)
    page.start()
    assert ready.wait(20)
    site.tokens.transfer(shown, wallet.address, STRANGER)
    sold = site.chain.height
    found = until("none", holder, name)
    assert (found["shape"], found["fallen"]["block"]) == ("circle", sold)
    assert site.chain.height == sold
    page.join(20)
    assert [one["shape"] for one in events] == ["hexagon", "circle"]


def test_follow__when_another_token_moves__stays_a_hexagon(site, shown, holder, wallet, name):
    """Confirmed with the new block, for another token of the contract was none of it."""
    other = site.mint(to=wallet.address)
    site.tokens.transfer(other, wallet.address, STRANGER)
    height = site.chain.height
    end = time.monotonic() + 20
    while holder.picture_of(name)["checked"]["block"] < height:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert holder.picture_of(name)["state"] == "verified"


def test_follow__when_a_reorganisation_undoes_the_sale__is_a_hexagon_again(
    site, shown, holder, wallet, name
):
    """The holder never stopped holding it, on the chain that counts."""
    until("verified", holder, name)
    before = site.chain.rpc("evm_snapshot")
    site.tokens.transfer(shown, wallet.address, STRANGER)
    until("none", holder, name)
    site.chain.rpc("evm_revert", before)
    site.chain.rpc("anvil_mine", hex(2))
    found = until("verified", holder, name)
    assert found["fallen"] is None


def test_follow__when_a_reorganisation_undoes_the_purchase__is_a_circle(site, holder, wallet, name):
    """The token was verified at a block that is not on the chain any more."""
    before = site.chain.rpc("evm_snapshot")
    ref = site.mint(to=wallet.address)
    assert wallet.show(holder, ref).status_code == 200
    until("verified", holder, name)
    site.chain.rpc("evm_revert", before)
    site.chain.rpc("anvil_mine", hex(3))
    until("none", holder, name)


def test_follow__when_the_node_is_away__ages_and_comes_back(site, shown, holder, name):
    """Dashed with the age in words, then nothing is claimed, then verified again."""
    until("verified", holder, name)
    site.road.open = False
    try:
        found = until("stale", holder, name)
        assert found["shape"] == "hexagon-dashed"
        assert found["words"].startswith(f"last verified at block {found['checked']['block']}, ")
        assert found["images"] is not None
        found = until("unverified", holder, name)
        assert (found["shape"], found["images"]) == ("placeholder", None)
        assert found["words"] == "unverified"
    finally:
        site.road.open = True
    until("verified", holder, name)


def test_follow__when_sold_while_the_node_is_away__falls_when_it_is_back(
    site, shown, holder, wallet, name
):
    """What happened meanwhile is found by the events since the last block."""
    site.road.open = False
    try:
        for _ in range(3):
            site.chain.rpc("anvil_mine", hex(5))
        site.tokens.transfer(shown, wallet.address, STRANGER)
        until("stale", holder, name)
    finally:
        site.road.open = True
    until("none", holder, name)
