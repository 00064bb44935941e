"""pin --repair: what a service lost is pinned again, and only that

given a service that lost a pin, or lists what it lost, pins it again; a second time only once
given a gateway that cannot be asked, uploads nothing
"""

from support.hostile_gateway import Lie

from pfpkit.collection import Collection


def test_pin__when_a_service_lost_a_pin__repair_pins_it_again(world, run):
    """A plain run believes the record; --repair asks."""
    run()
    before = world.kubo.uploads.total()
    entry = Collection.read(world.root / "metadata").tokens[0]
    world.kubo.forget(str(entry.root))
    assert run()[1] is None
    assert str(entry.root) not in world.kubo.pins
    assert run(repair=True)[1] is None
    assert str(entry.root) in world.kubo.pins
    assert world.kubo.uploads[str(entry.root)] == 2
    assert world.kubo.uploads.total() == before + 1


def test_pin__when_a_service_lists_what_it_lost__repair_pins_it_again(world, run):
    """The gateway that was named is the witness; it is pinned once more, and read once more."""
    assert run()[1] is None
    before = world.kubo.uploads.total()
    entry = Collection.read(world.root / "metadata").tokens[1]
    lost = world.gateway.blocks.pop(entry.root), world.gateway.blocks.pop(entry.image)
    assert all(lost)
    assert run()[1] is None  # a plain run believes its record
    out, error = run(repair=True)
    assert error is None
    assert "  again       1 bundles pinned again, which no gateway gave" in out
    for service in (world.kubo, world.pinata):
        assert service.uploads[str(entry.root)] == service.uploads[str(entry.image)] == 2
        assert service.uploads.total() == before + 2
    assert run(repair=True)[0].count("again") == 0
    assert not list(world.root.glob(".pfpkit/pinning/journal"))


def test_pin__when_it_does_not_come_back_either__is_pinned_again_only_once(world, run):
    """A service that keeps nothing is not sent the same for ever."""
    assert run()[1] is None
    world.gateway.lie = Lie.MISSING
    _, error = run(repair=True)
    assert error.startswith("7 tokens are missing somewhere")
    assert max(world.kubo.uploads.values()) == 2
    assert run()[1] is None


def test_pin__when_the_gateway_cannot_be_asked__repair_uploads_nothing(world, run):
    """It says nothing of the pins."""
    assert run()[1] is None
    world.gateway.lie = Lie.HANGS_UP
    out, error = run(repair=True)
    assert error.startswith("7 tokens are missing somewhere")
    assert set(world.kubo.uploads.values()) == {1}
    assert "pinned again" not in out


def test_pin__when_a_pinning_service_lost_it__repair_has_it_fetched_again(world, run):
    """After the node that it fetches from has it again."""
    assert run("kubo", "service:far")[1] is None
    before = dict(world.service.states)
    entry = Collection.read(world.root / "metadata").tokens[1]
    world.gateway.blocks.pop(entry.root)
    assert run("kubo", "service:far", repair=True)[1] is None
    new = set(world.service.states) - set(before)
    assert {world.service.states[name][0] for name in new} == {str(entry.root), str(entry.image)}
    assert len(world.service.states) == len(before)


def test_pin__when_a_repair_fails__a_plain_run_does_it(world, run):
    """The record is not believed over what the service said, until the pin came back."""
    assert run()[1] is None
    entry = Collection.read(world.root / "metadata").tokens[3]
    world.pinata.forget(str(entry.root))
    world.pinata.refused = "4"
    _, error = run(repair=True)
    again = f"ape run pin --repair --to kubo --to pinata --gateway {world.gateway.url}"
    assert error.startswith(f"1 token is missing somewhere; run `{again}` again")
    assert run()[1] is not None
    world.pinata.refused = ""
    world.gateway.lie = Lie.FLIPPED_BYTE
    assert "sent wrong bytes" in run()[1]
    assert str(entry.root) in world.pinata.pins
    assert "sent wrong bytes" in run()[1]
    world.gateway.lie = Lie.HONEST
    assert run()[1] is None
    assert world.pinata.uploads[str(entry.root)] == 2
    assert not list(world.root.glob(".pfpkit/pinning/journal"))
