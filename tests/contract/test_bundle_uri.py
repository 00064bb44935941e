"""BundleURI: the loop-free encoder against the plain reference, and against Python

given every digest of one bit, of one clear bit, of one byte in every place, zeros, ones: all agree
given 100,000 random digests: the contract agrees with Python
given 1,000 random digests: the reference agrees with Python, and so with the contract
"""

from collections.abc import Iterator
from random import Random

import pytest
from eth_abi import decode
from support.collection import image_uri, metadata_uri
from support.node import calldata

from pfpkit.cid import CID, DAG_PB

ONES = 2**256 - 1
BATCH = 200


@pytest.fixture
def harness(project, deployer):
    """The library, made callable."""
    return deployer.deploy(project.BundleURIHarness).address


def numbers_of_one_pattern() -> Iterator[int]:
    """Digests in which a wrong lane, mask or shift shows by itself."""
    yield from (0, ONES)
    for bit in range(256):
        yield 1 << bit
        yield ONES ^ (1 << bit)
        yield ONES >> bit
    for place in range(32):
        for byte in range(1, 256, 2):
            yield byte << (8 * place)


def batches(numbers: Iterator[int]) -> Iterator[list[bytes]]:
    """Digests of the numbers, some at a time."""
    digests = [number.to_bytes(32, "big") for number in numbers]
    return (digests[start : start + BATCH] for start in range(0, len(digests), BATCH))


def random_numbers(count: int) -> Iterator[int]:
    """The same numbers in each run."""
    random = Random(20261120)
    return (random.getrandbits(256) for _ in range(count))


def uris(node, harness, digests):
    """metadata, image, and the two of both, as the library builds them."""
    answer = node.call(harness, calldata("uris(bytes32[])", digests))
    return decode(["string[4][]"], answer)[0]


def reference_uris(node, harness, digests):
    """metadata and image, as the reference builds them."""
    found = []
    for start in range(0, len(digests), 20):  # ten times as much gas as the library
        asked = calldata("referenceURIs(bytes32[])", digests[start : start + 20])
        found += decode(["string[2][]"], node.call(harness, asked))[0]
    return found


def expected(digests):
    """metadata and image, by Python's base64 module."""
    return [(metadata_uri(digest), image_uri(digest)) for digest in digests]


def test_bundle_uri__when_digests_show_a_pattern__all_three_agree(node, harness):
    """About 5,000 digests chosen for the encoder's structure."""
    for digests in batches(numbers_of_one_pattern()):
        right = expected(digests)
        assert list(uris(node, harness, digests)) == [pair * 2 for pair in right]
        assert reference_uris(node, harness, digests) == right


def test_bundle_uri__when_digests_are_random__agrees_with_python(node, harness):
    """100,000 digests, each built in both ways."""
    for digests in batches(random_numbers(100_000)):
        assert list(uris(node, harness, digests)) == [pair * 2 for pair in expected(digests)]


def test_bundle_uri__when_digests_are_random__reference_agrees(node, harness):
    """The reference, which proofs compare the encoder to, is right itself."""
    for digests in batches(random_numbers(1_000)):
        assert reference_uris(node, harness, digests) == expected(digests)


def test_bundle_uri__when_read_by_pfpkit__is_the_bundle_s_cid(node, harness):
    """What the contract writes, the package reads back as the same digest."""
    digests = next(batches(random_numbers(BATCH)))
    for digest, (metadata, image, _, _) in zip(digests, uris(node, harness, digests), strict=True):
        root = CID(version=1, codec=DAG_PB, digest=digest)
        assert (metadata, image) == (f"ipfs://{root}/metadata.json", f"ipfs://{root}/image")
        assert CID.parse(metadata.removeprefix("ipfs://").removesuffix("/metadata.json")) == root
