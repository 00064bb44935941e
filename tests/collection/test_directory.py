"""Directory.of: all bundles of a collection under one root, flat or a HAMT by its size

its own blocks are all that is needed to find every bundle; the size in each link is the bundle's
"""

import pytest
from support.folders import write_collection

from pfpkit.cid import CID, DAG_PB
from pfpkit.collection import Collection
from pfpkit.directory import Directory
from pfpkit.unixfs import Kind, decode_node, drive, list_directory, resolve


def bundles(count):
    """So many bundles by name, which nobody has made."""
    return {str(n): (CID(1, DAG_PB, n.to_bytes(32, "big")), n) for n in range(1, count + 1)}


@pytest.mark.parametrize(("count", "kind"), [(3, Kind.DIRECTORY), (6000, Kind.HAMT)])
def test_directory__when_read_from_its_own_blocks__lists_every_bundle(count, kind):
    """In one block or in many."""
    wanted = bundles(count)
    made = Directory.of(wanted)
    blocks = dict(made.blocks)
    found = drive(list_directory(made.root, max_entries=count), blocks.__getitem__)
    assert {name: (link.cid, link.tsize) for name, link in found.items()} == wanted
    assert decode_node(made.root, blocks[made.root]).kind is kind
    assert made.blocks[0].cid == made.root
    assert made.bundles == {cid for cid, _ in wanted.values()}
    assert made.bytes == sum(map(len, blocks.values()))


def test_directory__when_the_order_is_another__is_the_same():
    """Names decide, not when they came; one bundle more or less is another directory."""
    some = bundles(100)
    root = Directory.of(some).root
    assert Directory.of(dict(reversed(some.items()))).root == root
    del some["7"]
    assert Directory.of(some).root != root


def test_directory__when_of_a_collection__leads_to_each_file(tmp_path):
    """From one CID to a token's picture; the size in a link is that of the whole bundle."""
    collection = Collection.read(write_collection(tmp_path / "metadata", 3))
    made = Directory.of({e.key: (e.root, e.made.tsize) for e in collection})
    blocks = dict(made.blocks)
    for entry in collection:
        bundle = entry.bundle()
        blocks.update(bundle.blocks)
        assert bundle.tsize == entry.made.tsize == sum(len(b.data) for b in bundle.blocks)
    for entry in collection:
        assert drive(resolve(made.root, f"{entry.key}/image"), blocks.__getitem__) == entry.image
