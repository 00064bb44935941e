"""Small DAGs with every shape of block: many-block files, flat and sharded folders."""

import io
from collections.abc import Mapping
from dataclasses import replace

from hypothesis import strategies as st
from PIL import Image

from pfpkit.cid import CID
from pfpkit.pinning import Dag
from pfpkit.unixfs import UNIXFS_V1_2025, Block, Profile, add_directory, add_file

SMALL = replace(UNIXFS_V1_2025, name="small", chunk_size=64, width=4)
"""Files of some hundred bytes become trees of several levels."""
SHARDED = replace(SMALL, name="sharded", hamt_threshold=256)
"""Folders of some entries become HAMTs."""

Tree = Mapping[str, bytes]

trees = st.dictionaries(
    st.sampled_from([f"file-{number}" for number in range(12)]), st.binary(max_size=600), min_size=1
)


def dag_of(tree: Tree, profile: Profile = SMALL) -> Dag:
    """Return the folder of `tree`, each of its blocks once, the root last."""
    blocks: dict[CID, Block] = {}

    def sink(block: Block) -> None:
        blocks[block.cid] = block

    entries = {name: add_file(data, profile, sink) for name, data in tree.items()}
    root = add_directory(entries, profile, sink).cid
    blocks[root] = blocks.pop(root)
    return Dag(root, tuple(blocks.values()))


def file_dag(data: bytes, profile: Profile = SMALL) -> Dag:
    """Return the DAG of one file, the root last."""
    blocks: dict[CID, Block] = {}

    def sink(block: Block) -> None:
        blocks[block.cid] = block

    root = add_file(data, profile, sink).cid
    return Dag(root, tuple(blocks.values()))


TREE = {
    "long.bin": bytes(range(256)) * 8,
    "empty": b"",
    "metadata.json": b'{"name":"x"}',
    "page.html": b"<html><script>alert(1)</script></html>",
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "not.json": b'{"name":',
    "\u017elu\u0165 100%.txt": b"text",
}
"""Files of every kind that a gateway may be asked for; only pictures are missing."""


def pictures() -> dict[str, bytes]:
    """Return one small picture of each kind, named without its media type."""
    found = {}
    for kind in ("PNG", "JPEG", "GIF", "WEBP"):
        out = io.BytesIO()
        Image.new("RGB", (8, 8), "teal").save(out, kind)
        found[kind.lower()] = out.getvalue()
    return found
