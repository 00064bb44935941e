"""What solc is given to make the contract that is deployed: the same on every machine.

Follows "Input Description" of solc's Standard JSON. Explorers verify the contract with this input,
and contracts/ProfilePicture.bytecode.json records its hash. The end of a contract's code holds the
hash of its metadata, which covers the names and texts of its sources and the compiler's settings:
names here begin at the project's folder, so that the place of a checkout is in no byte of the code.
Needs PyYAML, which comes with the extra `[ape]`.
"""

import json
import posixpath
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

CONTRACT = "contracts/ProfilePicture.sol"
NAME = "ProfilePicture"
_IMPORT = re.compile(r"""^\s*import\s[^;]*?["']([^"']+)["'];""", re.MULTILINE)
OUTPUTS = {CONTRACT: {NAME: ["abi", "metadata", "evm.bytecode.object", "evm.deployedBytecode"]}}
"""What solc is asked for: the contract's code, and not that of what it imports."""


def sources(names: Iterable[str], read: Callable[[str], str]) -> dict[str, str]:
    """Return the texts of the sources `names` and of all that they import, by name, sorted.

    >>> files = {"a/B.sol": 'import {C} from "../c/C.sol";', "c/C.sol": "contract C {}"}
    >>> list(sources(["a/B.sol"], files.__getitem__))
    ['a/B.sol', 'c/C.sol']
    """
    found: dict[str, str] = {}
    wanted = list(names)
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = read(name)
            wanted += [_imported(path, name) for path in _IMPORT.findall(found[name])]
    return dict(sorted(found.items()))


def _imported(path: str, by: str) -> str:
    relative = path.startswith((".", ".."))
    return posixpath.normpath(posixpath.join(posixpath.dirname(by), path)) if relative else path


def compiler_settings(root: Path) -> dict[str, Any]:
    """Return what ape-config.yaml says of solc: version, evm_version, via_ir, optimization_runs."""
    config = yaml.safe_load((root / "ape-config.yaml").read_text(encoding="utf-8"))
    settings: dict[str, Any] = config["solidity"]
    return settings


def standard_json_input(root: Path) -> dict[str, Any]:
    """Return the input that makes ProfilePicture of the project in `root`, as Ape's input does.

    It holds the sources that the contract needs and no others. Mocks that Ape compiles beside it
    change no byte of its code.
    """
    texts = sources([CONTRACT], lambda name: (root / name).read_text(encoding="utf-8"))
    settings = compiler_settings(root)
    return {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in texts.items()},
        "settings": {
            "optimizer": {"enabled": True, "runs": settings["optimization_runs"]},
            "viaIR": settings["via_ir"],
            "evmVersion": settings["evm_version"],
            "outputSelection": OUTPUTS,
        },
    }


def canonical(document: dict[str, Any]) -> bytes:
    """Return the bytes of a JSON document that are hashed: keys sorted, no spaces, UTF-8.

    >>> canonical({"b": 1, "a": "é"}).decode()
    '{"a":"é","b":1}'
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()
