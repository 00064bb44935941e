"""CachedProofs: a walk that was gone before is not gone again, and its blocks are hashed again

given a proof that holds, another process has the same one, from the disk alone
given a block that is gone, damaged or another, or a record of another kind, none
given other limits or other rules, none; given a picture that cannot be decoded now, it says so
given a proof that does not hold, or a picture that is in no block, nothing is kept
given long URIs or many small proofs, the bound of memory holds
"""

import asyncio
import base64
import json
import tracemalloc
from urllib.parse import quote

import pytest
from support.dags import file_dag
from support.shelves import OTHER_PICTURE, PICTURE, large_picture, shelf_of, token_shelf

from pfpkit import cached_proofs
from pfpkit.cache import Cache, Fact
from pfpkit.cached_proofs import CachedProofs
from pfpkit.errors import NoWorker
from pfpkit.evidence import prove
from pfpkit.media import HeaderReader, MediaLimits
from pfpkit.unixfs import UNIXFS_V0_2015

SHELF = token_shelf()
LIMITS = MediaLimits()


class Shelved:
    """A source that has some blocks."""

    def __init__(self, blocks):
        self._blocks = {block.cid.as_v1(): block.data for block in blocks}

    async def block(self, cid):
        return self._blocks[cid.as_v1()]


class Failing(HeaderReader):
    """A renderer that has no worker left."""

    async def render(self, data):
        raise NoWorker("no process starts")


def proved(shelf, uris, limits=LIMITS):
    """The proof of a walk."""
    return asyncio.run(prove(*uris, Shelved(shelf.blocks), limits, renderer=None))


def opened(folder, limits=LIMITS, pictures=None):
    """The cache as another process finds it."""
    cache = Cache(folder)
    return CachedProofs(cache, limits, pictures or HeaderReader(limits)), cache


def kept(folder, proof, uris):
    """Keep a proof and the blocks of its walk, as a resolver does."""

    async def keep():
        proofs, cache = opened(folder)
        await cache.keep(proof.blocks)
        await proofs.put((*uris, None), proof)

    asyncio.run(keep())


def found(folder, uris, **options):
    """What another process finds."""
    return asyncio.run(opened(folder, **options)[0].get((*uris, None)))


def rewritten(folder, uris, change):
    """Write the record of a proof anew, with a checksum that is right."""

    async def write():
        proofs, cache = opened(folder)
        key = proofs._key((*uris, None))
        fact = await cache.recall(key)
        head, _, blocks = fact.data.partition(b"\n")
        said, blocks = change(json.loads(head), blocks)
        await cache.note(key, Fact(json.dumps(said).encode() + b"\n" + blocks, None))

    asyncio.run(write())


def older(picture, **more):
    """A bundle with CIDs of version 0, and what else is in its directory."""
    text = json.dumps({"image": f"ipfs://{file_dag(picture, UNIXFS_V0_2015).root}"})
    files = {"image": picture, "metadata.json": text.encode(), **more}
    return shelf_of(files, UNIXFS_V0_2015)


SHELVES = {
    "a bundle": SHELF,
    "a picture of several blocks": token_shelf(large_picture()),
    "CIDs of version 0": older(PICTURE),
}


@pytest.mark.parametrize("shelf", SHELVES.values(), ids=SHELVES)
@pytest.mark.parametrize("second", [True, False], ids=["image URI", "no image URI"])
def test_get__in_another_process__is_the_same_proof(shelf, second, tmp_path):
    """Each part of it, and its blocks in their order."""
    uris = (shelf.uris[0], shelf.uris[1] if second else None)
    proof = proved(shelf, uris)
    assert proof.holds, proof.steps
    assert found(tmp_path, uris) is None
    kept(tmp_path, proof, uris)
    again = found(tmp_path, uris)
    assert again == proof
    assert [step.took_ms for step in again.steps[:-1]] == [s.took_ms for s in proof.steps[:-1]]
    assert found(tmp_path, (uris[0], None if second else "ipfs://x")) is None
    assert asyncio.run(opened(tmp_path)[0].get((*uris, 7))) is None


@pytest.mark.parametrize("shelf", SHELVES.values(), ids=SHELVES)
def test_get__when_any_block_of_its_own_is_gone__is_none(shelf, tmp_path):
    """Then the walk is gone again, and asks for it."""
    proof = proved(shelf, shelf.uris)
    kept(tmp_path, proof, shelf.uris)
    alone = [block.cid for block in proof.blocks if len(block.data) > cached_proofs._WITH_IT_BYTES]
    assert alone
    for cid in alone:
        key = f"block {cid.hash_code} {cid.digest.hex()}"
        opened(tmp_path)[1]._disk.drop(key)
        assert found(tmp_path, shelf.uris) is None
        asyncio.run(opened(tmp_path)[1].keep(proof.blocks))
        assert found(tmp_path, shelf.uris) == proof


def flipped(said, blocks):
    return said, bytes([blocks[0] ^ 1]) + blocks[1:]


def named_otherwise(said, blocks):
    """The picture is said to be the metadata's block, which has another hash and codec."""
    return said | {"cids": [*said["cids"][:2], "01" + said["cids"][2][2:-2] + "00"]}, blocks


def swapped(said, blocks):
    """Names and bytes of two blocks do not belong together."""
    return said | {"blocks": said["blocks"][::-1]}, blocks


CHANGES = {
    "a bit of a block": flipped,
    "a picture of another name": named_otherwise,
    "blocks in another order": swapped,
    "a block less": lambda said, blocks: (said | {"blocks": said["blocks"][1:]}, blocks),
    "cut short": lambda said, blocks: (said, blocks[:-1]),
    "no steps": lambda said, blocks: ({k: v for k, v in said.items() if k != "steps"}, blocks),
    "a list": lambda said, blocks: ([said], blocks),
    "a CID that is none": lambda said, blocks: (said | {"cids": ["zz", None, None]}, blocks),
    "no picture": lambda said, blocks: (said | {"cids": [None, None, None]}, blocks),
    "a size that is none": lambda said, blocks: (
        said | {"blocks": [[name, "1"] for name, _ in said["blocks"]]},
        blocks,
    ),
    "a word for a binding": lambda said, blocks: (said | {"bindings": ["by-magic", None]}, blocks),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_get__when_the_record_is_another__is_none(change, tmp_path):
    """Even if whoever wrote it made its checksum right."""
    kept(tmp_path, proved(SHELF, SHELF.uris), SHELF.uris)
    rewritten(tmp_path, SHELF.uris, lambda said, blocks: (said, blocks))
    assert found(tmp_path, SHELF.uris) is not None
    rewritten(tmp_path, SHELF.uris, change)
    assert found(tmp_path, SHELF.uris) is None


def test_get__by_another_version_or_with_other_limits__is_none(tmp_path, monkeypatch):
    """A walk may end otherwise then."""
    kept(tmp_path, proved(SHELF, SHELF.uris), SHELF.uris)
    lower = MediaLimits(max_bytes=len(PICTURE) - 1)
    assert found(tmp_path, SHELF.uris, limits=lower) is None
    monkeypatch.setattr(cached_proofs, "_RULES", "another")
    assert found(tmp_path, SHELF.uris) is None


def test_get__when_the_picture_cannot_be_decoded_now__says_so_and_keeps_nothing(tmp_path):
    """The next one may find a worker."""
    kept(tmp_path, proved(SHELF, SHELF.uris), SHELF.uris)

    async def twice():
        proofs, _ = opened(tmp_path, pictures=Failing(LIMITS))
        first = await proofs.get((*SHELF.uris, None))
        proofs._pictures = HeaderReader(LIMITS)
        return first, await proofs.get((*SHELF.uris, None))

    failed, passed = asyncio.run(twice())
    assert [str(step.outcome) for step in failed.steps] == ["passed"] * 4 + ["failed"]
    assert (failed.steps[-1].error, failed.holds, failed.rendered) == ("NoWorker", False, None)
    assert passed.holds


def test_put__when_it_does_not_hold__keeps_nothing(tmp_path):
    """What failed may pass the next time, with the same bytes."""
    wrong = token_shelf(image=f"ipfs://{file_dag(OTHER_PICTURE).root}")
    proof = proved(wrong, wrong.uris)
    assert not proof.holds
    kept(tmp_path, proof, wrong.uris)
    assert found(tmp_path, wrong.uris) is None


def test_put__when_the_picture_is_in_no_block__is_in_memory_alone(tmp_path):
    """The token URI holds it, so that there is nothing to fetch and little to do."""
    picture = base64.b64encode(PICTURE).decode()
    text = json.dumps({"name": "Pip", "image": f"data:image/png;base64,{picture}"})
    uris = (f"data:application/json,{quote(text)}", None)
    proof = proved(SHELF, uris)
    assert proof.holds

    async def put():
        proofs, _ = opened(tmp_path)
        await proofs.put((*uris, None), proof)
        return await proofs.get((*uris, None))

    assert asyncio.run(put()) is proof
    assert found(tmp_path, uris) is None


def test_put__of_proofs_whose_memory_is_not_their_blocks__keeps_to_its_bound(tmp_path):
    """URIs that a contract makes long, and a thousand small proofs: both take memory too."""
    proof = proved(SHELF, SHELF.uris)
    data = cached_proofs._bytes_of(proof)

    async def held(contents):
        cache = Cache(tmp_path, memory_bytes=2**20)
        await cache.keep(proof.blocks)
        proofs = CachedProofs(cache, LIMITS, HeaderReader(LIMITS))
        tracemalloc.start()
        try:
            for content in contents:
                proofs._remember(content, await proofs._proof(data))
            return tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

    slashes = (
        (SHELF.uris[0], f"ipfs://{SHELF.root}{'/' * (2**16 + n)}image", None) for n in range(60)
    )
    assert asyncio.run(held(slashes)) < 2 * 2**20
    small = ((SHELF.uris[0], SHELF.uris[1], number) for number in range(1_000))
    assert asyncio.run(held(small)) < 2 * 2**20
