"""Records of deployments: one JSON file a network, so that nobody copies addresses by hand.

    deployments/<chain id>.json                         a public network, committed by its user
    deployments/local/<chain id>-<genesis hash>.json    a chain that exists on one machine only

A local chain is known by its genesis block too, for every anvil calls itself 31337. A record says
where to look; that there is code at the address is asked of the chain each time. Beside a record
lies what solc was given, <its name>.input.json, so that the code can be made again when the
contract in the project is another one.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self, get_origin, get_type_hints

from eth_abi.abi import encode
from eth_abi.exceptions import EncodingError

from pfpkit.atomic import write_file
from pfpkit.cid import CID, DAG_PB
from pfpkit.errors import BadInput, BadMetadata, BadRecord, BadReference
from pfpkit.metadata import read_json
from pfpkit.reference import checksum_address
from pfpkit.solc import Fingerprint

__all__ = [
    "CONSTRUCTOR",
    "Deployment",
    "encoded_arguments",
    "forget",
    "input_path",
    "pending_path",
    "plain_arguments",
    "record_path",
]

VERSION = 2
_MAX_BYTES = 2**20
_ROOM = 16_384
_RESTORE = "restore it, or move it away and run `ape run deploy`"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployed collection: where, by whom, when, with what.

    `code` is a `solc.Fingerprint`, `collection` has the bundle's CID and, where all tokens were
    pinned before, their provenance hash; `verified` says by explorer when it confirmed the source.
    A record of version 1 has none of the three.
    """

    chain_id: int
    genesis: str
    address: str
    transaction: str
    block: int
    deployer: str
    arguments: Mapping[str, Any]
    compiler: Mapping[str, Any]
    code: Mapping[str, Any] = field(default_factory=dict)
    collection: Mapping[str, Any] = field(default_factory=dict)
    verified: Mapping[str, Any] = field(default_factory=dict)

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
        if not isinstance(fields, dict) or not _is(fields.get("version"), int):
            raise BadRecord(f"{path} is no deployment record; {_RESTORE}")
        if not 1 <= (version := fields.pop("version")) <= VERSION:
            raise BadRecord(
                f"{path} is a deployment record of version {version}, and this pfpkit reads "
                f"versions 1 to {VERSION}; install the pfpkit that wrote it, {_RESTORE}"
            )
        if version == 1:
            later: dict[str, Any] = {"code": {}, "collection": {}, "verified": {}}
            if unknown := sorted(fields.keys() & later.keys()):
                raise BadRecord(f"{path}: unknown in version 1: {', '.join(unknown)}; {_RESTORE}")
            fields |= later
        kinds = {name: get_origin(kind) or kind for name, kind in get_type_hints(cls).items()}
        wrong = [name for name, kind in kinds.items() if not _is(fields.get(name), kind)]
        wrong += sorted(fields.keys() - kinds.keys())
        if wrong:
            raise BadRecord(f"{path}: missing, wrong or unknown: {', '.join(wrong)}; {_RESTORE}")
        chain_id, genesis = fields["chain_id"], fields["genesis"]
        if path.stem.removesuffix(".pending") not in (str(chain_id), f"{chain_id}-{genesis}"):
            raise BadRecord(
                f"{path} is the record of chain {chain_id} by its content, and of another by its "
                f"name; {_RESTORE}"
            )
        try:
            return cls(**fields | {"address": checksum_address(fields["address"])})
        except BadReference as error:
            raise BadRecord(f"{path}: {error}; {_RESTORE}") from error

    @property
    def fingerprint(self) -> Fingerprint | None:
        """What `code` says; None in a record of version 1. BadRecord when it is something else."""
        return Fingerprint.parse(self.code) if self.code else None

    @property
    def encoded(self) -> bytes:
        """The arguments as the chain has them; see `encoded_arguments`."""
        return encoded_arguments(self.arguments)

    @property
    def bundle(self) -> CID:
        """The collection's bundle, as it was deployed; BadRecord as `encoded` raises it."""
        # Each argument begins with a word, which is all of one that has 32 bytes.
        place = 32 * list(CONSTRUCTOR).index("collectionBundle")
        return CID(1, DAG_PB, self.encoded[place : place + 32])

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

    @property
    def text(self) -> str:
        """The record as it is written."""
        return json.dumps({"version": VERSION, **asdict(self)}, indent=2) + "\n"

    def save_draft(self, record: Path) -> None:
        """Write beside the record what is about to be deployed; BadInput when that cannot be."""
        path = pending_path(record)
        try:
            write_file(path, self.text.encode())
        except OSError as error:
            raise BadInput(
                f"{path} cannot be written: {error.strerror}; nothing was deployed; make room, or "
                "ask for permission to write there"
            ) from error

    def save(self, path: Path) -> None:
        """Write the record in one step; BadInput leaves the old one as it was."""
        try:
            write_file(path, self.text.encode())
        except OSError as error:
            raise BadInput(
                f"{path} cannot be written: {error.strerror}. The contract is deployed all the "
                f"same, at {self.address}; make room and write this by hand:\n{self.text}"
            ) from error


def _is(value: object, kind: type) -> bool:
    # To Python `true` is a number.
    return isinstance(value, kind) and not isinstance(value, bool)


def plain_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a constructor's arguments as a record has them: bytes as 0x and digits."""
    return {
        name: f"0x{value.hex()}" if isinstance(value, bytes) else value
        for name, value in arguments.items()
    }


CONSTRUCTOR = {
    "name": "string",
    "symbol": "string",
    "owner": "address",
    "minter": "address",
    "maxSupply": "uint256",
    "royaltyReceiver": "address",
    "royaltyBps": "uint96",
    "collectionBundle": "bytes32",
}
"""The arguments of the contract's constructor, in order, and their types."""


def encoded_arguments(arguments: Mapping[str, Any]) -> bytes:
    """Return a record's arguments as the chain has them, after the creation code; BadRecord when
    they are not those of the contract's constructor."""
    try:
        values = [
            bytes.fromhex(arguments[name][2:]) if kind == "bytes32" else arguments[name]
            for name, kind in CONSTRUCTOR.items()
        ]
        return encode(list(CONSTRUCTOR.values()), values)
    except (KeyError, TypeError, ValueError, EncodingError) as error:
        raise BadRecord(f"the record's arguments are not the constructor's: {error}") from error


def input_path(record: Path) -> Path:
    """Return where the compiler's input lies, beside a record.

    >>> input_path(Path("deployments/1.json")).as_posix()
    'deployments/1.input.json'
    """
    return record.with_name(f"{record.stem}.input.json")


def pending_path(record: Path) -> Path:
    """Return where a deployment stands that was sent, and is not recorded yet."""
    return record.with_name(f"{record.stem}.pending.json")


def forget(record: Path) -> None:
    """Remove a record and what lies beside it, and the folder if nothing else is in it."""
    for path in (record, input_path(record), pending_path(record)):
        path.unlink(missing_ok=True)
    with suppress(OSError):
        record.parent.rmdir()


def record_path(root: Path, chain_id: int, genesis: str, *, is_local: bool) -> Path:
    """Return where the record of a network is kept below the project's folder.

    >>> record_path(Path("."), 31337, "0xabcdef0123456789", is_local=True).as_posix()
    'deployments/local/31337-0xabcdef0123456789.json'
    """
    folder = root / "deployments"
    return (
        folder / "local" / f"{chain_id}-{genesis}.json" if is_local else folder / f"{chain_id}.json"
    )
