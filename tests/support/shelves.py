"""Tokens' files as anybody may have published them, and their proofs over a real gateway."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, NamedTuple

from PIL import Image

from pfpkit.block import BlockRef
from pfpkit.cid import CID, Block
from pfpkit.evidence import Proof, prove
from pfpkit.images import Limits
from pfpkit.media import Renderer
from pfpkit.receipt import Receipt
from pfpkit.reference import TokenRef
from pfpkit.resolver import Resolution
from pfpkit.retrieval import Limits as RetrievalLimits
from pfpkit.retrieval import Retriever
from pfpkit.tokens import Outcome, TokenAnswer
from pfpkit.unixfs import UNIXFS_V1_2025, Profile
from support.dags import dag_of, file_dag
from support.hostile_gateway import HostileGateway, Lie
from support.pictures import encoded, noise

PICTURE = encoded(noise(), "PNG")
OTHER_PICTURE = encoded(noise(seed=2), "PNG")
NOW = "2026-11-21T10:00:00Z"
OWNER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
STATE = TokenAnswer(
    TokenRef(31337, "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", 7),
    None,
    BlockRef(12, "0x" + "ab" * 32, 1_763_700_000),
    Outcome.READ,
    owner=OWNER,
)
_SOON = RetrievalLimits(read_s=0.3, block_s=0.5)


class Shelf(NamedTuple):
    """One token's directory, with every block that a gateway has of it."""

    root: CID
    blocks: tuple[Block, ...]

    @property
    def uris(self) -> tuple[str, str]:
        """What our contract answers for it: token URI and image URI."""
        return f"ipfs://{self.root}/metadata.json", f"ipfs://{self.root}/image"


def resolution_of(
    shelf: Shelf, holder: str | None = None, *, renderer: Renderer | None = None
) -> Resolution:
    """What resolving STATE's token gives when it is `shelf`; undecoded without a renderer."""
    token_uri, image_uri = shelf.uris
    proof = prove_over(shelf.blocks, token_uri, image_uri, renderer=renderer)
    return resolution_by(proof, token_uri, image_uri, holder)


def resolution_by(
    proof: Proof, token_uri: str, image_uri: str | None = None, holder: str | None = None
) -> Resolution:
    """What resolving STATE's token gives when that is its proof."""
    state = replace(STATE, holder=holder, token_uri=token_uri, image_uri=image_uri)
    return Resolution.of(Receipt.of(state, proof, NOW), proof)


def large_picture() -> bytes:
    """A picture of several blocks."""
    pixels = random.Random(1).randbytes(640 * 640 * 3)
    return encoded(Image.frombytes("RGB", (640, 640), pixels), "PNG")


def file_cid(data: bytes) -> CID:
    """The CID of a file."""
    return file_dag(data, UNIXFS_V1_2025).root


def shelf_of(files: Mapping[str, bytes], profile: Profile = UNIXFS_V1_2025) -> Shelf:
    """A directory of any files."""
    dag = dag_of(files, profile)
    return Shelf(dag.root, tuple(dag.blocks))


def token_shelf(picture: bytes = PICTURE, **fields: Any) -> Shelf:
    """A bundle of `picture` and metadata that links to it; a field that is None is left out."""
    said = {"name": "Pip", "image": f"ipfs://{file_cid(picture)}", **fields}
    text = json.dumps({key: value for key, value in said.items() if value is not None})
    return shelf_of({"image": picture, "metadata.json": text.encode()})


def prove_over(
    blocks: Sequence[Block],
    token_uri: str,
    image_uri: str | None = None,
    *,
    lie: Lie = Lie.HONEST,
    limits: Limits | None = None,
    renderer: Renderer | None = None,
) -> Proof:
    """The proof that a gateway with these blocks allows; with a renderer, which it uses up."""
    with HostileGateway(blocks, lie) as gateway:
        return prove_from(gateway, token_uri, image_uri, limits=limits, renderer=renderer)


def prove_from(
    gateway: HostileGateway,
    token_uri: str,
    image_uri: str | None = None,
    *,
    limits: Limits | None = None,
    renderer: Renderer | None = None,
) -> Proof:
    """The proof that a running gateway allows."""

    async def run() -> Proof:
        patience = _SOON if gateway.lie.stalls else RetrievalLimits()
        async with Retriever([gateway.url], patience) as retriever, renderer or nullcontext():
            return await prove(token_uri, image_uri, retriever, limits, renderer=renderer)

    return asyncio.run(run())
