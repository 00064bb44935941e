"""pin: a collection on several services, each at its own pace

given services that work, uploads each root once to each, reads back, records; again, does nothing
given one that fails, the others end; nothing is recorded that did not come back
given a refusal or bad credentials, nothing is uploaded at all
"""

import asyncio
import json
import re

import pytest
from support.folders import tiny_png
from support.hostile_gateway import Lie
from support.pinning_peers import OTHER

from pfpkit.collection import Collection
from pfpkit.flow.pin import PinOptions, pin
from pfpkit.ledger import Ledger
from pfpkit.pins import PinEntry, PinnedBy, Pins, record
from pfpkit.provenance import Provenance
from pfpkit.publication import EMBEDDED
from pfpkit.workspace import PUBLIC_GATEWAYS, Workspace

ROOTS = 15  # the bundles and images of six tokens and of the collection, and their directory


def pinners(record):
    """Who holds each entry of a record."""
    return {e.key: [pin.pinner for pin in e.pinners] for e in Pins.load(record).entries}


def test_pin__when_all_works__uploads_each_root_once_and_records(world, run):
    """Two services hold both roots of every token, and all came back."""
    out, error = run()
    assert error is None
    for service in (world.kubo, world.pinata):
        assert len(service.uploads) == ROOTS
        assert set(service.uploads.values()) == {1}
    held = pinners(world.root / ".pfpkit/pins.json") | pinners(world.record)
    assert len(held) == 7
    entries = Pins.load(world.root / ".pfpkit/pins.json").merged(Pins.load(world.record)).entries
    assert all([p.pinner for p in e.pinners] == ["kubo", "pinata"] for e in entries)
    assert all([r.gateway for r in e.read_back] == [world.gateway.url] for e in entries)
    assert f"  read back   7 bundles and 7 images through: {world.gateway.url}" in out
    assert "  pinned      7 bundles new, 0 were there" in out


def test_pin__when_done__a_second_run_uploads_and_reads_nothing(world, run):
    """And writes no record: the files are the very same."""
    run()
    before = (
        world.record.stat().st_mtime_ns,
        world.kubo.uploads.total(),
        len(world.gateway.requests),
    )
    out, error = run()
    assert error is None
    assert before == (
        world.record.stat().st_mtime_ns,
        world.kubo.uploads.total(),
        len(world.gateway.requests),
    )
    assert "  pinned      0 bundles new, 7 were there" in out


def test_pin__when_done__prints_and_records_the_provenance_hash(world, run):
    """Of the tokens that are pinned now; a changed picture gives another one."""
    out, _ = run()
    first = Provenance.of(e.digest for e in Collection.read(world.root / "metadata").tokens)
    assert f"  provenance  {first}, of 6 tokens\n" in out
    assert Workspace(world.root).pins().whole.provenance == first
    (world.root / "metadata/images/3.png").write_bytes(tiny_png(77))
    events = [json.loads(line) for line in run(as_json=True)[0].splitlines()]
    second = Workspace(world.root).pins().whole.provenance
    assert events[-1]["provenance"] == str(second) != str(first)


def test_pin__when_the_record_is_of_before__adds_the_provenance_hash(world, run):
    """Nothing is uploaded for it."""
    run()
    for path in (world.record, world.root / ".pfpkit/pins.json"):
        if path.exists():
            path.write_text(re.sub('"provenance".*\n', "", path.read_text()))
    assert Workspace(world.root).pins().whole.provenance is None
    before = world.kubo.uploads.total()
    run()
    assert Workspace(world.root).pins().whole.provenance.tokens == 6
    assert world.kubo.uploads.total() == before


def test_pin__when_dry__shows_the_plan_and_changes_nothing(world, run):
    """Neither a pin nor a record."""
    out, error = run(dry_run=True)
    assert error is None
    rows = [line.split() for line in out.splitlines()]
    assert ["kubo", "7", str(ROOTS)] in [row[:3] for row in rows]
    assert ["pinata", "7", str(ROOTS)] in [row[:3] for row in rows]
    assert not world.kubo.uploads
    assert not world.pinata.uploads
    assert not world.record.exists()
    assert not list(world.root.glob(".pfpkit/pin*"))


def test_pin__when_dry_and_a_service_is_down__fails_with_the_plan(world, run):
    """What it needs is not known, and a script has to notice."""
    world.pinata.failing = 2.0
    out, error = run(dry_run=True)
    assert error.startswith("what pinata would need is not known")
    rows = [line.split() for line in out.splitlines()]
    assert ["kubo", "7", "15"] in [row[:3] for row in rows]
    assert ["pinata", "7", "14"] in [row[:3] for row in rows]
    assert not world.record.exists()


def test_pin__when_a_gateway_is_named_twice__is_read_once(world, run):
    """Also when it is written in another way."""
    url = world.gateway.url
    out, error = run(gateways=(url, f"{url}/", url))
    assert error is None
    assert f"images through: {url}\n" in out
    assert len(world.gateway.requests) == 7 * 4 + 1  # and the directory of all


def test_pin__when_pinned_by_others__uploads_what_is_missing_alone(world, run):
    """The service is asked what it holds: nobody else's upload is done again."""
    run("kubo")
    for path in (world.record, world.root / ".pfpkit/pins.json"):
        path.unlink(missing_ok=True)
    world.kubo.forget(next(iter(world.kubo.pins)))
    _, error = run("kubo")
    assert error is None
    assert sorted(world.kubo.uploads.values()) == [1] * (ROOTS - 1) + [2]
    assert world.kubo.twice == []


def test_pin__when_a_picture_changed__pins_that_one(world, run):
    """Found by content; the old bundle is not in the record any more."""
    run()
    (world.root / "metadata/images/3.png").write_bytes(tiny_png(77))
    _, error = run()
    assert error is None
    assert len(world.kubo.uploads) == ROOTS + 3
    entry = Collection.read(world.root / "metadata").tokens[2]
    assert Pins.load(world.record).get(3).bundle == entry.root


def test_pin__when_a_picture_changed_and_is_pinned_here__is_that_one(world, run):
    """What git has of the old picture does not hide it, unless git's is the later one."""
    work = Workspace(world.root)
    old = Collection.read(world.root / "metadata").tokens[2]
    at = "2020-01-01T00:00:00Z"
    pins = (PinnedBy("kubo", at),)
    record(world.record, [PinEntry("3", old.root, old.image, pins)])
    (world.root / "metadata/images/3.png").write_bytes(tiny_png(77))
    assert run("blockstore", gateways=())[1] is None
    new = Collection.read(world.root / "metadata").tokens[2]
    assert work.pinned("3").bundle == new.root != old.root
    later = (PinnedBy("kubo", "2999-01-01T00:00:00Z"),)
    record(world.record, [PinEntry("3", old.root, old.image, later)])
    assert work.pinned("3").bundle == old.root


def test_pin__when_credentials_are_refused__uploads_nothing_anywhere(world, run, monkeypatch):
    """Known before the first upload, and no secret is told."""
    monkeypatch.setenv("PINATA_JWT", "another-jwt")
    out, error = run()
    assert "pinata" in error
    assert "PINATA_JWT" in error
    assert "another-jwt" not in error + out
    assert not world.kubo.uploads


def test_pin__when_a_setting_is_missing__names_it(run, monkeypatch):
    """Before anything is asked."""
    monkeypatch.delenv("PINATA_JWT")
    assert "PINATA_JWT is not set" in run()[1]
    assert "'nobody' is no back end" in run("nobody")[1]


def test_pin__when_a_service_refuses_a_file__says_so_in_the_plan(world, run):
    """The classic API cuts files over 262,144 bytes in another way; the JWT is the way."""
    (world.root / "metadata/images/2.png").write_bytes(tiny_png(2, 300_000))
    _, error = run("kubo", "pinata-classic")
    assert error.startswith("1 refused, and nothing was uploaded:\n  pinata-classic: 2: ")
    assert "PINATA_JWT" in error
    assert not world.kubo.uploads


def test_pin__when_a_service_fetches_from_another__gets_what_that_one_has(world, run):
    """In the same run, whatever the order of the names."""
    _, error = run("service:far", "kubo")
    assert error is None
    assert set(world.service.pins) == set(world.kubo.pins)
    assert len(world.service.pins) == ROOTS
    held = {tuple(p.pinner for p in e.pinners) for e in Workspace(world.root).pins().entries}
    assert held == {("kubo", "service:far")}


def test_pin__when_a_shared_picture_is_fetched_from_another__nothing_is_missing(world, run):
    """One image in five bundles: it is fetched when it is there, with whichever token it came."""
    images = world.root / "metadata/images"
    for number in range(2, 6):
        (images / f"{number}.png").write_bytes((images / "1.png").read_bytes())
    _, error = run("kubo", "service:far")
    assert error is None
    assert set(world.service.pins) == set(world.kubo.pins)
    assert len(world.service.pins) == ROOTS - 4


def test_pin__when_nobody_serves_a_service_the_blocks__is_refused_in_the_plan(world, run):
    """It would wait for blocks that nobody has."""
    _, error = run("service:far")
    assert error.startswith("7 refused, and nothing was uploaded:\n  service:far: collection: ")
    assert world.service.states == {}


def test_pin__when_one_service_is_down__the_others_end(world, run):
    """What it lacks is named, and the next run does only that."""
    world.pinata.failing = 2.0
    out, error = run()
    again = f"ape run pin --to kubo --to pinata --gateway {world.gateway.url}"
    assert error.startswith(f"7 tokens are missing somewhere; run `{again}` again")
    assert "\n  pinata: tokens collection, 1, 2, 3, 4, 5, 6; the first: " in error
    assert len(world.kubo.uploads) == ROOTS
    assert f"7 bundles and 7 images through: {world.gateway.url}" in out
    assert {tuple(names) for names in pinners(world.record).values()} <= {("kubo",), ()}
    world.pinata.failing = 0.0
    world.kubo.uploads.clear()
    assert run()[1] is None
    assert not world.kubo.uploads
    assert len(world.pinata.uploads) == ROOTS


def test_pin__when_one_upload_is_refused__the_rest_is_pinned(world, run):
    """Its token and the service's reason are named; the others are recorded."""
    world.pinata.refused = "4"
    _, error = run()
    head, line = error.splitlines()
    assert head.startswith("1 token is missing somewhere")
    assert line.startswith("  pinata: token 4: ")
    assert "we do not like it" in line
    assert len(world.pinata.pins) == ROOTS - 2
    held = {e.key: [p.pinner for p in e.pinners] for e in Workspace(world.root).pins().entries}
    assert held.pop("4") == ["kubo"]
    assert set(map(tuple, held.values())) == {("kubo", "pinata")}


def test_pin__when_a_service_keeps_other_bytes__names_both_cids(world, run):
    """And records nothing of it."""
    world.pinata.wrong_cid = True
    _, error = run()
    assert OTHER in error
    entries = Pins.load(world.root / ".pfpkit/pins.json").merged(Pins.load(world.record)).entries
    assert {tuple(p.pinner for p in e.pinners) for e in entries} == {("kubo",)}


def test_pin__when_a_gateway_lies__records_nothing(world, run):
    """What did not come back is not there, whatever the services say."""
    world.gateway.lie = Lie.FLIPPED_BYTE
    _, error = run()
    assert error.startswith("7 tokens are missing somewhere")
    assert "sent wrong bytes" in error
    assert len(error.splitlines()) == 2  # one reason, though each token's CID is another
    assert not world.record.exists()
    world.gateway.lie = Lie.HONEST
    world.kubo.uploads.clear()
    assert run()[1] is None
    assert not world.kubo.uploads
    assert world.pinata.uploads.total() == ROOTS


def test_pin__when_the_gateway_lies_about_a_second_service__does_not_record_it(world, run):
    """An older reading proves nothing of a newer pin, in no later run either."""
    assert run("kubo")[1] is None
    world.gateway.lie = Lie.FLIPPED_BYTE
    for _ in range(2):
        _, error = run()
        assert error.startswith("7 tokens are missing somewhere")
        assert "sent wrong bytes" in error
        held = {tuple(p.pinner for p in e.pinners) for e in Workspace(world.root).pins().entries}
        assert held == {("kubo",)}
    world.gateway.lie = Lie.HONEST
    assert run()[1] is None
    assert world.pinata.uploads.total() == ROOTS
    held = {tuple(p.pinner for p in e.pinners) for e in Workspace(world.root).pins().entries}
    assert held == {("kubo", "pinata")}


def test_pin__when_a_line_of_the_journal_is_wrong__asks_and_records_nothing_by_it(world, run):
    """A bit of the line that said that a root is lost: the service is asked again."""
    assert run()[1] is None
    entry = Collection.read(world.root / "metadata").tokens[3]
    world.pinata.forget(str(entry.root))
    world.pinata.refused = "4"
    assert run(repair=True)[1] is not None
    journal = world.root / ".pfpkit/pinning/journal"
    whole = journal.read_bytes()
    assert whole.count(b'["lost",') == 1
    journal.write_bytes(whole.replace(b'["lost",', b'["losu",'))
    assert "we do not like it" in run()[1]
    world.pinata.refused = ""
    assert run()[1] is None
    assert str(entry.root) in world.pinata.pins


def test_pin__when_another_service_is_run__keeps_the_journal_of_the_first(world, run):
    """What was taken and did not come back yet is uploaded no second time."""
    world.gateway.lie = Lie.FLIPPED_BYTE
    assert run("kubo")[1] is not None
    world.gateway.lie = Lie.HONEST
    assert run("pinata")[1] is None
    with Ledger(world.root / ".pfpkit/pinning") as ledger:
        assert len(ledger.roots("kubo")) == ROOTS - 1
    assert run("kubo")[1] is None
    assert set(world.kubo.uploads.values()) == {1}


def test_pin__when_another_run_is_at_work__is_told_to_wait(world, run):
    """So that nothing is uploaded twice; a plan can still be looked at."""
    with Ledger(world.root / ".pfpkit/pinning"):
        assert "another `ape run pin` is at work" in run()[1]
        assert run(dry_run=True)[1] is None
    assert run()[1] is None


def test_pin__when_two_tokens_share_a_picture__uploads_it_once(world, run):
    """One image, two bundles."""
    images = world.root / "metadata/images"
    (images / "2.png").write_bytes((images / "1.png").read_bytes())
    assert run()[1] is None
    assert len(world.kubo.uploads) == ROOTS - 1
    assert set(world.kubo.uploads.values()) == {1}


def test_pin__when_a_shared_picture_is_refused__names_both_tokens(world, run):
    """It was sent for the first one alone, and the second lacks it too."""
    images = world.root / "metadata/images"
    (images / "2.png").write_bytes((images / "1.png").read_bytes())
    world.pinata.refused = "1 image"
    _, error = run("pinata")
    head, first, second = error.splitlines()
    assert head.startswith("2 tokens are missing somewhere")
    assert first.startswith("  pinata: token 1: ")
    assert second.startswith("  pinata: token 2: its picture is also that of another token")


def test_pin__when_asked_for_json__prints_events_alone(world, run):
    """One JSON object a line."""
    world.pinata.wrong_cid = True
    out, error = run(as_json=True)
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events[:3]] == ["begin", "plan", "plan"]
    assert events[-1]["event"] == "done"
    assert {e["place"] for e in events if e["event"] == "missing"} == {"pinata"}
    assert error is not None


@pytest.mark.parametrize(
    ("named", "to", "wanted"),
    [
        ((), ("blockstore",), [EMBEDDED]),
        ((), ("blockstore", "kubo"), [EMBEDDED, *PUBLIC_GATEWAYS]),
        ((), ("pinata",), [*PUBLIC_GATEWAYS]),
        (("http://[::1]:9",), ("blockstore", "kubo"), ["http://[::1]:9"]),
    ],
)
def test_routes__when_chosen_by_service__can_know_what_it_holds(tmp_path, named, to, wanted):
    """The embedded gateway speaks for the embedded store alone."""
    with Workspace(tmp_path).routes(named, to=to) as routes:
        assert [route.name for route in routes] == wanted


def test_pin__when_cancelled__records_what_came_back(world):
    """Ctrl-C ends the run; what is true stays recorded, and the journal knows the rest."""

    async def stopped():
        options = PinOptions(("kubo", "pinata"), (world.gateway.url,))
        task = asyncio.create_task(pin(Workspace(world.root), options))
        while world.kubo.uploads.total() < 5:
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(stopped())
    before = world.kubo.uploads.copy()
    asyncio.run(pin(Workspace(world.root), PinOptions(("kubo", "pinata"), (world.gateway.url,))))
    assert len(world.kubo.uploads) == ROOTS
    assert world.kubo.twice == []
    assert before.total() < ROOTS
