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
from typing import Any, Self

from pfpkit.atomic import write_file
from pfpkit.errors import BadInput, BadMetadata, BadRecord
from pfpkit.metadata import read_json
from pfpkit.reference import checksum_address

__all__ = ["Deployment", "record_path"]

VERSION = 1
_MAX_BYTES = 2**20


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
            if not isinstance(fields, dict) or fields.pop("version", None) != VERSION:
                raise BadRecord(f"{path} is no deployment record of version {VERSION}; restore it")
            record = cls(**fields)
            checksum_address(record.address)
        except (BadMetadata, TypeError) as error:
            raise BadRecord(f"{path} cannot be used: {error}; restore it from git") from error
        return record

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


def record_path(root: Path, chain_id: int, genesis: str, *, is_local: bool) -> Path:
    """Return where the record of a network is kept below the project's folder.

    >>> record_path(Path("."), 31337, "0xabcdef0123456789", is_local=True).as_posix()
    'deployments/local/31337-0xabcdef0123456789.json'
    """
    folder = root / "deployments"
    return (
        folder / "local" / f"{chain_id}-{genesis}.json" if is_local else folder / f"{chain_id}.json"
    )
