"""The recorded comparison of benchmarks/results, against what holds the contract's gas

given the contract's own record
    the comparison has the same figures
given the floors as the code computes them
    the comparison has the same
given the pages that show figures
    they show those of the results
"""

import doctest
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.gas_scenarios import BATCH

from benchmarks.gas import report
from benchmarks.gas.floor import FLOORS

ROOT = Path(__file__).resolve().parents[2]
SAME = {
    "mint, new owner": "mint to a new holder",
    "mint, same owner": "mint to a holder of others",
    "safeMint, new owner": "safeMint to a new plain account",
    "transfer, existing receiver": "transferFrom to a holder of others",
    "transfer, new receiver": "transferFrom to a new holder",
    "transfer by operator": "transferFrom by an operator",
    "approve, first": "approve, first",
    "burn": "burn, holder keeps others",
    "tokenURI, execution": "tokenURI, execution alone",
    "deploy": "deploy",
}
EACH = {
    "batch of 100, each": f"mintBatch of {BATCH} to a new holder",
    "airdrop to 100, each": f"airdrop to {BATCH} new holders",
}
HINT = (
    "the contract costs something else than in the comparison: make bench-gas bench-gas-experiments"
)


@pytest.fixture
def results():
    """The recorded comparison."""
    return report.read("gas.json")


def test_results__when_contract_has_a_record__agree(results):
    """What README says of the contract is what the contract costs."""
    recorded = json.loads((ROOT / "tests/gas/snapshot.json").read_text())["gas"]
    expected = {use: recorded[scenario] for use, scenario in SAME.items()}
    expected |= {use: recorded[scenario] // BATCH for use, scenario in EACH.items()}
    gas = results["contracts"]["ProfilePicture"]["gas"]
    assert {use: gas[use] for use in expected} == expected, HINT
    before = report.read("gas-experiments.json")["unchanged"]
    assert {use: before[use] for use in expected} == expected, HINT


def test_results__when_floors_are_computed_again__agree(results):
    """The floor in the results is the one that a node was asked about."""
    floors = {use: {"each": f.each, "terms": f.lines()} for use, f in FLOORS.items()}
    assert results["floor"] == floors, HINT


def test_results__when_there_is_a_floor__no_equal_is_below_it(results):
    """A contract that keeps all that the floor counts cannot cost less."""
    for title in ("ProfilePicture", "Solady, alike", "OpenZeppelin, alike"):
        gas = results["contracts"][title]["gas"]
        assert not [use for use in FLOORS if use in gas and gas[use] < FLOORS[use].each], title


def test_table__when_shown_in_its_docstring__is_that():
    """The tables line up as promised."""
    assert doctest.testmod(report) == (0, 1)


def _check(*options, cwd=ROOT):
    command = [sys.executable, str(cwd / "tools/figures.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd)


def test_figures__when_pages_are_checked__are_those_of_the_results():
    """README and docs show what was measured."""
    done = _check("--check")
    assert (done.returncode, done.stdout) == (0, "")


def test_figures__when_a_page_differs__it_is_named_and_written_again(tmp_path):
    """A figure that was edited by hand is found, and replaced."""
    for name in ("README.md", "tools/figures.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    others = shutil.ignore_patterns("node_modules", "__pycache__")
    for folder in ("benchmarks", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=others)
    readme = tmp_path / "README.md"
    right = readme.read_text()
    readme.write_text(right.replace("95,119", "59,119"))
    done = _check("--check", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("README.md: its figures are not those of benchmarks/results")
    assert _check(cwd=tmp_path).stdout == "wrote README.md\n"
    assert readme.read_text() == right
