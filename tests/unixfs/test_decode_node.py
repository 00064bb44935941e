"""decode_node: given one form of each block, reads it; given any other bytes, raises BadBlock"""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hostile_blocks import LEAF, file_of, node, raw_node, shard
from support.trees import Blocks, names

from pfpkit.cid import CID, cid_of, varint
from pfpkit.errors import BadBlock
from pfpkit.unixfs import Kind, Link, add_directory, add_file, dagpb, decode_node, drive, read_node
from pfpkit.unixfs.node import Message

EMPTY_FOLDER = bytes.fromhex("0a020801")
LINK = b"\x0a\x24" + LEAF.encode()  # the Hash field of a link


def link_field(body: bytes) -> bytes:
    return b"\x12" + varint(len(body)) + body


def decode(data: bytes):
    return decode_node(raw_node(Blocks(), data), data)


def test_decode_node__when_data_stands_first__is_read():
    """DAG-PB allows either order of data and links; gateway-conformance has both."""
    assert decode(EMPTY_FOLDER + link_field(LINK + b"\x12\x01a")).links == (Link(LEAF, "a"),)
    assert decode(link_field(LINK + b"\x12\x01a") + EMPTY_FOLDER).links == (Link(LEAF, "a"),)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no type"),
        (bytes.fromhex("0a00"), "no type"),
        (EMPTY_FOLDER + EMPTY_FOLDER, "two data fields"),
        (EMPTY_FOLDER + b"\x18\x01", "field 3 of wire type 0 is unknown"),
        (EMPTY_FOLDER + b"\x00", "field 0 of wire type 0 is unknown"),
        (EMPTY_FOLDER[:-1], "cut short"),
        (EMPTY_FOLDER + b"\x12", "cut short"),
        (bytes.fromhex("0a82000801"), "shortest form"),
        (b"\x0a" + b"\xff" * 10 + b"\x01", "more than 64 bits"),
        (link_field(LINK) + EMPTY_FOLDER + link_field(LINK), "both sides"),
        (link_field(b"") + EMPTY_FOLDER, "no CID"),
        (link_field(b"\x12\x01a") + EMPTY_FOLDER, "no CID"),
        (link_field(b"\x12\x01a" + LINK) + EMPTY_FOLDER, "out of order"),
        (link_field(LINK + LINK) + EMPTY_FOLDER, "repeated"),
        (link_field(LINK + b"\x12\x01\xff") + EMPTY_FOLDER, "not UTF-8"),
        (link_field(b"\x0a\x03abc") + EMPTY_FOLDER, "holds no CID"),
        (link_field(b"\x0a\x25" + LEAF.encode() + b"x") + EMPTY_FOLDER, "bytes follow the CID"),
        (link_field(LINK + b"\x20\x01") + EMPTY_FOLDER, "field 4"),
        (bytes.fromhex("0a0408010801"), "repeated"),
        (bytes.fromhex("0a0418000802"), "out of order"),
        (bytes.fromhex("0a0408014801"), "field 9"),
        (bytes.fromhex("0a020803"), "type 3 is not read"),
        (bytes.fromhex("0a020809"), "type 9 is not read"),
        (bytes.fromhex("0a0408012005"), "directory has block sizes"),
        (bytes.fromhex("0a0408014200"), "modification time"),
        (bytes.fromhex("0a0b080142070801") + b"\x15" + bytes(4), "modification time"),
    ],
)
def test_decode_node__when_not_its_one_form__raises_bad_block(data, reason):
    """A second way to say something would be a place to hide something else."""
    with pytest.raises(BadBlock, match=reason):
        decode(data)


def test_decode_node__when_mode_and_mtime_are_given__are_read_over():
    """UnixFS 1.5 metadata change no byte of a file."""
    message = b"\x08\x01\x38\xed\x03\x42\x07\x08\x01\x15" + (999_999_999).to_bytes(4, "little")
    assert decode(b"\x0a" + varint(len(message)) + message).kind is Kind.DIRECTORY


@given(data=st.binary(max_size=200))
def test_decode_node__when_random_bytes__reads_or_raises_bad_block(data):
    """Nothing else than BadBlock comes out."""
    with contextlib.suppress(BadBlock):
        decode(data)


@given(
    entries=st.dictionaries(names, st.binary(max_size=20), max_size=5),
    place=st.integers(0, 10**6),
    byte=st.integers(0, 255),
)
def test_decode_node__when_a_byte_of_a_directory_changed__reads_or_raises_bad_block(
    entries, place, byte
):
    """What is still read was one form of something, and encodes to the same bytes."""
    blocks = Blocks()
    root = add_directory({name: add_file(data) for name, data in entries.items()}, sink=blocks.put)
    data = bytearray(blocks[root.cid])
    data[place % len(data)] = byte
    try:
        decode(bytes(data))
    except BadBlock:
        return
    assert dagpb.encode(*dagpb.decode(bytes(data))) == data


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "a\0b"])
def test_decode_node__when_a_name_means_something_else__raises_bad_block(name):
    """Such a name could leave the folder it is written to."""
    with pytest.raises(BadBlock, match="has the name"):
        drive(read_node(node(blocks := Blocks(), [Link(LEAF, name)], Message(1))), blocks.get_block)


def test_decode_node__when_a_name_stands_twice__raises_bad_block():
    """Two readers could see two different files."""
    blocks = Blocks()
    cid = node(blocks, [Link(LEAF, "image"), Link(cid_of(b"other"), "image")], Message(1))
    with pytest.raises(BadBlock, match="'image' twice"):
        drive(read_node(cid), blocks.get_block)


@pytest.mark.parametrize(
    ("links", "message", "reason"),
    [
        ([Link(LEAF, "")], Message(2, filesize=0), "1 links and 0 block sizes"),
        ([], file_of([(LEAF, 4)]), "0 links and 1 block sizes"),
        ([Link(LEAF, "part")], file_of([(LEAF, 4)]), "part of a file has a name"),
        ([Link(LEAF, "")], file_of([(LEAF, 4)], filesize=5), "says 5 bytes, its parts say 4"),
        ([], Message(2, b"abc", filesize=4), "says 4 bytes, its parts say 3"),
        ([], Message(2, b"abc"), "says 0 bytes"),
        ([Link(LEAF, "")], Message(4, b"target"), "symlink has links"),
    ],
)
def test_decode_node__when_a_file_contradicts_itself__raises_bad_block(links, message, reason):
    """Sizes and parts have to agree within one block already."""
    blocks = Blocks()
    with pytest.raises(BadBlock, match=reason):
        drive(read_node(node(blocks, links, message)), blocks.get_block)


@pytest.mark.parametrize(
    ("links", "changes", "reason"),
    [
        ([Link(LEAF, "0Aa")], {"hash_type": 0x12}, "not murmur3"),
        ([Link(LEAF, "0Aa")], {"fanout": 2048}, "fanout 2048"),
        ([Link(LEAF, "0Aa")], {"fanout": 255}, "fanout 255"),
        ([Link(LEAF, "0Aa")], {"fanout": 4}, "fanout 4"),
        ([Link(LEAF, "0Aa")], {"fanout": None}, "fanout 0"),
        ([Link(LEAF, "0aa")], {}, "prefix"),
        ([Link(LEAF, "+1a")], {}, "prefix"),
        ([Link(LEAF, "0Aa"), Link(LEAF, "0Ab")], {}, "prefix"),
        ([Link(LEAF, "0Aa")], {"data": b"\x01"}, "bitmap"),
        ([Link(LEAF, "0Aa")], {"data": b""}, "bitmap"),
        ([Link(LEAF, "0A..")], {}, "has the name"),
    ],
)
def test_decode_node__when_a_shard_contradicts_itself__raises_bad_block(links, changes, reason):
    """Fanout over 1,024 is CVE-2023-23625."""
    blocks = Blocks()
    with pytest.raises(BadBlock, match=reason):
        drive(read_node(shard(blocks, links, **changes)), blocks.get_block)


def test_read_node__when_the_codec_is_not_unixfs__is_refused_before_it_is_asked_for():
    """The error names the codec, and no gateway is troubled."""
    traversal = read_node(CID(1, 0x71, bytes(32)))
    with pytest.raises(BadBlock, match="codec dag-cbor is not UnixFS"):
        next(traversal)


# UnixFS, "Invalid Test Cases" (fixtures of ipld/codec-fixtures).
@pytest.mark.parametrize(
    "fixture",
    [
        "",
        "0a00",
        "0a050001020304",
        "0a03010203",
        "12240a2212207521fe19c374a97759226dc5c0c8e674e73950e81b211f7dd3b6b30883a08a51",
        "120b0a09015500050001020304",
        "12160a090155000500010203041209736f6d65206e616d65",
        "120d0a090155000500010203041200",
        "12140a0901550005000102030418ffffffffffffff0f",
        "120d0a090155000500010203041800",
        "120b0a0901550005000102030412100a09015500050001020304120362617212100a09015500050001020304"
        "1203666f6f",
        "120e0a09015500050001020304120161120e0a09015500050001020304120161",
        "12340a2212208ab7a6c5e74737878ac73863cb76739d15d4666de44e5756bf55a2f9e9ab5f431209736f6d65"
        "206c696e6b1880c2d72f12370a2212208ab7a6c5e74737878ac73863cb76739d15d4666de44e5756bf55a2f9"
        "e9ab5f44120f736f6d65206f74686572206c696e6b18080a09736f6d652064617461",
    ],
)
def test_decode_node__when_an_official_invalid_case__raises_bad_block(fixture):
    """Each is DAG-PB, and none is UnixFS."""
    with pytest.raises(BadBlock):
        decode(bytes.fromhex(fixture))
