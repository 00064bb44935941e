"""pfpkit pins export, import: a collection on one machine is the same one on another

given a whole CAR, every token is pinned, recorded and read back; cut or changed, nothing is
"""

import asyncio
import io

import pytest
from click.testing import CliRunner
from support.blocks import lose
from support.folders import tiny_png, write_collection

from pfpkit.car import read_car, write_car
from pfpkit.cid import Block, cid_of
from pfpkit.cli import cli
from pfpkit.flow.pin import pin
from pfpkit.pins import LOCAL_PINS, Pins
from pfpkit.unixfs import add_directory, add_file
from pfpkit.workspace import Workspace


@pytest.fixture
def here(tmp_path):
    """A project in which six tokens are pinned; one picture takes more than one block."""
    work = Workspace(tmp_path / "here")
    write_collection(work.root / "metadata", 6)
    (work.root / "metadata/images/2.png").write_bytes(tiny_png(2, 1_500_000))
    asyncio.run(pin(work))
    return work


@pytest.fixture
def there(tmp_path):
    """Another machine's project, empty."""
    (tmp_path / "there").mkdir()
    return Workspace(tmp_path / "there")


@pytest.fixture
def call(monkeypatch):
    """Run `pfpkit pins ...` in a project; give its exit code and all that it printed."""

    def run(work, *arguments):
        monkeypatch.chdir(work.root)
        ran = CliRunner().invoke(cli, ["pins", *map(str, arguments)])
        assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exc_info
        return ran.exit_code, ran.output

    return run


@pytest.fixture
def car(here, call, tmp_path):
    """The exported file."""
    path = tmp_path / "all.car"
    code, out = call(here, "export", path)
    assert code == 0, out
    return path


def without_times(pins):
    """What of a record is the same on both machines."""
    return [(e.key, e.bundle, e.image) for e in pins.entries]


def test_import__when_whole__pins_and_records_the_same_collection(here, there, car, call):
    """Both roots of each token, and every block under them; it can be minted from."""
    code, out = call(there, "import", car)
    assert code == 0, out
    assert "  bundles  7, pinned and read back through: embedded\n" in out
    assert without_times(there.pins()) == without_times(here.pins())
    assert there.store.roots() == here.store.roots()
    assert all(e.read_back and e.pinners for e in there.pins().entries)
    whole = there.pins().whole.directory
    assert (whole.root, whole.entries) == (here.pins().whole.directory.root, 7)
    assert (list(whole.pinned_by), list(whole.read_back)) == (["blockstore"], ["embedded"])
    code, again = call(there, "import", car)
    assert (code, again.splitlines()[-1]) == (0, "next: ape run verify --pins")


def held(pins):
    """How many blocks and bytes the record says of each bundle."""
    return {e.key: [(p.pinner, p.blocks, p.bytes) for p in e.pinners] for e in pins.entries}


def test_import__when_recorded__has_the_same_counts(here, there, car, call):
    """On a new machine, and over a record that knew them."""
    before = held(here.pins())
    assert min(blocks for ((_, blocks, _),) in before.values()) >= 3
    for work in (here, there):
        assert call(work, "import", car)[0] == 0
        assert held(work.pins()) == before


def test_export__when_written__is_one_directory_of_all_bundles(here, car):
    """One root, each block once, and every token under its name."""
    roots, blocks = read_car(io.BytesIO(car.read_bytes()))
    cids = [block.cid for block in blocks]
    assert len(roots) == 1
    assert cids[0] == roots[0]
    assert len(cids) == len(set(cids))
    assert {e.bundle for e in here.pins().entries} <= set(cids)
    assert {e.image for e in here.pins().entries} <= set(cids)


def test_export__when_again__gives_the_same_bytes(here, car, call, tmp_path):
    """So that two machines can compare files."""
    before = car.read_bytes()
    assert call(here, "export", tmp_path / "again.car")[0] == 0
    assert (tmp_path / "again.car").read_bytes() == before


@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.9999])
def test_import__when_cut_short__pins_nothing(there, car, call, part):
    """Wherever it was cut."""
    car.write_bytes(car.read_bytes()[: int(len(car.read_bytes()) * part)])
    code, out = call(there, "import", car)
    assert (code, out[:7]) == (1, "error: ")
    assert there.store.roots() == ()
    assert not (there.root / LOCAL_PINS).exists()


def test_import__when_one_byte_is_another__pins_nothing(there, car, call):
    """Its block is named."""
    data = bytearray(car.read_bytes())
    data[-500] ^= 1
    car.write_bytes(data)
    code, out = call(there, "import", car)
    assert code == 1
    assert "the bytes are those of" in out
    assert there.store.roots() == ()


def of(root, blocks, path):
    """A CAR of these blocks."""
    with path.open("wb") as file:
        write_car(file, [root] if not isinstance(root, list) else root, blocks)
    return path


def test_import__when_it_is_no_collection__says_so(there, call, tmp_path):
    """A file, a directory of files, several roots, an odd name."""
    blocks = []
    file = add_file(b"hello", sink=blocks.append)
    folder = add_directory({"1": file}, sink=blocks.append)
    odd = add_directory({"seven": folder}, sink=blocks.append)
    path = tmp_path / "odd.car"
    for entry in (file, folder, odd):
        own = [block for block in blocks if block.cid == entry.cid or entry is not file]
        code, out = call(there, "import", of(entry.cid, own, path))
        assert code == 1
        assert "is no exported collection" in out
    two = [cid_of(b"a"), cid_of(b"b")]
    code, out = call(there, "import", of(two, [Block(two[0], b"a"), Block(two[1], b"b")], path))
    assert "has 2 roots" in out
    assert there.store.roots() == ()


def test_import__when_the_record_names_another_bundle__keeps_the_record(here, there, car, call):
    """Nobody's record is replaced by a file."""
    write_collection(there.root / "metadata", 6)
    (there.root / "metadata/images/3.png").write_bytes(tiny_png(99))
    asyncio.run(pin(there))
    before = (there.root / LOCAL_PINS).read_bytes()
    code, out = call(there, "import", car)
    assert code == 1
    assert "the records here name other bundles for 2, 3" in out
    assert (there.root / LOCAL_PINS).read_bytes() == before


def test_export__when_a_block_is_gone__names_the_token_and_writes_nothing(here, call, tmp_path):
    """A file that is not whole would only fail elsewhere."""
    image = here.pins().get(5).image
    lose(here.store, image)
    code, out = call(here, "export", tmp_path / "all.car")
    assert code == 1
    assert "token 5 is not whole on this machine" in out
    assert not list(tmp_path.glob("*all.car*"))


def test_export__when_nothing_is_pinned__says_what_to_do(there, call):
    """An empty CAR helps nobody."""
    assert call(there, "export", "x.car") == (
        1,
        "error: nothing is recorded as pinned; run `ape run pin` first\n",
    )
    assert Pins.load(there.root / LOCAL_PINS) == Pins()
