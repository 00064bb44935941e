"""prove: given what never ends, it stops at its limits of blocks, time and path segments"""

import asyncio
import json
from dataclasses import replace

from support.dags import file_dag
from support.hostile_gateway import HostileGateway, Lie
from support.shelves import prove_from, token_shelf

from pfpkit.cid import CID
from pfpkit.evidence import MAX_BLOCKS, Outcome, Proof, prove
from pfpkit.retrieval import Retriever
from pfpkit.unixfs import UNIXFS_V1_2025

SHELF = token_shelf()
TOKEN_URI, IMAGE_URI = SHELF.uris


def assert_fails(proof: Proof, step: str, error: str, reason: str) -> None:
    """`step` is the one that failed, for that reason."""
    (failed,) = (s for s in proof.steps if s.outcome is Outcome.FAILED)
    assert (failed.name, failed.error) == (step, error)
    assert reason in failed.reason


def test_prove__when_the_picture_is_of_countless_blocks__stops() -> None:
    """A thousand blocks are enough for any picture; each one costs a request."""
    tiny = replace(UNIXFS_V1_2025, name="tiny", chunk_size=2)
    image = file_dag(b"".join(n.to_bytes(2) for n in range(1500)), tiny)
    text = json.dumps({"image": f"ipfs://{image.root}"}).encode()
    metadata = file_dag(text, UNIXFS_V1_2025)
    with HostileGateway([*image.blocks, *metadata.blocks]) as gateway:
        proof = prove_from(gateway, f"ipfs://{metadata.root}")
        assert len(gateway.requests) < MAX_BLOCKS
    assert_fails(proof, "image", "BadBlock", f"more than {MAX_BLOCKS} blocks")


def test_prove__when_all_blocks_are_slow__stops_when_the_time_is_up() -> None:
    """No answer alone is too slow; the whole proof is."""
    with HostileGateway(SHELF.blocks, Lie.SLOW) as gateway:

        async def run(within_s: float) -> Proof:
            async with Retriever([gateway.url]) as retriever:
                return await prove(
                    TOKEN_URI, IMAGE_URI, retriever, renderer=None, within_s=within_s
                )

        proof = asyncio.run(run(0.02))
        step = "image" if proof.metadata else "metadata"
        assert_fails(proof, step, "GatewayError", "in 0.02 s")
        assert asyncio.run(run(30.0)).holds


def test_prove__when_a_path_has_countless_segments__asks_for_nothing() -> None:
    """In the token's URI, each segment would cost a request."""
    with HostileGateway(SHELF.blocks) as gateway:
        proof = prove_from(gateway, f"ipfs://{SHELF.root}{'/a' * 65}")
        assert gateway.requests == []
    assert_fails(proof, "token URI", "BadCID", "65 segments")


def test_prove__when_its_blocks_are_too_many_together__stops() -> None:
    """A picture of as many blocks as are allowed, and its metadata beside it."""
    tiny = replace(UNIXFS_V1_2025, name="tiny", chunk_size=2)
    image = file_dag(b"".join(n.to_bytes(2) for n in range(MAX_BLOCKS - 1)), tiny)
    assert len(image.blocks) == MAX_BLOCKS
    metadata = file_dag(json.dumps({"image": f"ipfs://{image.root}"}).encode(), UNIXFS_V1_2025)
    held = dict([*image.blocks, *metadata.blocks])

    class Held:
        async def block(self, cid: CID) -> bytes:
            return held[cid]

    proof = asyncio.run(prove(f"ipfs://{metadata.root}", None, Held(), renderer=None))
    assert_fails(proof, "image", "BadBlock", f"takes more than {MAX_BLOCKS:,} blocks")
    assert len(proof.blocks) == MAX_BLOCKS
