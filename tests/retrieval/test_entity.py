"""entity, plain files, and looking ahead: fewer round trips, and gateways that know less

entity: given a path, one CAR has its blocks; given a gateway without CARs, it is not asked again
block: given gateways that serve files alone, the DAG is built again, or refused
read: given a file of many blocks, several are fetched at once, and nothing else
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from support.dags import SHARDED, SMALL, dag_of, file_dag
from support.hostile_gateway import HostileGateway, Lie
from support.shelves import PICTURE, large_picture, prove_from, shelf_of, token_shelf

from pfpkit.cid import CID, Block
from pfpkit.errors import BadBlock, GatewayError, NotFound
from pfpkit.ipfs_path import IpfsPath
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.gateway import Gateway
from pfpkit.retrieval import Limits, Reason, Retriever
from pfpkit.unixfs import UNIXFS_V0_2015, UNIXFS_V1_2025

T = TypeVar("T")
LONG = bytes(range(256)) * 8
TREE = {
    "a.bin": LONG,
    "b c%.json": b"{}",
    "\u017e": b"z",
    **{f"x{n}": b"%d" % n for n in range(20)},
}
MIB = 2**20


def run(urls: Sequence[str], ask: Callable[[Retriever], Awaitable[T]]) -> tuple[T, Retriever]:
    """What `ask` gave."""

    async def scenario() -> tuple[T, Retriever]:
        async with Retriever(urls, Limits(hedge_s=5.0)) as retriever:
            return await ask(retriever), retriever

    return asyncio.run(scenario())


@pytest.mark.parametrize("profile", [SMALL, SHARDED])
@pytest.mark.parametrize("name", ["a.bin", "b c%.json", "\u017e"])
def test_entity__when_a_path__one_request_has_its_blocks(
    tmp_path: Path, profile: object, name: str
) -> None:
    """From a gateway that scopes its CARs, no more than what block by block would bring."""
    dag = dag_of(TREE, profile)  # type: ignore[arg-type]
    store = BlockStore(tmp_path)
    store.pin(dag)
    place = IpfsPath(dag.root, name)
    with Gateway(store) as gateway:
        blocks, _ = run([gateway.url], lambda r: r.entity(place, max_bytes=MIB))
        fetched, _ = run([gateway.url], lambda r: r.read(place))
    assert blocks == fetched.blocks


def test_entity__when_the_path_is_missing__says_so(tmp_path: Path) -> None:
    """A gateway that sends the folder proves that it has no such entry; a 404 proves nothing."""
    dag = dag_of(TREE)
    with HostileGateway(dag.blocks) as gateway, pytest.raises(NotFound):
        run([gateway.url], lambda r: r.entity(IpfsPath(dag.root, "no"), max_bytes=MIB))
    store = BlockStore(tmp_path)
    store.pin(dag)
    with Gateway(store) as gateway, pytest.raises((NotFound, GatewayError)):
        run([gateway.url], lambda r: r.entity(IpfsPath(dag.root, "no"), max_bytes=MIB))


def test_entity__when_the_file_is_too_large__is_refused() -> None:
    """By what its node says, whatever else came."""
    dag = dag_of(TREE)
    place = IpfsPath(dag.root, "a.bin")
    with HostileGateway(dag.blocks) as gateway:
        with pytest.raises(BadBlock, match="over the limit"):
            run([gateway.url], lambda r: r.entity(place, max_bytes=len(LONG) - 1))
        blocks, _ = run([gateway.url], lambda r: r.entity(place, max_bytes=len(LONG)))
    assert blocks


def test_entity__when_a_gateway_knows_no_cars__it_is_not_asked_for_them_again() -> None:
    """Once named, and asked for blocks from then on."""
    shelf = token_shelf()
    place = IpfsPath(shelf.root, "image")

    async def ask(retriever: Retriever) -> None:
        for _ in range(3):
            with pytest.raises(GatewayError):
                await retriever.entity(place, max_bytes=MIB)
        await retriever.block(shelf.root)

    with HostileGateway(shelf.blocks, Lie.NO_CARS) as gateway:
        _, retriever = run([gateway.url], ask)
        assert [fault.reason for fault in retriever.faults] == [Reason.REFUSED]
        assert len(gateway.requests) == 2


@pytest.mark.parametrize("lie", [Lie.HONEST, Lie.NO_CARS, Lie.EXTRA_BLOCK, Lie.MISSING_BLOCK])
def test_prove__when_over_any_gateway__gives_the_same_proof(lie: Lie) -> None:
    """One request for all of a bundle, or one a block without CARs; the proof is the same."""
    shelf = token_shelf()
    with HostileGateway(shelf.blocks) as gateway:
        wanted = prove_from(gateway, *shelf.uris)
        assert len(gateway.requests) == 1
    with HostileGateway(shelf.blocks, lie) as gateway:
        proof = prove_from(gateway, *shelf.uris)
        assert len(gateway.requests) <= 5
    assert proof == wanted
    assert proof.holds


@pytest.mark.parametrize("profile", [UNIXFS_V1_2025, UNIXFS_V0_2015])
def test_block__when_gateways_serve_files_alone__builds_the_dag_again(profile: object) -> None:
    """A picture of several blocks, by either profile of IPIP-0499."""
    data = large_picture()
    dag = file_dag(data, profile)  # type: ignore[arg-type]
    assert len(dag.blocks) > 2
    with HostileGateway([], Lie.ONLY_FILES) as gateway:
        gateway.files = {str(dag.root): data}
        fetched, _ = run([gateway.url], lambda r: r.read(dag.root))
        assert len(gateway.requests) == 2
    assert fetched.data == data
    assert {b.cid.as_v1() for b in fetched.blocks} == {b.cid.as_v1() for b in dag.blocks}


def test_block__when_a_raw_block_is_served_as_a_file__is_it() -> None:
    """The bytes of a raw block are its file's."""
    dag = file_dag(PICTURE, UNIXFS_V1_2025)
    with HostileGateway([], Lie.ONLY_FILES) as gateway:
        gateway.files = {str(dag.root): PICTURE}
        fetched, _ = run([gateway.url], lambda r: r.read(dag.root))
    assert fetched.data == PICTURE


def other_chunks(data: bytes) -> CID:
    """The CID by another chunk size, as some tools have it."""
    return file_dag(data, replace(UNIXFS_V1_2025, chunk_size=100_000)).root


@pytest.mark.parametrize("what", ["a flipped bit", "another profile", "a folder", "another raw"])
def test_block__when_the_dag_cannot_be_built_again__is_refused(what: str) -> None:
    """Plain bytes prove nothing then."""
    data = large_picture()
    flipped = bytes((data[0] ^ 1,)) + data[1:]
    root, served = {
        "a flipped bit": (file_dag(data, UNIXFS_V1_2025).root, flipped),
        "another profile": (other_chunks(data), data),
        "a folder": (shelf_of({"image": data}).root, b"<html>index of</html>"),
        "another raw": (file_dag(PICTURE, UNIXFS_V1_2025).root, PICTURE + b"\0"),
    }[what]
    with HostileGateway([], Lie.ONLY_FILES) as gateway:
        gateway.files = {str(root): served}
        with pytest.raises(GatewayError, match=r"as a plain file: .* sent wrong bytes"):
            run([gateway.url], lambda r: r.block(root))


def test_block__when_no_gateway_has_it__is_not_asked_for_as_a_file() -> None:
    """404 is an answer to every form."""
    root = file_dag(PICTURE, UNIXFS_V1_2025).root
    with HostileGateway([]) as gateway:
        with pytest.raises(GatewayError):
            run([gateway.url], lambda r: r.block(root))
        assert len(gateway.requests) == 1


def test_read__when_a_file_has_many_blocks__fetches_several_at_once() -> None:
    """The gateway thinks about many answers at one time, and each is asked for once."""
    data = b"".join(b"%064d" % n for n in range(40))
    dag = file_dag(data, SMALL)
    with HostileGateway(dag.blocks, Lie.SLOW) as gateway:
        fetched, _ = run([gateway.url], lambda r: r.read(dag.root))
        assert len(gateway.requests) == len(set(gateway.requests)) == len(dag.blocks)
        assert gateway.thought_at_once > 2
    assert fetched.data == data


def test_read__when_a_part_occurs_often__asks_for_it_once() -> None:
    """Far apart in the file as well."""
    parts = [b"%064d" % (n if n % 5 else 0) for n in range(60)]
    dag = file_dag(b"".join(parts), SMALL)
    with HostileGateway(dag.blocks) as gateway:
        fetched, _ = run([gateway.url], lambda r: r.read(dag.root))
        assert len(gateway.requests) == len(set(gateway.requests)) == len(fetched.blocks)
    assert fetched.data == b"".join(parts)


def test_read__when_told_not_to_look_ahead__asks_for_one_after_another() -> None:
    """As a reader does whose gateway has to be asked at a pace."""
    dag = file_dag(LONG, SMALL)

    async def scenario(url: str) -> float:
        async with Retriever([url], ahead=0) as retriever:
            started = time.monotonic()
            assert (await retriever.read(dag.root)).data == LONG
            return time.monotonic() - started

    with HostileGateway(dag.blocks, Lie.SLOW) as gateway:
        assert asyncio.run(scenario(gateway.url)) > 0.05 * len(dag.blocks)


def test_read__when_in_a_folder__asks_for_nothing_beside_it() -> None:
    """What a folder names besides is not fetched ahead."""
    dag = dag_of(TREE, SMALL)
    with HostileGateway(dag.blocks) as gateway:
        fetched, _ = run([gateway.url], lambda r: r.read(IpfsPath(dag.root, "a.bin")))
        asked = {CID.parse(request[6:].partition("?")[0]) for request in gateway.requests}
    assert asked == {block.cid for block in fetched.blocks}
    assert len(asked) < len(dag.blocks)


def test_read__when_a_later_block_is_missing__says_which_and_leaves_nothing_behind() -> None:
    """The tasks that look ahead end with the reading."""
    dag = file_dag(b"".join(b"%064d" % n for n in range(40)), SMALL)
    lost = next(b.cid for b in dag.blocks if b.data.endswith(b"%064d" % 7))
    blocks = [Block(b.cid, b.data) for b in dag.blocks if b.cid != lost]

    async def scenario(url: str) -> int:
        async with Retriever([url]) as retriever:
            with pytest.raises(GatewayError, match=str(lost)):
                await retriever.read(dag.root)
            return len(asyncio.all_tasks())

    with HostileGateway(blocks) as gateway:
        assert asyncio.run(scenario(gateway.url)) == 1
