"""check: a receipt's proof done again, offline

given what was saved, it checks, also moved to another place
given one field changed, dropped, or of another form, it is refused
given any JSON in any place, it is refused with an error of ours
given another picture or CAR, or none, it is refused
"""

import asyncio
import io
import json
import os
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.dags import SHARDED
from support.shelves import OTHER_PICTURE, PICTURE, file_cid, resolution_of, shelf_of, token_shelf

from pfpkit.car import read_car, write_car
from pfpkit.cid import Block, cid_of
from pfpkit.errors import BadContent, BadRecord, NotFound, PfpkitError, Unverified
from pfpkit.images import Limits
from pfpkit.receipt import Receipt
from pfpkit.recheck import check
from pfpkit.reference import Standard

REFUSED = (Unverified, BadRecord)


def checked(path, limits=None):
    return asyncio.run(check(path, limits))


def places(value, path=()):
    """The path of every value in a JSON document, the leaves and what holds them."""
    inner = {dict: dict.items, list: enumerate}.get(type(value), lambda _: ())
    for key, child in inner(value):
        yield (*path, key)
        yield from places(child, (*path, key))


def put(document, path, value):
    """The document with another value in one place."""
    changed = json.loads(json.dumps(document))
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return changed


@pytest.fixture
def document(saved):
    """The receipt as JSON."""
    return json.loads(saved.receipt.read_bytes())


def test_check__when_untouched__gives_the_receipt_and_the_proof(saved, resolution):
    """The same facts as when it was resolved."""
    receipt, proof = checked(saved.receipt)
    assert receipt == resolution.receipt.beside("avatar.png", "avatar.car")
    assert (proof.picture, proof.blocks) == (PICTURE, resolution.proof.blocks)


def test_check__when_moved__holds_there(saved, tmp_path):
    """Three files are all it needs."""
    moved = saved.receipt.parent.rename(tmp_path / "elsewhere")
    assert checked(moved / "avatar.receipt.json")[1].picture == PICTURE


def test_check__when_the_folder_has_other_files__proves_its_token_alone(tmp_path):
    """A token of somebody else's collection: a sharded folder of which a part is in the CAR."""
    files = {f"other-{n}": b"%d" % n for n in range(40)}
    files |= {"7.json": json.dumps({"image": f"ipfs://{file_cid(PICTURE)}"}).encode()}
    shelf = shelf_of(files, SHARDED)
    picture = shelf_of({"image": PICTURE})
    blocks = (*shelf.blocks, *picture.blocks)

    class Foreign(tuple):
        uris = (f"ipfs://{shelf.root}/7.json", None)

    foreign = Foreign()
    foreign.blocks = blocks
    saved = resolution_of(foreign).save(tmp_path, "avatar")
    receipt, proof = checked(saved.receipt)
    assert (receipt.verdict, proof.picture) == ("verified", PICTURE)
    assert len(proof.blocks) < len(blocks)


def other_values(value):
    """What a field might be changed into."""
    if isinstance(value, str):
        yield from (value + "0", value[:-1], value.swapcase(), "", value + " ")
        yield value.replace("ipfs://", "ipfs://ipfs/").replace("metadata", "%6detadata") + "\0"
    if isinstance(value, int):
        yield from (value + 1, -value, float(value), str(value), bool(value), 10**15)
    yield from (None, True, 0, [], {}, "x", "\x1b[2J")


def test_check__when_any_single_field_is_changed__is_refused(saved, document):
    """Every value of the receipt but when it was resolved and what that took, in many ways."""
    tried = 0
    for path in places(document):
        old = document
        for key in path:
            old = old[key]
        for value in other_values(old):
            same = type(value) is type(old) and value == old
            if same or (path == ("resolved_at",) and _is_time(value)):
                continue
            if path[-1] == "took_ms" and type(value) is int and value >= 0:
                continue
            saved.receipt.write_text(json.dumps(put(document, path, value)))
            with pytest.raises((*REFUSED, NotFound)) as refusal:
                checked(saved.receipt)
            assert str(refusal.value).isprintable(), (path, value)
            assert len(str(refusal.value)) < 1000, (path, value)
            tried += 1
    assert tried > 500


def _is_time(value):
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value)


def test_check__when_a_uri_is_spelt_otherwise__is_another_receipt(saved, document):
    """They lead to the same blocks, and are not what the contract said."""
    for field in ("token_uri", "image_uri"):
        root, name = document[field].removeprefix("ipfs://").split("/")
        spellings = [
            f"ipfs://ipfs/{root}/{name}",
            f"ipfs://{root}//{name}",
            f"ipfs://{root}/{name}/",
        ]
        spellings += [f"ipfs://{root}/%{ord(name[0]):02x}{name[1:]}"]
        if field == "image_uri":
            spellings += [None, f"ipfs://{document['cids']['image']}"]
        for spelling in spellings:
            saved.receipt.write_text(json.dumps(document | {field: spelling}))
            with pytest.raises(Unverified, match="states another steps"):
                checked(saved.receipt)


def test_check__when_any_field_is_missing_or_added__is_refused(saved, document):
    """Nothing has a default, and nothing is passed over."""
    for path in [(), *places(document)]:
        holder = document
        for key in path:
            holder = holder[key]
        if not isinstance(holder, dict):
            continue
        for key in holder:
            less = {name: value for name, value in holder.items() if name != key}
            saved.receipt.write_text(json.dumps(put(document, path, less) if path else less))
            with pytest.raises(BadRecord):
                checked(saved.receipt)
        more = {**holder, "note": "hello"}
        saved.receipt.write_text(json.dumps(put(document, path, more) if path else more))
        with pytest.raises(BadRecord):
            checked(saved.receipt)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=10)
    | st.sampled_from(["passed", "failed", "verified", "..", ".", "/etc/passwd", "a\0b", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["name", "number", "bundle", "picture"]), inner)
    ),
    max_leaves=4,
)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=JSON, data=st.data())
def test_check__when_any_place_has_any_json__is_refused_by_an_error_of_ours(
    saved, resolution, value, data
):
    """Unverified or BadRecord or a missing file; never a traceback, never accepted."""
    document = json.loads(resolution.receipt.beside("avatar.png", "avatar.car").encode())
    path = data.draw(st.sampled_from([*places(document)]))
    text = json.dumps(put(document, path, value))
    assume(text != json.dumps(document))
    assume(path[-1] != "took_ms" or type(value) is not int or value < 0)
    saved.receipt.write_text(text)
    with pytest.raises((*REFUSED, NotFound)) as refusal:
        checked(saved.receipt)
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff", "not UTF-8"),
        (b"[]", "is no receipt"),
        (b"7", "is no receipt"),
        (b'{"type":"pfpkit-receipt"}', "is of version None"),
        (b'{"type":"pfpkit-receipt","version":2}', "is of version 2; this reads 3"),
        (b'{"type":"pfpkit-receipt","version":true}', "is of version True"),
        (b'{"type":"pfpkit-receipt","version":3.0}', "is of version 3.0"),
        (b'{"type":"pfpkit-receipt","version":"\\u001b[2J"}', r"is of version '\\x1b"),
        (b'{"type":"pfpkit-receipt","version":3}', "is missing"),
        (b'{"type":"x","type":"pfpkit-receipt"}', "is there twice"),
        (b"[" * 100_000, "nested too deep"),
        (b" " * (2**23 + 1), "too large"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_load__when_it_is_no_receipt__says_what_it_is(tmp_path, text, reason):
    """With the path."""
    path = tmp_path / "x.receipt.json"
    path.write_bytes(text)
    with pytest.raises(BadRecord, match=reason) as refusal:
        Receipt.load(path)
    assert str(path) in str(refusal.value)


def test_load__when_it_is_no_file__says_so(tmp_path):
    """Nothing, a folder, or a pipe that would never end."""
    with pytest.raises(NotFound, match="No such file or directory; name a receipt"):
        Receipt.load(tmp_path / "absent")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(BadRecord, match="is no file"):
            Receipt.load(path)


@pytest.mark.parametrize("field", ["picture", "car"])
@pytest.mark.parametrize(
    "name",
    ["..", ".", "", "/etc/hostname", "../avatars/avatar.png", "x/../avatar.car", "a\0b", None],
)
def test_check__when_a_file_name_is_a_path__is_refused(saved, document, field, name):
    """Files are beside the receipt, and nowhere else."""
    document["files"][field] = name
    saved.receipt.write_text(json.dumps(document))
    with pytest.raises(BadRecord, match=r"beside it"):
        checked(saved.receipt)


@pytest.mark.parametrize("name", ["avatar.html", "avatar.svg", "avatar.png.js", "avatar"])
@pytest.mark.parametrize("field", ["picture", "car"])
def test_check__when_a_file_has_another_ending__is_refused(saved, document, field, name):
    """Though its bytes are right: a picture may be a page too, and a browser goes by the name."""
    written = saved.picture if field == "picture" else saved.car
    written.rename(written.with_name(name))
    document["files"][field] = name
    saved.receipt.write_text(json.dumps(document))
    with pytest.raises(BadRecord, match=r"which would end in \.(png|car); resolve"):
        checked(saved.receipt)


def test_check__when_a_file_is_missing__names_it(saved):
    """Picture or CAR."""
    saved.picture.unlink()
    with pytest.raises(NotFound, match=r"avatar\.png cannot be read"):
        checked(saved.receipt)
    saved.car.unlink()
    with pytest.raises(NotFound, match=r"avatar\.car cannot be read"):
        checked(saved.receipt)


@pytest.mark.parametrize("data", [OTHER_PICTURE, PICTURE + b"\0", PICTURE[:-1], b""])
def test_check__when_the_picture_was_swapped__is_refused(saved, data):
    """Whatever the CAR proves, this file is not it."""
    saved.picture.write_bytes(data)
    with pytest.raises(Unverified, match=r"avatar\.png is not the picture that avatar"):
        checked(saved.receipt)


def test_check__when_a_file_is_endless__stops_reading(saved):
    """At the limit of what a proof can have."""
    for path in (saved.picture, saved.car):
        with path.open("r+b") as file:
            file.truncate(2**40)
        with pytest.raises(BadRecord, match="too large for a proof"):
            checked(saved.receipt)


def test_check__when_the_car_is_cut_short_anywhere__is_refused(saved):
    """Between blocks as well as within them."""
    whole = saved.car.read_bytes()
    for size in range(0, len(whole), 37):
        saved.car.write_bytes(whole[:size])
        with pytest.raises((BadContent, Unverified)) as refusal:
            checked(saved.receipt)
        assert "avatar.car" in str(refusal.value)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_check__when_any_bit_of_the_car_is_flipped__is_refused(saved, resolution, data):
    """In a header, a length, a CID or a block."""
    out = io.BytesIO()
    write_car(out, [resolution.proof.bundle], resolution.proof.blocks)
    wrong = bytearray(out.getvalue())
    bit = data.draw(st.integers(0, len(wrong) * 8 - 1))
    wrong[bit // 8] ^= 1 << bit % 8
    saved.car.write_bytes(wrong)
    with pytest.raises(PfpkitError):
        checked(saved.receipt)


def rewritten(saved, change):
    """The CAR with another list of roots and blocks."""
    with saved.car.open("rb") as file:
        roots, blocks = read_car(file)
        roots, blocks = change(roots, list(blocks))
    with saved.car.open("wb") as file:
        write_car(file, roots, blocks)


EXTRA = Block(cid_of(b"extra"), b"extra")
CHANGES = {
    "lacks a block": lambda roots, blocks: (roots, blocks[1:]),
    "lacks the last block": lambda roots, blocks: (roots, blocks[:-1]),
    "has no block": lambda roots, blocks: (roots, []),
    "has an extra block": lambda roots, blocks: (roots, [*blocks, EXTRA]),
    "has a block twice": lambda roots, blocks: (roots, [*blocks, blocks[0]]),
    "has another order": lambda roots, blocks: (roots, blocks[::-1]),
    "has another root": lambda roots, blocks: ([EXTRA.cid], blocks),
    "has two roots": lambda roots, blocks: ([*roots, EXTRA.cid], blocks),
}


@pytest.mark.parametrize("change", CHANGES)
def test_check__when_the_car_is_another__is_refused(saved, change):
    """Only the proof's own blocks, once each: nothing rides along."""
    rewritten(saved, CHANGES[change])
    with pytest.raises((BadContent, Unverified), match=r"avatar\.(car|receipt)"):
        checked(saved.receipt)


def test_check__when_the_receipt_is_not_verified__does_not_check(tmp_path):
    """One that was printed for another reason has neither CAR nor picture."""
    found = resolution_of(token_shelf(), holder="0x" + "11" * 20)
    path = tmp_path / "x.receipt.json"
    path.write_bytes(found.receipt.encode())
    assert Receipt.load(path) == found.receipt
    with pytest.raises(Unverified, match="says not-owner, so there is nothing that it proves"):
        checked(path)


def test_check__when_not_owner_but_whole__says_the_verdict(tmp_path, saved):
    """Intact is not verified."""
    found = resolution_of(token_shelf(), holder="0x" + "11" * 20)
    saved.receipt.write_bytes(found.receipt.beside("avatar.png", "avatar.car").encode())
    with pytest.raises(Unverified, match="says not-owner, so there is nothing that it proves"):
        checked(saved.receipt)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"owner": None}, "names no owner"),
        ({"owner": "0x" + "00" * 20, "holder": None}, "names no owner"),
        ({"balance": "7"}, "names no owner"),
        ({"resolved_at": "9999-99-99T99:99:99Z"}, "which is no time"),
    ],
)
def test_check__when_the_chain_s_word_cannot_be_so__is_refused(saved, change, words):
    """Its steps say the same, so that nothing but sense speaks against it."""
    fields = json.loads(saved.receipt.read_bytes()) | change
    for step in fields["steps"]:
        if step["name"] == "owner" and "owner" in change:
            step["reason"] = f"{change['owner']} owns it at that block"
    saved.receipt.write_text(json.dumps(fields))
    with pytest.raises(BadRecord, match=words):
        checked(saved.receipt)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"balance": 2**256}, "which no chain can state"),
        ({"image_uri": "ipfs://x/image"}, "no token of ERC-1155 is read with"),
        ({"token_uri": "ipfs://x/{id}"}, "no token of ERC-1155 is read with"),
        ({"token_uri": "ipfs://" + "x" * 2**20}, "which is not read"),
    ],
)
def test_load__when_an_erc1155_receipt_cannot_be_so__is_refused(saved, change, words):
    """One that `resolve` may write loads, with a balance of all that a contract can state."""
    receipt = Receipt.load(saved.receipt)
    multi = replace(
        receipt,
        token=replace(receipt.token, standard=Standard.ERC1155),
        owner=None,
        balance=2**256 - 1,
        image_uri=None,
    )
    saved.receipt.write_bytes(multi.encode())
    assert Receipt.load(saved.receipt) == multi
    saved.receipt.write_bytes(replace(multi, **change).encode())
    with pytest.raises(BadRecord, match=words):
        Receipt.load(saved.receipt)


def test_check__when_limits_are_tighter__is_refused(saved):
    """A platform's own limits decide what it shows."""
    with pytest.raises(Unverified, match="media does not hold"):
        checked(saved.receipt, Limits(max_width=36))
