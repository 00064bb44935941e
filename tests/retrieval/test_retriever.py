"""Retriever against gateways that work

block, read, car: give verified bytes, and the blocks that prove them
references: a CID, an ipfs:// URI or a path
"""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from support.blocks import lose
from support.dags import SHARDED, dag_of, file_dag, trees
from support.hostile_gateway import HostileGateway

from pfpkit.cid import CID, DAG_PB, cid_of
from pfpkit.errors import BadBlock, BadCID, BadInput, GatewayError, NotFound
from pfpkit.pinning import Dag
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.gateway import Gateway
from pfpkit.retrieval import Fetched, GatewayFault, IpfsPath, Limits, Reason, Retriever
from pfpkit.unixfs import Block

T = TypeVar("T")
IMAGE = bytes(range(256))
DAG = dag_of({"image": IMAGE, "metadata.json": b"{}", "a b%20c": b"blank", "\u017e": b"z"})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> BlockStore:
    return BlockStore(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def gateway(store: BlockStore) -> Iterator[Gateway]:
    store.pin(DAG)
    with Gateway(store) as running:
        yield running


def run(url: str, ask: Callable[[Retriever], Awaitable[T]], limits: Limits | None = None) -> T:
    async def scenario() -> T:
        async with Retriever([url], limits) as retriever:
            return await ask(retriever)

    return asyncio.run(scenario())


def test_block__when_there__is_its_bytes(gateway: Gateway) -> None:
    """Every block of a DAG comes out as it went in."""

    async def ask(retriever: Retriever) -> list[bytes]:
        return [await retriever.block(block.cid) for block in DAG.blocks]

    assert run(gateway.url, ask) == [block.data for block in DAG.blocks]


def test_block__when_absent__says_which_gateway_lacks_it(gateway: Gateway) -> None:
    """A 404 is a fault with the name of the gateway."""
    absent = cid_of(b"absent")
    with pytest.raises(GatewayError, match=f"no gateway gave {absent}: {gateway.url} does not"):
        run(gateway.url, lambda r: r.block(absent))


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("ipfs://{root}/image", IMAGE),
        ("ipfs://ipfs/{root}/image", IMAGE),
        ("/ipfs/{root}/image", IMAGE),
        ("{root}/metadata.json", b"{}"),
        ("ipfs://{root}/a%20b%2520c", b"blank"),
        ("/ipfs/{root}/a b%20c", b"blank"),
        ("ipfs://{root}/%C5%BE", b"z"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_read__when_the_path_exists__gives_file_and_proof(
    gateway: Gateway, path: str, data: bytes
) -> None:
    """The blocks handed back are enough to read the file again, offline."""
    fetched = run(gateway.url, lambda r: r.read(path.format(root=DAG.root)))
    assert fetched.data == data
    assert fetched.blocks[0].cid == DAG.root
    assert len({block.cid for block in fetched.blocks}) == len(fetched.blocks)
    with HostileGateway(fetched.blocks) as only_those:
        again = run(only_those.url, lambda r: r.read(path.format(root=DAG.root)))
    assert again == fetched


def test_read__when_given_a_cid__reads_that_file(gateway: Gateway) -> None:
    """A CID, a path value and a URI name the same file."""
    image = run(gateway.url, lambda r: r.read(IpfsPath(DAG.root, "image")))
    assert isinstance(image, Fetched)
    assert run(gateway.url, lambda r: r.read(image.cid)).data == IMAGE


def test_read__when_a_segment_is_missing__names_it(gateway: Gateway) -> None:
    """A folder that lacks the name is not a gateway's fault."""
    with pytest.raises(NotFound, match="nothing"):
        run(gateway.url, lambda r: r.read(f"ipfs://{DAG.root}/nothing"))


def test_read__when_too_large_or_a_folder__is_refused(gateway: Gateway) -> None:
    """The caller's size limit holds; a folder has no bytes."""
    with pytest.raises(BadBlock):
        run(gateway.url, lambda r: r.read(f"{DAG.root}/image", max_bytes=255))
    assert run(gateway.url, lambda r: r.read(f"{DAG.root}/image", max_bytes=256)).data == IMAGE
    with pytest.raises(BadBlock):
        run(gateway.url, lambda r: r.read(DAG.root))


@pytest.mark.parametrize("text", ["", "ipfs://", "https://x/ipfs/y", "ipfs://{root}/a?b", "Qm"])
def test_ipfs_path__when_it_names_no_cid__is_refused(text: str) -> None:
    """What is no IPFS path is not asked for."""
    with pytest.raises(BadCID):
        IpfsPath.parse(text.format(root=DAG.root))


def test_car__when_there__gives_every_block_once_from_the_root_on(gateway: Gateway) -> None:
    """One request brings the whole DAG."""
    blocks = run(gateway.url, lambda r: r.car(DAG.root))
    assert blocks[0].cid == DAG.root
    assert sorted(blocks) == sorted(DAG.blocks)


def test_car__when_larger_than_the_limit__is_refused(gateway: Gateway) -> None:
    """The limit counts the bytes of the whole answer."""
    with pytest.raises(GatewayError, match="sent too many bytes"):
        run(gateway.url, lambda r: r.car(DAG.root), Limits(car_bytes=100))


def test_car__when_a_block_is_gone_on_the_other_side__is_a_failure(tmp_path: Path) -> None:
    """A gateway that loses a block while it streams cuts the connection; that is seen."""
    dag = file_dag(bytes(range(256)) * 8)
    store = BlockStore(tmp_path)
    store.pin(dag)
    lose(store, max(dag.blocks, key=lambda block: block.data[-1:]).cid)
    with Gateway(store) as gateway, pytest.raises(GatewayError):
        run(gateway.url, lambda r: r.car(dag.root))


@settings(max_examples=25, deadline=None)
@given(tree=trees)
def test_car_and_read__when_any_tree__give_what_was_pinned(
    gateway: Gateway, store: BlockStore, tree: dict[str, bytes]
) -> None:
    """In by the store, out by the gateway: the same CIDs block by block, as CAR and by path."""
    for dag in (dag_of(tree), dag_of(tree, SHARDED)):
        store.pin(dag)

        async def ask(retriever: Retriever, dag: Dag = dag) -> None:
            assert sorted(await retriever.car(dag.root)) == sorted(dag.blocks)
            for block in dag.blocks:
                assert await retriever.block(block.cid) == block.data
            for name, data in tree.items():
                assert (await retriever.read(f"ipfs://{dag.root}/{name}")).data == data

        run(gateway.url, ask)


def test_retriever__when_no_gateway_is_named__says_what_is_needed() -> None:
    """An empty list is a mistake of the caller, not a failed fetch."""
    with pytest.raises(BadInput, match="name at least one"):
        Retriever([])


def test_retriever__when_the_url_has_a_password__sends_it_and_never_shows_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Faults, errors and logs name the gateway without its credentials."""
    caplog.set_level(logging.DEBUG)
    with HostileGateway([]) as gateway:
        secret = gateway.url.replace("http://", "http://user:hush%40@")

        async def scenario() -> list[GatewayFault]:
            async with Retriever([secret]) as retriever:
                with pytest.raises(GatewayError) as caught:
                    await retriever.block(cid_of(b"x"))
                assert "hush" not in str(caught.value)
                return retriever.faults

        (fault,) = asyncio.run(scenario())
        assert base64.b64encode(b"user:hush@") in gateway.heads[0]
    assert fault.url == gateway.url
    assert fault.reason is Reason.NOT_FOUND
    assert "hush" not in repr(fault)
    assert "hush" not in caplog.text


def test_block__when_the_environment_has_proxy_and_netrc__uses_neither(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A proxy would see loopback traffic, and ~/.netrc would send passwords to gateways."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password hush\n")
    with HostileGateway(tuple(DAG.blocks)) as proxy, HostileGateway(tuple(DAG.blocks)) as plain:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("NETRC", str(netrc))
        run(plain.url, lambda r: r.block(DAG.root))
        assert proxy.requests == []
        assert b"authorization" not in plain.heads[0].lower()
    assert run(gateway.url, lambda r: r.block(DAG.root))


def test_block__when_the_codec_lies__bytes_are_still_right(gateway: Gateway) -> None:
    """Raw and dag-pb CIDs of one digest name the same bytes, as the block store keeps them."""
    leaf = next(iter(DAG.blocks))
    twin = CID(1, DAG_PB, leaf.cid.digest)
    assert run(gateway.url, lambda r: r.block(twin)) == leaf.data
    assert Block(leaf.cid, leaf.data) == leaf
