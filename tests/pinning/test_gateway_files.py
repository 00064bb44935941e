"""Gateway, deserialised: files by path and by CID, ranges, conditions, folders, refusals"""

import json
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.dags import SHARDED, TREE, dag_of, file_dag, pictures

from pfpkit.cid import CID, cid_of
from pfpkit.pinning import Dag
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.unixfs import drive, resolve

ABSENT = cid_of(b"absent")
LONG = TREE["long.bin"]


def cid_at(store: BlockStore, root: CID, path: str) -> CID:
    return drive(resolve(root, path), store.get)


@pytest.mark.parametrize("name", TREE)
def test_get__when_a_file__is_its_bytes(client: httpx.Client, pinned: Dag, name: str) -> None:
    """A file comes out whole, whatever its name."""
    response = client.get(f"/ipfs/{pinned.root}/{quote(name)}")
    assert response.status_code == 200
    assert response.content == TREE[name]
    assert response.headers["content-length"] == str(len(TREE[name]))


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("png", "image/png"),
        ("jpeg", "image/jpeg"),
        ("gif", "image/gif"),
        ("webp", "image/webp"),
        ("metadata.json", "application/json"),
        ("not.json", "application/octet-stream"),
        ("page.html", "application/octet-stream"),
        ("drawing.svg", "application/octet-stream"),
        ("long.bin", "application/octet-stream"),
        ("empty", "application/octet-stream"),
    ],
)
def test_get__when_a_file__type_is_by_its_bytes(
    client: httpx.Client, pinned: Dag, name: str, media_type: str
) -> None:
    """Names don't count, and nothing that runs in a browser is ever served as such."""
    response = client.get(f"/ipfs/{pinned.root}/{name}")
    assert response.headers["content-type"] == media_type
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.content == {**TREE, **pictures()}[name]


def test_get__when_a_file__headers_let_it_be_cached_for_ever(
    client: httpx.Client, served_store: BlockStore, pinned: Dag
) -> None:
    """Content paths, roots, ETag and caching as the path gateway specification says."""
    cid = cid_at(served_store, pinned.root, "long.bin")
    headers = client.get(f"/ipfs/{pinned.root}/long.bin").headers
    assert headers["etag"] == f'"{cid}"'
    assert headers["cache-control"] == "public, max-age=29030400, immutable"
    assert headers["x-ipfs-path"] == f"/ipfs/{pinned.root}/long.bin"
    assert headers["x-ipfs-roots"] == f"{pinned.root},{cid}"
    assert headers["accept-ranges"] == "bytes"
    assert headers["vary"] == "Accept"
    assert headers["access-control-allow-origin"] == "*"
    assert "X-Ipfs-Roots" in headers["access-control-expose-headers"]
    assert "content-disposition" not in headers


def test_get__when_asked_by_cid_alone__is_the_same_file(
    client: httpx.Client, served_store: BlockStore, pinned: Dag
) -> None:
    """A file has one ETag, whichever path leads to it."""
    cid = cid_at(served_store, pinned.root, "long.bin")
    by_path, by_cid = client.get(f"/ipfs/{pinned.root}/long.bin"), client.get(f"/ipfs/{cid}")
    assert by_cid.content == LONG
    assert by_cid.headers["etag"] == by_path.headers["etag"]


@pytest.mark.parametrize("query", ["", "?format=raw", "?format=car", "?format=car&dag-scope=block"])
@pytest.mark.parametrize("path", ["long.bin", "png", "empty", ""])
def test_head__when_anything__has_the_headers_of_get_and_no_body(
    client: httpx.Client, pinned: Dag, path: str, query: str
) -> None:
    """HEAD tells what GET would, without the bytes."""
    url = f"/ipfs/{pinned.root}/{path}{query}"
    head, get = client.head(url), client.get(url)
    assert head.status_code == get.status_code == 200
    assert head.content == b""
    without_date = [
        {key: value for key, value in response.headers.items() if key != "date"}
        for response in (head, get)
    ]
    assert without_date[0] == without_date[1]


@pytest.mark.parametrize(
    ("asked", "status", "content_range"),
    [
        ("bytes=0-0", 206, "bytes 0-0/2048"),
        ("bytes=100-299", 206, "bytes 100-299/2048"),
        ("bytes=2000-", 206, "bytes 2000-2047/2048"),
        ("bytes=-5", 206, "bytes 2043-2047/2048"),
        ("bytes=0-99999", 206, "bytes 0-2047/2048"),
        ("bytes=0-1,5-6", 200, None),
        ("bytes=2048-", 416, "bytes */2048"),
        ("bytes=-0", 416, "bytes */2048"),
    ],
)
def test_get__when_a_range__is_that_part(
    client: httpx.Client, pinned: Dag, asked: str, status: int, content_range: str | None
) -> None:
    """206 with the part, 416 outside, 200 for what is not one range; HEAD agrees."""
    url = f"/ipfs/{pinned.root}/long.bin"
    response = client.get(url, headers={"Range": asked})
    assert (response.status_code, response.headers.get("content-range")) == (status, content_range)
    if status == 206 and content_range is not None:
        first, last = content_range.split()[1].split("/")[0].split("-")
        assert response.content == LONG[int(first) : int(last) + 1]
    head = client.head(url, headers={"Range": asked})
    assert (head.status_code, head.headers.get("content-range")) == (status, content_range)


def test_get__when_if_range_differs__is_everything(
    client: httpx.Client, served_store: BlockStore, pinned: Dag
) -> None:
    """A part is only sent to who has the other parts of the same file."""
    url = f"/ipfs/{pinned.root}/long.bin"
    etag = f'"{cid_at(served_store, pinned.root, "long.bin")}"'
    for given_tag, status in ((etag, 206), ('"other"', 200), (f"W/{etag}", 200)):
        headers = {"Range": "bytes=0-9", "If-Range": given_tag}
        assert client.get(url, headers=headers).status_code == status


@pytest.mark.parametrize("tag", ["{etag}", "W/{etag}", '"x", {etag}', "*"])
@pytest.mark.parametrize("query", ["long.bin", "long.bin?format=raw", "?format=car", ""])
def test_get__when_the_client_has_it__is_304(
    client: httpx.Client, pinned: Dag, query: str, tag: str
) -> None:
    """If-None-Match is compared weakly and wins over Range; a 304 has no body."""
    url = f"/ipfs/{pinned.root}/{query}"
    etag = client.head(url).headers["etag"]
    headers = {"If-None-Match": tag.format(etag=etag), "Range": "bytes=0-1"}
    response = client.get(url, headers=headers)
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == etag
    assert client.get(url, headers={"If-None-Match": '"x"'}).status_code == 200


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_get__when_any_range_of_any_file__equals_the_slice(
    client: httpx.Client, served_store: BlockStore, data: st.DataObject
) -> None:
    """Ranges over files of many blocks are slices of their bytes."""
    content = data.draw(st.binary(min_size=1, max_size=1500))
    dag = file_dag(content)
    served_store.pin(dag)
    first = data.draw(st.integers(0, len(content) - 1))
    last = data.draw(st.integers(first, len(content) + 5))
    for cid in (dag.root,):
        response = client.get(f"/ipfs/{cid}", headers={"Range": f"bytes={first}-{last}"})
        assert response.status_code == 206
        assert response.content == content[first : last + 1]
        assert client.get(f"/ipfs/{cid}").content == content


def test_get__when_a_folder_without_slash__leads_to_the_slash(
    client: httpx.Client, pinned: Dag
) -> None:
    """The specification's normalisation, so that relative links work."""
    response = client.get(f"/ipfs/{pinned.root}?download=true")
    assert response.status_code == 301
    assert response.headers["location"] == f"/ipfs/{pinned.root}/?download=true"


@pytest.mark.parametrize("profile_is_sharded", [False, True])
def test_get__when_a_folder__lists_it_as_plain_text(
    client: httpx.Client, served_store: BlockStore, profile_is_sharded: bool
) -> None:
    """One line for each entry: CID, bytes of its DAG, name; sharded folders too."""
    tree = {f"file-{n}": b"%d" % n for n in range(20)} | {"new\nline": b""}
    dag = dag_of(tree, SHARDED) if profile_is_sharded else dag_of(tree)
    served_store.pin(dag)
    response = client.get(f"/ipfs/{dag.root}/")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "immutable" not in response.headers["cache-control"]
    lines = sorted(line.split("\t") for line in response.text.splitlines())
    assert lines == sorted(
        [
            str(cid_at(served_store, dag.root, name)),
            str(len(data)),
            name if name.isprintable() else json.dumps(name),
        ]
        for name, data in tree.items()
    )


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/ipfs/nonsense", 400, "nonsense"),
        ("/ipfs/", 400, ""),
        ("/ipfs/Qm/x", 400, ""),
        ("/ipfs/{root}?format=tar", 400, "format=tar"),
        ("/ipfs/{root}?format=car&car-version=2", 400, "version=2"),
        ("/ipfs/{root}?format=car&car-dups=y", 400, "dups=y"),
        ("/ipfs/{root}?format=car&car-order=bfs", 400, "order=bfs"),
        ("/ipfs/{root}?format=car&dag-scope=some", 400, "dag-scope=some"),
        ("/ipfs/{root}?format=car&entity-bytes=x", 400, "entity-bytes=x"),
        ("/ipfs/{root}/nothing", 404, "nothing"),
        ("/ipfs/{root}/long.bin/below", 404, ""),
        ("/ipfs/{root}/%2e%2e/x", 404, ""),
        ("/ipfs/{absent}", 404, "{absent}"),
        ("/ipfs/{absent}/x", 404, "{absent}"),
        ("/ipfs/{absent}?format=raw", 404, "{absent}"),
        ("/ipfs/{absent}?format=car", 404, "{absent}"),
        ("/ipns/{root}", 404, ""),
        ("/", 404, ""),
    ],
)
def test_get__when_it_cannot_be__is_one_clear_line(
    client: httpx.Client, pinned: Dag, path: str, status: int, says: str
) -> None:
    """Refusals are plain text, not cached, and show nothing of this machine."""
    url = path.format(root=pinned.root, absent=ABSENT)
    response = client.get(url)
    assert response.status_code == status
    assert says.format(absent=ABSENT) in response.text
    assert response.text.count("\n") == 1
    assert "/tmp" not in response.text
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert client.head(url).status_code == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods__when_tried__are_405_with_allow(
    client: httpx.Client, pinned: Dag, method: str
) -> None:
    """The gateway only reads."""
    response = client.request(method, f"/ipfs/{pinned.root}")
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_options__when_a_page_asks_first__allows_reading(client: httpx.Client, pinned: Dag) -> None:
    """The preflight of a cross-origin range request."""
    response = client.options(f"/ipfs/{pinned.root}")
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["access-control-allow-origin"] == "*"
    assert "Range" in response.headers["access-control-allow-headers"]


def test_get__when_only_if_cached__is_412_for_what_is_absent(
    client: httpx.Client, pinned: Dag
) -> None:
    """A light client probes without starting a search."""
    headers = {"Cache-Control": "only-if-cached"}
    assert client.get(f"/ipfs/{ABSENT}", headers=headers).status_code == 412
    assert client.head(f"/ipfs/{pinned.root}?format=raw", headers=headers).status_code == 200


def test_get__when_a_service_worker_wants_a_whole_cid__is_400(
    client: httpx.Client, pinned: Dag
) -> None:
    """One content root may not take over the gateway's address."""
    headers = {"Service-Worker": "script"}
    assert client.get(f"/ipfs/{pinned.root}", headers=headers).status_code == 400


@pytest.mark.parametrize(
    ("query", "disposition"),
    [
        ("filename=a.png", 'inline; filename="a.png"'),
        ("filename=a.png&download=true", 'attachment; filename="a.png"'),
        ("download=true", "attachment"),
        (
            "filename=test%D1%82%22.pdf",
            "inline; filename=\"test__.pdf\"; filename*=UTF-8''test%D1%82%22.pdf",
        ),
        ("filename=a%0D%0AX:y", "inline; filename=\"a__X:y\"; filename*=UTF-8''a%0D%0AX%3Ay"),
    ],
)
def test_get__when_a_file_name_is_given__is_in_the_disposition(
    client: httpx.Client, pinned: Dag, query: str, disposition: str
) -> None:
    """Names beyond ASCII have both forms; no name can add a header."""
    response = client.get(f"/ipfs/{pinned.root}/png?{query}")
    assert response.headers["content-disposition"] == disposition
