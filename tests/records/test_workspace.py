"""Workspace: the two records of pins, and the gateways to read back through

given pins of this machine, nothing of them is in the record that is in git
given public gateways and remote pinners, they are in that record, and what is local is not
given a gateway with a password, the password is in no record
"""

import pytest

from pfpkit.cid import CID, DAG_PB, RAW
from pfpkit.errors import BadInput, NotPinned
from pfpkit.pinning.gateway import Gateway
from pfpkit.pins import LOCAL_PINS, REMOTE_PINS, PinEntry, PinnedBy, Pins, ReadBack
from pfpkit.publication import EMBEDDED, Route
from pfpkit.workspace import PUBLIC_GATEWAYS, Workspace

AT = "2026-11-21T10:00:00Z"
PUBLIC = Route("https://1.1.1.1", "https://1.1.1.1")
LOOPBACK = Route("http://127.0.0.1:8080", "http://127.0.0.1:8080")
PRIVATE = Route("http://10.0.0.7", "http://10.0.0.7")
OWN = Route(EMBEDDED, "http://127.0.0.1:1")
HERE, THERE = PinnedBy("blockstore", AT, 3, 100), PinnedBy("pinata", AT, 3, 100)


def entry(*pinners, routes=(), key="1"):
    digest = key.encode().rjust(32, b"\0")
    read = tuple(ReadBack(route.name, AT) for route in routes)
    return PinEntry(key, CID(1, DAG_PB, digest), CID(1, RAW, digest), pinners, read)


@pytest.fixture
def work(tmp_path):
    return Workspace(tmp_path)


def test_record__when_all_is_local__the_record_in_git_is_not_written(work):
    """An embedded store, and gateways that no stranger can ask."""
    routes = [OWN, LOOPBACK, PRIVATE]
    work.record([entry(HERE, routes=routes)], routes)
    assert not (work.root / REMOTE_PINS).exists()
    (known,) = Pins.load(work.root / LOCAL_PINS).entries
    assert known.pinners == (HERE,)
    assert {back.gateway for back in known.read_back} == {route.name for route in routes}


def test_record__when_public_and_local__each_goes_to_its_own(work):
    """And together they say everything."""
    routes = [OWN, PUBLIC, LOOPBACK, PRIVATE]
    made = entry(HERE, THERE, routes=routes)
    work.record([made], routes)
    (remote,) = Pins.load(work.root / REMOTE_PINS).entries
    assert remote.pinners == (THERE,)
    assert [back.gateway for back in remote.read_back] == [PUBLIC.name]
    text = (work.root / REMOTE_PINS).read_text()
    assert not [word for word in ("127.0.0.1", "10.0.0.7", EMBEDDED, "blockstore") if word in text]
    whole = work.pinned("1")
    assert set(whole.pinners) == {HERE, THERE}
    assert set(whole.read_back) == set(made.read_back)


def test_record__when_a_route_was_not_asked_now__it_is_taken_for_local(work):
    """Whether an address is public is judged from the routes, not from a name."""
    work.record([entry(HERE, routes=[PUBLIC])], [])
    assert not (work.root / REMOTE_PINS).exists()


def test_record__when_nothing_was_done__writes_nothing_for_git(work):
    """An empty run leaves `git status` clean."""
    work.record([], [PUBLIC])
    assert not (work.root / REMOTE_PINS).exists()


def test_record__when_recorded_twice__keeps_what_was_known(work):
    """A later run with another gateway adds to it."""
    work.record([entry(HERE, routes=[OWN])], [OWN])
    work.record([entry(HERE, routes=[PUBLIC])], [PUBLIC])
    assert {back.gateway for back in work.pinned("1").read_back} == {EMBEDDED, PUBLIC.name}


def test_pinned__when_in_no_record__says_what_to_run(work):
    """With the key."""
    with pytest.raises(NotPinned, match="7 is in no record of pins; run `ape run pin` first"):
        work.pinned("7")


def test_routes__when_none_is_named__serves_the_store_until_the_end(work):
    """The embedded gateway, on loopback."""
    with work.routes(()) as (route,):
        assert (route.name, route.is_public) == (EMBEDDED, False)
        assert route.url.startswith("http://127.0.0.1:")


def test_routes__when_live_and_none_is_named__are_public(work):
    """Nobody trusts them."""
    with work.routes((), live=True) as routes:
        assert tuple(route.url for route in routes) == PUBLIC_GATEWAYS


def test_routes__when_a_gateway_has_a_password__its_name_has_none(work):
    """The name is what goes into records and messages; the URL still has it."""
    url = "https://user:s3cret@1.1.1.1/ipfs/"
    with work.routes([url]) as (route,):
        assert (route.name, route.url) == ("https://1.1.1.1", url)
        work.record([entry(THERE, routes=[route])], [route])
    texts = [file.read_text() for file in work.root.rglob("pins.json")]
    assert len(texts) == 2
    assert not [text for text in texts if "s3cret" in text]


def test_routes__when_a_gateway_is_no_url__is_refused(work):
    """Before anything is pinned."""
    with pytest.raises(BadInput, match="is not a gateway URL"), work.routes(["ipfs.io"]):
        pass


def test_store__when_used_twice__is_one_store(work):
    """In `.pfpkit`, which git ignores."""
    assert work.store.path == work.root / ".pfpkit" / "blocks"
    with Gateway(work.store) as gateway:
        assert gateway.url
