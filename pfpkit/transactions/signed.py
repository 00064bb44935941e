"""One signed transaction (EIP-1559), read from its own bytes, and what it is meant to do. Pure."""

from dataclasses import dataclass
from typing import Any, Protocol, Self

import rlp  # type: ignore[import-untyped]
from eth_utils.crypto import keccak

from pfpkit.errors import BadRecord
from pfpkit.reference import NOBODY, checksum_address

__all__ = ["Effect", "Request", "Signed", "Signer"]

_TYPE = b"\x02"
_FIELDS = 12


@dataclass(frozen=True, slots=True)
class Effect:
    """One Transfer event that a transaction is meant to cause, and that must not come twice.

    `what` is what moves: the digest of the bundle that is minted (64 hexadecimal digits), with
    nobody as `sender`; or the number of a token. `name` is how the user wrote the receiver.
    """

    contract: str
    sender: str
    to: str
    what: str
    name: str = ""

    @property
    def is_mint(self) -> bool:
        """Whether a token is made, not moved."""
        return self.sender == NOBODY

    @property
    def identity(self) -> tuple[str, ...]:
        """What may be under way once only: a bundle for whomever, or a move between two people."""
        if self.is_mint:
            return ("mint", self.contract, self.what)
        return ("transfer", self.contract, self.what, self.sender, self.to)

    def row(self) -> list[str]:
        """Return it as JSON, without its contract."""
        return [self.sender, self.to, self.what, self.name]


@dataclass(frozen=True, slots=True)
class Request:
    """A transaction to sign. Fees are in wei a gas; no value is sent with it."""

    chain_id: int
    nonce: int
    to: str
    data: bytes
    gas: int
    max_fee: int
    tip: int

    @property
    def most(self) -> int:
        """The wei that it can cost at most."""
        return self.gas * self.max_fee


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed transaction: its bytes are what is sent, however often."""

    raw: bytes
    hash: str
    request: Request

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read the bytes of a transaction of type 2 without value; BadRecord when they are none."""
        try:
            fields: Any = rlp.decode(raw[1:]) if raw[:1] == _TYPE else None
        except rlp.DecodingError as error:
            raise BadRecord(f"{raw.hex()[:40]} is no transaction: {error}") from error
        if not isinstance(fields, list) or len(fields) != _FIELDS or fields[6] or fields[8]:
            raise BadRecord(f"{raw.hex()[:40]} is no transaction of type 2 without value")
        chain_id, nonce, tip, max_fee, gas = (int.from_bytes(field) for field in fields[:5])
        to = checksum_address(f"0x{fields[5].hex()}")
        request = Request(chain_id, nonce, to, fields[7], gas, max_fee, tip)
        return cls(raw, f"0x{keccak(raw).hex()}", request)


class Signer(Protocol):
    """An account that signs and does not send."""

    @property
    def address(self) -> str:
        """Its address, as EIP-55 writes it."""

    def sign(self, request: Request) -> Signed:
        """Return the transaction, signed; TransactionFailed when the account does not sign it."""
