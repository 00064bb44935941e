"""Two workers, as the deployment guide starts them: one database, one follower, one cache

given an empty database and two that start, one migrates; given a session, both know it
given a transfer, pages on both hear of it; given a follower that is killed, the other follows
given content that one has fetched, no gateway is asked again, after a restart either
"""

import json
import threading
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import select
from support.anvil import STRANGER
from support.pictures import encoded, noise
from support.profile import Browser
from support.site import running_site
from support.workers import Workers, runs

from pfpkit.profile.database import Database
from pfpkit.profile.records import Followed

PAGES = 3
"""Pages that are open at each worker."""


@pytest.fixture(scope="module")
def site(tmp_path_factory, project):
    """Two workers that begin with an empty database."""
    folder = tmp_path_factory.mktemp("workers")
    with running_site(folder, project, serve=Workers, fresh_s=20.0, poll_s=0.2) as running:
        yield running


def followed(site):
    """Who follows, and to which block."""
    database = Database(site.service.settings.database_url)
    try:
        return database.do(lambda r: r.execute(select(Followed.leader, Followed.block)).one())
    finally:
        database.close()


def until(true, within_s=40.0):
    """Wait until it is so."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


@contextmanager
def open_pages(site, name):
    """The states that pages of `name` were told of, one list a page."""
    told = []

    def listen(states):
        with Browser(site.url, {}).stream("GET", f"/u/{name}/events", timeout=60) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: {"):
                    states.append(json.loads(line.removeprefix("data: "))["state"])
                    if states[-1] != "verified":
                        return

    threads = []
    for worker in site.service.workers:
        with site.service.alone(worker):
            for _ in range(PAGES):
                told.append([])
                threads.append(threading.Thread(target=listen, args=(told[-1],), daemon=True))
                threads[-1].start()
            until(lambda: all(told))
    yield told
    for thread in threads:
        thread.join(30)


def test_workers__when_both_begin_at_an_empty_database__one_migrates(site):
    """Neither fails, and neither was started a second time."""
    assert len(site.service.workers) == 2
    until(lambda: site.service.log.read_text().count("Application startup complete") == 2)
    said = site.service.log.read_text()
    assert "Traceback" not in said
    assert "died" not in said


def test_session__when_made_by_one__is_known_to_both(site, holder):
    """By a new connection, while the other does not answer."""
    cookies = dict(holder.cookies)
    assert len(site.service.workers) == 2
    for worker in site.service.workers:
        with site.service.alone(worker), Browser(site.url, {}) as again:
            again.cookies.update(cookies)
            assert again.get("/me").status_code == 200


def test_transfer__when_pages_are_open_on_both__all_of_them_fall(site, shown, wallet, name):
    """Each worker looks into the database for its own pages."""
    with open_pages(site, name) as told:
        site.tokens.transfer(shown, wallet.address, STRANGER)
    assert {tuple(dict.fromkeys(states)) for states in told} == {("verified", "none")}


def test_follower__when_its_worker_is_killed__the_other_follows(site, shown, holder, name):
    """Within the lease of fifteen seconds; the hexagon stays, for its answer is young enough."""
    leader, _ = followed(site)
    for worker in site.service.workers:
        site.service.kill(worker)
        site.chain.rpc("anvil_mine", hex(3))
        height = site.chain.height
        until(lambda height=height: followed(site)[1] >= height)
        assert holder.picture_of(name)["state"] == "verified"
    assert followed(site)[0] != leader


def test_cache__when_one_has_fetched__nobody_asks_a_gateway_again(site):
    """Forty connections, then the same with workers that know nothing of before."""
    ref = site.mint_picture(encoded(noise(), "PNG"))

    def ask():
        for _ in range(40):
            with Browser(site.url, {}) as platform:
                assert platform.get(f"/avatar/{ref}").status_code == 200

    before = site.store.asked
    with Browser(site.url, {}) as platform:
        assert platform.get(f"/avatar/{ref}").status_code == 200
    fetched = site.store.asked
    assert fetched > before
    ask()
    for worker in site.service.workers:
        site.service.kill(worker)
    ask()
    assert site.store.asked == fetched


def test_workers__when_ended__leave_no_process(site):
    """Neither a worker nor who decodes for it."""
    family = site.service.family
    assert len(family) > 3
    site.service.stop()
    until(lambda: not [one for one in family if runs(one)])
    site.service.start()
