"""Records of deployments: one JSON file a network, so that nobody copies addresses by hand.

    deployments/<chain id>.json                         a public network, committed by its user
    deployments/local/<chain id>-<genesis hash>.json    a chain that exists on one machine only

A local chain is known by its genesis block too, for every anvil calls itself 31337. A record says
where to look; that there is code at the address is asked of the chain each time.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self, get_origin, get_type_hints

from pfpkit.atomic import write_file
from pfpkit.errors import BadInput, BadMetadata, BadRecord, BadReference
from pfpkit.metadata import read_json
from pfpkit.reference import checksum_address

__all__ = ["Deployment", "plain_arguments", "record_path"]

VERSION = 1
_MAX_BYTES = 2**20
_ROOM = 4096
_RESTORE = "restore it, or move it away and run `ape run deploy`"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployed collection: where, by whom, when, with what."""

    chain_id: int
    genesis: str
    address: str
    transaction: str
    block: int
    deployer: str
    arguments: Mapping[str, Any]
    compiler: Mapping[str, Any]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a record; BadRecord says what is missing, or what is wrong with it."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise BadRecord(
                f"no deployment on this network ({path} is missing); run `ape run deploy` first"
            ) from None
        except OSError as error:
            raise BadRecord(f"{path} cannot be read: {error.strerror}") from error
        try:
            fields: Any = read_json(data, str(path), _MAX_BYTES)
        except BadMetadata as error:
            raise BadRecord(f"{error}; {_RESTORE}") from error
        if not isinstance(fields, dict) or not _is(fields.get("version"), int, VERSION):
            raise BadRecord(f"{path} is no deployment record of version {VERSION}; {_RESTORE}")
        del fields["version"]
        kinds = {name: get_origin(kind) or kind for name, kind in get_type_hints(cls).items()}
        wrong = [name for name, kind in kinds.items() if not _is(fields.get(name), kind)]
        wrong += sorted(fields.keys() - kinds.keys())
        if wrong:
            raise BadRecord(f"{path}: missing, wrong or unknown: {', '.join(wrong)}; {_RESTORE}")
        chain_id, genesis = fields["chain_id"], fields["genesis"]
        if path.stem not in (str(chain_id), f"{chain_id}-{genesis}"):
            raise BadRecord(
                f"{path} is the record of chain {chain_id} by its content, and of another by its "
                f"name; {_RESTORE}"
            )
        try:
            return cls(**fields | {"address": checksum_address(fields["address"])})
        except BadReference as error:
            raise BadRecord(f"{path}: {error}; {_RESTORE}") from error

    @staticmethod
    def check_place(path: Path) -> None:
        """Refuse a place that no record can be written to, while nothing is deployed yet."""
        probe = path.with_name(f".{path.name}.probe")
        try:
            write_file(probe, bytes(_ROOM))
            probe.unlink()
        except OSError as error:
            raise BadInput(
                f"{path} cannot be written: {error.strerror}; nothing was deployed; "
                "make room, or ask for permission to write there"
            ) from error

    def save(self, path: Path) -> None:
        """Write the record in one step; BadInput leaves the old one as it was."""
        data = json.dumps({"version": VERSION, **asdict(self)}, indent=2) + "\n"
        try:
            write_file(path, data.encode())
        except OSError as error:
            raise BadInput(
                f"{path} cannot be written: {error.strerror}. The contract is deployed all the "
                f"same, at {self.address}; make room and write this by hand:\n{data}"
            ) from error


def _is(value: object, kind: type, wanted: object = None) -> bool:
    # To Python `true` is a number, and equal to 1.
    right = isinstance(value, kind) and not isinstance(value, bool)
    return right and (wanted is None or value == wanted)


def plain_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a constructor's arguments as a record has them: bytes as 0x and digits."""
    return {
        name: f"0x{value.hex()}" if isinstance(value, bytes) else value
        for name, value in arguments.items()
    }


def record_path(root: Path, chain_id: int, genesis: str, *, is_local: bool) -> Path:
    """Return where the record of a network is kept below the project's folder.

    >>> record_path(Path("."), 31337, "0xabcdef0123456789", is_local=True).as_posix()
    'deployments/local/31337-0xabcdef0123456789.json'
    """
    folder = root / "deployments"
    return (
        folder / "local" / f"{chain_id}-{genesis}.json" if is_local else folder / f"{chain_id}.json"
    )
