"""Creation codes of many versions of the contract, by solc in two processes.

Nearly all mutants differ in what they do, and then any code shows it: "plain" is not optimized, and
compiled six times as fast as "exact", which has the project's settings and tells whether a change
reaches the deployed code at all. Neither has the metadata at its end, in which every version
differs. What was compiled once is kept in `.build/mutants/codes`.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from mutants.operators import Mutant, Tree
from pfpkit.solidity import CONTRACT as FILE
from pfpkit.solidity import standard_json_input

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = Path(FILE).stem
WORKERS = 2


def sources() -> dict[str, bytes]:
    """The contract and what it imports, by their paths."""
    return {
        name: source["content"].encode()
        for name, source in standard_json_input(ROOT)["sources"].items()
    }


def standard_input(exact: bool) -> dict[str, Any]:
    """What solc is asked."""
    asked = standard_json_input(ROOT)
    settings = asked["settings"] | {
        "metadata": {"appendCBOR": False, "bytecodeHash": "none"},
        "outputSelection": {FILE: {CONTRACT: ["evm.bytecode.object"]}},
    }
    if not exact:
        settings |= {"viaIR": False, "optimizer": {"enabled": False}}
    return asked | {"settings": settings}


def trees() -> dict[str, Tree]:
    """Syntax trees of all sources."""
    asked = standard_input(exact=False)
    asked["settings"] = {"outputSelection": {"*": {"": ["ast"]}}}
    program = f"process.stdout.write(require({str(ROOT / 'node_modules/solc')!r})"
    program += ".compile(require('fs').readFileSync(0, 'utf8')))"
    done = subprocess.run(
        ["node", "-e", program], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    return {name: found["ast"] for name, found in json.loads(done.stdout)["sources"].items()}


class Compiler:
    """Use as `with Compiler(sources, exact=False) as compiler:`."""

    def __init__(self, given: dict[str, bytes], *, exact: bool) -> None:
        self._sources = given
        self._input = standard_input(exact)
        locked = (ROOT / "package-lock.json").read_bytes()
        self._key = hashlib.sha256(json.dumps(self._input).encode() + locked).hexdigest()
        self._kept = ROOT / ".build/mutants/codes"
        self._kept.mkdir(parents=True, exist_ok=True)
        self._processes: list[subprocess.Popen[str]] = []
        self._idle: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()

    def __enter__(self) -> Compiler:
        first = json.dumps({"input": self._input, "file": FILE, "contract": CONTRACT})
        command = ["node", str(Path(__file__).with_name("compiler.cjs"))]
        command.append(str(ROOT / "node_modules/solc"))
        for _ in range(WORKERS):
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            self._processes.append(process)
            self._ask(process, first)
            self._idle.put(process)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def original(self) -> bytes:
        """The code of the sources as they are."""
        code = self._code(FILE, self._sources[FILE])
        if code is None:
            raise SystemExit("mutate: the contract does not compile")
        return code

    def codes(self, mutants: Iterable[Mutant]) -> Iterator[tuple[Mutant, bytes | None]]:
        """Each mutant in turn with its code, or None when it is not valid Solidity."""
        with ThreadPoolExecutor(WORKERS) as pool:
            mutants = list(mutants)
            yield from zip(mutants, pool.map(self._mutated, mutants), strict=True)

    def _mutated(self, mutant: Mutant) -> bytes | None:
        return self._code(mutant.file, mutant.apply(self._sources[mutant.file]))

    def _code(self, file: str, source: bytes) -> bytes | None:
        name = hashlib.sha256(f"{self._key} {file} ".encode() + source).hexdigest()
        kept = self._kept / name
        if not kept.exists():
            process = self._idle.get()
            self._ask(process, json.dumps({"file": file, "content": source.decode()}))
            assert process.stdout is not None
            said = process.stdout.readline()
            self._idle.put(process)
            written = kept.with_suffix(".new")
            written.write_text(json.loads(said).get("code", ""))
            written.replace(kept)
        return bytes.fromhex(kept.read_text()) or None

    @staticmethod
    def _ask(process: subprocess.Popen[str], line: str) -> None:
        assert process.stdin is not None
        process.stdin.write(line + "\n")
        process.stdin.flush()
