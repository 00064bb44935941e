"""verify_pins: asks every service and gateway about what is recorded, and changes nothing

given all is there, says so; given one place that lost, delays or falsifies it, names it and fails
"""

import asyncio
import json

import pytest
from support.blocks import damage, lose
from support.hostile_gateway import Lie
from support.hostile_service import Reply

from pfpkit.cid import CID
from pfpkit.collection import Collection
from pfpkit.errors import PfpkitError
from pfpkit.flow.verify import VerifyOptions, verify_pins
from pfpkit.workspace import Workspace


def everything(root):
    """Every file of a project by its path."""
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def verify(world, run, capsys):
    """Verify a world in which all is pinned and recorded; nothing may be changed by it."""
    assert run()[1] is None

    def verified(**options):
        options.setdefault("gateways", (world.gateway.url,))
        options.setdefault("to", ("kubo", "pinata"))
        before = everything(world.root), world.kubo.uploads.total(), dict(world.kubo.pins)
        error = None
        try:
            asyncio.run(verify_pins(Workspace(world.root), VerifyOptions(**options)))
        except PfpkitError as raised:
            error = str(raised)
        assert before == (everything(world.root), world.kubo.uploads.total(), world.kubo.pins)
        return capsys.readouterr().out, error

    return verified


def row(out, place):
    """The counts of one place: available, missing, slow, wrong, no answer."""
    (line,) = [line for line in out.splitlines() if line.startswith(f"  {place} ")]
    return [int(cell) for cell in line.split()[1:]]


def test_verify__when_all_is_there__counts_it_everywhere(world, verify):
    """Two services and a gateway, seven bundles each."""
    out, error = verify()
    assert error is None
    for place in ("kubo", "pinata", world.gateway.url):
        assert row(out, place) == [7, 0, 0, 0, 0]
    assert "  7 bundles are available everywhere" in out


def test_verify__when_a_gateway_alone_is_named__needs_no_secret(world, verify, monkeypatch):
    """Whoever checks through gateways has no account at the services."""
    monkeypatch.delenv("PINATA_JWT")
    out, error = verify(to=())
    assert error is None
    assert row(out, world.gateway.url) == [7, 0, 0, 0, 0]
    assert "kubo" not in out
    world.gateway.lie = Lie.MISSING
    again = f"`ape run pin --repair --to kubo --to pinata --gateway {world.gateway.url}`"
    assert again in verify(to=())[1]


def test_verify__when_nobody_is_named__asks_every_service_recorded(verify, monkeypatch):
    """And needs their secrets."""
    out, error = verify(to=(), gateways=())
    assert error is None
    assert (row(out, "kubo"), row(out, "pinata")) == ([7, 0, 0, 0, 0], [7, 0, 0, 0, 0])
    monkeypatch.delenv("PINATA_JWT")
    assert "PINATA_JWT is not set" in verify(to=(), gateways=())[1]


@pytest.mark.parametrize("root", ["root", "image"])
def test_verify__when_a_service_lost_one__names_token_and_root(world, verify, root):
    """Either of a token's two roots counts."""
    cid = getattr(Collection.read(world.root / "metadata").tokens[4], root)
    world.pinata.forget(str(cid))
    out, error = verify()
    assert row(out, "pinata") == [6, 1, 0, 0, 0]
    assert row(out, "kubo") == [7, 0, 0, 0, 0]
    head, line = error.splitlines()
    again = f"ape run pin --repair --to kubo --to pinata --gateway {world.gateway.url}"
    assert head == f"1 bundle is not available everywhere; `{again}` mends it:"
    assert line == f"  pinata: token 5 missing: {cid} not pinned there"


def test_verify__when_a_service_refuses__says_no_answer(world, verify):
    """It is not known whether anything is missing, and that is not enough."""
    world.kubo.next(*[Reply(403, b"no")] * 20)
    out, error = verify()
    assert row(out, "kubo") == [0, 0, 0, 0, 7]
    assert "403" in error or "KUBO_AUTH" in error


@pytest.mark.parametrize(
    ("lie", "counts"),
    [
        (Lie.MISSING, [0, 7, 0, 0, 0]),
        (Lie.FLIPPED_BYTE, [0, 0, 0, 7, 0]),
        (Lie.OTHER_FILE, [0, 0, 0, 7, 0]),
        (Lie.PLAIN, [0, 0, 0, 7, 0]),
        (Lie.BROKEN, [0, 0, 0, 0, 7]),
        (Lie.BUSY, [0, 0, 0, 0, 7]),
        (Lie.HANGS_UP, [0, 0, 0, 0, 7]),
    ],
)
def test_verify__when_a_gateway_fails__says_in_which_way(world, verify, lie, counts):
    """Missing, wrong, or no answer."""
    world.gateway.lie = lie
    world.gateway.retry_after = "0"
    out, error = verify(to=("kubo",))
    assert row(out, world.gateway.url) == counts
    assert error.startswith("7 bundles are not available everywhere")


def test_verify__when_it_takes_too_long__is_slow(world, verify):
    """The bytes are right, and came late."""
    out, error = verify(to=("kubo",), slow_s=0.0)
    assert row(out, world.gateway.url) == [0, 0, 7, 0, 0]
    assert "slow: it took" in error


def test_verify__when_a_block_is_damaged_here__finds_it(world, run, verify):
    """The store's list of pins knows nothing of it."""
    assert run("blockstore", gateways=())[1] is None
    assert row(verify(to=("blockstore",), gateways=())[0], "embedded") == [7, 0, 0, 0, 0]
    store = Workspace(world.root).store
    image: CID = Collection.read(world.root / "metadata").tokens[0].image
    damage(store, image)
    out, error = verify(to=("blockstore",), gateways=())
    assert row(out, "blockstore") == [7, 0, 0, 0, 0]
    assert row(out, "embedded") == [6, 0, 0, 1, 0]
    assert "token 1 wrong" in error
    assert "its block on disk is damaged" in error
    assert run("blockstore", gateways=(), repair=True)[1] is None
    assert row(verify(to=("blockstore",), gateways=())[0], "embedded") == [7, 0, 0, 0, 0]


def test_pin__when_a_block_is_gone_here__puts_it_back(world, run, verify):
    """What a plain run notices it mends and reads again, and nothing else."""
    assert run("blockstore", gateways=())[1] is None
    image: CID = Collection.read(world.root / "metadata").tokens[0].image
    lose(Workspace(world.root).store, image)
    out, error = run("blockstore", gateways=())
    assert error is None
    assert "  read back   1 bundles and 1 images through: embedded" in out
    assert "6 bundles had come back, and were not read again" in out
    assert "1 bundles in the embedded store" in out
    out, _ = run("blockstore", gateways=())
    assert "  read back   0 bundles and 0 images through: embedded" in out
    assert verify(to=("blockstore",), gateways=())[1] is None


def test_verify__when_sampled__checks_so_many(world, verify):
    """By chance; a sample larger than all is all."""
    out, error = verify(sample=3)
    assert (row(out, "kubo"), error) == ([3, 0, 0, 0, 0], None)
    assert row(verify(sample=100)[0], "kubo") == [7, 0, 0, 0, 0]


def test_verify__when_asked_for_json__lists_what_is_not_available(world, verify):
    """And the counts of each place."""
    cid = Collection.read(world.root / "metadata").tokens[0].root
    world.kubo.forget(str(cid))
    out, _ = verify(as_json=True)
    found, *places = [json.loads(line) for line in out.splitlines()]
    assert (found["token"], found["place"], found["state"]) == ("1", "kubo", "missing")
    assert [place["available"] for place in places] == [6, 7, 7]


def test_verify__when_nothing_is_recorded__says_what_to_do(tmp_path):
    """A project in which nobody pinned."""
    with pytest.raises(PfpkitError, match="run `ape run pin` first"):
        asyncio.run(verify_pins(Workspace(tmp_path)))


def test_verify__when_a_service_lost_the_directory__names_it(world, verify, run):
    """Every bundle is there, and the one CID that holds all is not; --repair pins it again."""
    root = Workspace(world.root).pins().whole.directory.root
    world.pinata.forget(str(root))
    out, error = verify()
    assert row(out, "pinata") == [7, 0, 0, 0, 0]
    assert row(out, "kubo") == [7, 0, 0, 0, 0]
    line = f"  pinata: the directory of all bundles is missing: {root} not pinned there"
    assert error.splitlines()[1:] == [line]
    assert run(repair=True)[1] is None
    assert verify()[1] is None
