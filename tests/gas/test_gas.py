"""Gas of every use of the collection, against tests/gas/snapshot.json

given the same compiler, settings and node as the record's
    a rise fails, with a table; so does a fall, until it is recorded
given others, fails and says which
`ape test tests/gas --update-gas` records what is measured.
"""

from pathlib import Path

import pytest
from support.collection import creation_code
from support.gas_scenarios import address, measure, without_zeros
from support.gas_snapshot import complaints, read, write

SNAPSHOT = Path(__file__).parent / "snapshot.json"


@pytest.fixture
def head(project, node):
    """What the figures are measured with, as the build and the node tell it."""
    project.load_contracts()  # a new checkout has compiled nothing yet
    (compiler,) = (c for c in project.manifest.compilers if "ProfilePicture" in c.contractTypes)
    return {
        "compiler": f"solc {compiler.version}",
        "evm_version": compiler.settings["evmVersion"],
        "via_ir": compiler.settings["viaIR"],
        "optimizer_runs": compiler.settings["optimizer"]["runs"],
        "node": node.rpc("web3_clientVersion"),
        "hardfork": node.rpc("anvil_nodeInfo")["hardFork"],
    }


@pytest.fixture
def measured(project, node, deployer):
    """Gas by scenario."""
    taker = deployer.deploy(project.AcceptingReceiver).address
    changes = {
        "max_supply": 10_000,
        "royalty_receiver": address("royalties"),
        "collection_bundle": without_zeros("collection"),
    }
    code = creation_code(project, address("owner"), address("minter"), **changes)
    return measure(node, code, taker)


def test_gas__when_measured__is_what_the_record_says(head, measured, pytestconfig):
    """A change of a figure is a change of the record, in the same commit."""
    if pytestconfig.getoption("--update-gas"):
        write(SNAPSHOT, head, measured)
    wrong = complaints(read(SNAPSHOT), head, measured)
    if wrong:
        pytest.fail(wrong, pytrace=False)


HEAD = {"compiler": "solc 1", "node": "anvil 1"}


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"mint": 101, "burn": 50}, ["Gas rose.", "mint", "100", "101", "+1"]),
        ({"mint": 99, "burn": 50}, ["Gas fell.", "mint", "100", "99", "-1"]),
        ({"mint": 99, "burn": 51}, ["Gas rose.", "mint", "-1", "burn", "+1"]),
        ({"mint": 100, "burn": 50, "drop": 7}, ["Gas rose.", "drop", "-", "7", "new"]),
        ({"mint": 100}, ["Gas fell.", "burn", "50", "-", "gone"]),
    ],
)
def test_complaints__when_figures_differ__shows_them(now, said):
    """The table has the figures that changed, and no others."""
    text = complaints({"head": HEAD, "gas": {"mint": 100, "burn": 50}}, HEAD, now)
    rest = text
    for word in said:
        assert word in rest, text
        rest = rest.split(word, 1)[1]
    assert rest.endswith("--update-gas")


def test_complaints__when_nothing_changed__is_silent():
    """The same head and figures are right."""
    assert complaints({"head": HEAD, "gas": {"mint": 100}}, HEAD, {"mint": 100}) == ""


def test_complaints__when_compiler_is_another__figures_are_void():
    """Even equal figures are of another compiler."""
    text = complaints({"head": HEAD, "gas": {}}, HEAD | {"compiler": "solc 2"}, {})
    assert "recorded with 'solc 1', measured with 'solc 2'" in text
    assert "node" not in text.replace("compiler or node", "")
