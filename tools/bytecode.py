"""Record the contract's code in contracts/ProfilePicture.bytecode.json: `make bytecode`.

The contract is compiled from `standard_json_input` by npm's wasm build of the pinned solc, and by a
native one where it is here: from `make setup`, or installed before. They have to agree on every
byte. The input itself is written to .build/, for a compiler elsewhere:

    solc --standard-json < .build/ProfilePicture.input.json
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from eth_utils import keccak

from pfpkit.solc import BYTECODE, Code, compile_with
from pfpkit.solidity import CONTRACT, canonical, compiler_settings, standard_json_input

ROOT = Path(__file__).resolve().parents[1]
NAME = Path(CONTRACT).stem
RECORD = ROOT / BYTECODE
INPUT = ROOT / ".build" / f"{NAME}.input.json"
COMMAND = "make bytecode"
WASM = "process.stdout.write(require({!r}).compile(require('fs').readFileSync(0, 'utf8')))"


def compilers(version: str) -> dict[str, list[str]]:
    """The solc programs of this version on this machine, by what they are, as command lines."""
    pinned = ROOT / ".venv" / "solc" / f"solc-v{version}"
    native = [
        pinned,
        Path.home() / ".solcx" / f"solc-v{version}",
        Path.home() / ".svm" / version / f"solc-{version}",
        Path(shutil.which("solc") or "solc"),
    ]
    found = {"wasm": ["node", "-e", WASM.format(str(ROOT / "node_modules" / "solc"))]}
    for program in native:
        if _is_native(program) and version in _said(program, "--version"):
            found["native"] = [str(program), "--standard-json"]
            break
    return found


def _is_native(program: Path) -> bool:
    if not program.is_file():
        return False
    with program.open("rb") as file:
        return file.read(2) != b"#!"


def _said(program: Path, option: str) -> str:
    return subprocess.run([program, option], capture_output=True, text=True).stdout


def record_of(given: dict[str, Any], code: Code) -> dict[str, Any]:
    """What the record says of an input and of the code that it makes."""
    settings = {k: v for k, v in given["settings"].items() if k != "outputSelection"}
    return {
        "contract": f"{CONTRACT}:{NAME}",
        "compiler": code.compiler,
        "settings": settings,
        "input": _hashed(canonical(given)),
        "creation code without constructor arguments": _hashed(code.creation),
        "runtime code with zeros for immutables": _hashed(code.runtime),
        "immutables": [list(place) for place in code.immutables],
    }


def _hashed(data: bytes) -> dict[str, Any]:
    return {"bytes": len(data), "keccak256": "0x" + keccak(data).hex()}


def complaint(recorded: dict[str, Any], now: dict[str, Any]) -> str:
    """What differs, as a text for a person; empty when nothing does."""
    changed = [key for key in now | recorded if recorded.get(key) != now.get(key)]
    if not changed:
        return ""
    lines = [f"  {k}: recorded {recorded.get(k)}, compiled {now.get(k)}" for k in changed]
    advice = f"If the change is meant, say why in the commit that records it: {COMMAND}"
    return "\n".join(["The contract is not the recorded one.", *lines, advice])


def main() -> int:
    given = standard_json_input(ROOT)
    version = compiler_settings(ROOT)["version"]
    codes = {which: compile_with(run, given) for which, run in compilers(version).items()}
    print(f"{NAME}, solc {version}, from {len(given['sources'])} sources")
    for which in ("wasm", "native"):
        code = codes.get(which)
        made = f"0x{keccak(code.creation).hex()}" if code else "not available here, not compared"
        print(f"  {which:8}{made}")
    if len(set(codes.values())) > 1:
        print("the compilers do not agree; nothing was recorded")
        return 1
    INPUT.parent.mkdir(exist_ok=True)
    INPUT.write_bytes(canonical(given))
    text = json.dumps(record_of(given, codes["wasm"]), indent=2) + "\n"
    same = RECORD.is_file() and RECORD.read_text() == text
    RECORD.write_text(text)
    print(f"{'the same as' if same else 'wrote'} {RECORD.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
