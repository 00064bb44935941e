"""From a token's URIs to its picture, over blocks that were all hashed.

The same walk serves the resolver, whose blocks come from gateways, and `pfpkit check`, whose blocks
come from a CAR: what can be proved with the one can be proved with the other. Trusts nobody: a
block that does not match its CID never gets here, metadata is read as a stranger's text, and the
picture is decoded by a worker (`pfpkit.media`), never here. What stands in the token URI itself is
as good as the contract. What a web server sends is bound by nothing: the step that read it says so,
and the proof does not hold. Follows ERC-721 Metadata and ERC-1155 for `image`.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable

from pfpkit.addresses import without_credentials
from pfpkit.ahead import Ahead
from pfpkit.budget import Budget
from pfpkit.cid import CID, RAW
from pfpkit.console import clipped
from pfpkit.content_uri import ContentURI, Inline, WebPlace, parse_content_uri
from pfpkit.errors import (
    BadCID,
    BadImage,
    BadURI,
    NotFound,
    PfpkitError,
    TooLarge,
    Unverified,
)
from pfpkit.images import Limits
from pfpkit.ipfs_path import IpfsPath
from pfpkit.media import HeaderReader, MediaLimits, MediaOutcome, Rendered
from pfpkit.metadata import MAX_FOREIGN_BYTES, ForeignMetadata, read_foreign
from pfpkit.proof import Binding, Outcome, Proof, Step, StepError
from pfpkit.sources import Blocks, Pictures, WebSource
from pfpkit.stock import Stock
from pfpkit.unixfs import adrive, read_file, resolve
from pfpkit.web import Download

__all__ = [
    "MAX_BLOCKS",
    "Binding",
    "Outcome",
    "Proof",
    "Step",
    "max_proof_bytes",
    "prove",
    "unwalked",
]

MAX_BLOCKS = 1_000
"""Far above a picture of 32 MiB in 256 KiB chunks, with the directories that lead to it."""
WITHIN_S = 300.0
"""How long all blocks of one proof may take to come, in seconds."""
_BESIDE_PICTURE_BYTES = 16 * 2**20
_IN_BUNDLE = "metadata.json"
_STEPS = ("token URI", "metadata", "image link", "image", "media")
_LONG_URI = 2**16
_MAX_REASON = 600
_LARGE = 2**20


def max_proof_bytes(limits: Limits) -> int:
    """Return how many bytes all blocks of one proof may have together."""
    return limits.max_bytes + _BESIDE_PICTURE_BYTES


async def prove(
    token_uri: str,
    image_uri: str | None,
    blocks: Blocks,
    limits: Limits | None = None,
    *,
    renderer: Pictures | None,
    web: WebSource | None = None,
    token_id: int | None = None,
    within_s: float = WITHIN_S,
) -> Proof:
    """Walk from the URIs to the picture and say how each step ended. Raises no PfpkitError.

    Without `renderer`, the picture is told by its header and not decoded. Without `web`, what is on
    a web server fails its step; with it, the step is UNVERIFIABLE. `token_id` is named for a token
    of ERC-1155, whose metadata may be for all ids (`TokenRef.id_to_fill`).
    """
    limits = limits or MediaLimits()
    pictures = renderer or HeaderReader(limits)
    walk = _Walk(token_uri, image_uri, blocks, limits, pictures, web, token_id, within_s)
    return await walk.run()


def unwalked(reason: str, error: StepError | None = None) -> Proof:
    """Return the proof of a walk that was not begun; with `error`, because there is no token URI.

    >>> [str(step.outcome) for step in unwalked("it has none", StepError.NO_URI).steps[:2]]
    ['failed', 'not reached']
    """
    first = Outcome.NOT_REACHED if error is None else Outcome.FAILED
    begin = Step(_STEPS[0], first, _line(reason), error)
    later = reason if error is None else "an earlier step failed"
    rest = (Step(name, Outcome.NOT_REACHED, _line(later)) for name in _STEPS[1:])
    return Proof((begin, *rest), ())


async def media_step(picture: bytes, pictures: Pictures) -> tuple[Step, Rendered | None]:
    """Return the last step of a walk alone, and what came of the picture; None if nobody says."""
    found: list[Rendered] = []

    async def media() -> str:
        rendered = await pictures.render(picture)
        found.append(rendered)
        if rendered.outcome is MediaOutcome.TOO_LARGE:
            raise TooLarge(str(rendered))
        if not rendered.accepted:
            raise BadImage(str(rendered))
        return str(rendered)

    return await _taken(_STEPS[-1], media), next(iter(found), None)


async def sha256_of(image: CID | None, picture: bytes) -> str:
    """Return the sha2-256 of a picture whose blocks were hashed, in hexadecimal digits."""
    if image is not None and image.codec == RAW:
        return image.digest.hex()  # a file of one block
    if len(picture) > _LARGE:
        # Everybody else would wait for it.
        return (await asyncio.to_thread(hashlib.sha256, picture)).hexdigest()
    return hashlib.sha256(picture).hexdigest()


class _Unbound(str):
    """The reason of a step that passed on what nothing binds."""


class _Walk:
    """One walk; each method of a step returns its reason in words, or raises."""

    def __init__(
        self,
        token_uri: str,
        image_uri: str | None,
        source: Blocks,
        limits: Limits,
        pictures: Pictures,
        web: WebSource | None,
        token_id: int | None,
        within_s: float,
    ) -> None:
        self.token_uri = token_uri
        self.image_uri = image_uri
        self.token_id = token_id
        self.limits = limits
        self.pictures = pictures
        self.web = web
        # Not of this walk's own methods: a circle would keep each picture until it is collected.
        self.stock = Stock(source)
        self.ahead = Ahead(self.stock.block)
        self.budget = Budget(
            self.ahead.get,
            max_blocks=MAX_BLOCKS,
            max_bytes=max_proof_bytes(limits),
            within_s=within_s,
        )
        self.place: ContentURI | None = None
        self.found: ForeignMetadata | None = None
        self.linked: ContentURI | None = None
        self.metadata: CID | None = None
        self.image: CID | None = None
        self.picture: bytes | None = None
        self.rendered: Rendered | None = None
        self.metadata_binding: Binding | None = None
        self.image_binding: Binding | None = None

    async def run(self) -> Proof:
        steps: list[Step] = []
        walks = (self._token_uri, self._metadata, self._image_link, self._image)
        async with self.ahead:
            for name, walk in zip(_STEPS, walks, strict=False):
                if steps and steps[-1].outcome is Outcome.FAILED:
                    break
                steps.append(await _taken(name, walk))
        if self.picture is not None:
            media, self.rendered = await media_step(self.picture, self.pictures)
            steps.append(media)
        why = "an earlier step failed"
        steps += [Step(name, Outcome.NOT_REACHED, why) for name in _STEPS[len(steps) :]]
        name_said = None if self.found is None else self.found.name
        return Proof(
            tuple(steps),
            self.budget.blocks,
            self.place.root if isinstance(self.place, IpfsPath) else None,
            self.metadata,
            self.image,
            self.picture,
            self.rendered,
            None if name_said is None else _line(name_said),
            self.metadata_binding,
            self.image_binding,
            None if self.picture is None else await sha256_of(self.image, self.picture),
        )

    async def _locate(self, place: IpfsPath) -> CID:
        return await adrive(resolve(place.root, place.path), self.budget.get, hashed=True)

    async def _read(self, cid: CID, max_bytes: int) -> bytes:
        parts: list[bytes] = []
        reading = read_file(cid, write=parts.append, max_bytes=max_bytes, max_blocks=MAX_BLOCKS)
        await adrive(reading, self.budget.get, hashed=True)
        return b"".join(parts)

    async def _token_uri(self) -> str:
        self.place = place = await _named(self.token_uri, "the token URI", MAX_FOREIGN_BYTES)
        if isinstance(place, IpfsPath):
            plain = self.token_uri == f"ipfs://{place}"
            return f"{'' if plain else f'{self.token_uri} '}names {place} by content"
        if isinstance(place, Inline):
            return f"holds the metadata itself, {len(place.data):,} bytes of {place.media_type}"
        return f"names {self._on_web(place, 'the token URI')}, a server"

    async def _metadata(self) -> str:
        place = self.place
        assert place is not None
        if isinstance(place, IpfsPath):
            await self._stock_metadata(place)
            self.metadata = await self._locate(place)
            data = await self._read(self.metadata, MAX_FOREIGN_BYTES)
            self._understand(data, "", Binding.BY_CONTENT)
            return f"{len(data):,} bytes, hashed to {self.metadata}"
        if isinstance(place, Inline):
            self._understand(place.data, place.charset, Binding.ON_CHAIN)
            return f"{_sized(place.data)}, as the contract answers"
        download = await self._download(place, MAX_FOREIGN_BYTES)
        self._understand(download.data, "", Binding.UNVERIFIABLE)
        return _Unbound(f"{_sized(download.data)}, from {download.url}, which nothing binds")

    async def _stock_metadata(self, place: IpfsPath) -> None:
        # What is named so is in a directory of one token, beside the picture: one request for both.
        bundle = place.path == _IN_BUNDLE
        if not (bundle and await self.stock.fill_bundle(place.root, self.budget.left_s)):
            await self.stock.fill(place, MAX_FOREIGN_BYTES, self.budget.left_s)

    def _understand(self, data: bytes, charset: str, binding: Binding) -> None:
        self.found = read_foreign(data, charset, token_id=self.token_id)
        self.metadata_binding = binding

    async def _image_link(self) -> str:
        assert self.found is not None
        what = f"metadata's {self.found.field!r}"
        note = "" if self.found.field == "image" else f", in {self.found.field!r}"
        self.linked = linked = await _link(self.found.image, what, self.limits.max_bytes)
        minted = await self._minted_image()
        if isinstance(linked, IpfsPath):
            if minted is None or not self.stock.holds(minted):
                await self.stock.fill(linked, self.limits.max_bytes, self.budget.left_s)
            return await self._same_block(await self._locate(linked), minted) + note
        if minted is not None:
            raise Unverified(
                f"{what} is not on IPFS, but the token's bundle holds {minted}; "
                "the two disagree, so neither is shown"
            )
        if isinstance(linked, Inline):
            return (
                f"holds the picture itself, {len(linked.data):,} bytes of {linked.media_type}{note}"
            )
        return f"names {self._on_web(linked, what)}, a server{note}"

    async def _same_block(self, linked: CID, minted: CID | None) -> str:
        if minted is None:
            self.image = linked
            bundle = "; the bundle has no picture of its own"
            return f"names {linked} by content{bundle if self.metadata else ''}"
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
        place = self.place
        plain = isinstance(place, IpfsPath) and f"ipfs://{IpfsPath(place.root, 'image')}"
        return "" if self.image_uri == plain else f", which is {self.image_uri}"

    async def _minted_image(self) -> CID | None:
        """Return the picture that the contract commits to beside the metadata, if there is one."""
        assert self.found is not None
        if self.image_uri is not None:
            place = await _named(self.image_uri, "the image URI", self.limits.max_bytes)
            if isinstance(place, IpfsPath):
                return await self._locate(place)
            if self.image_uri != self.found.image:
                raise Unverified(
                    f"the contract's image URI is {_line(self.image_uri[:100])!r}, and metadata's "
                    f"{self.found.field!r} is another; they disagree, so neither is shown"
                )
            return None
        if not isinstance(self.place, IpfsPath) or self.place.path != _IN_BUNDLE:
            return None
        try:
            return await self._locate(IpfsPath(self.place.root, "image"))
        except NotFound:
            return None

    async def _image(self) -> str:
        linked, max_bytes = self.linked, self.limits.max_bytes
        assert linked is not None
        if isinstance(linked, IpfsPath):
            assert self.image is not None
            self.picture = await self._read(self.image, max_bytes)
            self.image_binding = Binding.BY_CONTENT
            return f"{len(self.picture):,} bytes, hashed to {self.image}"
        if isinstance(linked, Inline):
            self.limits.check_bytes(len(linked.data))
            self.picture, self.image_binding = linked.data, self.metadata_binding
            return f"{_sized(linked.data)}, which are a part of the metadata"
        download = await self._download(linked, max_bytes)
        self.picture, self.image_binding = download.data, Binding.UNVERIFIABLE
        return _Unbound(f"{_sized(download.data)}, from {download.url}, which nothing binds")

    def _on_web(self, place: WebPlace, what: str) -> str:
        if self.web is None:
            raise Unverified(
                f"{what} is {_line(place.url[:100])!r}, on a server, so its content cannot be "
                "verified"
            )
        return without_credentials(place.url)

    async def _download(self, place: WebPlace, max_bytes: int) -> Download:
        assert self.web is not None
        return await self.web.fetch(place.url, max_bytes=max_bytes)


async def _taken(name: str, walk: Callable[[], Awaitable[str]]) -> Step:
    """Take one step and say how it ended."""
    started = time.monotonic()
    error: StepError | None = None
    try:
        said = await walk()
        outcome = Outcome.UNVERIFIABLE if isinstance(said, _Unbound) else Outcome.PASSED
    except PfpkitError as failure:
        outcome, said, error = Outcome.FAILED, str(failure), StepError.of(failure)
    took_ms = round((time.monotonic() - started) * 1000)
    return Step(name, outcome, _line(said), error, took_ms)


async def _link(text: str, what: str, max_bytes: int) -> ContentURI:
    """Return what a link of metadata names, which may be the markup of a picture itself."""
    if text.lstrip()[:4].lower() in ("<svg", "<?xm"):
        return Inline(text.encode("utf-8", "replace"), "image/svg+xml")
    return await _named(text, what, max_bytes)


async def _named(uri: str, what: str, max_bytes: int) -> ContentURI:
    try:
        # In a thread: escapes of some megabytes take a second.
        if len(uri) > _LONG_URI:
            return await asyncio.to_thread(parse_content_uri, uri, max_bytes=max_bytes)
        return parse_content_uri(uri, max_bytes=max_bytes)
    except (BadCID, BadURI) as error:
        raise type(error)(f"{what}: {error}") from error


def _sized(data: bytes) -> str:
    return f"{len(data):,} bytes of sha2-256 {hashlib.sha256(data).hexdigest()}"


def _line(text: str) -> str:
    """Return a stranger's text as one line that can be printed."""
    return clipped(text, _MAX_REASON)
