"""pin: the directory of a whole collection is one more root, on every service that can take it

given bundles that are there, the directory's own blocks are sent where that is enough
given one bundle that is missing, the directory waits for it; what came back is recorded
"""

import asyncio
import json
import re
from io import BytesIO

import pytest
from support.blocks import cut, lose, place_of
from support.folders import tiny_png
from support.hostile_gateway import Lie
from support.pinning_peers import parts_of

from pfpkit.car import read_car
from pfpkit.collection import Collection
from pfpkit.directory import Directory
from pfpkit.errors import PfpkitError
from pfpkit.flow.pin import pin
from pfpkit.flow.pin_run import PinRun
from pfpkit.flow.verify import VerifyOptions, verify_pins
from pfpkit.pins import REMOTE_PINS, Pins
from pfpkit.retrieval import IpfsPath, Retriever
from pfpkit.workspace import Workspace


def directory_of(world):
    """What it has to be."""
    entries = Collection.read(world.root / "metadata")
    return Directory.of({e.key: (e.root, e.made.tsize) for e in entries})


def recorded(world):
    """What the records say of it."""
    return Workspace(world.root).pins().whole.directory


def cars(world, service, root):
    """The CARs of one root that a service was sent: the CIDs in each."""
    found = []
    for request in service.requests:
        if b"multipart" in request.headers.get("content-type", "").encode():
            ((_, car),) = parts_of(request)["file"]
            (first,), blocks = read_car(BytesIO(car), whole=False)
            if first == root:
                found.append({block.cid for block in blocks})
    return found


def test_pin__when_all_is_pinned__pins_the_directory_of_it(world, run):
    """To Kubo its own blocks alone; to Pinata one CAR that is whole; and the record says so."""
    out, error = run("kubo", "pinata", "service:far")
    assert error is None
    directory = directory_of(world)
    assert re.search(rf"^  directory +{directory.root}, of all bundles$", out, re.MULTILINE)
    (own,) = cars(world, world.kubo, directory.root)
    assert own == {block.cid for block in directory.blocks}
    (whole,) = cars(world, world.pinata, directory.root)
    assert whole > directory.bundles | own
    for service in (world.kubo, world.pinata, world.service):
        assert str(directory.root) in service.pins
    found = recorded(world)
    assert (found.root, found.entries) == (directory.root, 7)
    assert list(found.pinned_by) == ["kubo", "pinata", "service:far"]
    assert list(found.read_back) == [world.gateway.url]


def test_pin__when_pinned_here__one_cid_leads_to_every_picture(world, run):
    """Through the embedded gateway, from the root by the token's number."""
    assert run("blockstore", gateways=())[1] is None
    work, directory = Workspace(world.root), directory_of(world)
    token = Collection.read(world.root / "metadata").tokens[2]

    async def read():
        with work.routes(()) as (route,):
            async with Retriever([route.url]) as gateway:
                return await gateway.read(IpfsPath(directory.root, "3/image"))

    assert asyncio.run(read()).cid == token.image
    assert directory.root in work.store.roots()
    assert list(recorded(world).pinned_by) == ["blockstore"]
    assert list(recorded(world).read_back) == ["embedded"]


def test_pin__when_done__asks_and_sends_nothing_more(world, run):
    """The record is believed, until it is to be repaired."""
    run()
    before = len(world.kubo.requests), len(world.pinata.requests), len(world.gateway.requests)
    assert run()[1] is None
    after = len(world.kubo.requests), len(world.pinata.requests), len(world.gateway.requests)
    assert after == before
    root = directory_of(world).root
    world.kubo.forget(str(root))
    assert run(repair=True)[1] is None
    assert str(root) in world.kubo.pins


def test_pin__when_a_picture_changed__the_directory_is_another(world, run):
    """The record forgets the old one, as it does with a bundle."""
    run()
    first = recorded(world)
    (world.root / "metadata/images/3.png").write_bytes(tiny_png(77))
    assert run()[1] is None
    second = recorded(world)
    assert second.root == directory_of(world).root != first.root
    assert list(second.pinned_by) == ["kubo", "pinata"]


def test_pin__when_a_bundle_is_missing_there__the_directory_waits(world, run):
    """Only where it is missing; the next run does both."""
    world.pinata.refused = "4"
    _, error = run()
    assert error.startswith("1 token is missing somewhere")
    root = str(directory_of(world).root)
    assert root in world.kubo.pins
    assert root not in world.pinata.pins
    world.pinata.refused = ""
    assert run()[1] is None
    assert root in world.pinata.pins
    assert list(recorded(world).pinned_by) == ["kubo", "pinata"]


def test_pin__when_the_directory_is_refused__says_so_and_ends_with_an_error(world, run):
    """Every bundle is pinned and recorded all the same."""
    world.pinata.refused = "directory"
    _, error = run()
    assert error.startswith("the directory of all bundles is missing somewhere; run `ape run pin")
    assert "\n  pinata: the directory: " in error
    assert "we do not like it" in error
    assert list(recorded(world).pinned_by) == ["kubo"]
    assert len(Workspace(world.root).pins().entries) == 7


def test_pin__when_the_directory_does_not_come_back__is_not_recorded(world, run):
    """What a service says is not enough; it is not uploaded again for that."""
    directory = directory_of(world)
    take = world.kubo.take

    def forgetful(request):
        take(request)
        world.gateway.blocks.pop(directory.root, None)

    world.kubo.take = forgetful
    _, error = run("kubo")
    assert (
        f"\n  {world.gateway.url}: the directory: {directory.root} cannot be read back through"
        in error
    )
    assert recorded(world) is None
    world.gateway.blocks.update(directory.blocks)
    assert run("kubo")[1] is None
    assert world.kubo.uploads[str(directory.root)] == 1
    assert list(recorded(world).pinned_by) == ["kubo"]


def test_pin__when_a_service_lost_it_and_lists_it__repair_gives_it_again(world, run):
    """A gateway that does not have it is believed over the list."""
    assert run("kubo")[1] is None
    directory = directory_of(world)
    world.gateway.blocks.pop(directory.root)
    assert run("kubo", repair=True)[1] is None
    assert world.kubo.uploads[str(directory.root)] == 2
    assert directory.root in world.gateway.blocks


def test_pin__when_a_service_of_the_directory_alone_is_away__ends_with_an_error(world, run):
    """Every bundle is recorded there, so that nothing but the directory has to be asked about."""
    directory, take = directory_of(world), world.kubo.take

    def forgetful(request):
        take(request)
        world.gateway.blocks.pop(directory.root, None)

    world.kubo.take = forgetful
    assert run("kubo")[1] is not None
    world.kubo.forget(str(directory.root))
    world.kubo.failing = 2.0
    _, error = run("kubo")
    assert error.startswith("the directory of all bundles is missing somewhere; run `ape run pin")
    assert "\n  kubo: the directory: " in error
    assert recorded(world) is None


def test_pin__when_a_token_is_taken_out__no_record_keeps_the_old_directory(world, run):
    """Nor the record of other services than those of this run."""
    assert run("kubo")[1] is None
    (world.root / "metadata/images/6.png").unlink()
    (world.root / "metadata/tokens/6.json").unlink()
    assert run("blockstore", gateways=())[1] is None
    whole = Pins.load(world.root / REMOTE_PINS).whole
    assert (whole.provenance.tokens, whole.directory) == (5, None)
    assert recorded(world).root == directory_of(world).root
    assert run("kubo")[1] is None
    assert Pins.load(world.root / REMOTE_PINS).whole.directory.root == directory_of(world).root


def test_pin__when_the_gateway_lies__records_no_directory(world, run):
    """It is told once why nothing came back."""
    world.gateway.lie = Lie.FLIPPED_BYTE
    _, error = run("kubo")
    assert len(error.splitlines()) == 2
    assert recorded(world) is None


def test_pin__when_a_service_lost_bundles_unseen__does_not_wait_for_the_network(world, run):
    """Kubo would look for them for hours; it is asked first, and the way out is named."""
    run("kubo")
    entries = Collection.read(world.root / "metadata").tokens
    world.kubo.forget(str(entries[0].root))
    (world.root / "metadata/images/3.png").write_bytes(tiny_png(77))
    _, error = run("kubo")
    assert "kubo: the directory: 1 of its bundles are not held there any more, such as " in error
    assert str(entries[0].root) in error
    assert run("kubo", repair=True)[1] is None
    assert str(directory_of(world).root) in world.kubo.pins


def test_pin__when_a_service_cuts_files_by_itself__is_said_not_to_get_it(world, run):
    """The classic API takes no folders in a folder; that is no failure of the run."""
    out, error = run("pinata-classic", gateways=(world.gateway.url,), dry_run=True)
    assert error is None
    assert "pinata-classic does not get the directory of all bundles: pinata-classic takes" in out
    rows = [line.split()[:3] for line in out.splitlines()]
    assert ["pinata-classic", "7", "14"] in rows
    events = run("pinata-classic", dry_run=True, as_json=True)[0].splitlines()
    (event,) = [e for e in map(json.loads, events) if e["event"] == "directory"]
    assert event["root"] == str(directory_of(world).root)
    assert list(event["refused"]) == ["pinata-classic"]


def test_pin__when_planned__counts_what_is_sent_for_the_directory(world, run):
    """Its own blocks to Kubo, everything again to Pinata."""
    events = [json.loads(line) for line in run(as_json=True, dry_run=True)[0].splitlines()]
    plans = {e["service"]: e for e in events if e["event"] == "plan"}
    entries = tuple(Collection.read(world.root / "metadata"))
    sent = sum(e.made.bytes + e.made.image_bytes for e in entries)
    own = directory_of(world).bytes
    assert (plans["kubo"]["pins"], plans["kubo"]["bytes"]) == (15, sent + own)
    whole = sum(e.made.bytes for e in entries)
    assert plans["pinata"]["bytes"] == sent + own + whole


def test_pin__when_the_directory_is_not_wanted__is_not_pinned(world, run):
    """And the run that goes on does not want it either."""
    out, error = run(directory=False)
    assert error is None
    root = directory_of(world).root
    assert f"{root}, of all bundles, which was not pinned: --no-directory" in out
    assert not any(str(root) in service.pins for service in (world.kubo, world.pinata))
    assert recorded(world) is None
    world.pinata.refused = "4"
    (world.root / "metadata/images/4.png").write_bytes(tiny_png(78))
    assert "run `ape run pin --no-directory --to kubo" in run(directory=False)[1]


def verified(world, capsys):
    """What is said of the world through its gateway."""
    options = VerifyOptions(to=("kubo",), gateways=(world.gateway.url,))
    try:
        asyncio.run(verify_pins(Workspace(world.root), options))
    except PfpkitError as error:
        return str(error)
    return capsys.readouterr().out


def test_verify__when_a_gateway_lost_the_directory__names_it(world, run, capsys):
    """Every bundle is there, and the one CID that leads to them is not."""
    assert run()[1] is None
    assert "7 bundles are available everywhere" in verified(world, capsys)
    del world.gateway.blocks[directory_of(world).root]
    head, line = verified(world, capsys).splitlines()
    assert head.startswith("the directory of all bundles is not available everywhere")
    assert line.startswith(f"  {world.gateway.url}: the directory of all bundles is missing")


def test_verify__when_the_recorded_directory_lists_other_bundles__is_wrong(world, run, capsys):
    """Somebody edited the record."""
    assert run()[1] is None
    own = directory_of(world)
    other = Collection.read(world.root / "metadata").tokens[0].root
    for record in (world.record, world.root / ".pfpkit/pins.json"):
        record.write_text(record.read_text().replace(f'"{own.root}"', f'"{other}"'))
    assert "directory of all bundles is wrong: " in verified(world, capsys)


def test_pin__when_its_block_in_the_store_is_gone__is_put_back(world):
    """The store is looked at on every run."""
    work, directory = Workspace(world.root), directory_of(world)
    asyncio.run(pin(work))
    lose(work.store, directory.root)
    asyncio.run(pin(work))
    assert work.store.get(directory.root) == directory.blocks[0].data


@pytest.mark.parametrize("left", ["all but one byte", "nothing"])
def test_pin__when_the_store_lost_its_end__puts_the_directory_back(world, left):
    """The index alone is not believed: its blocks have to be in the file."""
    work, directory = Workspace(world.root), directory_of(world)
    asyncio.run(pin(work))
    cut(work.store, sum(place_of(work.store, directory.root)) - 1)
    if left == "nothing":
        (work.store.path / "blocks.car").unlink()
    assert work.store.lacking([directory.root])
    asyncio.run(pin(work))
    assert work.store.get(directory.root) == directory.blocks[0].data
    assert work.store.is_whole(directory.root)


def test_pin__when_the_store_loses_its_end_meanwhile__puts_the_directory_back(world, monkeypatch):
    """It was there when the run began."""
    work, directory = Workspace(world.root), directory_of(world)
    asyncio.run(pin(work))
    mend = PinRun._mend_store

    async def cut_first(run):
        cut(work.store, sum(place_of(work.store, directory.root)) - 1)
        await mend(run)

    monkeypatch.setattr(PinRun, "_mend_store", cut_first)
    asyncio.run(pin(work))
    assert work.store.is_whole(directory.root)


@pytest.mark.parametrize("text", ['"root": "bafy"', '"root": 5', '"pinned_by": 5'])
def test_load__when_the_line_of_the_directory_is_odd__is_as_without(world, run, text):
    """It follows from the bundles: the next run finds out and writes it again."""
    assert run("blockstore", gateways=())[1] is None
    path = world.root / ".pfpkit/pins.json"
    (line,) = [x for x in path.read_text().splitlines() if x.startswith('"directory"')]
    odd = json.loads("{" + line.rstrip(",") + "}")
    odd["directory"] |= json.loads("{" + text + "}")
    path.write_text(path.read_text().replace(line, json.dumps(odd)[1:-1] + ","))
    assert recorded(world) is None
    assert run("blockstore", gateways=())[1] is None
    assert recorded(world).root == directory_of(world).root
