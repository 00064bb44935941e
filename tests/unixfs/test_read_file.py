"""read_file: given a file, writes its bytes; given anything that lies about it, raises BadBlock"""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hostile_blocks import file_of, node, shard
from support.trees import Blocks, File, content, files

from pfpkit.cid import CID, cid_of
from pfpkit.errors import BadBlock, WrongBytes
from pfpkit.unixfs import (
    PROFILES,
    UNIXFS_V0_2015,
    Link,
    add_directory,
    add_file,
    adrive,
    drive,
    read_file,
)
from pfpkit.unixfs.node import Message

LIMIT = 2**30


def read(blocks: Blocks, cid: CID, **limits: int) -> bytes:
    out = bytearray()
    options = {"max_bytes": LIMIT, **limits}
    count = drive(read_file(cid, write=out.extend, **options), blocks.get_block)
    assert count == len(out)
    return bytes(out)


@settings(deadline=None, max_examples=40)
@given(profile=st.sampled_from(list(PROFILES.values())), data=st.data())
def test_read_file__when_added__gives_the_bytes_back(profile, data):
    """Any size, both profiles; the Tsize is the bytes of the blocks."""
    blocks = Blocks()
    file = data.draw(files(profile.chunk_size))
    entry = add_file(content(file), profile, blocks.put)
    assert read(blocks, entry.cid) == content(file)
    assert entry.size == file.size


def test_read_file__when_driven_by_a_coroutine__gives_the_bytes_back():
    """The same traversal, with blocks that have to be waited for."""
    blocks = Blocks()
    entry = add_file(content(File(2**20 + 1)), sink=blocks.put)
    out = bytearray()

    async def get(cid: CID) -> bytes:
        await asyncio.sleep(0)
        return blocks[cid]

    traversal = read_file(entry.cid, write=out.extend, max_bytes=LIMIT)
    assert asyncio.run(adrive(traversal, get)) == 2**20 + 1
    assert bytes(out) == content(File(2**20 + 1))


@pytest.mark.parametrize("which", [0, 1, 2])
def test_read_file__when_a_bit_of_any_block_is_flipped__raises_wrong_bytes(which):
    """The error names the CID that was asked for, and the one that the bytes have."""
    blocks = Blocks()
    entry = add_file(content(File(2**18 + 1)), UNIXFS_V0_2015, blocks.put)
    cid = list(blocks)[which]
    blocks[cid] = blocks[cid][:-1] + bytes([blocks[cid][-1] ^ 1])
    with pytest.raises(WrongBytes, match=str(cid)):
        read(blocks, entry.cid)

    async def get(cid: CID) -> bytes:
        return blocks[cid]

    with pytest.raises(WrongBytes, match=str(cid)):
        asyncio.run(adrive(read_file(entry.cid, write=print, max_bytes=LIMIT), get))


def test_read_file__when_it_says_too_large__nothing_is_written():
    """The root's size is believed for the refusal alone."""
    blocks = Blocks()
    cid = add_file(bytes(2**20 + 1), sink=blocks.put).cid
    written: list[bytes] = []
    with pytest.raises(BadBlock, match="1048577 bytes, over the limit of 1048576"):
        drive(read_file(cid, write=written.append, max_bytes=2**20), blocks.get_block)
    assert written == []
    assert len(read(blocks, cid, max_bytes=2**20 + 1)) == 2**20 + 1


@pytest.mark.parametrize("says", [3, 5])
def test_read_file__when_a_part_has_another_size__raises_bad_block(says):
    """Raw parts and nodes are both held to what the parent says."""
    blocks = Blocks()
    raw = add_file(b"leaf", sink=blocks.put).cid
    wrapped = add_file(b"leaf", UNIXFS_V0_2015, blocks.put).cid
    for part in (raw, wrapped):
        root = node(blocks, [Link(part, "")], file_of([(part, says)]))
        with pytest.raises(BadBlock, match=f"its parent says {says} bytes, it has 4"):
            read(blocks, root)


def test_read_file__when_a_directory__raises_bad_block():
    """A directory, a HAMT, a symlink, and a directory as a part of a file."""
    blocks = Blocks()
    folder = add_directory({}, sink=blocks.put).cid
    hamt = shard(blocks, [Link(cid_of(b""), "00a")])
    symlink = node(blocks, [], Message(4, b"target"))
    file = node(blocks, [Link(folder, "")], file_of([(folder, 0)]))
    for cid, what in ((folder, "directory"), (hamt, "HAMT"), (symlink, "symlink"), (file, "direc")):
        with pytest.raises(BadBlock, match=f"a {what}.* is no file"):
            read(blocks, cid)


def test_read_file__when_absurdly_deep__raises_bad_block():
    """A chain of nodes with one part each; a cycle would need a broken hash."""
    blocks = Blocks()
    cid = add_file(b"x", sink=blocks.put).cid
    for _ in range(64):
        cid = node(blocks, [Link(cid, "")], file_of([(cid, 1)]))
    assert read(blocks, cid) == b"x"
    cid = node(blocks, [Link(cid, "")], file_of([(cid, 1)]))
    with pytest.raises(BadBlock, match="more than 64 levels"):
        read(blocks, cid)


def test_read_file__when_blocks_multiply__stops_at_the_limit():
    """Eight small blocks name 10**16 empty parts: no byte limit would ever stop them."""
    blocks = Blocks()
    cid = add_file(b"", sink=blocks.put).cid
    for _ in range(8):
        cid = node(blocks, [Link(cid, "")] * 100, file_of([(cid, 0)] * 100))
    with pytest.raises(BadBlock, match="more than 500 blocks"):
        read(blocks, cid, max_blocks=500)


def test_read_file__when_a_node_names_too_many_parts__none_is_asked_for():
    """What waits is bounded too: nested nodes of many links would fill the memory."""
    blocks = Blocks()
    part = add_file(b"", sink=blocks.put).cid
    inner = node(blocks, [Link(part, "")] * 10, file_of([(part, 0)] * 10))
    outer = [(inner, 0)] + [(part, 0)] * 9
    cid = node(blocks, [Link(link, "") for link, _ in outer], file_of(outer))
    assert read(blocks, cid, max_blocks=21) == b""
    for limit, asked_for in ((20, [cid, inner]), (10, [cid])):
        asked: list[CID] = []

        def get(wanted: CID, asked: list[CID] = asked) -> bytes:
            asked.append(wanted)
            return blocks[wanted]

        with pytest.raises(BadBlock, match=f"more than {limit} blocks"):
            drive(read_file(cid, write=print, max_bytes=9, max_blocks=limit), get)
        assert asked == asked_for
