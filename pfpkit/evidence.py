"""From a token's URIs to its picture, over blocks that were all hashed.

The same walk serves the resolver, whose blocks come from gateways, and `pfpkit check`, whose blocks
come from a CAR: what can be proved with the one can be proved with the other. Trusts nobody: a
block that does not match its CID never gets here, metadata is read as a stranger's text, and the
picture is decoded in full. Follows ERC-721 Metadata for `image`.
"""

import asyncio
import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pfpkit.budget import Budget
from pfpkit.cid import CID, Block, verify
from pfpkit.errors import (
    BadCID,
    BadMetadata,
    GatewayError,
    NotFound,
    PfpkitError,
    Unverified,
)
from pfpkit.images import ImageInfo, Limits, inspect
from pfpkit.metadata import read_json
from pfpkit.retrieval import IpfsPath
from pfpkit.unixfs import adrive, read_file, resolve

__all__ = ["MAX_BLOCKS", "Blocks", "Outcome", "Proof", "Step", "max_proof_bytes", "prove"]

MAX_BLOCKS = 1_000
"""Far above a picture of 10 MiB in 256 KiB chunks, with the directories that lead to it."""
WITHIN_S = 300.0
"""How long all blocks of one proof may take to come, in seconds."""
_BESIDE_PICTURE_BYTES = 16 * 2**20
_MAX_METADATA_BYTES = 64 * 2**10
_MAX_URI = 2_048
_MAX_REASON = 600


def max_proof_bytes(limits: Limits) -> int:
    """Return how many bytes all blocks of one proof may have together."""
    return limits.max_bytes + _BESIDE_PICTURE_BYTES


class Blocks(Protocol):
    """Where blocks come from. Whatever it returns is hashed before it is used."""

    async def block(self, cid: CID) -> bytes:
        """Return the bytes of `cid`."""


class Outcome(StrEnum):
    """How one step ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a proof: its name, its outcome, and the reason in words."""

    name: str
    outcome: Outcome
    reason: str
    error: str | None = None
    """The class of the error in `pfpkit.errors` that failed the step, for programs."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the blocks prove. Values are None from the step that failed on."""

    steps: tuple[Step, ...]
    blocks: tuple[Block, ...] = field(repr=False)
    bundle: CID | None = None
    metadata: CID | None = None
    image: CID | None = None
    picture: bytes | None = field(default=None, repr=False)
    info: ImageInfo | None = None
    name: str | None = None

    @property
    def holds(self) -> bool:
        """Whether every step passed."""
        return all(step.outcome is Outcome.PASSED for step in self.steps)

    @property
    def sha256(self) -> str | None:
        """The sha2-256 of the picture's bytes, in hexadecimal digits."""
        return None if self.picture is None else hashlib.sha256(self.picture).hexdigest()


async def prove(
    token_uri: str,
    image_uri: str | None,
    blocks: Blocks,
    limits: Limits | None = None,
    *,
    within_s: float = WITHIN_S,
) -> Proof:
    """Walk from the URIs to the picture and say how each step ended. Raises no PfpkitError."""
    return await _Walk(token_uri, image_uri, blocks, limits or Limits(), within_s).run()


class _Walk:
    """One walk; each `_step` method returns its reason in words, or raises."""

    def __init__(
        self,
        token_uri: str,
        image_uri: str | None,
        source: Blocks,
        limits: Limits,
        within_s: float,
    ) -> None:
        self.token_uri = token_uri
        self.image_uri = image_uri
        self.source = source
        self.limits = limits
        self.budget = Budget(
            self._fetch,
            max_blocks=MAX_BLOCKS,
            max_bytes=max_proof_bytes(limits),
            within_s=within_s,
        )
        self.place: IpfsPath | None = None
        self.metadata: CID | None = None
        self.image: CID | None = None
        self.link = ""
        self.name: str | None = None
        self.picture: bytes | None = None
        self.info: ImageInfo | None = None

    async def run(self) -> Proof:
        steps: list[Step] = []
        failed = False
        for name, step in (
            ("token URI", self._token_uri),
            ("metadata", self._metadata),
            ("image link", self._image_link),
            ("image", self._image),
            ("media", self._media),
        ):
            if failed:
                steps.append(Step(name, Outcome.NOT_REACHED, "an earlier step failed"))
                continue
            try:
                steps.append(Step(name, Outcome.PASSED, _line(await step())))
            except PfpkitError as error:
                steps.append(Step(name, Outcome.FAILED, _line(str(error)), type(error).__name__))
                failed = True
        return Proof(
            tuple(steps),
            self.budget.blocks,
            None if self.place is None else self.place.root,
            self.metadata,
            self.image,
            self.picture,
            self.info,
            self.name,
        )

    async def _fetch(self, cid: CID) -> bytes:
        try:
            data = await self.source.block(cid)
        except NotFound as error:
            # Here NotFound means that a directory has no such entry, which is a proof.
            raise GatewayError(str(error)) from error
        verify(cid, data)
        return data

    async def _locate(self, place: IpfsPath) -> CID:
        return await adrive(resolve(place.root, place.path), self.budget.get)

    async def _read(self, cid: CID, max_bytes: int) -> bytes:
        parts: list[bytes] = []
        reading = read_file(cid, write=parts.append, max_bytes=max_bytes, max_blocks=MAX_BLOCKS)
        await adrive(reading, self.budget.get)
        return b"".join(parts)

    async def _token_uri(self) -> str:
        self.place = _ipfs(self.token_uri, "the token URI")
        plain = self.token_uri == f"ipfs://{self.place}"
        return f"{'' if plain else f'{self.token_uri} '}names {self.place} by content"

    async def _metadata(self) -> str:
        assert self.place is not None
        self.metadata = await self._locate(self.place)
        data = await self._read(self.metadata, _MAX_METADATA_BYTES)
        fields = read_json(data, "metadata.json", _MAX_METADATA_BYTES)
        if not isinstance(fields, dict) or not isinstance(fields.get("image"), str):
            raise BadMetadata("metadata.json: 'image' is missing or no text; nothing can be shown")
        self.link = str(fields["image"])
        name = fields.get("name")
        self.name = _line(name) if isinstance(name, str) else None
        return f"{len(data):,} bytes, hashed to {self.metadata}"

    async def _image_link(self) -> str:
        linked = await self._locate(_ipfs(self.link, "metadata's 'image'"))
        minted = await self._minted_image()
        if minted is None:
            self.image = linked
            return f"names {linked} by content; the bundle has no picture of its own"
        if linked.as_v1() != minted.as_v1():
            raise Unverified(
                f"metadata's 'image' is {linked}, but the token's bundle holds {minted}; "
                "the two disagree, so neither is shown"
            )
        self.image = minted
        if self.image_uri is None:
            return f"the same block as the bundle's own image, {minted}"
        return f"the same block as in the token's bundle, {minted}{self._unusual_image_uri()}"

    def _unusual_image_uri(self) -> str:
        # Said, so that a receipt which states another spelling is not the same receipt.
        plain = self.place and f"ipfs://{IpfsPath(self.place.root, 'image')}"
        return "" if self.image_uri == plain else f", which is {self.image_uri}"

    async def _minted_image(self) -> CID | None:
        """Return the picture that the contract commits to beside the metadata, if there is one."""
        assert self.place is not None
        if self.image_uri is not None:
            return await self._locate(_ipfs(self.image_uri, "the image URI"))
        if self.place.path != "metadata.json":
            return None
        try:
            return await self._locate(IpfsPath(self.place.root, "image"))
        except NotFound:
            return None

    async def _image(self) -> str:
        assert self.image is not None
        self.picture = await self._read(self.image, self.limits.max_bytes)
        return f"{len(self.picture):,} bytes, hashed to {self.image}"

    async def _media(self) -> str:
        assert self.picture is not None
        # In a thread, for a large picture would hold up everything else on the loop.
        self.info = info = await asyncio.to_thread(
            inspect, self.picture, self.limits, str(self.image)
        )
        frames = f", {info.frames} frames" if info.frames > 1 else ""
        return f"{info.media_type}, {info.width} x {info.height}{frames}, decoded in full"


def _ipfs(uri: str, what: str) -> IpfsPath:
    if not uri.startswith("ipfs://"):
        raise Unverified(
            f"{what} is {_line(uri[:100])!r}, not ipfs://, so its content cannot be verified"
        )
    if len(uri) > _MAX_URI:
        raise Unverified(f"{what} has {len(uri):,} characters, over the {_MAX_URI:,} that are read")
    try:
        return IpfsPath.parse(uri)
    except BadCID as error:
        raise BadCID(f"{what}: {error}") from error


def _line(text: str) -> str:
    """Return a stranger's text as one line that can be printed."""
    shown = "".join(c if c.isprintable() else "?" for c in text[: _MAX_REASON + 1])
    return shown if len(shown) <= _MAX_REASON else f"{shown[: _MAX_REASON - 3]}..."
