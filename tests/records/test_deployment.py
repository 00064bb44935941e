"""Deployment: one record a network

given a record that was saved, loads the same
given any damage, BadRecord names the file and what is wrong
given a public network or a local chain, its place
given a disk that is full, the old record stays and the new one is printed
"""

import json
import resource
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pfpkit.deployments import Deployment, record_path
from pfpkit.errors import BadInput, BadRecord

GENESIS = "0x" + "ab" * 32
DEPLOYMENT = Deployment(
    chain_id=31337,
    genesis=GENESIS,
    address="0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    transaction="0x" + "cd" * 32,
    block=3,
    deployer="0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    arguments={"name": "Pips", "maxSupply": 10, "collectionBundle": "0x" + "ef" * 32},
    compiler={"name": "solc", "version": "0.8.37", "via_ir": True},
    code={"runtime": "0x" + "12" * 32, "immutables": [[746, 32]]},
    collection={"bundle": "bafybei", "provenance": None},
    verified={"sourcify": {"at": "2026-11-30T03:00:00Z", "match": "exact_match"}},
)


@pytest.fixture
def path(tmp_path):
    """The record of a local chain, saved."""
    place = record_path(tmp_path, 31337, GENESIS, is_local=True)
    DEPLOYMENT.save(place)
    return place


@contextmanager
def largest_file(size):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_record_path__when_local__is_known_by_its_genesis():
    """Every anvil calls itself 31337; a public network is known by its id."""
    root = Path("project")
    local = record_path(root, 31337, GENESIS, is_local=True)
    assert local == root / "deployments" / "local" / f"31337-{GENESIS}.json"
    public = record_path(root, 1, GENESIS, is_local=False)
    assert public == root / "deployments" / "1.json"


@pytest.mark.parametrize("is_local", [True, False])
def test_load__when_saved__is_the_same(tmp_path, is_local):
    """In a file that ends in a newline, for it is in git."""
    place = record_path(tmp_path, 31337, GENESIS, is_local=is_local)
    DEPLOYMENT.save(place)
    assert Deployment.load(place) == DEPLOYMENT
    assert place.read_text().endswith("}\n")
    assert [file.name for file in place.parent.iterdir()] == [place.name]


def test_load__when_the_address_is_in_small_letters__has_its_checksum(path):
    """As somebody may have typed it."""
    fields = json.loads(path.read_text())
    path.write_text(json.dumps(fields | {"address": fields["address"].lower()}))
    assert Deployment.load(path) == DEPLOYMENT


def test_load__when_there_is_none__says_what_to_run(tmp_path):
    """The next command."""
    with pytest.raises(BadRecord, match=r"no deployment on this network.*run `ape run deploy`"):
        Deployment.load(tmp_path / "1.json")


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"null", b"\xff", b"{}", b'{"version":2}', b'{"version":2,"version":2}'],
)
def test_load__when_it_is_no_record__is_refused(path, text):
    """Cut short, of another kind, or not text."""
    path.write_bytes(text)
    with pytest.raises(BadRecord) as refusal:
        Deployment.load(path)
    assert str(path) in str(refusal.value)


def test_load__when_it_is_a_folder__is_refused(tmp_path):
    """With the reason."""
    with pytest.raises(BadRecord, match="Is a directory"):
        Deployment.load(tmp_path)


def test_load__when_a_field_is_missing_or_unknown__names_it(path):
    """Each of them."""
    fields = json.loads(path.read_text())
    for name in fields:
        path.write_text(json.dumps({key: value for key, value in fields.items() if key != name}))
        named = "is no deployment record" if name == "version" else name
        with pytest.raises(BadRecord, match=named):
            Deployment.load(path)
    path.write_text(json.dumps(fields | {"note": 1}))
    with pytest.raises(BadRecord, match="note"):
        Deployment.load(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", 0),
        ("version", True),
        ("version", "1"),
        ("chain_id", True),
        ("chain_id", "31337"),
        ("block", None),
        ("block", 3.5),
        ("address", "0x12"),
        ("address", "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
        ("address", 7),
        ("arguments", []),
        ("compiler", "solc"),
        ("code", []),
        ("verified", None),
    ],
)
def test_load__when_a_field_is_wrong__is_refused(path, field, value):
    """Of another type, or no address."""
    fields = json.loads(path.read_text())
    path.write_text(json.dumps(fields | {field: value}))
    with pytest.raises(BadRecord) as refusal:
        Deployment.load(path)
    assert str(path) in str(refusal.value)


def test_load__of_version_1__has_nothing_of_what_came_later(path):
    """What the last pfpkit wrote is read; of its code and its source nothing is known."""
    fields = json.loads(path.read_text())
    later = ("code", "collection", "verified")
    old = {name: value for name, value in fields.items() if name not in later} | {"version": 1}
    path.write_text(json.dumps(old))
    found = Deployment.load(path)
    assert found == replace(DEPLOYMENT, code={}, collection={}, verified={})
    path.write_text(json.dumps(fields | {"version": 1}))
    with pytest.raises(BadRecord, match="unknown in version 1: code, collection, verified"):
        Deployment.load(path)


def test_load__of_a_later_version__says_which_pfpkit_to_install(path):
    """It is not read by half."""
    fields = json.loads(path.read_text())
    path.write_text(json.dumps(fields | {"version": 3}))
    with pytest.raises(BadRecord, match=r"version 3, and this pfpkit reads versions 1 to 2; inst"):
        Deployment.load(path)


@pytest.mark.parametrize("field", ["chain_id", "genesis"])
def test_load__when_it_is_the_record_of_another_chain__is_refused(path, field):
    """A file that was copied to another network's name."""
    fields = json.loads(path.read_text())
    path.write_text(json.dumps(fields | {field: {"chain_id": 1, "genesis": "0x00"}[field]}))
    with pytest.raises(BadRecord, match="by its content, and of another by its name"):
        Deployment.load(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=st.sampled_from(["version", *Deployment.__dataclass_fields__]), value=JSON)
def test_load__when_any_field_is_any_json__is_read_or_refused(path, field, value):
    """BadRecord, or a record of the right types."""
    DEPLOYMENT.save(path)
    fields = json.loads(path.read_text())
    assume(value != fields[field])
    path.write_text(json.dumps(fields | {field: value}))
    try:
        record = Deployment.load(path)
    except BadRecord:
        return
    assert type(getattr(record, field)) is type(getattr(DEPLOYMENT, field))


def test_save__when_the_disk_is_full__keeps_the_old_and_prints_the_new(path):
    """The contract is deployed all the same, so that nothing of it may be lost."""
    before = path.read_bytes()
    with largest_file(100), pytest.raises(BadInput, match="write this by hand") as refusal:
        DEPLOYMENT.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    printed = str(refusal.value).partition(":\n")[2]
    assert json.loads(printed)["address"] == DEPLOYMENT.address


def test_check_place__when_it_can_be_written__leaves_nothing(path):
    """Asked before anything is deployed."""
    before = path.read_bytes()
    Deployment.check_place(path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_check_place__when_the_disk_is_full__refuses_before_the_deployment(path):
    """While it costs nothing."""
    with largest_file(100), pytest.raises(BadInput, match="nothing was deployed"):
        Deployment.check_place(path)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
