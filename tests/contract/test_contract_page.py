"""docs/contract.md, against the compiler, the tests and the proofs

given the storage that the page draws
    it is the compiler's layout, slot by slot
given each test and proof that the page names
    it exists
"""

import json
import re
import subprocess
from pathlib import Path

from pfpkit.solidity import CONTRACT, compiler_settings, standard_json_input
from tools import bytecode

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "contract.md").read_text()
ROW = re.compile(r"^\| (\d+) \| `(\w+)` \|", re.MULTILINE)
NAMED = re.compile(r"`((?:test|check)_\w+(?:\.\w+)?)`")


def test_storage__when_drawn_on_the_page__is_the_compiler_s():
    """A variable that moves, comes or goes has to be drawn again."""
    given = standard_json_input(ROOT)
    given["settings"]["outputSelection"] = {CONTRACT: {"ProfilePicture": ["storageLayout"]}}
    command = bytecode.compilers(compiler_settings(ROOT)["version"])["wasm"]
    done = subprocess.run(command, input=json.dumps(given).encode(), capture_output=True)
    contract = json.loads(done.stdout)["contracts"][CONTRACT]["ProfilePicture"]
    layout = [(v["slot"], v["label"]) for v in contract["storageLayout"]["storage"]]
    assert ROW.findall(PAGE) == layout


def test_page__when_it_names_tests_and_proofs__they_exist():
    """A promise is not held by a test that was renamed or taken out."""
    tests = list((ROOT / "tests").rglob("test_*.py"))
    texts = [file.read_text() for file in (*tests, *(ROOT / "proofs").glob("*.sol"))]
    there = {name for text in texts for name in re.findall(r"(?:def|function) (\w+)\(", text)}
    there |= {file.name for file in tests}
    named = set(NAMED.findall(PAGE))
    assert len([name for name in named if name.startswith("check_")]) >= 11
    assert sorted(named - there) == []
