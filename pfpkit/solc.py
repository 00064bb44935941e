"""What the pinned solc makes of the contract, and how that is compared with code on a chain.

Immutables are values that the constructor writes into the runtime code, so that code is compared
with zeros in their places (solc's `immutableReferences`). Follows "Output Description" of solc's
Standard JSON. The compiler is the one that Ape uses; nothing is downloaded.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from eth_utils.crypto import keccak

from pfpkit.errors import BadInput, BadRecord
from pfpkit.solidity import CONTRACT, NAME, canonical, compiler_settings, standard_json_input

__all__ = ["BYTECODE", "Code", "Fingerprint", "compile_contract", "compile_with", "fingerprint"]

BYTECODE = Path("contracts/ProfilePicture.bytecode.json")
_WITHIN_S = 300


@dataclass(frozen=True, slots=True)
class Code:
    """What solc made of the contract: creation code without the constructor's arguments, runtime
    code with zeros for immutables, where these are (offset, length), and the metadata."""

    creation: bytes
    runtime: bytes
    immutables: tuple[tuple[int, int], ...]
    metadata: str

    @property
    def compiler(self) -> str:
        """The full version, such as 0.8.37+commit.f401782d."""
        return str(json.loads(self.metadata)["compiler"]["version"])


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a record says of code: hashes of the compiler's input, of the creation code without
    arguments and of the runtime code with zeros for immutables, and where these are."""

    compiler: str
    input: str
    creation: str
    runtime: str
    immutables: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, given: dict[str, Any], code: Code) -> Self:
        """Return the fingerprint of what a compiler made of an input."""
        hashes = [_hash(data) for data in (canonical(given), code.creation, code.runtime)]
        return cls(code.compiler, hashes[0], hashes[1], hashes[2], code.immutables)

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Read what `plain` gave; BadRecord when it is something else."""
        try:
            texts = tuple(fields[name] for name in ("compiler", "input", "creation", "runtime"))
            places = tuple((start, length) for start, length in fields["immutables"])
        except (KeyError, TypeError, ValueError) as error:
            raise BadRecord(f"the code's fingerprint is incomplete ({error})") from error
        numbers = [number for place in places for number in place]
        if not all(isinstance(text, str) for text in texts) or not all(
            type(number) is int and number >= 0 for number in numbers
        ):
            raise BadRecord("the code's fingerprint is no set of hashes and places")
        compiler, given, creation, runtime = texts
        return cls(compiler, given, creation, runtime, places)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self) | {"immutables": [list(place) for place in self.immutables]}

    def is_runtime(self, code: bytes) -> bool:
        """Whether code on a chain is this, whatever its immutables are."""
        return self.runtime == _hash(masked(code, self.immutables))

    def arguments_in(self, creation: bytes, length: int) -> bytes | None:
        """Return the last `length` bytes of what a deployment sent, if the rest is this code."""
        start = len(creation) - length
        same = start >= 0 and self.creation == _hash(creation[:start])
        return creation[start:] if same else None


def masked(code: bytes, places: Sequence[tuple[int, int]]) -> bytes:
    """Return code with zeros in some places.

    >>> masked(bytes([1, 2, 3, 4]), [(1, 2)]).hex()
    '01000004'
    """
    zeroed = bytearray(code)
    for start, length in places:
        if start + length <= len(zeroed):
            zeroed[start : start + length] = bytes(length)
    return bytes(zeroed)


def compile_contract(given: dict[str, Any], version: str) -> Code:
    """Compile a Standard JSON input with the solc of this version; BadInput when it is not here,
    or refuses the input."""
    name = f"solc-v{version.partition('+')[0]}"
    folders = [Path(sys.prefix) / "solc", Path.home() / ".solcx"]
    if own := os.environ.get("SOLCX_BINARY_PATH"):
        folders.insert(0, Path(own))
    for folder in folders:
        if (program := folder / name).is_file():
            return compile_with([str(program), "--standard-json"], given)
    raise BadInput(f"{name} is not here; run `make setup`, or `ape compile`, which installs it")


def compile_with(command: list[str], given: dict[str, Any]) -> Code:
    """Return what a compiler makes of the input; BadInput has its errors when it makes nothing."""
    try:
        done = subprocess.run(  # noqa: S603 - the compiler of the project
            command, input=canonical(given), capture_output=True, check=True, timeout=_WITHIN_S
        )
        answer = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise BadInput(f"{command[0]} does not work: {error}; run `make setup`") from error
    errors = [e["formattedMessage"] for e in answer.get("errors", []) if e["severity"] == "error"]
    if errors:
        raise BadInput("\n".join(["solc refuses the contract:", *errors]))
    try:
        made = answer["contracts"][CONTRACT][NAME]
    except KeyError:
        raise BadInput(f"the input makes no {CONTRACT}:{NAME}") from None
    runtime = made["evm"]["deployedBytecode"]
    places = (p for of_one in runtime.get("immutableReferences", {}).values() for p in of_one)
    return Code(
        creation=bytes.fromhex(made["evm"]["bytecode"]["object"]),
        runtime=bytes.fromhex(runtime["object"]),
        immutables=tuple(sorted((p["start"], p["length"]) for p in places)),
        metadata=made["metadata"],
    )


def fingerprint(root: Path) -> Fingerprint:
    """Return the fingerprint of the project's contract, compiled only where it was changed.

    contracts/ProfilePicture.bytecode.json has it for the sources and settings that it is of.
    """
    given = standard_json_input(root)
    try:
        known = json.loads((root / BYTECODE).read_text())
        found = Fingerprint(
            known["compiler"],
            known["input"]["keccak256"],
            known["creation code without constructor arguments"]["keccak256"],
            known["runtime code with zeros for immutables"]["keccak256"],
            tuple((start, length) for start, length in known["immutables"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        found = None
    if found is not None and found.input == _hash(canonical(given)):
        return found
    return Fingerprint.of(given, compile_contract(given, str(compiler_settings(root)["version"])))


def _hash(data: bytes) -> str:
    return f"0x{keccak(data).hex()}"
