"""The provenance hash: one number that fixes every token of a collection, and their order.

Pure. It is the sha2-256 of the tokens' bundle digests, 32 bytes each, concatenated without anything
between them in ascending order of the token's number; the collection's own bundle is not in it.
Tokens are minted in that order, so that after a mint of all of them it is also the sha2-256 of
`bundleOf(1)`, `bundleOf(2)`, ... on the chain. Published before the mint, it shows later that no
picture was swapped and no token moved.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from pfpkit.errors import BadInput

__all__ = ["Provenance"]

_DIGEST_BYTES = 32
_HEX = re.compile(r"0x[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Provenance:
    """The hash of so many tokens.

    >>> print(Provenance.of([bytes(32), bytes(32)]))
    0xf5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b
    """

    digest: bytes
    tokens: int

    @classmethod
    def of(cls, digests: Iterable[bytes]) -> Self:
        """Return the hash of 32 byte digests in token order."""
        hasher = hashlib.sha256()
        count = 0
        for digest in digests:
            if len(digest) != _DIGEST_BYTES:
                raise BadInput(f"a bundle's digest is 32 bytes, and this one is {len(digest)}")
            hasher.update(digest)
            count += 1
        return cls(hasher.digest(), count)

    @classmethod
    def parse(cls, text: str, tokens: int) -> Self:
        """Return the hash of `0x` and 64 hex digits; BadInput otherwise."""
        if not _HEX.fullmatch(text):
            raise BadInput(f"{text!r} is no hash; it is 0x and 64 small hex digits")
        return cls(bytes.fromhex(text[2:]), tokens)

    def __str__(self) -> str:
        return f"0x{self.digest.hex()}"
