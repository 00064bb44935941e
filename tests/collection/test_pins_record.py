"""Pins: given entries, keeps them sorted and merged; saved and loaded, they are the same;

when the record is damaged, BadRecord names the line and what to do, and the file stays as it was.
"""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pfpkit.cid import CID, DAG_PB, cid_of
from pfpkit.errors import BadRecord
from pfpkit.pins import PinEntry, PinnedBy, Pins, ReadBack, record
from pfpkit.provenance import Provenance

NOW, LATER = "2026-11-20T18:30:00Z", "2026-11-21T09:00:00Z"


def entry(key="1", data=b"a", pinners=(), routes=()):
    return PinEntry(
        key,
        cid_of(data, DAG_PB),
        cid_of(data),
        tuple(PinnedBy(name, NOW, 3, 47_000) for name in pinners),
        tuple(ReadBack(url, NOW) for url in routes),
    )


NAMES = st.lists(st.sampled_from(["blockstore", "kubo", "pinata"]), unique=True, max_size=3)
ENTRIES = st.builds(
    entry,
    st.integers(0, 10**40).map(str) | st.just("collection"),
    st.binary(max_size=2),
    NAMES,
    NAMES.map(lambda names: [f"https://{name}.example" for name in names]),
)


@given(st.lists(ENTRIES, max_size=8))
def test_pins__when_saved_and_loaded__are_the_same(tmp_path_factory, entries):
    """Whatever was recorded comes back, and the same entries give the same bytes."""
    path = tmp_path_factory.mktemp("pins") / "pins.json"
    pins = Pins()
    for one in entries:
        pins = pins.merged(Pins((one,)))
    pins.save(path)
    assert Pins.load(path) == pins
    assert path.read_bytes() == pins.encode()


@settings(deadline=None)  # a busy machine
@given(st.lists(ENTRIES, max_size=8))
def test_load__when_written_by_hand__is_the_same_as_our_own_lines(tmp_path_factory, entries):
    """Our own lines are read in a faster way; one blank more, and they are read as JSON."""
    path = tmp_path_factory.mktemp("pins") / "pins.json"
    pins = Pins().merged(Pins(tuple({e.key: e for e in entries}.values())))
    pins.save(path)
    ours = Pins.load(path)
    path.write_bytes(path.read_bytes().replace(b"{\n", b"{ \n", 1))
    assert Pins.load(path) == ours == pins


@pytest.mark.parametrize("name", ['a "quoted" one', "back\\slash", "täglich", "\u2028"])
def test_pins__when_a_name_is_odd__comes_back(tmp_path, name):
    """Names of services and gateways are texts of others."""
    pins = Pins((entry("1", pinners=[name], routes=[name]), entry("2", b"b", ["kubo"])))
    pins.save(tmp_path / "pins.json")
    assert Pins.load(tmp_path / "pins.json") == pins


@pytest.mark.parametrize("key", ["x", "-1", "01", "3", ""])
def test_get__when_there_is_no_such_entry__is_none(key):
    """Whatever somebody typed."""
    assert Pins((entry("1"), entry("2"))).get(key) is None


def test_pins__when_entries_come_in_any_order__are_sorted_by_number():
    """The collection is first, and 10 comes after 9."""
    pins = Pins()
    for key in ("10", "9", "collection", "1"):
        pins = pins.merged(Pins((entry(key),)))
    assert [e.key for e in pins.entries] == ["collection", "1", "9", "10"]
    assert [e.key for e in pins.tokens] == ["1", "9", "10"]
    assert pins.get(9).key == "9"
    assert pins.get("collection").key == "collection"
    assert pins.get(2) is None


def test_pins__when_absent__are_empty(tmp_path):
    """No record is the record of nothing."""
    assert Pins.load(tmp_path / "pins.json") == Pins()


def test_merged__when_the_bundle_is_the_same__adds_what_is_new():
    """Two back ends and two routes are remembered side by side, the later time wins."""
    first = entry(pinners=["kubo"], routes=["https://a.example"])
    again = PinEntry("1", first.bundle, first.image, (PinnedBy("kubo", LATER, 3, 47_000),))
    both = Pins((first,)).merged(Pins((entry(pinners=["pinata"]),))).merged(Pins((again,))).get(1)
    assert [(pin.pinner, pin.at) for pin in both.pinners] == [("kubo", LATER), ("pinata", NOW)]
    assert both.read_back == first.read_back


def test_merged__when_the_later_one_has_no_counts__keeps_what_was_known():
    """Blocks and bytes of a bundle do not change; a later one that has some is believed."""
    known, unknown = entry(pinners=["kubo"]), PinnedBy("kubo", LATER)
    merged = Pins((known,)).merged(Pins((replace(known, pinners=(unknown,)),)))
    assert merged.get(1).pinners == (PinnedBy("kubo", LATER, 3, 47_000),)
    counted = PinnedBy("kubo", LATER, 4, 48_000)
    assert merged.merged(Pins((replace(known, pinners=(counted,)),))).get(1).pinners == (counted,)


def test_merged__when_the_bundle_is_another__forgets_the_old_one():
    """Nobody holds what has just been changed."""
    old = entry(pinners=["kubo"], routes=["https://a.example"])
    new = Pins((old,)).merged(Pins((entry(data=b"b"),))).get(1)
    assert (new.pinners, new.read_back) == ((), ())
    assert new.bundle != old.bundle


def test_save__when_saved__is_one_line_an_entry(tmp_path):
    """Adding a token adds one line and changes none: so git merges."""
    path = tmp_path / "pins.json"
    Pins((entry("1"),)).save(path)
    before = path.read_text().splitlines()
    Pins((entry("1"), entry("2", b"b"))).save(path)
    after = path.read_text().splitlines()
    assert len(after) == len(before) + 1
    assert [line for line in after if line in before] == before
    assert after[-2:] == ['"version": 1', "}"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_save__when_nothing_changed__leaves_the_file_alone(tmp_path):
    """A second run touches nothing."""
    path = tmp_path / "a" / "pins.json"
    Pins((entry(),)).save(path)
    os.utime(path, (1, 1))
    Pins((entry(),)).save(path)
    assert path.stat().st_mtime == 1
    assert [p.name for p in path.parent.iterdir()] == ["pins.json"]


def test_save__when_the_disk_is_full__keeps_the_old_record(tmp_path):
    """A real write that fails half way leaves the old bytes and nothing beside them."""
    path = tmp_path / "pins.json"
    Pins((entry(),)).save(path)
    before = path.read_bytes()
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from pfpkit.cid import DAG_PB, cid_of\n"
        "from pfpkit.errors import BadRecord\n"
        "from pfpkit.pins import PinEntry, Pins\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "root, image = cid_of(b'', DAG_PB), cid_of(b'')\n"
        "pins = Pins(tuple(PinEntry(str(n), root, image) for n in range(99)))\n"
        "try: pins.save(Path(sys.argv[1]))\n"
        "except BadRecord as error: print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    assert run.stdout == f"{path} cannot be written: File too large; it is as it was before\n"
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["pins.json"]


def test_record__when_four_processes_write__keeps_every_entry(tmp_path):
    """Load, merge and save are one step beside other processes."""
    path = tmp_path / ".pfpkit" / "pins.json"
    code = (
        "import sys; from pathlib import Path\n"
        "from pfpkit.cid import DAG_PB, cid_of\n"
        "from pfpkit.pins import PinEntry, record\n"
        "for n in range(int(sys.argv[2]), 40, 4):\n"
        "    record(Path(sys.argv[1]), [PinEntry(str(n), cid_of(b'', DAG_PB), cid_of(b''))])\n"
    )
    runs = [subprocess.Popen([sys.executable, "-c", code, path, str(n)]) for n in range(4)]
    assert [run.wait(timeout=60) for run in runs] == [0] * 4
    assert [e.key for e in Pins.load(path).entries] == [str(n) for n in range(40)]
    assert record(path, []) == Pins.load(path)


def _changed(old, new):
    text = Pins(
        (entry("1", pinners=["kubo"]), entry("2", b"b", [], ["https://a.example"]))
    ).encode()
    assert old in text
    return text.replace(old, new, 1)


BUNDLE = str(entry("2", b"b").bundle).encode()
DAMAGED = {
    "not JSON": (
        _changed(b'"2": {', b'"2" {'),
        r"not JSON at line 3 column 5: .*restore it from git",
    ),
    "cut short": (_changed(b'"version": 1\n}\n', b""), "not JSON at line 4"),
    "empty": (b"", "not JSON at line 1 column 1"),
    "not UTF-8": (b"\xff", "cannot be read: .*restore it from git"),
    "an open merge": (
        _changed(b'"2"', b'<<<<<<< HEAD\n"2"'),
        "an unfinished merge at line 3; keep",
    ),
    "a later version": (_changed(b": 1\n", b": 2\n"), "line 4: version 2, and this pfpkit reads"),
    "no version": (b"{}", "version None, and this pfpkit reads version 1"),
    "a list": (b"[]", "version None"),
    "the same token twice": (
        _changed(b'"2": {', b'"1": {'),
        "'1' is there twice; keep one of them",
    ),
    "a key that is no number": (
        _changed(b'"2": {', b'"02": {'),
        "line 3: '02': .* neither a token",
    ),
    "a bundle that is no CID": (_changed(BUNDLE, b"bafyx"), "line 3: '2': .*restore it from git"),
    "another digest": (
        _changed(b'"digest": "0x', b'"digest": "0y'),
        "line 2: '1': its digest is not",
    ),
    "a bundle that is a file": (
        _changed(str(entry().bundle).encode(), str(entry().image).encode()),
        "line 2: '1': .* is no directory",
    ),
    "a field missing": (
        _changed(b'"read_back": []', b'"x": []'),
        "line 2: '1': 'read_back' is missing",
    ),
    "no list": (_changed(b'"read_back": []', b'"read_back": {}'), "line 2: .* list of objects"),
    "no time": (
        _changed(NOW.encode(), b"yesterday"),
        "line 2: '1': 'yesterday' is no time such as",
    ),
    "no count": (_changed(b'"blocks": 3', b'"blocks": -3'), "line 2: '1': -3 has to be a count"),
    "no object": (b'{\n"1": 3,\n"version": 1\n}', "line 2: '1': it is not an object"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_load__when_damaged__names_the_line_and_what_to_do(tmp_path, name):
    """The message names file and line, and no step of the program writes over the file."""
    data, words = DAMAGED[name]
    path = tmp_path / "pins.json"
    path.write_bytes(data)
    with pytest.raises(BadRecord, match=words) as caught:
        record(path, [entry("3")])
    assert str(caught.value).startswith(str(path))
    assert path.read_bytes() == data


def test_entry__when_a_value_is_wrong__refuses():
    """Only a directory can be a bundle, and only a number or the collection is a key."""
    good = entry()
    assert good.digest == good.bundle.digest
    with pytest.raises(BadRecord, match="neither a token number nor 'collection'"):
        entry("-1")
    with pytest.raises(BadRecord, match="is no directory"):
        PinEntry("1", good.image, good.image)
    with pytest.raises(BadRecord, match="is no directory"):
        PinEntry("1", CID(0, DAG_PB, good.digest), good.image)


def test_save__when_the_folder_is_a_file__says_so():
    """One sentence instead of a traceback."""
    with pytest.raises(BadRecord, match="cannot be written: "):
        Pins((entry(),)).save(Path(__file__) / "pins.json")
    with pytest.raises(BadRecord, match="cannot be written: "):
        record(Path(__file__) / "pins.json", [])


def test_provenance__when_taken__is_the_hash_of_the_digests_in_token_order():
    """What anybody computes from the record in two lines; 10 comes after 9, the collection not."""
    pins = Pins(tuple(entry(k, k.encode()) for k in ("collection", "2", "9", "10")))
    tokens = {e.key: e.bundle for e in reversed(pins.tokens)}
    record = json.loads(pins.with_whole(tokens, None).encode())
    numbers = sorted((key for key in record if key.isdecimal()), key=int)
    text = "".join(record[number]["digest"][2:] for number in numbers)
    assert record["provenance"] == {
        "sha256": f"0x{hashlib.sha256(bytes.fromhex(text)).hexdigest()}",
        "tokens": 3,
    }


@pytest.mark.parametrize("blank", [b"{\n", b"{ \n"])
def test_provenance__when_recorded__comes_back_until_a_bundle_changes(tmp_path, blank):
    """Also from a record that was edited; a changed or a new token is not in it."""
    path = tmp_path / "pins.json"
    tokens = {"1": entry("1").bundle, "2": entry("2", b"b").bundle}
    made = record(path, [entry("1"), entry("2", b"b")], tokens)
    path.write_bytes(path.read_bytes().replace(b"{\n", blank, 1))
    assert Pins.load(path) == made
    assert made.whole.provenance == Provenance.of(bundle.digest for bundle in tokens.values())
    assert (
        made.merged(Pins((entry("1", pinners=["kubo"]),))).whole.provenance == made.whole.provenance
    )
    assert made.merged(Pins((entry("1", b"c"),))).whole.provenance is None
    assert made.merged(Pins((entry("3"),))).whole.provenance is None


def test_provenance__when_the_record_lacks_a_token__is_not_written(tmp_path):
    """It would be of a collection that is not pinned."""
    tokens = {"1": entry("1").bundle, "2": entry("2", b"b").bundle}
    assert record(tmp_path / "pins.json", [entry("1")], tokens).whole.provenance is None
    made = record(tmp_path / "pins.json", [entry("2", b"other")], tokens)
    assert made.whole.provenance is None
    assert b"provenance" not in (tmp_path / "pins.json").read_bytes()


def test_provenance__when_a_merge_leaves_two__is_neither(tmp_path):
    """Both sides changed a token: the hash of both together is in none of the lines."""
    path = tmp_path / "pins.json"
    record(path, [entry("1")], {"1": entry("1").bundle})
    head, line, *rest = path.read_text().splitlines(keepends=True)
    path.write_text("".join([head, line, line.replace("0x", "0xff")[:84] + line[84:], *rest]))
    assert Pins.load(path) == Pins((entry("1"),))


def test_load__when_a_line_below_the_provenance_is_wrong__names_its_number(tmp_path):
    """The line that an editor shows."""
    path = tmp_path / "pins.json"
    record(path, [entry("1")], {"1": entry("1").bundle})
    path.write_text(path.read_text().replace('"digest": "0x', '"digest": "0y'))
    with pytest.raises(BadRecord, match="line 3: '1': its digest is not that of its bundle"):
        Pins.load(path)
