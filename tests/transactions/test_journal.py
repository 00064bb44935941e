"""TransactionJournal: what was signed is on the disk before it is sent, and signed for once.

given a killed process, what it wrote is there and what it half wrote is not;
given another process, another chain or a damaged line, it is refused;
an effect that is under way, or was, is not signed for again.
"""

from itertools import pairwise

import pytest
from support.anvil import DEPLOYER, HOLDER
from support.collection import digest
from support.sending_stage import LocalSigner, receiver

from pfpkit.errors import BadRecord, TransactionFailed
from pfpkit.reference import NOBODY
from pfpkit.transactions.batches import call_data
from pfpkit.transactions.journal import Done, Place, TransactionJournal, Void
from pfpkit.transactions.signed import Effect, Request

CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
PLACE = Place(31337, "0x" + "ab" * 32, DEPLOYER)
DONE = Done("0x" + "01" * 32, 7, "0x" + "02" * 32, 97_000, 10**9, (1,))
VOID = Void("another transaction had its nonce", 9, "0x" + "03" * 32)


def mint(number):
    """The effect of a mint."""
    return Effect(CONTRACT, NOBODY, receiver(number), digest(number).hex(), "someone.eth")


def signed(nonce, *effects, tip=1, max_fee=100):
    """A real signature of the call that has these effects."""
    data = call_data(effects)
    return LocalSigner().sign(Request(31337, nonce, CONTRACT, data, 200_000, max_fee, tip))


def opened(root, place=PLACE):
    return TransactionJournal(root, place)


def path_of(root):
    """The one journal below a folder."""
    (path,) = root.glob(".pfpkit/transactions/*/journal")
    return path


def test_journal__opened_again__has_every_slot_as_it_was(tmp_path):
    """Two versions of one slot, one done and one void: all of it is read from the file."""
    with opened(tmp_path) as journal:
        slot = journal.sign(signed(0, mint(1), mint(2)), [mint(1), mint(2)], 5)
        journal.replace(slot, signed(0, mint(1), mint(2), tip=2, max_fee=200))
        journal.done(slot, DONE)
        journal.void(journal.sign(signed(1, mint(3)), [mint(3)], 6), VOID)
        journal.sign(signed(2, mint(4)), [mint(4)], 6)
        journal.seal(8, "0x" + "04" * 32)
        before = journal.slots
    with opened(tmp_path) as journal:
        assert journal.slots == before
        assert journal.next_nonce == 3
        assert journal.final == 8
        assert [slot.nonce for slot in journal.open] == [2]
        assert journal.of(mint(1)).done == DONE
        assert journal.of(mint(3)) is None


def test_sign__effect_is_under_way_or_done__is_refused(tmp_path):
    """For whomever it is: one bundle is minted once. When its slot is void, it may be."""
    with opened(tmp_path) as journal:
        first = journal.sign(signed(0, mint(1)), [mint(1)], 5)
        other = Effect(CONTRACT, NOBODY, HOLDER, mint(1).what)
        for effect in (mint(1), other):
            with pytest.raises(BadRecord, match="under way with nonce 0"):
                journal.sign(signed(1, effect), [effect], 5)
        with pytest.raises(BadRecord, match="do a thing twice"):
            journal.sign(signed(1, mint(2), mint(2)), [mint(2), mint(2)], 5)
        journal.void(first, VOID)
        journal.sign(signed(1, mint(1)), [mint(1)], 5)
        with pytest.raises(BadRecord, match="nonce 1 is in"):
            journal.sign(signed(1, mint(9)), [mint(9)], 5)


def test_void__one_of_its_effects_happened__only_the_other_is_free(tmp_path):
    """By another transaction; it is not signed for again, before and after it is read anew."""
    void = Void("another transaction had its nonce", 9, "0x" + "03" * 32, (mint(1).what,))
    with opened(tmp_path) as journal:
        slot = journal.sign(signed(0, mint(1), mint(2)), [mint(1), mint(2)], 5)
        journal.void(slot, void)
    with opened(tmp_path) as journal:
        assert journal.slots[0].void == void
        with pytest.raises(BadRecord, match="nothing was signed for it again"):
            journal.sign(signed(1, mint(1)), [mint(1)], 5)
        journal.sign(signed(1, mint(2)), [mint(2)], 5)


def test_void__was_done_before__is_void_alone(tmp_path):
    """Its block went in a reorganisation, and its nonce to another transaction."""
    with opened(tmp_path) as journal:
        slot = journal.sign(signed(0, mint(1)), [mint(1)], 5)
        journal.done(slot, DONE)
        journal.void(slot, VOID)
        assert (slot.done, slot.void) == (None, VOID)
    with opened(tmp_path) as journal:
        assert (journal.slots[0].done, journal.slots[0].void) == (None, VOID)


def test_replace__call_is_another_one__is_refused(tmp_path):
    """Versions of a slot are one call, of which one alone can be mined."""
    with opened(tmp_path) as journal:
        slot = journal.sign(signed(0, mint(1)), [mint(1)], 5)
        for other in (signed(0, mint(2)), signed(1, mint(1))):
            with pytest.raises(BadRecord, match="another call"):
                journal.replace(slot, other)


def test_journal__held_by_another_process__is_refused(tmp_path):
    """Two that sign for one account would take the same nonces; a plan may read beside one."""
    with opened(tmp_path) as journal:
        journal.sign(signed(0, mint(1)), [mint(1)], 5)
        with pytest.raises(TransactionFailed, match="another process sends"), opened(tmp_path):
            pass
        with TransactionJournal(tmp_path, PLACE, holding=False) as beside:
            assert list(beside.slots) == [0]
    with opened(tmp_path) as journal:
        assert list(journal.slots) == [0]


def test_journal__last_line_was_cut_anywhere__is_as_before_it(tmp_path):
    """Cut in any place, the line was not whole on the disk, so that nothing was sent; cut before
    its end alone, it is whole."""
    with opened(tmp_path) as journal:
        journal.sign(signed(0, mint(1)), [mint(1)], 5)
        path = path_of(tmp_path)
        before = path.stat().st_size
        journal.sign(signed(1, mint(2)), [mint(2)], 5)
    whole = path.read_bytes()
    for end in (*range(before + 1, len(whole) - 1, 97), len(whole) - 2):
        path.write_bytes(whole[:end])
        with opened(tmp_path) as journal:
            assert list(journal.slots) == [0]
            journal.sign(signed(1, mint(3)), [mint(3)], 5)
        with opened(tmp_path) as journal:
            assert journal.of(mint(3)).nonce == 1
    for tail in (whole[:-1], whole[:-1] + b"x"):
        path.write_bytes(tail)
        with opened(tmp_path) as journal:
            assert list(journal.slots) == [0, 1]
    assert path.read_bytes() == whole


def test_journal__line_is_damaged__is_refused(tmp_path):
    """It may have said what is under way; nothing is guessed, and nothing is written."""
    with opened(tmp_path) as journal:
        for nonce in range(3):
            journal.sign(signed(nonce, mint(nonce)), [mint(nonce)], 5)
    path = path_of(tmp_path)
    whole = path.read_bytes()
    ends = [place for place, byte in enumerate(whole) if byte == 10]
    for first, last in pairwise(ends):
        place = (first + last) // 2
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        damaged = path.read_bytes()
        with pytest.raises(BadRecord, match="has a damaged line"), opened(tmp_path):
            pass
        assert path.read_bytes() == damaged


def test_journal__of_another_chain_or_version__is_refused(tmp_path):
    """A folder that was renamed is not another chain's."""
    with opened(tmp_path) as journal:
        journal.sign(signed(0, mint(1)), [mint(1)], 5)
    path = path_of(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"eip155:31337", b"eip155:1", 1))
    with pytest.raises(BadRecord, match="none that this pfpkit reads"), opened(tmp_path):
        pass
    with opened(tmp_path, Place(31337, "0x" + "cd" * 32, DEPLOYER)) as other:
        assert other.slots == {}


def test_journal__disk_is_full__signs_nothing_more(tmp_path, monkeypatch):
    """What could not be written is not sent, and nothing is written behind it."""
    with opened(tmp_path) as journal:
        journal.sign(signed(0, mint(1)), [mint(1)], 5)

        def full(descriptor, data):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("pfpkit.journal.write_all", full)
            with pytest.raises(Exception, match="No space left on device"):
                journal.sign(signed(1, mint(2)), [mint(2)], 5)
        with pytest.raises(Exception, match="not written to any more"):
            journal.sign(signed(1, mint(2)), [mint(2)], 5)
        assert list(journal.slots) == [0]
