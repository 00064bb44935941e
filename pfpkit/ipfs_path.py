"""IPFS paths: a CID and what is under it, as `ipfs://` URIs and `/ipfs/` paths name it. Pure.

Follows https://docs.ipfs.tech/how-to/address-ipfs-on-web/; trusts no input. What is commonly minted
wrongly and can mean one thing alone is read, everything else is refused.
"""

from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote

from pfpkit.cid import CID
from pfpkit.errors import BadCID

__all__ = ["IpfsPath"]

_MAX_SEGMENTS = 64


@dataclass(frozen=True, slots=True)
class IpfsPath:
    """A root and a path under it, of at most 64 segments: what `ipfs://` URIs name."""

    root: CID
    path: str = ""

    def __post_init__(self) -> None:
        try:
            self.path.encode()
        except UnicodeEncodeError as error:
            raise BadCID("a path with half of a surrogate pair, which is no character") from error
        # Each segment costs a request at least.
        if (segments := len(self.path.split("/"))) > _MAX_SEGMENTS:
            raise BadCID(f"a path of {segments:,} segments is not followed, only {_MAX_SEGMENTS}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `ipfs://CID/path`, `/ipfs/CID/path` or `CID/path`; BadCID when it is none.

        >>> IpfsPath.parse("ipfs://bafkqaaa/a%20b/c").path
        'a b/c'
        """
        rest = text
        if text.startswith("ipfs://"):
            # `ipfs://ipfs/CID` is wrong and common in minted metadata.
            rest = text.removeprefix("ipfs://").removeprefix("ipfs/")
            if "?" in rest or "#" in rest:
                raise BadCID(f"{text[:200]!r} has a query or a fragment, an IPFS path has none")
            rest = unquote(rest)
        elif text.startswith("/ipfs/"):
            rest = text.removeprefix("/ipfs/")
        root, _, path = rest.partition("/")
        return cls(CID.parse(root), path)

    def __str__(self) -> str:
        return f"{self.root}/{self.path}" if self.path else str(self.root)
