"""resolve, list_directory, walk: given a directory, flat or HAMT, find what was added; given one
that lies, raise BadBlock, and NotFound for what is not there"""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hostile_blocks import LEAF, node, shard
from support.trees import Blocks, File, Folder, add_tree, content, names, trees

from pfpkit.cid import CID
from pfpkit.errors import BadBlock, BadInput, NotFound
from pfpkit.unixfs import (
    PROFILES,
    UNIXFS_V1_2025,
    Entry,
    Link,
    add_directory,
    add_file,
    drive,
    list_directory,
    read_file,
    resolve,
    walk,
)
from pfpkit.unixfs.hamt import murmur3_x64_64
from pfpkit.unixfs.node import Message

# A HAMT from the first entry on, so that small trees try it too.
ALL_HAMT = replace(UNIXFS_V1_2025, hamt_threshold=0)
OTHER_FANOUTS = [replace(ALL_HAMT, hamt_fanout=fanout) for fanout in (8, 16, 1024)]
PROFILES_READ = [*PROFILES.values(), ALL_HAMT, *OTHER_FANOUTS]
COLLIDING = ["pfpkit", 'A"kU!f"d<-]<^$%"']  # their murmur3 hashes are equal


def every_file(tree: Folder, path: str = ""):
    for name, child in tree.entries.items():
        if isinstance(child, Folder):
            yield from every_file(child, f"{path}/{name}")
        else:
            yield f"{path}/{name}", child


@settings(deadline=None, max_examples=60)
@given(profile=st.sampled_from(PROFILES_READ), tree=trees(300))
def test_resolve__when_added__finds_every_file(profile, tree):
    """Every path gives the bytes that were added there."""
    tree = Folder({"root": tree})
    blocks = Blocks()
    root = add_tree(tree, profile, blocks.put)
    for path, file in every_file(tree):
        cid = drive(resolve(root.cid, path), blocks.get_block)
        out = bytearray()
        drive(read_file(cid, write=out.extend, max_bytes=2**20), blocks.get_block)
        assert bytes(out) == content(file)


@settings(deadline=None, max_examples=60)
@given(
    profile=st.sampled_from(PROFILES_READ),
    entries=st.dictionaries(names, st.binary(max_size=9), max_size=30),
    other=names,
)
def test_list_directory__when_added__gives_every_entry(profile, entries, other):
    """Names, CIDs and Tsizes; and resolve knows no other name."""
    blocks = Blocks()
    added = {name: add_file(data, profile, blocks.put) for name, data in entries.items()}
    root = add_directory(added, profile, blocks.put)
    listed = drive(list_directory(root.cid, max_entries=30), blocks.get_block)
    assert listed == {name: Link(e.cid, name, e.tsize) for name, e in added.items()}
    if other not in entries:
        with pytest.raises(NotFound):
            drive(resolve(root.cid, other), blocks.get_block)


def test_list_directory__when_wide__is_bounded():
    """Flat and HAMT: one entry over the limit is too many."""
    for profile in (UNIXFS_V1_2025, ALL_HAMT):
        blocks = Blocks()
        entry = add_file(b"", sink=blocks.put)
        root = add_directory({str(n): entry for n in range(300)}, profile, blocks.put).cid
        assert len(drive(list_directory(root, max_entries=300), blocks.get_block)) == 300
        with pytest.raises(BadBlock, match="more than 299 entries"):
            drive(list_directory(root, max_entries=299), blocks.get_block)


def test_resolve__when_nothing_is_there__names_the_segment():
    """What is missing, and beneath what; a file has nothing beneath it."""
    blocks = Blocks()
    tree = Folder({"a": Folder({"b": File(3)})})
    root = add_tree(tree, UNIXFS_V1_2025, blocks.put).cid
    assert drive(resolve(root, ""), blocks.get_block) == root
    assert drive(resolve(root, "/a//b/"), blocks.get_block).codec == 0x55
    with pytest.raises(NotFound, match=f"^{root}/a holds no 'c'"):
        drive(resolve(root, "a/c/d"), blocks.get_block)
    with pytest.raises(NotFound, match="a/b is raw bytes of a file, so it holds no 'c'"):
        drive(resolve(root, "a/b/c"), blocks.get_block)
    with pytest.raises(NotFound, match=r"holds no '\.\.'"):
        drive(resolve(root, "a/../a"), blocks.get_block)


def placed(name: str, *, depth: int = 0) -> str:
    """The link name of an entry of a shard `depth` levels down."""
    return f"{murmur3_x64_64(name.encode()) >> 56 - 8 * depth & 255:02X}{name}"


def test_list_directory__when_a_name_stands_elsewhere__raises_bad_block():
    """`resolve` looks only where the hash points; a listing has to agree with it."""
    blocks = Blocks()
    right = shard(blocks, [Link(LEAF, placed("image"))])
    assert drive(resolve(right, "image"), blocks.get_block) == LEAF
    prefix = "00" if placed("image")[:2] != "00" else "01"
    wrong = shard(blocks, [Link(LEAF, f"{prefix}image")])
    with pytest.raises(BadBlock, match="where its hash does not belong"):
        drive(list_directory(wrong, max_entries=9), blocks.get_block)
    with pytest.raises(NotFound):
        drive(resolve(wrong, "image"), blocks.get_block)


def test_hamt__when_a_shard_is_no_shard__raises_bad_block():
    """A flat directory, a file, an empty shard, or one of another fanout beneath a shard."""
    blocks = Blocks()
    prefix = placed("image")[:2]
    below = {
        "a directory stands where": node(blocks, [], Message(1)),
        "a file stands where": add_file(b"", PROFILES["unixfs-v0-2015"], blocks.put).cid,
        "the shard is empty": shard(blocks, []),
        "fanout is 16": node(
            blocks, [Link(LEAF, "0a")], Message(5, b"\x01", hash_type=0x22, fanout=16)
        ),
    }
    for reason, child in below.items():
        root = shard(blocks, [Link(child, prefix)])
        with pytest.raises(BadBlock, match=reason):
            drive(resolve(root, "image"), blocks.get_block)
        with pytest.raises(BadBlock, match=reason):
            drive(list_directory(root, max_entries=9), blocks.get_block)


def test_hamt__when_deeper_than_its_hash__raises_bad_block():
    """Eight levels of 256 use up 64 bits; a ninth has no place."""
    blocks = Blocks()
    prefixes = [placed("image", depth=depth)[:2] for depth in range(8)]
    root = shard(blocks, [Link(LEAF, "00image")])
    for prefix in reversed(prefixes):
        root = shard(blocks, [Link(root, prefix)])
    with pytest.raises(BadBlock, match="deeper than its hash"):
        drive(resolve(root, "image"), blocks.get_block)
    with pytest.raises(BadBlock, match="deeper than its hash"):
        drive(list_directory(root, max_entries=9), blocks.get_block)


def test_list_directory__when_a_file__raises_bad_block():
    """Raw bytes and a symlink are no directories."""
    blocks = Blocks()
    with pytest.raises(BadBlock, match="a file is no directory"):
        drive(list_directory(add_file(b"", sink=blocks.put).cid, max_entries=9), blocks.get_block)
    cid = node(blocks, [], Message(4, b"target"))
    with pytest.raises(BadBlock, match="a symlink is no directory"):
        drive(list_directory(cid, max_entries=9), blocks.get_block)


def test_add_directory__when_hashes_are_equal__refuses_the_names():
    """murmur3 collisions can be made; there is no place for the second name."""
    entry = Entry(LEAF, 4, 4)
    with pytest.raises(BadInput, match=r"their hashes are equal: 'A.*, 'pfpkit'"):
        add_directory(dict.fromkeys(COLLIDING, entry), ALL_HAMT)
    assert add_directory(dict.fromkeys(COLLIDING, entry)).tsize > 8


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "nul\0", "\udcff"])
def test_add_directory__when_a_name_cannot_stand_in_a_path__refuses_it(name):
    """What no reader would accept is not written."""
    with pytest.raises(BadInput, match="can be named"):
        add_directory({name: Entry(LEAF, 4, 4)})


def test_add_directory__when_in_another_order__cid_is_the_same():
    """The mapping's order leaves no trace, flat or HAMT."""
    entries = {str(n): Entry(LEAF, n, n) for n in range(40)}
    backwards = dict(reversed(entries.items()))
    for profile in PROFILES_READ:
        assert add_directory(entries, profile) == add_directory(backwards, profile)


@settings(deadline=None, max_examples=40)
@given(profile=st.sampled_from(PROFILES_READ), tree=trees(300))
def test_walk__when_added__asks_for_every_block_once(profile, tree):
    """The root first; exactly the blocks that the sink was given."""
    blocks = Blocks()
    root = add_tree(tree, profile, blocks.put).cid
    asked: list[CID] = []

    def get(cid: CID) -> bytes:
        asked.append(cid)
        return blocks[cid]

    drive(walk(root, len(blocks)), get)
    assert asked[0] == root
    assert sorted(asked) == sorted(blocks)
    with pytest.raises(BadBlock, match="more than"):
        drive(walk(root, len(blocks) - 1), get)


def test_walk__when_a_node_names_too_many_blocks__none_is_asked_for():
    """What waits is bounded too; a block that is named often is one block."""
    blocks = Blocks()
    leaves = [add_file(b"%d" % n, sink=blocks.put).cid for n in range(9)]
    links = [Link(leaf, f"{n}{again}") for again in "ab" for n, leaf in enumerate(leaves)]
    cid = node(blocks, links, Message(1))
    asked: list[CID] = []

    def get(wanted: CID) -> bytes:
        asked.append(wanted)
        return blocks[wanted]

    drive(walk(cid, 10), get)
    assert asked == [cid, *leaves]
    asked.clear()
    with pytest.raises(BadBlock, match="more than 9 blocks"):
        drive(walk(cid, 9), get)
    assert asked == [cid]


def test_list_directory__when_a_shard_names_too_much__no_shard_is_asked_for():
    """No shard is empty, so each link that waits is one entry at least."""
    blocks = Blocks()
    entries = {str(n): Entry(LEAF, 4, 4) for n in range(500)}
    root = add_directory(entries, ALL_HAMT, blocks.put).cid
    asked: list[CID] = []

    def get(wanted: CID) -> bytes:
        asked.append(wanted)
        return blocks[wanted]

    assert drive(list_directory(root, max_entries=500), get).keys() == entries.keys()
    asked.clear()
    with pytest.raises(BadBlock, match="more than 100 entries"):
        drive(list_directory(root, max_entries=100), get)
    assert asked == [root]


def test_walk__when_absurdly_deep__needs_no_recursion():
    """A chain of 5,000 directories."""
    blocks = Blocks()
    cid = add_file(b"x", sink=blocks.put).cid
    for _ in range(5_000):
        cid = node(blocks, [Link(cid, "a")], Message(1))
    drive(walk(cid, 5_001), blocks.get_block)
