"""The contract's code, against contracts/ProfilePicture.bytecode.json

given the sources and settings of the record
    every compiler that is here makes the recorded code
    so does Ape, here and in a copy of the project elsewhere: this is the code that it deploys
    the code of a deployed contract differs from it in the immutables alone
    the metadata that the code commits to names no path of a machine
given other sources or settings, fails and says how to record them
"""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.collection import deploy
from support.project import Project

from pfpkit.solidity import CONTRACT, compiler_settings, sources, standard_json_input
from pfpkit.unixfs import UNIXFS_V0_2015, add_file
from tools import bytecode

ROOT = Path(__file__).resolve().parents[2]
IPFS = b"\x64ipfs\x58\x22"  # CBOR: the key "ipfs", and 34 bytes


@pytest.fixture(scope="module")
def given():
    """What solc is given."""
    return standard_json_input(ROOT)


@pytest.fixture(scope="module")
def programs():
    """Every compiler that is here."""
    return bytecode.compilers(compiler_settings(ROOT)["version"])


@pytest.fixture(scope="module")
def codes(given, programs):
    """What every compiler makes of it."""
    return {which: bytecode.compile_with(run, given) for which, run in programs.items()}


@pytest.fixture(scope="module")
def code(codes):
    """What npm's compiler makes of it."""
    return codes["wasm"]


@pytest.fixture(scope="module")
def recorded():
    """The record."""
    return json.loads(bytecode.RECORD.read_text())


def test_record__when_compiled_again__is_right(given, codes, recorded):
    """The repository says which code its sources make, and each compiler makes it."""
    for which, code in codes.items():
        wrong = bytecode.complaint(recorded, bytecode.record_of(given, code))
        if wrong:
            pytest.fail(f"{which}: {wrong}", pytrace=False)


def creation_code_of_ape(folder):
    """What Ape deploys, from what it compiled in a folder."""
    manifest = json.loads((folder / ".build" / "__local__.json").read_text())
    return manifest["contractTypes"]["ProfilePicture"]["deploymentBytecode"]["bytecode"]


def test_creation_code__when_ape_deploys__is_the_recorded_one(project, code):
    """The canonical input and Ape's own make the same code, byte for byte."""
    deployed = project.ProfilePicture.contract_type.deployment_bytecode.bytecode
    # Ape compiles again what changed, and a changed setting is none of it.
    stale = "Ape's build is of other settings; run: ape compile --force"
    assert str(deployed) == "0x" + code.creation.hex(), stale


def test_creation_code__when_the_project_is_elsewhere__is_the_same(tmp_path, code):
    """Ape compiles a copy elsewhere, deeper and with another home: no path is in the code."""
    folder = tmp_path / "an other" / "and" / "a deeper" / "place"
    folder.parent.mkdir(parents=True)
    there = Project.copied(folder, tmp_path, "http://127.0.0.1:1")
    done = subprocess.run(
        [Path(sys.executable).parent / "ape", "compile", "--verbosity", "ERROR"],
        cwd=there.folder,
        env=there.environment(None),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done
    assert creation_code_of_ape(there.folder) == "0x" + code.creation.hex()


def test_runtime_code__when_deployed__differs_in_immutables_alone(
    project, node, deployer, minter, code
):
    """Anyone checks a deployed contract by its code, with zeros for the immutables."""
    made = deploy(project, deployer, owner=deployer, minter=minter)
    found = bytearray.fromhex(node.rpc("eth_getCode", made.address, "latest")[2:])
    assert bytes(found) != code.runtime
    for start, length in code.immutables:
        found[start : start + length] = bytes(length)
    assert bytes(found) == code.runtime


def test_metadata__when_named_by_the_code__has_no_path_of_a_machine(given, code):
    """The code ends with the hash of this metadata, whose names begin at the project's folder."""
    metadata = json.loads(code.metadata)
    named = code.runtime.split(IPFS)[1][:34]
    assert named == add_file(code.metadata.encode(), UNIXFS_V0_2015).cid.encode()
    assert set(metadata["sources"]) == set(given["sources"])
    assert all(name.startswith("contracts/") for name in metadata["sources"])
    assert metadata["settings"]["compilationTarget"] == {CONTRACT: "ProfilePicture"}
    assert metadata["settings"]["remappings"] == []


@pytest.mark.parametrize("name", [CONTRACT, "contracts/libraries/Packed.sol"])
def test_input__when_a_comment_changes__is_another(given, code, recorded, name):
    """A change of any source, even of a comment, is a change of the record."""
    other = copy.deepcopy(given)
    other["sources"][name]["content"] += "// more\n"
    said = bytecode.complaint(recorded, bytecode.record_of(other, code))
    assert "input: recorded" in said
    assert "creation code" not in said
    assert said.endswith("make bytecode")


def test_input__when_a_setting_changes__makes_other_code(given, recorded, programs):
    """Another setting is another code, and both are named."""
    other = copy.deepcopy(given)
    other["settings"]["optimizer"]["runs"] += 1000
    code = bytecode.compile_with(programs["wasm"], other)
    said = bytecode.complaint(recorded, bytecode.record_of(other, code))
    for key in ("settings", "input", "creation code without constructor arguments"):
        assert f"{key}: recorded" in said


def test_sources__when_files_import_each_other__each_is_there_once():
    """Imports are followed to the end, whatever they are relative to."""
    files = {
        "a/A.sol": 'import {B} from "./b/B.sol";\nimport "lib/C.sol";\n',
        "a/b/B.sol": "import * as A from '../A.sol';\n",
        "lib/C.sol": 'import {\n  D\n} from "../D.sol";\n',
        "D.sol": "",
    }
    assert sources(["a/A.sol"], files.__getitem__) == dict(sorted(files.items()))
