"""ServicePinner: what only the Pinning Service API does

pin: told a CID and where to fetch it; asked until it is pinned, failed or too late
a request of an earlier run is followed, not made again
without a back end that serves the blocks, refused in the plan
"""

import pytest
from support.backends import SERVICES, bench
from support.dags import dag_of
from support.hostile_service import Reply
from support.pinning_peers import OTHER, PEER_ID, TOKEN

from pfpkit.errors import PinError, Unavailable
from pfpkit.pinning import DagSummary
from pfpkit.pinning.client import Secret
from pfpkit.pinning.service import ServicePinner

DAG = dag_of({"image": b"pixels" * 100, "metadata.json": b"{}"})


@pytest.fixture(params=SERVICES)
def made(request, tmp_path):
    with bench(request.param, tmp_path, retries=3) as running:
        yield running


def status(state, cid=DAG.root, name="r1"):
    return {"requestid": name, "status": state, "pin": {"cid": str(cid)}, "delegates": []}


def test_pin__when_told__gets_the_cid_its_name_and_the_origins(made):
    """The addresses of the Kubo of the same run."""
    made.pin(DAG, label="Pip 1")
    (request,) = made.peer.asked("/pins", "POST")
    port = made.first.client.url.rpartition(":")[2]
    assert request.json == {
        "cid": str(DAG.root),
        "name": "Pip 1",
        "origins": [f"/ip4/127.0.0.1/tcp/{port}/p2p/{PEER_ID}"],
    }


def test_pin__when_it_names_delegates__our_node_connects_to_them(made):
    """Behind a NAT nobody could dial us."""
    made.pin(DAG)
    (source,) = made.peer.sources
    (request,) = source.asked("/swarm/connect")
    assert request.query["arg"] == f"/ip4/203.0.113.1/tcp/4001/p2p/{PEER_ID}"


def test_pin__when_a_request_is_under_way__follows_it(made):
    """A run that was killed while the service was fetching."""
    made.peer.states["r1"] = (str(DAG.root), ["pinning", "pinned"])
    made.pin(DAG)
    assert made.peer.asked("/pins", "POST") == []


def test_pin__when_the_answer_was_lost__makes_no_second_request(made):
    """Each request is a pin of its own there."""
    made.peer.next(Reply(503), method="POST", after=True)
    made.pin(DAG)
    assert len(made.peer.states) == 1
    assert len(made.peer.asked("/pins", "POST")) == 1


def test_pin__when_an_earlier_request_failed__makes_a_new_one(made):
    """Also when the answer to the new one is lost."""
    made.peer.states["old"] = (str(DAG.root), ["failed"])
    made.peer.next(Reply(503), method="POST", after=True)
    made.pin(DAG)
    assert len(made.peer.states) == (1 if made.peer.one_a_cid else 2)
    assert made.peer.stored == 1


def test_pin__when_it_fails__says_why_and_what_to_look_at(made):
    """In the service's words."""
    made.peer.fails = True
    with pytest.raises(PinError, match=r"failed to pin .* \(no provider found\); look whether"):
        made.pin(DAG)


def test_pin__when_it_stays_queued__is_unavailable_and_goes_on_later(made):
    """Asked more and more seldom, until the deadline."""
    made.peer.stays_queued = True
    with pytest.raises(Unavailable, match="still queued; run it again later, which goes on"):
        made.pin(DAG)
    assert made.clock.time <= 100
    assert made.clock.slept == sorted(made.clock.slept)
    made.peer.stays_queued = False
    made.pin(DAG)
    assert len(made.peer.asked("/pins", "POST")) == 1


def test_pin__when_nobody_has_the_blocks__asks_for_nothing(made):
    """It would search the network for a day."""
    with pytest.raises(PinError, match=f"cannot fetch {DAG.root}: kubo does not hold it"):
        made.run(lambda pinner: pinner.pin(DAG))
    assert made.peer.asked("/pins", "POST") == []


def test_refuses__when_no_back_end_serves__names_the_way(made):
    """In the plan, before any upload."""
    alone = ServicePinner("test", made.peer.url, Secret("Authorization", f"Bearer {TOKEN}"), None)
    summary = DagSummary.of(DAG)
    assert "pin to `kubo` too" in alone.refuses(summary)
    assert made.pinner.refuses(summary) is None
    assert (alone.after, made.pinner.after) == (None, "kubo")
    with pytest.raises(PinError, match="nothing serves it"):
        made.runner.run(alone.pin(DAG))
    made.runner.run(alone.aclose())


@pytest.mark.parametrize(
    "said",
    [
        status("done"),
        status("queued", name=""),
        status("queued", name=".."),
        {"status": "queued"},
        {"requestid": 7, "status": "queued"},
        [],
        "queued",
    ],
    ids=["state", "no id", "dots", "lacking", "number", "list", "text"],
)
def test_pin__when_the_answer_is_no_status__tries_again(made, said):
    """And asks first whether it was done."""
    made.peer.next(Reply(202, said), method="POST", after=True)
    (receipt,) = made.pin(DAG)
    assert receipt.root == DAG.root
    assert len(made.peer.states) == 1
    assert len(made.peer.asked("/pins", "POST")) == 1


def test_pin__when_a_later_status_names_another_cid__is_an_error(made):
    """A request that was replaced by somebody else."""
    made.peer.states["r1"] = (str(DAG.root), ["pinning", "pinned"])
    made.peer.next(Reply(200, status("pinned", OTHER)), path="/pins/r1")
    with pytest.raises(PinError, match=OTHER):
        made.pin(DAG)


def test_pin__when_the_id_is_odd__stays_below_its_path(made):
    """An id is the service's text."""
    made.peer.states["../x?y#z"] = (str(DAG.root), ["pinning", "pinned"])
    made.pin(DAG)
    assert len(made.peer.asked("/pins/..%2Fx%3Fy%23z", "GET")) == 1


def test_has__when_the_filter_is_ignored__is_not_fooled(made):
    """Other CIDs, and states that are not asked for."""
    results = [status("pinned", OTHER), status("queued"), "junk"]
    made.peer.next(Reply(200, {"count": 3, "results": results}))
    assert made.run(lambda pinner: pinner.has(DAG.root)) == [False]


def test_unpin__when_only_queued__takes_it_back_and_says_it_was_not_pinned(made):
    """A queued request would be pinned later."""
    made.peer.states["r1"] = (str(DAG.root), ["queued"])
    assert made.run(lambda pinner: pinner.unpin(DAG.root)) == [False]
    assert made.peer.states == {}
