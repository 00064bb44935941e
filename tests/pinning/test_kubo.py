"""KuboPinner: what only Kubo's RPC does

dag/import: says its errors in lines after a 200, or only in a trailer
pin/ls: a stream, or one object in older servers
id, swarm/connect: where others get our blocks from
"""

import json

import pytest
from support.backends import bench
from support.dags import dag_of
from support.hostile_service import Reply
from support.pinning_peers import PEER_ID, parts_of

from pfpkit.errors import AccessDenied, PinError
from pfpkit.pinning import kubo
from pfpkit.pinning.client import Secret

DAG = dag_of({"image": b"pixels", "metadata.json": b"{}"})
ROOT = {"Root": {"Cid": {"/": str(DAG.root)}, "PinErrorMsg": ""}}
IMPORT = "/dag/import"


@pytest.fixture
def made(tmp_path):
    with bench("kubo", tmp_path, retries=1) as running:
        yield running


def lines(*objects):
    return Reply(200, "".join(json.dumps(each) + "\n" for each in objects).encode())


def test_ready__when_there__knows_the_version(made):
    """For the plan, and for whoever reads an error."""
    made.run(lambda pinner: pinner.ready())
    assert made.pinner.version == "0.39.0"


def test_pin__when_sent__is_one_car_with_pinned_roots(made):
    """By POST, called by its root, and pinned in the same request."""
    made.pin(DAG)
    (request,) = made.peer.asked(IMPORT)
    assert request.method == "POST"
    assert request.query == {"pin-roots": "true", "stats": "true"}
    ((name, _),) = parts_of(request)["file"]
    assert name == f"{DAG.root}.car"


def test_pin__when_pinned_before__sends_no_block(made):
    """Its blocks are there, with all below."""
    made.pin(DAG, DAG)
    assert len(made.peer.asked(IMPORT)) == 1


@pytest.mark.parametrize(
    "said",
    [
        [{"Root": {"Cid": {"/": str(DAG.root)}, "PinErrorMsg": "block not found"}}],
        [ROOT, {"Message": "block not found", "Code": 0, "Type": "error"}],
        [{"Message": "block not found", "Code": 0, "Type": "error"}],
    ],
    ids=["in the root", "after the root", "alone"],
)
def test_pin__when_the_lines_say_an_error__raises_it(made, said):
    """Although the status was 200."""
    made.peer.next(lines(*said), path=IMPORT)
    with pytest.raises(PinError, match=f"kubo did not import {DAG.root}: block not found"):
        made.pin(DAG)
    assert len(made.peer.asked(IMPORT)) == 1


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([ROOT, {"Stats": {"BlockCount": 1}}], "it took 1 of 3 blocks"),
        ([{"Stats": {"BlockCount": 3}}], "its answer names no root"),
        ([], "its answer names no root"),
        ([{"Root": {"Cid": None}}], "its answer names no CID"),
        ([{"Root": {}}], "its answer names no CID"),
        ([["Root"]], "its answer was cut short"),
    ],
)
def test_pin__when_the_lines_are_odd__tries_again_and_says_why(made, said, reason):
    """What is not a plain yes is no."""
    made.peer.next(lines(*said), lines(*said), path=IMPORT)
    with pytest.raises(PinError, match=reason):
        made.pin(DAG)
    assert len(made.peer.asked(IMPORT)) == 2


def test_pin__when_the_node_says_why_not__raises_it_once(made):
    """Kubo's own errors are a 500, and stay."""
    error = {"Message": "datastore: no space left on device", "Code": 0, "Type": "error"}
    made.peer.next(Reply(500, error), path=IMPORT)
    with pytest.raises(PinError, match="no space left on device"):
        made.pin(DAG)
    assert len(made.peer.asked(IMPORT)) == 1


def test_pinner__when_the_server_is_older__works_as_well(made):
    """No counts after an import, no stream of pins."""
    made.peer.is_old = True
    dags = [dag_of({"n": b"%d" % n}) for n in range(25)]
    made.pin(*dags[:3])
    (found,) = made.run(lambda pinner: pinner.held(dag.root for dag in dags))
    assert found == {dag.root for dag in dags[:3]}


def test_held__when_the_node_has_foreign_pins__passes_over_them(made):
    """A CID that we do not read is none of ours."""
    made.pin(DAG)
    made.peer.pins["zb2rhnotacid"] = "x"
    others = [dag_of({"n": b"%d" % n}).root for n in range(25)]
    (found,) = made.run(lambda pinner: pinner.held([DAG.root, *others]))
    assert found == {DAG.root}
    assert made.peer.requests[-1].query == {"type": "recursive", "stream": "true"}


@pytest.mark.parametrize("is_old", [False, True], ids=["stream", "one object"])
def test_held__when_some_are_pinned_indirectly__counts_the_others(made, is_old):
    """A node that does not know the filter lists what goes with others, too."""
    dags = [dag_of({"n": b"%d" % n}) for n in range(25)]
    kinds = ["recursive", "indirect", "direct"]
    pins = {str(dag.root): {"Type": kinds[n % 3]} for n, dag in enumerate(dags)}
    whole = [{"Keys": pins}] if is_old else [{"Cid": c, **pin} for c, pin in pins.items()]
    made.peer.next(lines(*whole))
    (found,) = made.run(lambda pinner: pinner.held(dag.root for dag in dags))
    assert found == {dag.root for dag in dags[::3]}


def test_has__when_pinned_indirectly__is_false(made):
    """It would go when the folder above it is unpinned."""
    made.peer.next(Reply(200, {"Keys": {str(DAG.root): {"Type": "indirect through bafy"}}}))
    assert made.run(lambda pinner: pinner.has(DAG.root)) == [False]


@pytest.mark.parametrize(
    ("addresses", "given"),
    [
        (
            ["/ip4/127.0.0.1/tcp/1/p2p/P", "/ip4/8.8.8.8/tcp/1/p2p/P", "/dns4/a.io/tcp/1/p2p/P"],
            ("/ip4/8.8.8.8/tcp/1/p2p/P", "/dns4/a.io/tcp/1/p2p/P"),
        ),
        (["/ip4/10.0.0.1/tcp/1/p2p/P"], ("/ip4/10.0.0.1/tcp/1/p2p/P",)),
        (["/ip6/2606:4700::1/tcp/1/p2p/P", "/ip6/::1/tcp/1/p2p/P"], None),
        (["/ip4/8.8.8.8/tcp/1", 7, "junk"], ()),
        ([f"/ip4/8.8.8.8/tcp/{n}/p2p/P" for n in range(50)], None),
    ],
)
def test_origins__when_there_are_public_ones__gives_those(made, addresses, given):
    """Whole multiaddrs, at most 20, none of the local network unless there is no other."""
    made.peer.next(Reply(200, {"ID": PEER_ID, "Addresses": addresses}))
    ((*found,),) = made.run(lambda pinner: pinner.origins())
    assert found == list(
        given if given is not None else addresses[: 1 if len(addresses) < 5 else 20]
    )


def test_connect__when_peers_cannot_be_reached__is_no_error(made):
    """Delegates are hints; what is no address of a peer is not even tried."""
    made.run(lambda pinner: pinner.connect(["/ip4/203.0.113.1/tcp/1/p2p/P", "x", "/ip4/1.1.1.1"]))
    assert len(made.peer.asked("/swarm/connect")) == 1


def test_pinner__when_no_secret_is_needed__sends_none(made):
    """A node of one's own on loopback."""
    pinner = kubo.KuboPinner(made.peer.url)
    made.runner.run(pinner.ready())
    made.runner.run(pinner.aclose())
    assert "authorization" not in made.peer.requests[-1].headers


def test_pinner__when_the_token_is_wrong__says_what_to_set(made):
    """And not what was set."""
    pinner = kubo.KuboPinner(made.peer.url, Secret("Authorization", "Bearer wrong-token"))
    with pytest.raises(AccessDenied, match="set KUBO_AUTH to bearer:TOKEN or basic:") as caught:
        made.runner.run(pinner.ready())
    assert "wrong-token" not in str(caught.value)
    made.runner.run(pinner.aclose())
