"""The metadata of a whole collection, as `contractURI` gives it.

Pure. Follows ERC-7572 (contract-level metadata). `collection.json` names its `image` by a file that
lies beside it; in the bundle that becomes the `ipfs://` link of the picture. The banner and the
featured image are links that the author pins. Any other field is refused, as for a token.
"""

import re
from dataclasses import dataclass
from typing import Self

from eth_utils.address import is_checksum_address, is_hex_address, to_checksum_address

from pfpkit.errors import BadMetadata
from pfpkit.metadata.fields import (
    canonical,
    check_known,
    check_name,
    check_text,
    check_url,
    kind_of,
)
from pfpkit.metadata.strict_json import Json, read_json

FIELDS = (
    "name",
    "symbol",
    "description",
    "image",
    "banner_image",
    "featured_image",
    "external_link",
    "collaborators",
)
_FILE_NAME = re.compile(r"[^/\\:.][^/\\:]*")


@dataclass(frozen=True, slots=True)
class CollectionMetadata:
    """What is said of a collection; `image` is the name of a file beside collection.json."""

    name: str
    symbol: str | None = None
    description: str | None = None
    image: str | None = None
    banner_image: str | None = None
    featured_image: str | None = None
    external_link: str | None = None
    collaborators: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_name("name", self.name)
        if self.symbol is not None:
            check_name("symbol", self.symbol)
        if self.description is not None:
            check_text("description", self.description, lines=True)
        if self.image is not None:
            _check_file_name(self.image)
        for field in ("banner_image", "featured_image"):
            if (link := getattr(self, field)) is not None:
                check_url(field, link, ("ipfs", "https"))
        if self.external_link is not None:
            check_url("external_link", self.external_link)
        for number, address in enumerate(self.collaborators):
            _check_address(f"collaborators[{number}]", address)

    @classmethod
    def parse(cls, data: bytes | str, source: str = "collection.json") -> Self:
        """Return the metadata of a collection file; BadMetadata names `source` and the field."""
        value = read_json(data, source)
        try:
            return cls._of(value)
        except BadMetadata as error:
            raise BadMetadata(f"{source}: {error}") from error

    @classmethod
    def _of(cls, value: Json) -> Self:
        fields = dict(check_known(value, FIELDS))
        for key, field in fields.items():
            if field is None:
                raise BadMetadata(f"{key!r} is null; leave the field out")
        if "name" not in fields:
            raise BadMetadata("'name' is missing")
        listed = fields.pop("collaborators", [])
        if not isinstance(listed, list):
            raise BadMetadata(f"'collaborators' is {kind_of(listed)}, and has to be a list")
        return cls(collaborators=tuple(listed), **fields)  # type: ignore[arg-type]  # checked above

    def encode(self, image_uri: str) -> bytes:
        """Return the canonical JSON (RFC 8785) with `image_uri` as its image."""
        check_url("image", image_uri, ("ipfs",))
        return canonical(
            {
                "name": self.name,
                "symbol": self.symbol,
                "description": self.description,
                "image": image_uri,
                "banner_image": self.banner_image,
                "featured_image": self.featured_image,
                "external_link": self.external_link,
                "collaborators": [to_checksum_address(a) for a in self.collaborators] or None,
            }
        )


def _check_file_name(value: object) -> None:
    check_text("image", value)
    if not _FILE_NAME.fullmatch(str(value)):
        raise BadMetadata(
            f"'image' is {value!r}, and has to be the name of a file beside collection.json"
        )


def _check_address(field: str, value: object) -> None:
    if not isinstance(value, str) or not value.startswith("0x") or not is_hex_address(value):
        raise BadMetadata(
            f"{field!r} is {value!r}, and has to be an address (0x and 40 hex digits)"
        )
    mixed = value[2:] not in (value[2:].lower(), value[2:].upper())
    if mixed and not is_checksum_address(value):
        raise BadMetadata(
            f"{field!r} is {value!r}, whose checksum (EIP-55) is wrong; copy it again"
        )
