"""build: given a picture and its metadata, gives one directory that commits to both;

when one byte of either differs, the root differs; bundle_cid: given 32 bytes, gives that root.
"""

import base64
import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.pictures import encoded, noise

from pfpkit.bundle import build, bundle_cid, rebuild
from pfpkit.cid import CID, DAG_PB, RAW, cid_of
from pfpkit.errors import BadCID
from pfpkit.images import CleanImage, clean
from pfpkit.metadata import CollectionMetadata, TokenMetadata
from pfpkit.unixfs import drive, list_directory, read_file, resolve

PICTURE = clean(encoded(noise(), "PNG"))
LARGE = clean(encoded(noise(800, 600), "PNG"))


def cid_text(codec, data):
    """A CIDv1 made by the standard library alone."""
    block = bytes((1, codec, 0x12, 32)) + hashlib.sha256(data).digest()
    return "b" + base64.b32encode(block).decode().lower().rstrip("=")


def read(bundle, name):
    """The bytes of one file, through the blocks of the bundle alone."""
    blocks = {block.cid: block.data for block in bundle.blocks}
    out = []
    cid = drive(resolve(bundle.root, name), blocks.__getitem__)
    drive(read_file(cid, write=out.append, max_bytes=2**24), blocks.__getitem__)
    return cid, b"".join(out)


@pytest.mark.parametrize("picture", [PICTURE, LARGE], ids=["one block", "several blocks"])
def test_build__when_read_back__gives_both_files(picture):
    """The bundle's own blocks are all that a stranger needs."""
    bundle = build(picture, TokenMetadata("Pip", "A bird."))
    assert read(bundle, "image") == (bundle.image, picture.data)
    assert read(bundle, "metadata.json") == (bundle.metadata, bundle.metadata_bytes)
    assert bundle.blocks[-1].cid == bundle.root
    assert all(cid_of(block.data, block.cid.codec) == block.cid for block in bundle.blocks)
    blocks = {block.cid: block.data for block in bundle.blocks}
    listed = drive(list_directory(bundle.root, max_entries=10), blocks.__getitem__)
    assert sorted(listed) == ["image", "metadata.json"]


def test_rebuild__when_the_files_are_the_same__is_the_same_bundle():
    """Other words or another picture have another root, and give none."""
    bundle = build(PICTURE, TokenMetadata("Pip"))
    assert rebuild(PICTURE, TokenMetadata("Pip"), bundle.root) == bundle
    assert rebuild(PICTURE, TokenMetadata("Pop"), bundle.root) is None
    assert rebuild(LARGE, TokenMetadata("Pip"), bundle.root) is None


def test_build__when_small__cids_are_those_of_the_standard_library():
    """An image of one block is its own sha256, and so is its metadata."""
    bundle = build(PICTURE, TokenMetadata("Pip"))
    assert str(bundle.image) == cid_text(RAW, PICTURE.data)
    assert str(bundle.metadata) == cid_text(RAW, bundle.metadata_bytes)
    assert str(bundle.root) == cid_text(DAG_PB, bundle.blocks[-1].data)
    assert len(bundle.blocks) == 3


def test_build__when_large__image_blocks_are_the_image_alone():
    """The image is pinned as a root of its own, and needs its own blocks for that."""
    bundle = build(LARGE, TokenMetadata("Pip"))
    assert len(LARGE.data) > 2**20
    assert len(bundle.image_blocks) == 3
    assert bundle.image_blocks[-1].cid == bundle.image
    assert bundle.image.codec == DAG_PB


def test_build__when_built__uris_and_digest_name_the_root():
    """What is minted, what the contract answers and what metadata says agree."""
    bundle = build(PICTURE, TokenMetadata("Pip"))
    assert bundle.metadata_uri == f"ipfs://{bundle.root}/metadata.json"
    assert bundle.image_uri == f"ipfs://{bundle.root}/image"
    assert json.loads(bundle.metadata_bytes)["image"] == f"ipfs://{bundle.image}"
    assert bundle_cid(bundle.digest) == bundle.root
    assert str(bundle.root).startswith("bafybei")


def test_build__when_a_collection__is_a_bundle_like_any_other():
    """`contractURI` is built from a digest too."""
    bundle = build(PICTURE, CollectionMetadata("Lanternwood", image="collection.png"))
    assert json.loads(read(bundle, "metadata.json")[1]) == {
        "name": "Lanternwood",
        "image": f"ipfs://{bundle.image}",
    }


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=1, max_size=100), st.integers(0, 799))
def test_build__when_any_bit_differs__root_differs(data, bit):
    """The digest commits to every bit of the image."""
    flipped = bytearray(data)
    flipped[bit // 8 % len(data)] ^= 1 << bit % 8
    made = [
        build(CleanImage(bytes(b), "image/png", 1, 1, 1, ()), TokenMetadata("Pip"))
        for b in (data, flipped)
    ]
    assert made[0].root != made[1].root
    assert made[0] == build(CleanImage(data, "image/png", 1, 1, 1, ()), TokenMetadata("Pip"))
    assert build(PICTURE, TokenMetadata("Pip")).root != build(PICTURE, TokenMetadata("Pop")).root


@pytest.mark.parametrize("size", [0, 31, 33])
def test_bundle_cid__when_not_32_bytes__refuses(size):
    """A digest of another length is none."""
    assert bundle_cid(b"\1" * 32) == CID(1, DAG_PB, b"\1" * 32)
    with pytest.raises(BadCID, match=f"is 32 bytes, and this one is {size}"):
        bundle_cid(b"\1" * size)
