"""upload: services side by side, each bundle once, memory bounded

given a service that fetches from another, it waits for that one's roots; given one that is silent,
it is left alone after a while; given one that hangs, the others end; given large bundles, few are
in memory at once
"""

import asyncio

import pytest
from support.folders import write_collection

from pfpkit import upload as module
from pfpkit.cid import cid_of
from pfpkit.collection import Collection
from pfpkit.errors import AccessDenied, BadInput, PinError, Unavailable
from pfpkit.ledger import Ledger
from pfpkit.pinning import Pace, PinReceipt
from pfpkit.pins import Pins
from pfpkit.plan import make_plan
from pfpkit.upload import Missing, grouped, upload


class Fake:
    """A pinner in memory: `fault` decides which calls fail, `pause_s` how long each takes."""

    def __init__(
        self,
        name,
        after=None,
        fault=lambda number: None,
        pause_s=0.0,
        log=None,
        refused=None,
        until=None,
    ):
        self._refused, self._until = refused, until
        self.name, self.after, self.pace = name, after, Pace()
        self._fault, self._pause_s = fault, pause_s
        self.log = [] if log is None else log
        self.calls = 0
        self.inside = self.most = 0

    def refuses(self, dag):
        return None

    async def ready(self):
        pass

    async def held(self, roots):
        return frozenset()

    async def pin(self, dag, label="", *, again=False):
        self.calls += 1
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            error = self._fault(self.calls)
            await asyncio.sleep(self._pause_s)
            if self._until is not None:
                await self._until.wait()
            if dag.root == self._refused:
                raise PinError("not this one")
            if error is not None:
                raise error
        finally:
            self.inside -= 1
        self.log.append((self.name, dag.root))
        return PinReceipt(self.name, dag.root, 1, 1, True)


@pytest.fixture
def entries(tmp_path):
    """Forty tokens."""
    return tuple(Collection.read(write_collection(tmp_path / "metadata", 40)).tokens)


@pytest.fixture
def run(tmp_path, entries):
    """Upload the forty to some pinners; give the plans and what is missing."""

    def uploaded(*pinners, entries=entries, beside=lambda: asyncio.sleep(0)):
        async def all_of_it():
            with Ledger(tmp_path / "pinning") as ledger:
                plans = await make_plan(entries, pinners, Pins(), ledger)
                done, _ = await asyncio.gather(
                    upload(plans, ledger, lambda *_: None), asyncio.wait_for(beside(), 10)
                )
                return plans, done

        return asyncio.run(all_of_it())

    return uploaded


def test_upload__when_one_fetches_from_another__waits_for_each_bundle(run):
    """Each root is on the first before the second is asked for it."""
    log = []
    first, second = Fake("kubo", pause_s=0.002, log=log), Fake("service:x", "kubo", log=log)
    plans, missing = run(first, second)
    assert missing == []
    assert len(log) == 160
    for root in plans[0].held:
        assert log.index(("kubo", root)) < log.index(("service:x", root))


def test_upload__when_the_first_lacks_some__the_second_says_why(run):
    """And both go on with the rest."""
    bad = {5, 6}
    first = Fake("kubo", fault=lambda number: PinError("too odd") if number in bad else None)
    second = Fake("service:x", "kubo")
    _, missing = run(first, second)
    keys = {one.key for one in missing if one.place == "kubo"}
    assert 1 <= len(keys) <= 2
    assert {one.key for one in missing if one.place == "service:x"} == keys
    assert {one.why for one in missing if one.place == "service:x"} == {
        "kubo does not have it, and it is fetched from there"
    }
    assert second.calls == 80 - 2 * len(keys)


def test_upload__when_a_picture_is_shared__the_second_waits_for_its_root(run, entries, tmp_path):
    """It comes to the first with another token, and maybe later than this token's bundle."""
    images = tmp_path / "metadata/images"
    for number in (2, 3, 40):
        (images / f"{number}.png").write_bytes((images / "1.png").read_bytes())
    shared = tuple(Collection.read(tmp_path / "metadata").tokens)
    log = []
    first, second = Fake("kubo", pause_s=0.002, log=log), Fake("service:x", "kubo", log=log)
    plans, missing = run(first, second, entries=shared)
    assert missing == []
    assert (first.calls, second.calls) == (77, 77)
    assert all(plan.holds(entry) for plan in plans for entry in shared)
    for root in plans[0].held:
        assert log.index(("kubo", root)) < log.index(("service:x", root))


def test_upload__when_a_bundle_is_refused__its_picture_is_there_for_others(run, entries, tmp_path):
    """Two tokens with one picture: the second lacks nothing because of the first."""
    images = tmp_path / "metadata/images"
    (images / "2.png").write_bytes((images / "1.png").read_bytes())
    one, two = Collection.read(tmp_path / "metadata").tokens[:2]
    first = Fake("kubo", refused=one.root)
    plans, missing = run(first, entries=(one, two))
    assert [(one.key, one.why) for one in missing] == [("1", "not this one")]
    assert plans[0].holds(two)


def test_upload__when_one_hangs__the_others_end(run, monkeypatch):
    """Its bundles fill its own part of the memory, and nobody else's."""
    monkeypatch.setattr(module, "_MEMORY", 3000)
    hung = asyncio.Event()
    stuck, quick, slow = Fake("stuck", until=hung), Fake("quick"), Fake("slow", pause_s=0.001)

    async def ended():
        while (quick.calls, slow.calls) != (80, 80) or slow.inside:
            await asyncio.sleep(0.001)
        hung.set()

    _, missing = run(stuck, quick, slow, beside=ended)
    assert missing == []
    assert stuck.calls == 80


def test_upload__when_one_is_slow__the_other_does_not_wait(run):
    """Each at its own pace."""
    log = []
    slow, quick = Fake("slow", pause_s=0.2, log=log), Fake("quick", log=log)
    run(slow, quick)
    half = [name for name, _ in log[:80]]
    assert half.count("quick") > 60


def test_upload__when_credentials_end__the_rest_is_not_tried(run):
    """Nothing else will succeed there; every token is missing, with the reason."""
    bad = Fake("a", fault=lambda number: AccessDenied("the token ended"), pause_s=0.001)
    good = Fake("b")
    _, missing = run(bad, good)
    assert len(missing) == 40
    assert {one.why for one in missing} == {"the token ended"}
    assert bad.calls <= module._AT_ONCE
    assert good.calls == 80


def test_upload__when_the_machine_fails_for_one__the_rest_is_tried(run):
    """An error of the system is no end of the run."""
    broken = OSError(24, "Too many open files")
    one = Fake("a", fault=lambda number: broken if number == 3 else None)
    _, missing = run(one, Fake("b"))
    assert [(each.place, each.why) for each in missing] == [("a", str(broken))]


def test_upload__when_nothing_is_answered__gives_up_after_twenty_in_a_row(run):
    """The retries of forty bundles would take hours."""
    bad = Fake("a", fault=lambda number: Unavailable("no answer"))
    _, missing = run(bad)
    assert len(missing) == 40
    assert bad.calls < 40
    assert any("in a row had failed: no answer" in one.why for one in missing)


def test_upload__when_every_third_fails__goes_on_to_the_end(run):
    """Failures that are not in a row mean no service that is down."""
    bad = Fake("a", fault=lambda number: Unavailable("busy") if number % 3 == 0 else None)
    plans, missing = run(bad)
    assert 0 < len(missing) < 40
    assert len(plans[0].held) == bad.calls - len(missing)


def test_upload__when_bundles_are_large__few_are_in_memory(run, monkeypatch):
    """Room for one and a half: they go one after another."""
    monkeypatch.setattr(module, "_MEMORY", 600)
    one, two = Fake("one", pause_s=0.001), Fake("two", pause_s=0.001)
    _, missing = run(one, two)
    assert missing == []
    assert one.most + two.most <= 2
    assert (one.calls, two.calls) == (80, 80)


def test_upload__when_a_file_changed_meanwhile__names_it_and_goes_on(run, entries, tmp_path):
    """What is pinned is what was checked."""
    (tmp_path / "metadata/tokens/7.json").write_text('{"name": "Another"}')
    _, missing = run(Fake("a"))
    assert [one.key for one in missing] == ["7"]
    assert "changed while it was being used" in missing[0].why


WAYS = [
    lambda n: PinError(f"kubo did not take {cid_of(b'%d' % n)}: 400 (path bafy{n}x is not pinned)"),
    lambda n: PinError(f"a did not take it: 500 (request 5f{n:08x}-aa: out of order)"),
    lambda n: Unavailable(f"its answer ended after {n} bytes"),
    lambda n: BadInput(f"images/{'abcdefgh'[n % 8]}{n}.png changed; run it again"),
    lambda n: BadInput(f"images/{'abcdefgh'[n % 8]}.png changed; again", reason="changed; again"),
]


@pytest.mark.parametrize("way", WAYS)
def test_grouped__when_a_thousand_fail_in_one_way__is_one_reason(way):
    """Told as it was for the first; another reason, or another place, is another line."""
    failed = [Missing.of(str(n), "a", way(n)) for n in range(1, 1001)]
    others = [Missing.of("7", "b", way(7)), Missing.of("7", "a", PinError("the disk is full"))]
    found = grouped([*failed, *others])
    assert sorted((place, len(keys)) for place, _, keys in found) == [
        ("a", 1),
        ("a", 1000),
        ("b", 1),
    ]
    assert found[0] == ("a", str(way(1)), [str(n) for n in range(1, 1001)])
