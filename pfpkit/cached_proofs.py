"""Proofs that hold, from a cache: what a walk found in content that cannot change.

The same token URI and image URI name the same content for ever, and the walk over it ends the same
way. Kept are the reasons of its steps, its values, and its blocks: the small ones with it, the
others as `pfpkit.cache` keeps blocks. Each block is hashed again whenever a proof is read; one that
is missing or damaged, or of other rules or limits, means that the walk is gone again. The picture
is not a part: it is taken out of the blocks anew, and decoded or told by its header as ever.
"""

import hashlib
import json
import sys
from collections.abc import Sequence
from typing import Any

from pfpkit import __version__
from pfpkit.cache import Cache, Fact, Recent
from pfpkit.cid import CID, Block, verify
from pfpkit.errors import PfpkitError
from pfpkit.evidence import MAX_BLOCKS, media_step, sha256_of
from pfpkit.images import Limits
from pfpkit.proof import Binding, Outcome, Proof, Step
from pfpkit.sources import Pictures
from pfpkit.unixfs import drive, read_file

__all__ = ["CachedProofs", "Content"]

Content = tuple[str, str | None, int | None]
"""Token URI, image URI, and the id that metadata for all ids is read with: one proof."""

_RULES = f"{__version__} 1"
"""Raised when a walk over the same content would find something else."""
_WITH_IT_BYTES = 4096
"""Larger blocks are kept on their own: several tokens may have them."""
_BESIDE_BYTES = 4096
"""What a small proof takes of memory beside its bytes: steps, names and objects."""


class CachedProofs:
    """Proofs by the URIs that they follow from: the latest in memory, all in a cache on disk."""

    def __init__(self, cache: Cache, limits: Limits, pictures: Pictures) -> None:
        self._cache, self._limits, self._pictures = cache, limits, pictures
        self._about = f"{_RULES} {limits}"
        self._recent = Recent[Content, Proof](cache.memory_bytes)

    def recent(self, content: Content) -> Proof | None:
        """Return a proof that is in memory, without waiting for anything."""
        return self._recent.get(content)

    async def get(self, content: Content) -> Proof | None:
        """Return the proof of a walk that was gone before, or None when it has to be gone again."""
        if (recent := self.recent(content)) is not None:
            return recent
        fact = await self._cache.recall(self._key(content))
        if fact is None:
            return None
        try:
            proof = await self._proof(fact.data)
        except (ValueError, TypeError, KeyError, RecursionError, PfpkitError):
            return None  # a block is gone, or another version wrote it
        self._remember(content, proof)
        return proof

    async def put(self, content: Content, proof: Proof) -> None:
        """Keep a proof if it holds; on disk, where its picture is in its blocks."""
        if not proof.holds:
            return
        self._remember(content, proof)
        if proof.image is not None:
            fact = Fact(_bytes_of(proof), keep_s=None)
            await self._cache.note(self._key(content), fact)

    def _remember(self, content: Content, proof: Proof) -> None:
        if proof.holds:
            # A contract may write both URIs as long as it likes: they are held as well.
            uris = sum(map(sys.getsizeof, content[:2]))
            self._recent.put(content, proof, proof.bytes_held + uris + _BESIDE_BYTES)

    def _key(self, content: Content) -> str:
        digest = hashlib.sha256(json.dumps((self._about, *content)).encode())
        return f"proof {digest.hexdigest()}"

    async def _proof(self, data: bytes) -> Proof:
        """Return the proof that `_bytes_of` wrote; one of many errors when it cannot be made."""
        head, _, rest = data.partition(b"\n")
        said: dict[str, Any] = json.loads(head.decode())
        cids: dict[str | None, CID | None] = {None: None}
        blocks: list[Block] = []
        at = 0
        for name, size in said["blocks"]:
            cid = cids[name] = CID.decode(bytes.fromhex(name))
            if size is None:
                blocks.append(await self._block(cid))
                continue
            block = Block(cid, rest[at : at + size])
            verify(*block)
            blocks.append(block)
            at += size
        bundle, metadata, image = (
            cids[name] if name in cids else CID.decode(bytes.fromhex(name)) for name in said["cids"]
        )
        picture = self._picture(image, blocks)
        media, rendered = await media_step(picture, self._pictures)
        steps = [Step(name, Outcome.PASSED, why, None, ms) for name, why, ms in said["steps"]]
        by_metadata, by_image = (kind and Binding(kind) for kind in said["bindings"])
        return Proof(
            (*steps, media),
            tuple(blocks),
            *(bundle, metadata, image, picture, rendered, said["name"], by_metadata, by_image),
            await sha256_of(image, picture),
        )

    async def _block(self, cid: CID) -> Block:
        data = await self._cache.kept(cid)
        if data is None:
            raise KeyError(cid)
        return Block(cid, data)

    def _picture(self, cid: CID | None, blocks: Sequence[Block]) -> bytes:
        kept = {block.cid: block.data for block in blocks}
        if cid is None:
            raise KeyError("the picture")
        parts: list[bytes] = []
        most = self._limits.max_bytes
        reading = read_file(cid, write=parts.append, max_bytes=most, max_blocks=MAX_BLOCKS)
        drive(reading, kept.__getitem__, hashed=True)
        return b"".join(parts)


def _bytes_of(proof: Proof) -> bytes:
    """Return a proof but for its picture and its last step: a line of JSON, then small blocks."""
    with_it = {one.cid for one in proof.blocks if len(one.data) <= _WITH_IT_BYTES}
    said = {
        "steps": [[step.name, step.reason, step.took_ms] for step in proof.steps[:-1]],
        "blocks": [
            [cid.encode().hex(), len(data) if cid in with_it else None]
            for cid, data in proof.blocks
        ],
        "cids": [cid and cid.encode().hex() for cid in (proof.bundle, proof.metadata, proof.image)],
        "name": proof.name,
        "bindings": [proof.metadata_binding, proof.image_binding],
    }
    small = b"".join(one.data for one in proof.blocks if one.cid in with_it)
    return json.dumps(said, separators=(",", ":")).encode() + b"\n" + small
