"""The metadata of one token, as marketplaces read it.

Pure. The fields are those of ERC-721's metadata schema and of OpenSea's metadata standards: `name`,
`description`, `external_url`, `background_color` and `attributes` with their display types. A
token file has no `image`: the bundle writes it, so that it always is the picture pinned beside it.
Any other field is refused with the list of the known ones, for what is pinned cannot be corrected.
"""

import re
from dataclasses import dataclass
from typing import Self

from pfpkit.errors import BadMetadata
from pfpkit.metadata.fields import (
    canonical,
    check_known,
    check_name,
    check_text,
    check_url,
    kind_of,
)
from pfpkit.metadata.strict_json import MAX_SAFE_INTEGER, Json, read_json

DISPLAY_TYPES = ("number", "boost_number", "boost_percentage", "date")
FIELDS = ("name", "description", "external_url", "background_color", "attributes")
ATTRIBUTE_FIELDS = ("trait_type", "value", "display_type", "max_value")

PICTURES = ("image", "image_url", "image_data")
_COLOR = re.compile(r"[0-9A-Fa-f]{6}")
# 1 January 5138 in seconds; the same number of milliseconds is in 1973.
_LATEST_DATE = 10**11

Number = int | float


@dataclass(frozen=True, slots=True)
class Attribute:
    """One trait: a value, what it is a value of, and how a number is displayed.

    >>> Attribute("round", trait_type="glasses").fields()
    {'trait_type': 'glasses', 'value': 'round'}
    """

    value: str | Number
    trait_type: str | None = None
    display_type: str | None = None
    max_value: Number | None = None

    def __post_init__(self) -> None:
        if self.trait_type is not None:
            check_name("trait_type", self.trait_type)
        if isinstance(self.value, str):
            check_text("value", self.value)
        else:
            _check_number("value", self.value)
        if self.display_type is not None:
            self._check_display()
        if self.max_value is not None:
            _check_number("max_value", self.max_value)
            if isinstance(self.value, str) or self.value > self.max_value:
                raise BadMetadata("'value' has to be a number of at most 'max_value'")

    def _check_display(self) -> None:
        if self.display_type not in DISPLAY_TYPES:
            raise BadMetadata(
                f"'display_type' is {self.display_type!r}, and has to be one of "
                f"{', '.join(DISPLAY_TYPES)}; leave it out for text"
            )
        if isinstance(self.value, str):
            raise BadMetadata(f"'value' has to be a number to be displayed as {self.display_type}")
        if self.display_type == "date":
            if not isinstance(self.value, int) or not 0 <= self.value < _LATEST_DATE:
                raise BadMetadata("'value' of a date has to be whole seconds since 1970")
            if self.max_value is not None:
                raise BadMetadata("a date has no 'max_value'")

    @classmethod
    def of(cls, fields: Json, where: str = "attribute") -> Self:
        """Return the attribute of a JSON object; BadMetadata begins with `where`."""
        known = check_known(fields, ATTRIBUTE_FIELDS, where)
        if "value" not in known:
            raise BadMetadata(f"{where} has no 'value'")
        for key, value in known.items():
            if value is None:
                raise BadMetadata(f"{f'{where}.{key}'!r} is null; leave the field out")
        try:
            return cls(**known)  # type: ignore[arg-type]  # __post_init__ checks every type
        except BadMetadata as error:
            raise BadMetadata(f"{where}: {error}") from error

    def fields(self) -> dict[str, Json]:
        """Return the JSON object, without the fields that are not set."""
        all_fields: dict[str, Json] = {
            "trait_type": self.trait_type,
            "value": self.value,
            "display_type": self.display_type,
            "max_value": self.max_value,
        }
        return {key: value for key, value in all_fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class TokenMetadata:
    """What is said of one token; checked on creation, BadMetadata names the field.

    >>> TokenMetadata("Pip", "A round bird.").encode("ipfs://bafy")
    b'{"description":"A round bird.","image":"ipfs://bafy","name":"Pip"}'
    """

    name: str
    description: str | None = None
    attributes: tuple[Attribute, ...] = ()
    external_url: str | None = None
    background_color: str | None = None

    def __post_init__(self) -> None:
        check_name("name", self.name)
        if self.description is not None:
            check_text("description", self.description, lines=True)
        if self.external_url is not None:
            check_url("external_url", self.external_url)
        color = self.background_color
        if color is not None and not (isinstance(color, str) and _COLOR.fullmatch(color)):
            raise BadMetadata(
                f"'background_color' is {color!r}, and has to be six hex digits without #"
            )

    @classmethod
    def parse(cls, data: bytes | str, source: str = "token.json") -> Self:
        """Return the metadata of a token file; BadMetadata names `source` and the field."""
        return cls.of(read_json(data, source), source)

    @classmethod
    def of(cls, value: Json, source: str = "token.json") -> Self:
        """Return the metadata of a JSON object; BadMetadata names `source` and the field."""
        try:
            return cls._of(value)
        except BadMetadata as error:
            raise BadMetadata(f"{source}: {error}") from error

    @classmethod
    def _of(cls, value: Json) -> Self:
        if isinstance(value, dict):
            for picture in PICTURES:
                if picture in value:
                    raise BadMetadata(
                        f"{picture!r} is written by pfpkit from the picture itself; take it out"
                    )
        fields = dict(check_known(value, FIELDS))
        for key, field in fields.items():
            if field is None:
                raise BadMetadata(f"{key!r} is null; leave the field out")
        if "name" not in fields:
            raise BadMetadata("'name' is missing")
        listed = fields.pop("attributes", [])
        if not isinstance(listed, list):
            raise BadMetadata(f"'attributes' is {kind_of(listed)}, and has to be a list")
        attributes = tuple(Attribute.of(a, f"attributes[{n}]") for n, a in enumerate(listed))
        return cls(attributes=attributes, **fields)  # type: ignore[arg-type]  # checked above

    def encode(self, image_uri: str) -> bytes:
        """Return the canonical JSON (RFC 8785) with `image_uri` as its image."""
        check_url("image", image_uri, ("ipfs",))
        return canonical(
            {
                "name": self.name,
                "description": self.description,
                "image": image_uri,
                "external_url": self.external_url,
                "background_color": self.background_color,
                "attributes": [attribute.fields() for attribute in self.attributes] or None,
            }
        )


def _check_number(field: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadMetadata(f"{field!r} is {kind_of(value)}, and has to be text or a number")
    if not abs(value) <= MAX_SAFE_INTEGER:  # NaN is not less than anything either
        raise BadMetadata(f"{field!r} is beyond 2^53, where readers round; write it as text")
