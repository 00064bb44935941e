"""PinataPinner: what only Pinata's v3 API does

uploads: one form, or pieces by TUS that go on where they were cut
lists: in pages, or one CID; files whose CID is pending have none yet
"""

import pytest
from support.backends import bench
from support.dags import dag_of
from support.hostile_service import Fault, Reply
from support.pinning_peers import JWT, Kubo, parts_of

from pfpkit.errors import AccessDenied, NotPinned, PinError, Unavailable, WrongCID
from pfpkit.pinning.parcel import Parcel
from pfpkit.unixfs import UNIXFS_V1_2025

DAG = dag_of({"image": bytes(range(256)) * 20, "metadata.json": b"{}"}, UNIXFS_V1_2025)
LENGTH = Parcel.of(DAG).length
UPLOAD = "/v3/files/up-0"


@pytest.fixture
def made(tmp_path):
    with bench("pinata", tmp_path, retries=3) as running:
        yield running


@pytest.fixture
def tus(tmp_path):
    """Every upload is resumable, in pieces of 1,000 bytes."""
    with bench("pinata-tus", tmp_path, retries=3) as running:
        yield running


def sent(peer):
    """The offsets and lengths of all pieces."""
    patches = peer.asked(UPLOAD, "PATCH")
    return [(int(r.headers["upload-offset"]), len(r.body)) for r in patches]


def test_pin__when_small__is_one_public_car(made):
    """The form as Pinata's page "Upload by CAR File" has it."""
    made.pin(DAG, label="Pip 1")
    (request,) = made.peer.requests
    parts = parts_of(request)
    assert {name: part[0][1] for name, part in parts.items() if name != "file"} == {
        "network": b"public",
        "name": b"Pip 1",
        "car": b"true",
    }
    assert parts["file"][0][0] == f"{DAG.root}.car"
    assert request.headers["authorization"] == f"Bearer {JWT}"


def test_pin__when_the_plan_is_free__says_what_else_there_is(made):
    """CARs need a paid plan."""
    made.peer.next(Reply(403, {"error": {"code": 403, "message": "CAR uploads need a paid plan"}}))
    with pytest.raises(AccessDenied, match=r"CAR uploads need a paid plan.*pinata-classic"):
        made.pin(DAG)


def test_pin__when_large__goes_in_pieces_with_its_metadata(tus):
    """Each piece once, in order, and nothing else."""
    tus.pin(DAG, label="Pip 1")
    pieces = sent(tus.peer)
    assert [offset for offset, _ in pieces] == list(range(0, LENGTH, 1000))
    assert sum(length for _, length in pieces) == LENGTH
    (metadata, length, _) = tus.peer.uploads["up-0"]
    assert length == LENGTH
    assert metadata == {
        "filename": "Pip 1",
        "filetype": "application/vnd.ipld.car",
        "network": "public",
        "car": "true",
    }


@pytest.mark.parametrize("after", [False, True], ids=["before it took the piece", "after"])
@pytest.mark.parametrize("fault", [Fault.HANGS_UP, Fault.CUT, Reply(500), Reply(409)], ids=str)
def test_pin__when_a_piece_is_cut__goes_on_where_it_stopped(tus, fault, after):
    """The server is asked for its offset; no byte that arrived is sent again."""
    tus.peer.next(fault, path=UPLOAD, after=after)
    tus.pin(DAG)
    assert str(DAG.root) in tus.peer.pins
    pieces = -(-LENGTH // 1000)
    assert len(sent(tus.peer)) == (pieces if after else pieces + 1)
    assert len(tus.peer.asked(UPLOAD, "HEAD")) == 1


def test_pin__when_the_last_answer_is_lost__is_found_in_the_list(tus):
    """All bytes arrived; only the CID was not heard."""
    original = tus.peer.answer

    def answer(request):
        right = original(request)
        return Reply(500) if "upload-cid" in right.headers else right

    tus.peer.answer = answer
    (receipt,) = tus.pin(DAG)
    assert receipt.new
    assert sum(length for _, length in sent(tus.peer)) == LENGTH


def test_pin__when_taken_and_never_listed__is_not_pinned(tus):
    """The check that follows an upload failed there."""
    tus.peer.says_upload_cid = False
    tus.peer.pins_nothing = True
    with pytest.raises(NotPinned, match=f"took all bytes of {DAG.root}, and does not list it"):
        tus.pin(DAG)
    assert sum(tus.clock.slept) >= 30


def test_pin__when_the_upload_is_elsewhere__sends_nothing_there(tus):
    """The JWT would go with it."""
    with Kubo() as elsewhere:
        tus.peer.upload_place = f"{elsewhere.url}/v3/files/up-0"
        with pytest.raises(PinError, match="another origin; nothing was sent there"):
            tus.pin(DAG)
        assert elsewhere.requests == []


@pytest.mark.parametrize("place", ["http://[broken", "//user@evil.example/x"])
def test_pin__when_the_place_is_no_place_of_ours__is_refused(tus, place):
    """Text that a URL parser may take for something else."""
    tus.peer.upload_place = place
    with pytest.raises(PinError, match="nothing was sent there"):
        tus.pin(DAG)
    assert sent(tus.peer) == []


@pytest.mark.parametrize(
    ("head", "kind", "reason"),
    [
        (Reply(200, headers={"Upload-Offset": "0"}), PinError, "it lost bytes"),
        (Reply(404), PinError, "404 Not Found"),
        (Reply(410), PinError, "410 Gone"),
        (Reply(200, headers={"Upload-Offset": "9" * 30}), Unavailable, "how much has arrived"),
        (Reply(200, headers={"Upload-Offset": "-1"}), Unavailable, "how much has arrived"),
        (Reply(200), Unavailable, "how much has arrived"),
    ],
    ids=["lost", "gone", "expired", "too much", "negative", "nothing"],
)
def test_pin__when_it_cannot_go_on__says_why(tus, head, kind, reason):
    """An offset that makes no sense is no offset."""
    original = tus.peer.answer

    def answer(request):
        is_second = request.headers.get("upload-offset") == "1000"
        if request.method == "HEAD":
            return head
        return Reply(500) if is_second else original(request)

    tus.peer.answer = answer
    with pytest.raises(kind, match=reason):
        tus.pin(DAG)
    assert tus.peer.pins == {}


def test_pin__when_the_upload_has_another_cid__is_an_error(tus):
    """Resumable or not."""
    tus.peer.wrong_cid = True
    with pytest.raises(WrongCID, match=str(DAG.root)):
        tus.pin(DAG)


def test_held__when_an_account_is_huge__asks_one_by_one(made):
    """Two questions instead of a thousand pages."""
    made.peer.pins = {str(dag_of({"n": b"%d" % n}).root): f"f{n}" for n in range(300)}
    made.peer.page = 1
    roots = [dag_of({"n": b"%d" % n}).root for n in (7, 299, 300)]
    (found,) = made.run(lambda pinner: pinner.held(roots))
    assert found == set(roots[:2])
    assert len(made.peer.requests) <= 2 * len(roots)


def test_has__when_the_filter_is_ignored__is_not_fooled(made):
    """An answer that lists other files."""
    other = {"id": "x", "cid": str(dag_of({"a": b"a"}).root)}
    pending = {"id": "y", "cid": "pending"}
    made.peer.next(Reply(200, {"data": {"files": [other, pending, "junk"]}}))
    assert made.run(lambda pinner: pinner.has(DAG.root)) == [False]


def test_unpin__when_somebody_was_faster__is_no_error(made):
    """Gone is gone."""
    made.pin(DAG)
    made.peer.next(Reply(404), path="/v3/files/public/")
    assert made.run(lambda pinner: pinner.unpin(DAG.root)) == [True]


def test_unpin__when_the_id_is_odd__stays_below_its_path(made):
    """An id is the service's text."""
    made.peer.pins[str(DAG.root)] = "../../users/me?x=1"
    made.run(lambda pinner: pinner.unpin(DAG.root))
    assert made.peer.requests[-1].path.startswith("/v3/files/public/..%2F")
    assert made.peer.pins == {}
