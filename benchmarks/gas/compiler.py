"""Every contract of the comparison, compiled at once with one setting.

solc is the pinned one that `make setup` provided, through its standard JSON; the settings are those
of ape-config.yaml, so that ProfilePicture's code here is the code that is deployed. Vyper, which
Snekmate is written in, compiles in an environment of its own.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import solcx

from pfpkit.solidity import compiler_settings
from pfpkit.solidity import sources as with_imports

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ROOT / "benchmarks" / "node_modules"
VYPER = ROOT / ".build" / "vyper" / "bin" / "vyper"
SETTINGS = compiler_settings(ROOT)


@dataclass(frozen=True, slots=True)
class Code:
    """What a compiler made of one contract."""

    creation: bytes
    runtime_bytes: int
    compiler: str


def sources(names: Iterable[str], changed: Mapping[str, str]) -> dict[str, str]:
    """The files and all that they import, by name: a path in this checkout, or in a package.

    A name that is in `changed` has that text instead of the file's.
    """
    return with_imports(
        names, lambda name: changed[name] if name in changed else _file(name).read_text()
    )


def _file(name: str) -> Path:
    own = ROOT / name
    return own if own.is_file() else LIBRARIES / name


def compile_solidity(
    names: Iterable[str], changed: Mapping[str, str] | None = None, **settings: Any
) -> dict[str, Code]:
    """The contract of each file that is named like it, by file; `settings` replaces some."""
    used = SETTINGS | settings
    names = list(names)
    answer = solcx.compile_standard(
        {
            "language": "Solidity",
            "sources": {n: {"content": t} for n, t in sources(names, changed or {}).items()},
            "settings": {
                "optimizer": {"enabled": True, "runs": used["optimization_runs"]},
                "viaIR": used["via_ir"],
                "evmVersion": used["evm_version"],
                "outputSelection": {
                    name: {"*": ["evm.bytecode.object", "evm.deployedBytecode.object"]}
                    for name in names
                },
            },
        },
        solc_version=used["version"],
    )
    return {name: _code(answer["contracts"][name][Path(name).stem]["evm"]) for name in names}


def _code(evm: dict[str, Any]) -> Code:
    creation = bytes.fromhex(evm["bytecode"]["object"])
    runtime = len(evm["deployedBytecode"]["object"]) // 2
    return Code(creation, runtime, f"solc {SETTINGS['version']}")


def compile_vyper(name: str) -> Code | None:
    """The contract of a file, or None where Vyper could not be installed."""
    if not VYPER.is_file():
        return None
    settings = ["--evm-version", SETTINGS["evm_version"], "--optimize", "gas"]
    command = [VYPER, *settings, "-f", "bytecode,bytecode_runtime", ROOT / name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    creation, runtime = (bytes.fromhex(line[2:]) for line in done.stdout.split())
    version = subprocess.run([VYPER, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    return Code(creation, len(runtime), f"vyper {version.stdout.split('+')[0].strip()}")
