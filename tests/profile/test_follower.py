"""Follower: what is shown follows the chain, block by block

given a transfer, the hexagon is a circle within two blocks, on open pages too
given a reorganisation that undoes it, a hexagon again; one that undoes the purchase, a circle
given a node that is away, stale with its age; too long, unverified; back, verified
given a follower that was away, what happened meanwhile is found
given a picture that is set while the chain is asked, it is confirmed by the next look alone
given a follower that ends, another follows at once; while it does not, none does
"""

import asyncio
import json
import threading
import time

from support.anvil import STRANGER
from support.profile import Browser, settings_in

from pfpkit.chain import Node
from pfpkit.profile.database import Database
from pfpkit.profile.follower import Follower
from pfpkit.profile.records import Account, Holding, Picture


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
    site.chain.node.revert(before)
    site.chain.rpc("anvil_mine", hex(2))
    found = until("verified", holder, name)
    assert found["fallen"] is None


def test_follow__when_a_reorganisation_undoes_the_purchase__is_a_circle(site, holder, wallet, name):
    """The token was verified at a block that is not on the chain any more."""
    before = site.chain.rpc("evm_snapshot")
    ref = site.mint(to=wallet.address)
    assert wallet.show(holder, ref).status_code == 200
    until("verified", holder, name)
    site.chain.node.revert(before)
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


class Meanwhile(Node):
    """A node; while it is asked whether it has a block, something happens."""

    happens = staticmethod(lambda: None)

    async def has(self, block):
        self.happens()
        return await super().has(block)


def held(records, ref, holder, block):
    """Show a token of `holder` as of a block, as the service does when the wallet has signed."""
    records.add(Account(name="ada", since=0))
    records.flush()
    picture = Picture(id="0" * 32, account="ada", kind="nft", since=0, files=[])
    picture.holding = Holding(
        chain_id=ref.chain_id,
        contract=ref.contract,
        token_id=str(ref.token_id),
        standard=ref.standard,
        holder=holder,
        since_block=block.number,
        block=block.number,
        block_hash=block.hash,
        block_time=block.timestamp,
        checked_at=int(time.time()),
        facts="{}",
        receipt="{}",
    )
    records.add(picture)


def test_follow__when_shown_and_sold_during_a_look__falls_at_the_next(site, wallet, tmp_path):
    """That look asked for no event of it, and so may not confirm it with the block of the sale."""
    site.tokens.node.fund(wallet.address)
    ref = site.mint(to=wallet.address)
    settings = settings_in(tmp_path)
    database = Database(settings.database_url)
    database.migrate()

    async def story():
        async with Meanwhile(site.chain.url) as node:
            follower = Follower(node, database, settings)
            before = (await follower.tick()).block
            site.tokens.transfer(ref, wallet.address, STRANGER)
            node.happens = lambda: database.do(held, ref, wallet.address, before)
            sold = await follower.tick()
            node.happens = lambda: None
            shown = database.do(lambda records: records.get(Holding, "0" * 32))
            return before, sold, shown, await follower.tick()

    before, sold, shown, after = asyncio.run(story())
    database.close()
    assert sold.block.number == before.number + 1
    assert (shown.block, shown.lost_block) == (before.number, None)
    assert after.lost == (str(ref),)


def test_follow__when_a_follower_ends__another_follows_at_once(site, tmp_path):
    """It gives its lease back; as long as it has one, nobody else reads the chain."""
    settings = settings_in(tmp_path)
    database = Database(settings.database_url)
    database.migrate()

    async def story():
        async with Node(site.chain.url) as node:
            first, second = (Follower(node, database, settings) for _ in range(2))
            ticks = [await first.tick(), await second.tick()]
            await second.end()
            ticks += [await second.tick(), await first.tick()]
            await first.end()
            return [*ticks, await second.tick()]

    ticks = asyncio.run(story())
    database.close()
    assert [tick.block is not None for tick in ticks] == [True, False, False, True, True]
