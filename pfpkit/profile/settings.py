"""The service's settings: from the environment in production, embedded defaults otherwise.

Read once, at the start. A missing or wrong one is a BadSetting that names the variable and never
shows its value, for a URL may hold a password. docs/profile.md lists them all.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from pfpkit.errors import BadInput, BadSetting
from pfpkit.gateways import Gateway
from pfpkit.reference import checksum_address

__all__ = ["ObjectPlace", "Settings"]

T = TypeVar("T")
D = TypeVar("D")

_LOOPBACK = re.compile(r"localhost|127(?:\.\d{1,3}){3}|\[::1\]")
_DATABASES = ("sqlite", "postgresql")
_SECRET_LETTERS = 32
_HOST = re.compile(r"[a-z0-9.-]{1,253}|\[[0-9a-f:]+\]")


@dataclass(frozen=True, slots=True)
class ObjectPlace:
    """Where objects are kept: a folder, or a bucket behind an S3 endpoint."""

    folder: Path | None = None
    bucket: str = ""
    endpoint: str = ""
    region: str = ""
    key_id: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """All that the service has to be told. Secrets are in no `repr`."""

    origin: str
    """Scheme, host and port as browsers write them: `https://pictures.example`."""
    secret: str = field(repr=False)
    """At least 32 letters; what cookies and wallets are keyed with."""
    database_url: str = field(repr=False)
    """As SQLAlchemy reads it: `sqlite:///path` or `postgresql+psycopg://...`."""
    objects: ObjectPlace
    nodes: tuple[str, ...] = field(repr=False)
    chain_id: int
    gateways: tuple[str, ...] = field(repr=False)
    agree: int | None = None
    """How many of several nodes have to say the same; most of them where it is None."""
    collection: str | None = None
    """The contract that people may mint their own pictures with."""
    pinners: tuple[str, ...] = ()
    """Where pictures are pinned before they are minted."""
    pinning: Path | None = None
    """A file that says how to reach them: the `pinning` section as JSON."""
    blocks: Path | None = None
    """The embedded block store, where `pinners` name it; in `work` where it is None."""
    work: Path = Path(".pfpkit/profile")
    """A folder that all workers share: caches, and the embedded block store."""
    fresh_s: float = 30.0
    """How old the last answer of the chain may be for a full hexagon."""
    max_age_s: float = 600.0
    """How old it may be for a dashed one; after that the picture is `unverified`."""
    max_head_age_s: float | None = 180.0
    """How old the latest block may be for the node to count as reachable; None: any age."""
    poll_s: float = 1.0
    """How often the chain is asked for a new block."""
    per_minute: int = 60
    """Accounts and challenges that one client, and pins that one account may ask for in a minute,
    from each worker."""
    demo: bool = False
    """Whether this is the demo: a chain with unlocked accounts, and a gateway that can lie."""

    @property
    def domain(self) -> str:
        """Host and port, as an EIP-4361 message names the service."""
        return self.origin.partition("://")[2]

    @property
    def is_https(self) -> bool:
        """Whether cookies may be kept to TLS."""
        return self.origin.startswith("https://")

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Self:
        """Return what the variables say; BadSetting names all that are missing or wrong."""
        read = _Reader(variables)
        settings: dict[str, Any] = {
            "origin": read.needed("PFPKIT_ORIGIN", _origin),
            "secret": read.needed("PFPKIT_SECRET", _secret),
            "database_url": read.needed("PFPKIT_DATABASE_URL", _database),
            "objects": _objects(read),
            "nodes": read.needed("PFPKIT_NODES", _nodes),
            "chain_id": read.needed("PFPKIT_CHAIN_ID", _chain_id),
            "gateways": read.needed("PFPKIT_GATEWAYS", _gateways),
            "work": read.needed("PFPKIT_WORK", _folder),
            "agree": read.optional("PFPKIT_AGREE", _count, None),
            "collection": read.optional("PFPKIT_COLLECTION", checksum_address, None),
            "pinners": read.optional("PFPKIT_PINNERS", _words, ()),
            "pinning": read.optional("PFPKIT_PINNING", _file, None),
            "blocks": read.optional("PFPKIT_BLOCKS", _folder, None),
            "fresh_s": read.optional("PFPKIT_FRESH_S", _seconds, 30.0),
            "max_age_s": read.optional("PFPKIT_MAX_AGE_S", _seconds, 600.0),
            "max_head_age_s": read.optional("PFPKIT_MAX_HEAD_AGE_S", _seconds, 180.0),
            "per_minute": read.optional("PFPKIT_PER_MINUTE", _count, 60),
            "poll_s": read.optional("PFPKIT_POLL_S", _seconds, 1.0),
        }
        read.finish()
        found = cls(**settings)
        found._check()
        return found

    def _check(self) -> None:
        if self.agree is not None and self.agree > len(self.nodes):
            raise BadSetting(f"PFPKIT_AGREE is more than the {len(self.nodes)} PFPKIT_NODES")
        if self.max_age_s < self.fresh_s:
            raise BadSetting("PFPKIT_MAX_AGE_S is less than PFPKIT_FRESH_S; make it larger")


class _Reader:
    """Variables, and what was wrong with those that were read so far."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._faults: list[str] = []

    def needed(self, name: str, parse: Callable[[str], T]) -> T | None:
        if not self._variables.get(name, "").strip():
            self._faults.append(f"{name} is not set")
            return None
        return self.optional(name, parse, None)

    def optional(self, name: str, parse: Callable[[str], T], default: D) -> T | D:
        text = self._variables.get(name, "").strip()
        if not text:
            return default
        try:
            return parse(text)
        except _Wrong as fault:
            self._faults.append(f"{name} {fault}")
        except (BadInput, ValueError):
            # Their words may quote it, and it may be a secret.
            self._faults.append(f"{name} cannot be read")
        return default

    def fault(self, text: str) -> None:
        self._faults.append(text)

    def finish(self) -> None:
        if self._faults:
            raise BadSetting(f"{'; '.join(self._faults)}: see docs/profile.md for its form")


class _Wrong(ValueError):
    """What is wrong with a value, in words that do not quote it."""


def _origin(text: str) -> str:
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.netloc or url.path.strip("/") or url.query:
        raise _Wrong("has to be scheme and host alone, such as https://pictures.example")
    if url.username is not None or not _HOST.fullmatch(url.netloc.rpartition(":")[0] or url.netloc):
        raise _Wrong("has to be scheme and host alone, in lower case")
    if url.scheme == "http" and not _LOOPBACK.fullmatch(url.netloc.rpartition(":")[0]):
        raise _Wrong("has to be https, for a session's cookie would be read on the way")
    return f"{url.scheme}://{url.netloc}"


def _secret(text: str) -> str:
    if len(text) < _SECRET_LETTERS:
        raise _Wrong(
            f"has to have at least {_SECRET_LETTERS} letters; make one by `openssl rand -hex 32`"
        )
    return text


def _database(text: str) -> str:
    kind, _, rest = text.partition("://")
    if kind.partition("+")[0] not in _DATABASES or not rest:
        raise _Wrong("has to be postgresql://user:password@host/name or sqlite:///path")
    return f"postgresql+psycopg://{rest}" if kind == "postgresql" else text


def _objects(read: _Reader) -> ObjectPlace | None:
    return read.needed("PFPKIT_OBJECTS", lambda text: _place(text, read))


def _place(text: str, read: _Reader) -> ObjectPlace:
    if text.startswith("file:///"):
        return ObjectPlace(folder=Path(text.removeprefix("file://")))
    bucket = text.removeprefix("s3://").rstrip("/")
    if not text.startswith("s3://") or not re.fullmatch(
        r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket
    ):
        raise _Wrong("has to be file:///path or s3://bucket")
    return ObjectPlace(
        bucket=bucket,
        endpoint=read.needed("PFPKIT_S3_ENDPOINT", _url) or "",
        region=read.optional("PFPKIT_S3_REGION", str, "us-east-1"),
        key_id=read.needed("PFPKIT_S3_KEY_ID", str) or "",
        secret_key=read.needed("PFPKIT_S3_SECRET_KEY", str) or "",
    )


def _url(text: str) -> str:
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise _Wrong("has to be a URL of http or https")
    return text.rstrip("/")


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in re.split(r"[\s,]+", text) if word))


def _nodes(text: str) -> tuple[str, ...]:
    return tuple(_url(word) for word in _words(text))


def _gateways(text: str) -> tuple[str, ...]:
    for word in _words(text):
        Gateway.of(word)
    return _words(text)


def _chain_id(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,15}", text):
        raise _Wrong("has to be a number, such as 1 for Ethereum")
    return int(text)


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise _Wrong("has to be a number from 1 on")
    return int(text)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text) or float(text) == 0:
        raise _Wrong("has to be a number of seconds above 0")
    return float(text)


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute():
        raise _Wrong("has to be an absolute path of a folder")
    return path


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise _Wrong("has to be a file that exists")
    return path
