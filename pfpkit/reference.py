"""Names of tokens: CAIP-19 asset identifiers of ERC-721 tokens, `eip155:1/erc721:0x.../7`.

Follows CAIP-2 (`eip155:<chain id>`), CAIP-19 and CAIP-22. Addresses are read in any case and
written with the checksum of EIP-55; a mixed-case address whose checksum is wrong is refused,
because it is a typing error. Pure.
"""

import re
from dataclasses import dataclass
from typing import Self

from eth_utils.address import is_checksum_address, to_checksum_address

from pfpkit.errors import BadReference

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_CAIP19 = re.compile(r"eip155:(0|[1-9][0-9]{0,31})/(erc[0-9]+):([^/]+)/(.+)")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,77}")
_MAX_CHAIN_ID = 2**53 - 1  # EIP-2294 has about the same bound; JSON carries it exactly


def checksum_address(text: str) -> str:
    """Return an address as EIP-55 writes it; BadReference when it is none, or mistyped.

    >>> checksum_address("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'
    """
    if not _ADDRESS.fullmatch(text):
        raise BadReference(f"{text[:100]!r} is no address: 0x and 40 hexadecimal digits")
    digits = text[2:]
    one_case = digits in (digits.lower(), digits.upper())
    if not one_case and not is_checksum_address(text):
        raise BadReference(f"{text} has a wrong checksum (EIP-55); copy the address again")
    return str(to_checksum_address(text))


@dataclass(frozen=True, slots=True)
class TokenRef:
    """One ERC-721 token: chain id, contract (EIP-55) and token id (below 2^256)."""

    chain_id: int
    contract: str
    token_id: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "contract", checksum_address(self.contract))
        if not 0 <= self.chain_id <= _MAX_CHAIN_ID:
            raise BadReference(f"{self.chain_id} is no chain id: it has to be 0 to 2^53 - 1")
        if not 0 <= self.token_id < 2**256:
            raise BadReference(f"{self.token_id} is no token id: it has to be 0 to 2^256 - 1")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a CAIP-19 identifier; BadReference says what is wrong with it.

        >>> TokenRef.parse("eip155:1/erc721:0x06012c8cf97bead5deae237070f9587f8e7a266d/771769")
        TokenRef(chain_id=1, contract='0x06012c8cf97BEaD5deAe237070F9587f8E7A266d', token_id=771769)
        """
        found = _CAIP19.fullmatch(text)
        if not found:
            raise BadReference(
                f"{text[:200]!r} names no token; "
                "write it as eip155:<chain id>/erc721:<address>/<id>"
            )
        chain_id, standard, contract, token_id = found.groups()
        if standard != "erc721":
            raise BadReference(f"{text[:200]!r} is of {standard[:20]}, only erc721 is read")
        if not _NUMBER.fullmatch(token_id):
            raise BadReference(f"{token_id[:100]!r} is no token id: decimal digits only")
        return cls(int(chain_id), contract, int(token_id))

    def __str__(self) -> str:
        return f"eip155:{self.chain_id}/erc721:{self.contract}/{self.token_id}"
