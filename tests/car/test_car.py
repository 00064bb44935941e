"""CAR: what is written is read back; cut short, corrupted, or lacking a block, it is refused"""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hostile_blocks import raw_node
from support.trees import Blocks, File, Folder, add_tree, cids, trees

from pfpkit.car import CarDecoder, read_car, write_car
from pfpkit.cid import CID, RAW, Block, cid_of, varint
from pfpkit.errors import BadCar, BadInput, WrongBytes
from pfpkit.unixfs import UNIXFS_V0_2015, UNIXFS_V1_2025, add_file

TREE = Folder({"image": File(40), "metadata.json": File(30), "more": Folder({"empty": File(0)})})
A = Block(cid_of(b"a"), b"a")


def car_of(tree, profile=UNIXFS_V1_2025) -> tuple[bytes, CID, Blocks]:
    blocks = Blocks()
    root = add_tree(tree, profile, blocks.put).cid
    return written([root], [Block(*item) for item in blocks.items()]), root, blocks


def written(roots, blocks) -> bytes:
    file = io.BytesIO()
    assert write_car(file, roots, blocks) == len(file.getvalue())
    return file.getvalue()


def read(data: bytes, **options) -> tuple[list[CID], list[Block]]:
    roots, blocks = read_car(io.BytesIO(data), **options)
    return roots, list(blocks)


@settings(deadline=None, max_examples=40)
@given(
    profile=st.sampled_from([UNIXFS_V0_2015, UNIXFS_V1_2025]),
    tree=trees(200),
    step=st.integers(1, 90),
)
def test_read_car__when_written__gives_the_blocks_back(profile, tree, step):
    """By a file, and by a decoder that is fed pieces of any size."""
    data, root, blocks = car_of(tree, profile)
    assert read(data) == ([root], list(blocks.items()))
    decoder = CarDecoder()
    fed = [
        block for at in range(0, len(data), step) for block in decoder.feed(data[at : at + step])
    ]
    decoder.close()
    assert (decoder.roots, fed) == ([root], list(blocks.items()))


@given(roots=st.lists(cids, min_size=1, max_size=300))
def test_read_car__when_many_roots__gives_them_back(roots):
    """Counts and lengths on both sides of 24 and 256; the roots need not be in the CAR."""
    assert read(written(roots, [A]), whole=False) == (roots, [A])


def test_write_car__when_the_specification_gives_bytes__writes_them():
    """The header of the CARv1 specification, for one root."""
    data = written([A.cid], [A])
    assert data.hex() == (
        "3aa265726f6f747381d82a5825000155122" + "0" + A.cid.digest.hex() + "6776657273696f6e01"
        "25" + "01551220" + A.cid.digest.hex() + "61"
    )


def test_read_car__when_cut_short_anywhere__raises():
    """At every byte, between two blocks as well, where the CAR is well formed."""
    data, _, _ = car_of(TREE)
    for length in range(len(data)):
        with pytest.raises(BadCar):
            read(data[:length])


def test_read_car__when_parts_are_cut_short__raises_but_between_blocks():
    """Without `whole`, a CAR that ends where a block ends is all that was asked for."""
    data, root, blocks = car_of(TREE)
    whole_blocks = [Block(*item) for item in blocks.items()]
    ends = {len(written([root], whole_blocks[:n])): n for n in range(len(blocks) + 1)}
    for length in range(len(data) + 1):
        if length in ends:
            assert read(data[:length], whole=False)[1] == whole_blocks[: ends[length]]
        else:
            with pytest.raises(BadCar, match="cut short"):
                read(data[:length], whole=False)


def test_read_car__when_any_bit_is_flipped__raises():
    """No flipped bit gives other blocks, or fewer."""
    data, _, _ = car_of(TREE)
    for place in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises((BadCar, WrongBytes)):
            read(bytes(flipped))


def test_read_car__when_a_block_is_absent__names_it():
    """Every other block came, and the CAR ends where a block ends."""
    _, root, blocks = car_of(TREE)
    missing = next(iter(blocks))
    del blocks[missing]
    data = written([root], [Block(*item) for item in blocks.items()])
    with pytest.raises(BadCar, match=f"1 of the blocks that it names are absent.*{missing}"):
        read(data)
    assert read(data, whole=False)[1] == list(blocks.items())


def test_read_car__when_only_a_header__raises():
    """What a gateway sends for a CID that it cannot find."""
    with pytest.raises(BadCar, match=f"absent, the first one is {A.cid}"):
        read(written([A.cid], []))


def test_read_car__when_it_names_no_root__is_read_in_parts_alone():
    """Gateways may leave the roots out; then nothing shows whether the CAR is whole."""
    header = bytes.fromhex("a265726f6f7473806776657273696f6e01")
    data = varint(len(header)) + header + written([A.cid], [A])[59:]
    assert read(data, whole=False) == ([], [A])
    with pytest.raises(BadCar, match="names no root"):
        read(data)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "length of zero"),
        ("a16776657273696f6e02", "not that of version 1"),
        ("a16776657273696f6e01", "not that of version 1"),
        ("a265726f6f7473806776657273696f6e02", "not that of version 1"),
        ("a265726f6f747380" + "6161016776657273696f6e01", "something else"),
        ("a265726f6f7473816776657273696f6e01", "no CID"),
        ("a265726f6f747381d82a42000167" + "76657273696f6e01", "no CID"),
        ("a265726f6f747381d82a6200016776657273696f6e01", "DAG-CBOR"),
        ("a265726f6f747398006776657273696f6e01", "shortest form"),
        ("a265726f6f74739b00000000000000006776657273696f6e01", "DAG-CBOR"),
        ("a265726f6f74739f" + "ff6776657273696f6e01", "DAG-CBOR"),
        ("a265726f6f747399ffff6776657273696f6e01", "no CID"),
        ("ff" * 40, "not that of version 1"),
    ],
)
def test_read_car__when_the_header_is_another__raises_bad_car(header, reason):
    """Version 2, no roots, more keys, other CBOR."""
    data = bytes.fromhex(header)
    with pytest.raises(BadCar, match=reason):
        read(varint(len(data)) + data, whole=False)


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        (b"\x00", "length of zero"),
        (b"\xff" * 10, "63 bits"),
        (b"\x81\x00", "shortest form"),
        (varint(3 * 2**20), "over the limit"),
        (b"\x05hello", "has no CID"),
        (b"\x02\x12\x20", "has no CID"),
    ],
)
def test_read_car__when_a_section_is_malformed__raises_bad_car(section, reason):
    """The length is judged before its bytes are waited for."""
    with pytest.raises(BadCar, match=reason):
        read(written([A.cid], [A]) + section)


def test_read_car__when_a_block_is_too_large__raises_bad_car():
    """One byte over the limit, whatever room the CID takes."""
    block = Block(cid_of(bytes(101)), bytes(101))
    assert read(written([block.cid], [block]), max_block_bytes=101)[1] == [block]
    with pytest.raises(BadCar, match="over the limit of 100"):
        read(written([block.cid], [block]), max_block_bytes=100)


@pytest.mark.parametrize(
    ("code", "reason"), [(0, "identity"), (0x1B, "keccak-256"), (0x7777, "0x7777")]
)
def test_read_car__when_the_hash_is_not_sha2_256__raises_bad_car(code, reason):
    """As a root of a whole CAR, and as a block of any."""
    cid = CID(1, RAW, b"a", code)
    with pytest.raises(BadCar, match=reason):
        read(written([cid], [A]))
    with pytest.raises(BadCar, match=reason):
        read(written([A.cid], [Block(cid, b"a")]), whole=False)


def test_read_car__when_a_block_is_no_dag_pb__is_read_in_parts_alone():
    """Its links cannot be read, so nothing shows whether the CAR is whole."""
    blocks = Blocks()
    bad = raw_node(blocks, b"\xff")
    other = CID(1, 0x71, cid_of(b"\xa0").digest)
    for block in (Block(bad, b"\xff"), Block(other, b"\xa0")):
        data = written([block.cid], [block])
        assert read(data, whole=False)[1] == [block]
        with pytest.raises(BadCar, match=str(block.cid)):
            read(data)


def test_car_decoder__when_more_blocks_than_allowed__raises_bad_car():
    """Blocks that came, and blocks that are still to come."""
    data, _, blocks = car_of(TREE)
    CarDecoder(max_blocks=len(blocks)).feed(data)
    with pytest.raises(BadCar, match=f"more than {len(blocks) - 1} blocks"):
        CarDecoder(max_blocks=len(blocks) - 1).feed(data)


def test_car_decoder__when_read_in_parts__counts_the_blocks_too():
    """Whoever collects them is bounded, though nothing shows whether they belong together."""
    data = written([A.cid], [A, A, A])
    assert CarDecoder(max_blocks=3, whole=False).feed(data) == [A, A, A]
    with pytest.raises(BadCar, match="more than 2 blocks"):
        CarDecoder(max_blocks=2, whole=False).feed(data)


def test_car_decoder__when_more_blocks_are_named_than_allowed__raises_bad_car():
    """One block names all others: what has not come yet is held as well."""
    _, root, blocks = car_of(Folder({str(n): File(n) for n in range(1, 9)}))
    data = written([root], [Block(root, blocks[root])])
    CarDecoder(max_blocks=8).feed(data)
    with pytest.raises(BadCar, match="names more than 7 blocks"):
        CarDecoder(max_blocks=7).feed(data)


def test_car_decoder__when_fed_an_endless_block__holds_no_more_than_the_limit():
    """It refuses by the length that the section says, at once."""
    decoder = CarDecoder(max_block_bytes=1000)
    decoder.feed(written([A.cid], []))
    with pytest.raises(BadCar, match="over the limit"):
        decoder.feed(varint(2**40))


def test_read_car__when_a_block_comes_twice__gives_it_twice():
    """CARv1 allows it; a file of equal chunks has such blocks."""
    assert read(written([A.cid], [A, A]))[1] == [A, A]


def test_write_car__when_the_roots_are_none_or_too_many__refuses():
    """A CAR without a root could not be checked by anyone."""
    with pytest.raises(BadInput, match="at least one root"):
        write_car(io.BytesIO(), [], [])
    with pytest.raises(BadInput, match="more than one CAR can name"):
        write_car(io.BytesIO(), [A.cid] * 30_000, [])


def test_read_car__when_larger_than_a_read__is_streamed():
    """A file of 3 MiB in reads of 64 KiB; its blocks come before the CAR has ended."""
    blocks = Blocks()
    root = add_file(bytes(range(256)) * 12 * 1024, sink=blocks.put).cid
    stream = io.BytesIO(written([root], [Block(*item) for item in blocks.items()]))
    roots, read_blocks = read_car(stream)
    assert roots == [root]
    assert next(read_blocks).cid in blocks
    assert stream.tell() < 2**21
    assert len(list(read_blocks)) == len(blocks) - 1
