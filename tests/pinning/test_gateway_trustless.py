"""Gateway, trustless: raw blocks and CARs as the trustless gateway specification has them"""

import io
import random

import httpx
import pytest
from hypothesis import given, settings
from support.dags import SHARDED, TREE, dag_of, file_dag, trees

from pfpkit.car import read_car
from pfpkit.cid import CID, DAG_PB, IDENTITY, cid_of, verify
from pfpkit.pinning import Dag
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.unixfs import Block, Link, dagpb, drive, list_directory, resolve
from pfpkit.unixfs.node import Message

RAW = "application/vnd.ipld.raw"
CAR = "application/vnd.ipld.car"
CAR_TYPE = f"{CAR}; version=1; order=dfs; dups=n"


def blocks_in(response: httpx.Response) -> list[Block]:
    assert response.status_code == 200
    return list(read_car(io.BytesIO(response.content), whole=False)[1])


def test_raw__when_asked_either_way__is_the_block(client: httpx.Client, pinned: Dag) -> None:
    """`?format=raw` and `Accept` give the same bytes, attached and never sniffed."""
    for block in pinned.blocks:
        by_query = client.get(f"/ipfs/{block.cid}?format=raw")
        by_header = client.get(f"/ipfs/{block.cid}", headers={"Accept": RAW})
        verify(block.cid, by_query.content)
        assert by_query.content == by_header.content == block.data
        assert by_query.headers["content-type"] == RAW
        assert by_query.headers["etag"] == f'"{block.cid}.raw"'
        assert by_query.headers["x-content-type-options"] == "nosniff"
        disposition = by_query.headers["content-disposition"]
        assert disposition == f'attachment; filename="{block.cid}.bin"'
        assert by_header.headers["content-location"] == f"/ipfs/{block.cid}?format=raw"
        assert "content-location" not in by_query.headers


def test_raw__when_a_range__is_that_part(client: httpx.Client, pinned: Dag) -> None:
    """Blocks may be fetched in parts."""
    data = next(block.data for block in pinned.blocks if block.cid == pinned.root)
    url = f"/ipfs/{pinned.root}?format=raw"
    response = client.get(url, headers={"Range": "bytes=6-16"})
    assert (response.status_code, response.content) == (206, data[6:17])
    assert response.headers["content-range"] == f"bytes 6-16/{len(data)}"


def test_raw__when_with_a_path__is_the_block_at_its_end(
    client: httpx.Client, served_store: BlockStore, pinned: Dag
) -> None:
    """More than the trustless specification asks for, as path gateways do."""
    response = client.get(f"/ipfs/{pinned.root}/long.bin?format=raw")
    cid = drive(resolve(pinned.root, "long.bin"), served_store.get)
    verify(cid, response.content)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (RAW, RAW),
        (CAR, CAR_TYPE),
        (f"{CAR}; version=1; order=dfs; dups=n", CAR_TYPE),
        (f"{CAR};order=unk", CAR_TYPE),
        (f"{CAR};q=0.5, {RAW}", RAW),
        (f"{RAW};q=0.5, {CAR};q=0.8", CAR_TYPE),
        (f"{RAW}, */*;q=0.1", RAW),
        (f"{RAW};q=0, image/png", "image/png"),
        ("text/html, */*;q=0.8", "image/png"),
        ("*/*", "image/png"),
        ("", "image/png"),
        ("image/png", "image/png"),
    ],
)
def test_accept__when_several_types__the_best_that_is_served_wins(
    client: httpx.Client, pinned: Dag, accept: str, media_type: str
) -> None:
    """Content negotiation by quality."""
    response = client.get(f"/ipfs/{pinned.root}/png", headers={"Accept": accept})
    assert response.headers["content-type"] == media_type


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/x-tar", 406),
        ("application/vnd.ipfs.ipns-record", 406),
        ("application/vnd.ipld.dag-json", 406),
        (f"{CAR}; version=2", 400),
        (f"{CAR}; dups=y", 400),
    ],
)
def test_accept__when_not_served__says_what_is(
    client: httpx.Client, pinned: Dag, accept: str, status: int
) -> None:
    """A client that needs another format learns it from the status."""
    response = client.get(f"/ipfs/{pinned.root}", headers={"Accept": accept})
    assert response.status_code == status
    assert response.text.count("\n") == 1


def test_format__when_accept_differs__takes_precedence(client: httpx.Client, pinned: Dag) -> None:
    """The query wins over the header."""
    response = client.get(f"/ipfs/{pinned.root}?format=car", headers={"Accept": RAW})
    assert response.headers["content-type"] == CAR_TYPE


def test_car__when_of_a_folder__is_every_block_root_first(
    client: httpx.Client, pinned: Dag
) -> None:
    """Depth first, each block once, with the headers of a CAR."""
    response = client.get(f"/ipfs/{pinned.root}?format=car")
    roots, _ = read_car(io.BytesIO(response.content), whole=False)
    blocks = blocks_in(response)
    assert roots == [pinned.root]
    assert blocks[0].cid == pinned.root
    assert sorted(blocks) == sorted(pinned.blocks)
    assert response.headers["content-type"] == CAR_TYPE
    assert response.headers["etag"] == f'"{pinned.root}.car"'
    disposition = response.headers["content-disposition"]
    assert disposition == f'attachment; filename="{pinned.root}.car"'
    assert response.headers["accept-ranges"] == "none"


@settings(max_examples=25, deadline=None)
@given(tree=trees)
def test_car__when_with_a_path__proves_the_path_and_the_scope(
    client: httpx.Client, served_store: BlockStore, tree: dict[str, bytes]
) -> None:
    """A client that starts from the root alone can check all of it, in flat and sharded folders."""
    for dag in (dag_of(tree), dag_of(tree, SHARDED)):
        served_store.pin(dag)
        name, data = min(tree.items())
        tags = set()
        for scope in ("block", "entity", "all"):
            response = client.get(f"/ipfs/{dag.root}/{name}?format=car&dag-scope={scope}")
            got = {block.cid: block.data for block in blocks_in(response)}
            end = drive(resolve(dag.root, name), got.__getitem__)
            passed = set(got) - {block.cid for block in file_dag(data).blocks}
            assert end in got
            assert passed <= {block.cid for block in dag.blocks}
            if scope != "block":
                assert {block.cid for block in file_dag(data).blocks} <= set(got)
            tags.add(response.headers["etag"])
        assert len(tags) == 3


@settings(max_examples=15, deadline=None)
@given(tree=trees)
def test_car__when_the_entity_is_a_folder__is_what_lists_it(
    client: httpx.Client, served_store: BlockStore, tree: dict[str, bytes]
) -> None:
    """All shards of a folder, and none of its files."""
    for dag in (dag_of(tree), dag_of(tree, SHARDED)):
        served_store.pin(dag)
        response = client.get(f"/ipfs/{dag.root}?format=car&dag-scope=entity")
        got = {block.cid: block.data for block in blocks_in(response)}
        asked: set[CID] = set()

        def get(cid: CID, got: dict[CID, bytes] = got, asked: set[CID] = asked) -> bytes:
            asked.add(cid)
            return got[cid]

        assert set(drive(list_directory(dag.root, max_entries=100), get)) == set(tree)
        assert asked == set(got)


def leaves_of(content: bytes, blocks: list[Block]) -> set[bytes]:
    return {block.data for block in blocks if block.data and block.data in content}


@pytest.mark.parametrize(
    ("asked", "first", "stop"),
    [
        ("0:*", 0, 2048),
        ("0:0", 0, 1),
        ("512:*", 512, 2048),
        ("512:-256", 512, 1793),
        ("-5:*", 2043, 2048),
        ("-9999:-3", 0, 2046),
        ("100:163", 100, 164),
    ],
)
def test_car__when_entity_bytes__are_the_blocks_of_that_part(
    client: httpx.Client, served_store: BlockStore, asked: str, first: int, stop: int
) -> None:
    """The leaves that overlap the range come, and no other."""
    content = random.Random(7).randbytes(2048)
    dag = file_dag(content)
    served_store.pin(dag)
    response = client.get(f"/ipfs/{dag.root}?format=car&entity-bytes={asked}")
    expected = {content[n : n + 64] for n in range(first // 64 * 64, stop, 64)}
    assert leaves_of(content, blocks_in(response)) == expected


@pytest.mark.parametrize("query", ["", "&dag-scope=entity", "&entity-bytes=0:*"])
def test_car__when_a_block_occurs_often__comes_once(
    client: httpx.Client, served_store: BlockStore, query: str
) -> None:
    """`dups=n` holds in every scope: a file of zeros has one leaf."""
    dag = file_dag(bytes(2048))
    served_store.pin(dag)
    blocks = blocks_in(client.get(f"/ipfs/{dag.root}?format=car{query}"))
    assert sorted(blocks) == sorted(dag.blocks)


def test_car__when_entity_bytes_miss_the_file__is_the_block_alone(
    client: httpx.Client, served_store: BlockStore
) -> None:
    """The client sees from the root block why nothing came."""
    dag = file_dag(bytes(range(256)))
    served_store.pin(dag)
    response = client.get(f"/ipfs/{dag.root}?format=car&entity-bytes=5000:*")
    assert [block.cid for block in blocks_in(response)] == [dag.root]


@pytest.mark.parametrize("form", ["raw", "car"])
def test_probe__when_bafkqaaa__is_a_gateway(client: httpx.Client, form: str) -> None:
    """The probe path of the specification: the empty identity CID."""
    response = client.get(f"/ipfs/bafkqaaa?format={form}")
    assert response.status_code == 200
    if form == "raw":
        assert response.content == b""
    else:
        assert blocks_in(response) == []
        assert read_car(io.BytesIO(response.content), whole=False)[0] == [CID.parse("bafkqaaa")]
    assert client.head(f"/ipfs/bafkqaaa?format={form}").status_code == 200


FORMS = ["", "?format=raw", "?format=car", "?format=car&dag-scope=entity"]


@pytest.mark.parametrize("form", FORMS)
def test_get__when_an_identity_cid__is_400(
    client: httpx.Client, served_store: BlockStore, form: str
) -> None:
    """As a root, on the way, and at the end of a path, for the CIDs that hold a folder too."""
    folder = Message(1).encode()
    identity = CID(1, DAG_PB, dagpb.encode([], folder), IDENTITY)
    data = dagpb.encode([Link(identity, "x")], folder)
    stored = cid_of(data, DAG_PB)
    served_store.put(Block(stored, data))
    for path in (f"{identity}", f"{identity}/", f"{identity}/y", f"{stored}/x", f"{stored}/x/y"):
        response = client.get(f"/ipfs/{path}{form}")
        assert (path, response.status_code) == (path, 400)
        assert str(identity) in response.text


@pytest.mark.parametrize("form", FORMS)
def test_probe__when_a_path_follows__is_400(client: httpx.Client, form: str) -> None:
    """The empty block holds nothing, and nothing is looked for in it."""
    assert client.get(f"/ipfs/bafkqaaa/x{form}").status_code == 400


def test_raw__when_the_cid_is_written_otherwise__is_the_same_block(
    client: httpx.Client, pinned: Dag
) -> None:
    """Version 0, and codecs that UnixFS does not read, are served as blocks."""
    twin = CID(1, 0x71, pinned.root.digest)
    assert client.get(f"/ipfs/{twin}?format=raw").status_code == 200
    assert client.get(f"/ipfs/{twin}").status_code == 406
    assert client.get(f"/ipfs/{twin}?format=car").status_code == 406
    assert client.get(f"/ipfs/{CID(0, 0x70, pinned.root.digest)}?format=raw").status_code == 200
    assert TREE["empty"] == b""
    assert cid_of(b"").codec == 0x55
