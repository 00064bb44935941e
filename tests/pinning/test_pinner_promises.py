"""What every pinner promises, whichever service is behind it

given a DAG, pins it under our CID; the same bytes give one CID everywhere
given it twice, keeps it once; given another, keeps both
when pinned, has it and lists it among others; when unpinned, not any more
given a service that keeps another CID, says both; one that pins nothing is found out
given wrong or missing blocks, sends nothing
"""

import asyncio
import re

import pytest
from support.backends import BACKENDS, REMOTE, bench
from support.blocks import lose
from support.dags import SMALL, dag_of
from support.pictures import encoded, noise
from support.pinning_peers import OTHER, Peer, PinningService

from pfpkit.bundle import build
from pfpkit.cid import cid_of
from pfpkit.errors import NotPinned, PinError, WrongBytes, WrongCID
from pfpkit.images import clean
from pfpkit.metadata import TokenMetadata
from pfpkit.pinning import Dag
from pfpkit.unixfs import UNIXFS_V1_2025, Block

BUNDLES = [build(clean(encoded(noise(seed=n), "PNG")), TokenMetadata(f"Pip {n}")) for n in range(3)]
DAGS = [Dag(bundle.root, bundle.blocks) for bundle in BUNDLES]
DAG = DAGS[0]
IMAGE = Dag(BUNDLES[0].image, BUNDLES[0].image_blocks)


@pytest.fixture(params=BACKENDS)
def made(request, tmp_path):
    """Each back end beside its peer."""
    with bench(request.param, tmp_path) as running:
        yield running


@pytest.fixture(params=REMOTE)
def remote(request, tmp_path):
    """Each back end that talks to a service."""
    with bench(request.param, tmp_path) as running:
        yield running


def test_ready__when_the_service_is_there__returns(made):
    """Before anything is uploaded."""
    assert made.run(lambda pinner: pinner.ready()) == [None]


def test_pin__when_new__is_kept_under_our_cid(made):
    """A bundle of two files, and its image alone, as for each token."""
    whole, image = made.pin(DAG, IMAGE, label="Pip")
    sizes = {block.cid: len(block.data) for block in DAG.blocks}
    assert (whole.root, whole.blocks, whole.bytes) == (DAG.root, len(sizes), sum(sizes.values()))
    assert (whole.new, image.new) == (True, True)
    assert (whole.pinner, image.root) == (made.pinner.name, IMAGE.root)
    if made.peer is not None:
        assert set(made.peer.pins) == {str(DAG.root), str(IMAGE.root)}
        assert set(made.peer.labels) <= {"Pip"}


def test_pin__when_pinned_before__is_not_new_and_kept_once(made):
    """Pinning twice is the same as pinning once."""
    first, second = made.pin(DAG, DAG)
    assert (first.new, second.new) == (True, False)
    assert (first.root, first.blocks, first.bytes) == (second.root, second.blocks, second.bytes)
    if made.peer is not None:
        assert (list(made.peer.pins), made.peer.stored) == ([str(DAG.root)], 1)


def test_pin__when_again__is_given_though_it_is_listed(made):
    """A service may list what it lost; it is still kept once."""
    made.pin(DAG)
    if made.peer is None:
        lose(made.pinner.store, DAG.root)
        before = 0
    else:
        before = len([r for r in made.peer.requests if r.method == "POST"])
    (receipt,) = made.run(lambda pinner: pinner.pin(DAG, "Pip", again=True))
    assert (receipt.root, receipt.new) == (DAG.root, False)
    if made.peer is None:
        assert not made.pinner.store.lacking([DAG.root])
    else:
        assert len([r for r in made.peer.requests if r.method == "POST"]) > before
        assert list(made.peer.pins) == [str(DAG.root)]


def test_has_and_held__when_some_are_pinned__say_which(made):
    """One by one, and all at once."""
    made.pin(*DAGS[:2], IMAGE)
    roots = [dag.root for dag in (*DAGS, IMAGE)]
    one, absent, some, none = made.run(
        lambda pinner: pinner.has(DAG.root),
        lambda pinner: pinner.has(DAGS[2].root),
        lambda pinner: pinner.held(roots),
        lambda pinner: pinner.held(()),
    )
    assert (one, absent) == (True, False)
    assert some == {DAGS[0].root, DAGS[1].root, IMAGE.root}
    assert none == frozenset()


def test_held__when_many_are_asked_for__finds_them_all(made):
    """In pages, lists or questions of ten: whatever the service has."""
    dags = [dag_of({"n": b"%d" % n}, UNIXFS_V1_2025) for n in range(25)]
    if isinstance(made.peer, Peer) and not isinstance(made.peer, PinningService):
        made.peer.pins = {str(dag.root): f"id-{n}" for n, dag in enumerate(dags[:24])}
    else:
        made.pin(*dags[:24])
    (found,) = made.run(lambda pinner: pinner.held(dag.root for dag in dags))
    assert found == {dag.root for dag in dags[:24]}


def test_unpin__when_pinned__is_gone_and_the_others_stay(made):
    """And a second time there is nothing to unpin."""
    made.pin(*DAGS[:2])
    first, has, other, second = made.run(
        lambda pinner: pinner.unpin(DAG.root),
        lambda pinner: pinner.has(DAG.root),
        lambda pinner: pinner.has(DAGS[1].root),
        lambda pinner: pinner.unpin(DAG.root),
    )
    assert (first, has, other, second) == (True, False, True, False)


def test_pin__when_many_run_at_once__all_are_kept(made):
    """Within the back end's own bounds."""

    async def all_at_once(pinner):
        if made.first is not None:
            await asyncio.gather(*(made.first.pin(dag) for dag in DAGS))
        return await asyncio.gather(*(pinner.pin(dag) for dag in DAGS))

    (receipts,) = made.run(all_at_once)
    assert [receipt.root for receipt in receipts] == [dag.root for dag in DAGS]
    if made.peer is not None:
        assert made.peer.busiest <= made.pinner.client.pressure.at_once


def test_pin__when_a_block_is_missing__nothing_is_sent(made):
    """A service would look for it in the network, for hours."""
    missing, *rest = DAG.blocks
    with pytest.raises(NotPinned, match=str(missing.cid)):
        made.run(lambda pinner: pinner.pin(Dag(DAG.root, tuple(rest))))
    assert made.peer is None or made.peer.requests == []


def test_pin__when_a_block_is_wrong__nothing_is_sent(made):
    """A service might keep it under its own CID."""
    first, *rest = DAG.blocks
    wrong = Block(first.cid, first.data[:-1] + b"\0")
    with pytest.raises(WrongBytes, match=str(first.cid)):
        made.run(lambda pinner: pinner.pin(Dag(DAG.root, (wrong, *rest))))
    assert made.peer is None or made.peer.requests == []


def test_pin__when_the_service_keeps_another_cid__names_both_and_the_cause(remote):
    """What the service answers is compared, never taken over."""
    remote.peer.wrong_cid = True
    with pytest.raises(WrongCID) as caught:
        remote.pin(DAG)
    told = str(caught.value)
    assert str(DAG.root) in told
    assert OTHER in told
    assert "chunker or profile" in told
    assert told.startswith(f"{remote.pinner.name} did not ")


def test_pin__when_the_service_pins_nothing__is_found_out(remote):
    """By the pin itself where asking again is cheap, otherwise by `held` before the record."""
    remote.peer.pins_nothing = True
    if remote.pinner.name in ("kubo", "service:test"):
        with pytest.raises(PinError, match=f"{remote.pinner.name} .*{DAG.root}.* not list it"):
            remote.pin(DAG)
    else:
        remote.pin(DAG)
    assert remote.run(lambda pinner: pinner.held((DAG.root, IMAGE.root))) == [frozenset()]


def test_pin__when_uploaded__no_path_of_this_machine_is_on_the_wire(remote, tmp_path):
    """pinatapy sends the absolute paths of what it reads."""
    remote.pin(DAG)
    for request in remote.peer.requests:
        wire = repr(request)
        assert "/tmp" not in wire
        assert str(tmp_path) not in wire
        assert not re.search(r'filename="/', wire)


def test_repr__when_printed__shows_no_secret(remote):
    """Of the pinner, and of everything in it."""
    shown = repr(remote.pinner) + repr(vars(remote.pinner)) + repr(vars(remote.pinner.client))
    assert not [secret for secret in remote.secrets if secret in shown]


def test_pin__when_a_file_has_many_blocks__is_one_pin():
    """A chunked file, of a profile that no service has, keeps its CID where CARs are taken."""
    dag = dag_of({"long": bytes(range(256)) * 8}, SMALL)
    assert dag.root != cid_of(b"")
    for name in ("kubo", "pinata", "pinata-tus", "service:test"):
        with bench(name, None) as made:
            assert made.pin(dag)[0].root == dag.root
            assert str(dag.root) in made.peer.pins
