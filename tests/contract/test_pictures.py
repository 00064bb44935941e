"""bundleOf, imageURI, tokenURI, contractURI: where the pictures are

given no such token, bundleOf, imageURI and tokenURI revert
otherwise they say what was minted, whoever holds the token since
contractURI is the collection's, from the constructor
"""

import pytest
from support.collection import DEFAULTS, assert_view_reverts, digest, image_uri, metadata_uri


@pytest.mark.parametrize("unknown", [0, 4, 2**256 - 1])
@pytest.mark.parametrize("view", ["bundleOf", "imageURI", "tokenURI"])
def test_pictures__when_no_such_token__revert(collection, node, token, view, unknown):
    """There is no picture of what was not minted."""
    error = collection.ERC721NonexistentToken
    assert_view_reverts(node, getattr(collection, view), unknown, error=error, tokenId=unknown)


def test_bundle_of__when_moved_and_approved__stays(collection, token, holder, buyer, stranger):
    """Nothing that holders do changes a picture."""
    collection.approve(stranger, token, sender=holder)
    collection.transferFrom(holder, buyer, token, sender=stranger)
    assert [collection.bundleOf(n) for n in (1, 2, 3)] == [digest(1), digest(2), digest(3)]


def test_token_uri__when_minted__is_the_bundle_s_metadata(collection, token):
    """The URI is that of a CIDv1 in base32, computed apart."""
    uri = collection.tokenURI(token)
    assert uri == metadata_uri(digest(1))
    assert uri.startswith("ipfs://bafybei")
    assert uri.endswith("/metadata.json")


def test_image_uri__when_minted__is_the_bundle_s_image(collection, token):
    """The image is beside the metadata, in the same directory."""
    assert collection.imageURI(token) == image_uri(digest(1))
    assert collection.imageURI(token).removesuffix("image") == collection.tokenURI(
        token
    ).removesuffix("metadata.json")


def test_contract_uri__when_deployed__is_the_collection_s_metadata(collection):
    """ERC-7572's URI is built from the constructor's digest."""
    assert collection.contractURI() == metadata_uri(DEFAULTS["collection_bundle"])
