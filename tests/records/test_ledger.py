"""Ledger: what services took and gateways gave, until it is in a record

given a run that was killed, the next one knows; given two runs, the second is told to wait
"""

from dataclasses import replace

import pytest

from pfpkit.cid import DAG_PB, cid_of
from pfpkit.errors import BadRecord, PinError
from pfpkit.journal import Journal, row_of
from pfpkit.ledger import Ledger
from pfpkit.pins import PinnedBy, ReadBack

HEAD = "pfpkit pinning journal 2"
ROOT, OTHER = cid_of(b"a", DAG_PB), cid_of(b"b", DAG_PB)
PIN = PinnedBy("kubo", "2026-11-20T18:30:00Z", 3, 47_000)
BACK = ReadBack("https://a.example", "2026-11-20T18:31:00Z")


@pytest.fixture
def folder(tmp_path):
    """A ledger's folder in which one pin and one reading are known."""
    with Ledger(tmp_path / "pinning") as ledger:
        ledger.pinned(ROOT, PIN)
        ledger.read(ROOT, BACK)
    return tmp_path / "pinning"


def test_ledger__when_opened_again__knows_both(folder):
    """The pin with its numbers, the reading with its time."""
    with Ledger(folder) as ledger:
        assert ledger.pin_of("kubo", ROOT) == PIN
        assert ledger.roots("kubo") == {ROOT}
        assert ledger.reads_of(ROOT) == (BACK,)
        assert ledger.pin_of("pinata", ROOT) is None
        assert ledger.pin_of("kubo", OTHER) is None
        assert ledger.reads_of(OTHER) == ()


def test_keep__when_recorded__forgets_it_for_good(folder):
    """And nothing else."""
    with Ledger(folder) as ledger:
        ledger.pinned(OTHER, PIN)
        ledger.keep(lambda _, root: root != ROOT, lambda _, bundle: bundle != ROOT)
    with Ledger(folder) as ledger:
        assert ledger.roots("kubo") == {OTHER}
        assert ledger.reads_of(ROOT) == ()
        ledger.keep(lambda *_: False, lambda *_: False)
    assert list(folder.iterdir()) == []


def test_keep__when_one_service_is_recorded__keeps_the_others(folder):
    """By service and root, and by gateway and bundle."""
    with Ledger(folder) as ledger:
        ledger.pinned(ROOT, replace(PIN, pinner="pinata"))
        ledger.read(ROOT, replace(BACK, gateway="https://b.example"))
        ledger.keep(lambda pinner, _: pinner != "kubo", lambda name, _: name != BACK.gateway)
    with Ledger(folder) as ledger:
        assert (ledger.roots("kubo"), ledger.roots("pinata")) == (frozenset(), {ROOT})
        assert [back.gateway for back in ledger.reads_of(ROOT)] == ["https://b.example"]


def test_lost__when_opened_again__is_held_only_if_pinned_after_it(folder):
    """Also after the journal was written anew."""
    with Ledger(folder) as ledger:
        ledger.lost("kubo", [ROOT, OTHER])
    with Ledger(folder) as ledger:
        assert (ledger.roots("kubo"), ledger.lost_by("kubo")) == (frozenset(), {ROOT, OTHER})
        ledger.pinned(ROOT, PIN)
        ledger.keep(lambda *_: True, lambda *_: False)
    with Ledger(folder) as ledger:
        assert (ledger.roots("kubo"), ledger.lost_by("kubo")) == ({ROOT}, {ROOT, OTHER})


def test_ledger__when_another_run_holds_it__is_refused(folder):
    """Whoever only reads is not; afterwards it is free."""
    with Ledger(folder) as first:
        with pytest.raises(PinError, match="another `ape run pin` is at work"), Ledger(folder):
            pass
        with Ledger(folder, holding=False) as reading:
            assert reading.roots("kubo") == first.roots("kubo")
    with Ledger(folder):
        pass


def test_ledger__when_rows_are_odd__knows_the_others(folder):
    """Right lines of which it can make nothing."""
    odd = [{}, [], "nonsense", ["pin", "kubo", "bafyx", "t", 1, 2], ["pin", "kubo"]]
    with Journal(folder / "journal", HEAD) as journal:
        for row in odd:
            journal.append(row_of(row))
    with Ledger(folder) as ledger:
        assert ledger.roots("kubo") == {ROOT}
        assert ledger.reads_of(ROOT) == (BACK,)
        assert not ledger.damaged


def test_ledger__when_a_line_was_edited__is_damaged_until_it_is_kept_anew(folder):
    """No root that was not taken is said to be, and the reader is told."""
    path = folder / "journal"
    path.write_bytes(path.read_bytes().replace(str(ROOT).encode(), str(OTHER).encode(), 1))
    with Ledger(folder) as ledger:
        assert ledger.roots("kubo") == frozenset()
        assert ledger.reads_of(ROOT) == (BACK,)
        assert ledger.damaged
        ledger.keep(lambda *_: True, lambda *_: True)
    with Ledger(folder) as ledger:
        assert ledger.reads_of(ROOT) == (BACK,)
        assert not ledger.damaged


def test_ledger__when_of_another_version__is_refused_and_kept(folder):
    """What it says of uploads would be lost."""
    path = folder / "journal"
    path.write_bytes(path.read_bytes().replace(b"journal 2", b"journal 3", 1))
    before = path.read_bytes()
    with pytest.raises(BadRecord, match="is none that this pfpkit reads"), Ledger(folder):
        pass
    assert path.read_bytes() == before
    with pytest.raises(BadRecord, match="is none"), Ledger(folder):  # nothing holds the folder
        pass


def test_keep__when_rows_were_superseded__the_file_does_not_grow(folder):
    """A run that fails each night for a year."""
    sizes = []
    for _ in range(20):
        with Ledger(folder) as ledger:
            ledger.pinned(ROOT, PIN)
            ledger.read(ROOT, BACK)
            ledger.keep(lambda *_: True, lambda *_: True)
        sizes.append((folder / "journal").stat().st_size)
    assert max(sizes) <= 3 * min(sizes)
    with Ledger(folder) as ledger:
        assert (ledger.pin_of("kubo", ROOT), ledger.reads_of(ROOT)) == (PIN, (BACK,))


def test_ledger__when_it_cannot_be_written__says_why_it_has_to(tmp_path):
    """Uploads that nobody remembers would be done twice."""
    (tmp_path / "pinning").write_text("a file")
    with (
        pytest.raises(PinError, match=r"cannot be used: .*it has to be a folder"),
        Ledger(tmp_path / "pinning"),
    ):
        pass
