"""Calls of a contract's views: what is sent, and how the answer is read. Pure.

Follows the Contract ABI Specification. Strings are read as wallets read them: some contracts end a
text where its letters end, without the padding.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import function_signature_to_4byte_selector

from pfpkit.errors import ChainError
from pfpkit.reference import checksum_address

__all__ = ["Call", "Reverted"]

_WORD = 32


@dataclass(frozen=True, slots=True)
class Call:
    """One view to call: its signature, its result type, its arguments.

    Of an `optional` one the result is None where the contract has no such view.

    >>> Call("ownerOf(uint256)", "address", (7,)).data[:10]
    '0x6352211e'
    """

    signature: str
    returns: str
    arguments: tuple[Any, ...] = ()
    optional: bool = False

    @property
    def data(self) -> str:
        """The call data, as 0x and hexadecimal digits."""
        return "0x" + self.sent.hex()

    @property
    def sent(self) -> bytes:
        """The call data."""
        selector, types = _selector_and_types(self.signature)
        return selector + encode(types, self.arguments)

    def read(self, answer: bytes) -> Any:
        """Return the decoded result; ChainError when the answer is not of the result's type."""
        plain = _plain(self.returns, answer)
        if plain is not None:
            return plain
        try:
            # Filled up, or read as Ape has eth_abi read numbers, it would be another number.
            if len(answer) < _WORD:
                raise ValueError("shorter than any value")
            # Some contracts end a text where its letters end, and every wallet reads that.
            (value,) = decode([self.returns], answer + bytes(-len(answer) % _WORD))
        except (DecodingError, ValueError, OverflowError) as error:
            raise ChainError(
                f"{self.signature} answered {len(answer)} bytes that are no "
                f"{self.returns}; the address is not the contract that was meant"
            ) from error
        return checksum_address(value) if self.returns == "address" else value


@dataclass(frozen=True, slots=True)
class Reverted:
    """The answer of a call that reverted, with the reason as far as the node told it.

    `data` is what the contract reverted with (0x and digits), empty where the node does not say.
    """

    reason: str
    data: str = ""


def _plain(kind: str, answer: bytes) -> Any:
    """Read what is encoded in the plainest way, ten times as fast; None for all else."""
    first = int.from_bytes(answer[:32])
    if kind == "string" and len(answer) >= 64 and first == 32:
        end = 64 + int.from_bytes(answer[32:64])
        if len(answer) == end + -end % 32 and not any(answer[end:]):
            with suppress(UnicodeDecodeError):
                return answer[64:end].decode()
    elif len(answer) == 32:
        if kind == "address" and first < 2**160:
            return checksum_address("0x" + answer[12:].hex())
        if kind == "uint256":
            return first
        if kind == "bool" and first < 2:
            return bool(first)
    return None


@lru_cache(maxsize=256)
def _selector_and_types(signature: str) -> tuple[bytes, tuple[str, ...]]:
    kinds = signature.partition("(")[2].rstrip(")")
    types = tuple(kinds.split(",")) if kinds else ()
    return function_signature_to_4byte_selector(signature), types
