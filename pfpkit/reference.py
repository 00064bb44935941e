"""Names of tokens: CAIP-19 asset identifiers, `eip155:1/erc721:0x.../7` and `.../erc1155:0x.../7`.

Follows CAIP-2 (`eip155:<chain id>`), CAIP-19, CAIP-22 (ERC-721) and CAIP-29 (ERC-1155). Where the
chain is known otherwise, as by `--network`, `0x.../7` is read too: an address, a slash, an id.
Addresses are read in any case and written with the checksum of EIP-55; a mixed-case address whose
checksum is wrong is refused, because it is a typing error. Pure.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Self

from eth_utils.address import is_checksum_address, to_checksum_address

from pfpkit.errors import BadReference

__all__ = ["NOBODY", "Standard", "TokenRef", "checksum_address"]

NOBODY = "0x" + "00" * 20
"""The zero address: who has a token before its mint and after its burn."""
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_CAIP19 = re.compile(r"([^:/]+):([^:/]+)/([^:/]+):([^/]+)/(.+)", re.DOTALL)
_PLAIN = re.compile(r"(0x[^/:]*)([/:])(.+)", re.DOTALL)
_CHAIN_ID = re.compile(r"0|[1-9][0-9]{0,31}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,77}")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,64}")
_MAX_CHAIN_ID = 2**53 - 1  # EIP-2294 has about the same bound; JSON carries it exactly
_FORM = "write it as eip155:<chain id>/erc721:<address>/<id>"


class Standard(StrEnum):
    """What kind of token a reference names, as CAIP-19 spells it."""

    ERC721 = "erc721"
    ERC1155 = "erc1155"


@lru_cache(maxsize=4096)
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
    """One token: chain id, contract (EIP-55), token id (below 2^256), and its standard."""

    chain_id: int
    contract: str
    token_id: int
    standard: Standard = Standard.ERC721

    def __post_init__(self) -> None:
        object.__setattr__(self, "contract", checksum_address(self.contract))
        object.__setattr__(self, "standard", Standard(self.standard))
        if not 0 <= self.chain_id <= _MAX_CHAIN_ID:
            raise BadReference(f"{self.chain_id} is no chain id: it has to be 0 to 2^53 - 1")
        if not 0 <= self.token_id < 2**256:
            raise BadReference(f"{self.token_id} is no token id: it has to be 0 to 2^256 - 1")

    @classmethod
    def parse(
        cls, text: str, chain_id: int | None = None, standard: Standard = Standard.ERC721
    ) -> Self:
        """Read a CAIP-19 identifier; BadReference says what is wrong with it.

        Given a `chain_id`, a reference to another chain is refused, and `<address>/<id>` is read as
        a token of that chain and of `standard`.

        >>> TokenRef.parse("eip155:1/erc721:0x06012c8cf97bead5deae237070f9587f8e7a266d/771769")
        TokenRef(chain_id=1, contract='0x06012c8cf97BEaD5deAe237070F9587f8E7A266d', \
token_id=771769, standard=<Standard.ERC721: 'erc721'>)
        >>> str(TokenRef.parse("0x06012c8cf97bead5deae237070f9587f8e7a266d/7", 1, Standard.ERC1155))
        'eip155:1/erc1155:0x06012c8cf97BEaD5deAe237070F9587f8E7A266d/7'
        """
        _refuse_lookalikes(text)
        if plain := _PLAIN.fullmatch(text):
            if plain[2] == ":":
                raise BadReference(f"{text[:200]!r} names no token; write <address>/<id>")
            if chain_id is None:
                raise BadReference(f"{text[:200]!r} names no chain; {_FORM}, or name the network")
            return cls(chain_id, plain[1], _token_id(plain[3]), standard)
        found = _CAIP19.fullmatch(text)
        if not found:
            raise BadReference(f"{text[:200]!r} names no token; {_FORM}")
        namespace, chain, kind, contract, token_id = found.groups()
        if namespace != "eip155" or not _CHAIN_ID.fullmatch(chain):
            raise BadReference(
                f"{text[:200]!r} names no token of an Ethereum chain (eip155:<chain id>); {_FORM}"
            )
        if kind not in set(Standard):
            raise BadReference(
                f"{text[:200]!r} is of {kind[:20]}, only erc721 and erc1155 are read"
            )
        ref = cls(int(chain), contract, _token_id(token_id), Standard(kind))
        if chain_id is not None and ref.chain_id != chain_id:
            raise BadReference(
                f"{ref} is of chain {ref.chain_id}, the network that was named is chain "
                f"{chain_id}; name the token's network"
            )
        return ref

    @property
    def stem(self) -> str:
        """How the names of its files begin: nothing of a stranger's is in them.

        >>> TokenRef(1, "0x06012c8cf97bead5deae237070f9587f8e7a266d", 7).stem
        '1-0x06012c8cf97bead5deae237070f9587f8e7a266d-7'
        """
        return f"{self.chain_id}-{self.contract.lower()}-{self.token_id}"

    @property
    def id_to_fill(self) -> int | None:
        """The id that `{id}` stands for in its URI and metadata; None where that means nothing."""
        return self.token_id if self.standard is Standard.ERC1155 else None

    def __str__(self) -> str:
        return f"eip155:{self.chain_id}/{self.standard}:{self.contract}/{self.token_id}"


def _token_id(text: str) -> int:
    if _HEXADECIMAL.fullmatch(text):
        raise BadReference(f"{text} is no token id: it is decimal in a name, so {int(text, 16)}")
    if not _NUMBER.fullmatch(text):
        raise BadReference(f"{text[:100]!r} is no token id: decimal digits only, 0 to 2^256 - 1")
    return int(text)


def _refuse_lookalikes(text: str) -> None:
    """Refuse what is not printable ASCII: blanks, and letters that look like others."""
    if text.isascii() and text.isprintable() and " " not in text:
        return
    odd = next((letter for letter in text[:1000] if not "!" <= letter <= "~"), None)
    if odd is not None:
        name = unicodedata.name(odd, "no letter")
        raise BadReference(
            f"{text[:200]!a} names no token: it has {name} (U+{ord(odd):04X}); "
            "use letters, digits and signs of ASCII alone"
        )
