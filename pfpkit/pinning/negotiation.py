"""What a request to the gateway asks for: the format, the part of a DAG, the file name.

Follows "HTTP Request" of https://specs.ipfs.tech/http-gateways/path-gateway/ and
https://specs.ipfs.tech/http-gateways/trustless-gateway/. Pure; what it cannot give is answered
with 400 or 406 and one line that says what can be asked for.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import quote, urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request

from pfpkit.pinning.ranges import EntityBytes

RAW_TYPE = "application/vnd.ipld.raw"
CAR_TYPE = "application/vnd.ipld.car"
# What every CAR of this gateway is, whatever was asked for.
CAR_PARAMETERS = {"version": "1", "order": "dfs", "dups": "n"}
_CAR_ACCEPTED = {"version": {"1"}, "order": {"dfs", "unk"}, "dups": {"n"}}


class Form(StrEnum):
    """The three kinds of answers."""

    FILE = "file"
    RAW = "raw"
    CAR = "car"


class Scope(StrEnum):
    """How much of the DAG at the end of the path a CAR holds."""

    BLOCK = "block"
    ENTITY = "entity"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one request asks for."""

    form: Form
    scope: Scope = Scope.ALL
    entity_bytes: EntityBytes | None = None
    location: str | None = None
    """The URL that asks for the same without an `Accept` header, when this one did not."""
    filename: str | None = None
    download: bool = False

    @classmethod
    def by(cls, request: Request) -> Self:
        """Read query and `Accept`; `format` takes precedence. HTTPException when unsupported."""
        query = request.query_params
        accepted = _accepted(request.headers.get("accept", ""))
        asked = query.get("format")
        form = _form(asked) if asked is not None else _acceptable(accepted)
        location = None
        if form is not Form.FILE and asked is None:
            pairs = [*query.multi_items(), ("format", form.value)]
            location = f"{quote(request.url.path)}?{urlencode(pairs)}"
        scope, entity_bytes = Scope.ALL, None
        if form is Form.CAR:
            _check_car({**accepted.get(CAR_TYPE, {}), **_car_query(request)})
            scope, entity_bytes = _scope(query.get("dag-scope"), query.get("entity-bytes"))
        return cls(
            form=form,
            scope=scope,
            entity_bytes=entity_bytes,
            location=location,
            filename=query.get("filename"),
            download=query.get("download") == "true",
        )

    def disposition(self, fallback: str) -> str | None:
        """Return the Content-Disposition; `fallback` names blocks and CARs that have no name."""
        if self.form is Form.FILE:
            if self.filename is None and not self.download:
                return None
            kind = "attachment" if self.download else "inline"
        else:
            kind = "attachment"
        name = self.filename or (None if self.form is Form.FILE else fallback)
        return kind if name is None else f"{kind}; {_filename(name)}"


def _filename(name: str) -> str:
    ascii_name = re.sub(r'[^ -~]|["\\]', "_", name)
    if ascii_name == name:
        return f'filename="{name}"'
    # RFC 8187, for names that a quoted string cannot hold.
    return f"filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe='')}"


def _accepted(header: str) -> dict[str, dict[str, str]]:
    """Return the media types of an `Accept` header with their parameters, the best first."""
    ranges = []
    for item in header.split(","):
        media_type, *parameters = (part.strip() for part in item.split(";"))
        pairs = dict(pair.lower().split("=", 1) for pair in parameters if "=" in pair)
        quality = pairs.pop("q", "1")
        weight = float(quality) if re.fullmatch(r"[01](\.\d{0,3})?", quality) else 0.0
        if weight > 0:
            ranges.append((-weight, media_type.lower(), pairs))
    ranges.sort(key=lambda entry: entry[0])
    best: dict[str, dict[str, str]] = {}
    for _, media_type, pairs in ranges:
        best.setdefault(media_type, pairs)
    return best


def _acceptable(accepted: dict[str, dict[str, str]]) -> Form:
    unsupported = None
    for media_type in accepted:
        if media_type == RAW_TYPE:
            return Form.RAW
        if media_type == CAR_TYPE:
            return Form.CAR
        if not re.match(r"application/(vnd\.ip(ld|fs)\.|x-tar$|cbor$)", media_type):
            return Form.FILE
        unsupported = media_type
    if unsupported is not None:
        raise HTTPException(
            406, f"{unsupported[:80]} is not served here; accept {RAW_TYPE} or {CAR_TYPE}"
        )
    return Form.FILE


def _form(asked: str) -> Form:
    if asked in (Form.RAW, Form.CAR):
        return Form(asked)
    raise HTTPException(400, f"format={asked[:80]} is not served here; ask for raw or car")


def _car_query(request: Request) -> dict[str, str]:
    query = request.query_params
    return {name: query[f"car-{name}"] for name in _CAR_ACCEPTED if f"car-{name}" in query}


def _check_car(parameters: dict[str, str]) -> None:
    for name, accepted in _CAR_ACCEPTED.items():
        value = parameters.get(name, CAR_PARAMETERS[name]).strip('"')
        if value not in accepted:
            given = "; ".join(f"{key}={CAR_PARAMETERS[key]}" for key in CAR_PARAMETERS)
            raise HTTPException(400, f"no CAR with {name}={value[:80]} here; it is always {given}")


def _scope(scope: str | None, entity_bytes: str | None) -> tuple[Scope, EntityBytes | None]:
    if scope is not None and scope not in Scope.__members__.values():
        raise HTTPException(400, f"dag-scope={scope[:80]} is none of block, entity, all")
    if entity_bytes is None:
        return Scope(scope or Scope.ALL), None
    wanted = EntityBytes.parse(entity_bytes)
    if wanted is None:
        raise HTTPException(400, f"entity-bytes={entity_bytes[:80]} is not from:to")
    # "It implies dag-scope=entity", unless less was asked for.
    return (Scope.BLOCK if scope == Scope.BLOCK else Scope.ENTITY), wanted
