"""DAGs that no honest tool writes: wrong bytes, swapped codecs, circles, depth, broken HAMTs.

Every block has the hash that names it, but where its bytes are wrong. Each is asked for block by
block, and again through a gateway that gives all of it as one CAR: the end is the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial

from resolver.attacks.attack import Attack, Scene, attack
from support.hostile_blocks import file_of, node, raw_node, shard
from support.hostile_gateway import HostileGateway, Lie
from support.read_path import LINK
from support.shelves import PICTURE, shelf_of
from support.trees import Blocks

from pfpkit.cid import CID, DAG_PB, RAW, cid_of
from pfpkit.media import MediaOutcome
from pfpkit.proof import StepError
from pfpkit.unixfs import Link, dagpb
from pfpkit.unixfs.hamt import murmur3_x64_64
from pfpkit.unixfs.node import Message

MIB = 2**20
TEXT = json.dumps({"image": LINK, "x": 1}).encode()
LEAF = b"x" * 64
NAME = "metadata.json"
BAD_BLOCK, WRONG = StepError.BAD_BLOCK, StepError.GATEWAY_ERROR


def leaf(blocks: Blocks, data: bytes = LEAF) -> CID:
    """The CID of a raw block."""
    blocks[cid := cid_of(data)] = data
    return cid


def multiplied(blocks: Blocks) -> CID:
    """A hundred times the same part, on each of six levels: 58 TiB in seven blocks."""
    top, size = leaf(blocks), len(LEAF)
    for _ in range(6):
        size *= 100
        top = node(blocks, [Link(top, "", 0)] * 100, file_of([(top, size // 100)] * 100))
    return top


def seventy_levels(blocks: Blocks) -> CID:
    """One part on each of seventy levels."""
    top = leaf(blocks)
    for _ in range(70):
        top = node(blocks, [Link(top, "", 0)], file_of([(top, len(LEAF))]))
    return top


def in_a_circle(blocks: Blocks) -> CID:
    """A block that links to its own CID: its bytes cannot have that hash."""
    itself = CID(1, DAG_PB, bytes(range(32)))
    blocks[itself] = dagpb.encode([Link(itself, "", 0)], file_of([(itself, 64)]).encode())
    return itself


def wrong_size(blocks: Blocks) -> CID:
    """A part that is longer than it is said to be."""
    part = leaf(blocks)
    return node(blocks, [Link(part, "", 0)], file_of([(part, 63)]))


def size_without_parts(blocks: Blocks) -> CID:
    """A file of 10 MiB without a byte."""
    return node(blocks, [], Message(2, filesize=10 * MIB, blocksizes=[]))


def says_2_to_the_63(blocks: Blocks) -> CID:
    """One that is larger than any disk."""
    part = leaf(blocks)
    return node(blocks, [Link(part, "", 0)], file_of([(part, 2**63)]))


def too_many_parts(blocks: Blocks) -> CID:
    """1,500 of them, which are all the same block."""
    part = leaf(blocks)
    return node(blocks, [Link(part, "", 0)] * 1500, file_of([(part, 64)] * 1500))


def symbolic_link(blocks: Blocks) -> CID:
    """To a file of the reader."""
    return node(blocks, [], Message(4, data=b"/etc/passwd"))


def unknown_type(blocks: Blocks) -> CID:
    """UnixFS has no type 9."""
    return node(blocks, [], Message(9))


def no_node(blocks: Blocks) -> CID:
    """Bytes that are no node."""
    return raw_node(blocks, b"\xff" * 100)


def json_called_dag_pb(blocks: Blocks) -> CID:
    """The right hash, and another codec."""
    blocks[swapped := CID(1, DAG_PB, cid_of(TEXT).digest)] = TEXT
    return swapped


def json_called_cbor(blocks: Blocks) -> CID:
    """The right hash, and a codec that is not read."""
    blocks[swapped := CID(1, 0x71, cid_of(TEXT).digest)] = TEXT
    return swapped


def folder_called_raw(blocks: Blocks) -> CID:
    """A directory's bytes as a file."""
    shelf = shelf_of({"image": PICTURE, NAME: TEXT})
    blocks.update(shelf.blocks)
    blocks[swapped := CID(1, RAW, shelf.root.digest)] = blocks[shelf.root]
    return swapped


def name_twice(blocks: Blocks) -> CID:
    """A directory with two files of one name."""
    links = [Link(leaf(blocks, TEXT), NAME, 1), Link(leaf(blocks), NAME, 1)]
    return node(blocks, links, Message(1))


def flipped(blocks: Blocks) -> CID:
    """Metadata with one letter changed."""
    blocks[cid := cid_of(b'{"image":"a"}')] = b'{"image":"b"}'
    return cid


def flipped_inside(blocks: Blocks) -> CID:
    """A right directory, and a wrong file in it."""
    shelf = shelf_of({"image": PICTURE, NAME: TEXT})
    blocks.update(shelf.blocks)
    blocks[cid_of(TEXT)] = TEXT.replace(b"1", b"2")
    return shelf.root


def place(name: str, depth: int = 0) -> str:
    """The two digits before a name in a HAMT of 256 (UnixFS, "HAMTDirectory")."""
    return f"{murmur3_x64_64(name.encode()) >> (56 - 8 * depth) & 255:02X}"


def hamt_wrong_place(blocks: Blocks) -> CID:
    """The file is where its hash does not lead."""
    wrong = f"{(int(place(NAME), 16) + 1) % 256:02X}"
    return shard(blocks, [Link(leaf(blocks, TEXT), wrong + NAME, 1)])


def hamt_wrong_hash(blocks: Blocks) -> CID:
    """The right place, and a block of other bytes."""
    blocks[cid := cid_of(TEXT)] = TEXT.replace(b"1", b"2")
    return shard(blocks, [Link(cid, place(NAME) + NAME, 1)])


def hamt_wrong_shard(blocks: Blocks) -> CID:
    """The shard beneath is of other bytes than its name."""
    below = shard(blocks, [Link(leaf(blocks, TEXT), place(NAME, 1) + NAME, 1)])
    blocks[below] = blocks[below] + b"\0"
    return shard(blocks, [Link(below, place(NAME), 1)])


def hamt_other_hash(blocks: Blocks) -> CID:
    """It says that it is ordered by sha2-256."""
    return shard(blocks, [Link(leaf(blocks), "00x", 1)], hash_type=0x12)


def hamt_huge_fanout(blocks: Blocks) -> CID:
    """2^40 places."""
    return node(blocks, [], Message(5, data=b"\x01", hash_type=0x22, fanout=2**40))


def hamt_in_itself(blocks: Blocks) -> CID:
    """Nine shards, one in another: a hash of eight bytes leads to eight."""
    root = shard(blocks, [Link(leaf(blocks, TEXT), "00" + NAME)])
    for depth in reversed(range(8)):
        root = shard(blocks, [Link(root, place(NAME, depth))])
    return root


def hamt_wrong_bitmap(blocks: Blocks) -> CID:
    """A bitmap of other places than its links are at."""
    return shard(blocks, [Link(leaf(blocks, TEXT), place(NAME) + NAME, 1)], data=b"\xff" * 32)


FILES: dict[Callable[[Blocks], CID], str] = {
    multiplied: BAD_BLOCK,
    seventy_levels: BAD_BLOCK,
    in_a_circle: WRONG,
    wrong_size: BAD_BLOCK,
    size_without_parts: BAD_BLOCK,
    says_2_to_the_63: BAD_BLOCK,
    too_many_parts: BAD_BLOCK,
    symbolic_link: BAD_BLOCK,
    unknown_type: BAD_BLOCK,
    no_node: BAD_BLOCK,
    json_called_dag_pb: BAD_BLOCK,
    json_called_cbor: BAD_BLOCK,
    folder_called_raw: StepError.BAD_METADATA,
    flipped: WRONG,
}
"""In the place of the metadata."""

FOLDERS: dict[Callable[[Blocks], CID], str] = {
    multiplied: StepError.NOT_FOUND,
    folder_called_raw: StepError.NOT_FOUND,
    name_twice: BAD_BLOCK,
    flipped_inside: WRONG,
    hamt_wrong_place: StepError.NOT_FOUND,
    hamt_wrong_hash: WRONG,
    hamt_wrong_shard: WRONG,
    hamt_other_hash: BAD_BLOCK,
    hamt_huge_fanout: BAD_BLOCK,
    hamt_in_itself: BAD_BLOCK,
    hamt_wrong_bitmap: BAD_BLOCK,
}
"""In the place of the directory that they are in."""


def metadata_of(make: Callable[[Blocks], CID], ending: str, cars: Lie, scene: Scene) -> str:
    """The token URI of it, on a gateway that gives CARs, or does not."""
    scene.gateway = HostileGateway([], cars)
    return f"ipfs://{make(scene.blocks)}{ending}"


def picture_of(make: Callable[[Blocks], CID], scene: Scene) -> str:
    """Metadata whose picture is such a DAG."""
    return scene.inline(f"ipfs://{make(scene.blocks)}")


def too_large(scene: Scene) -> str:
    """A picture of one byte more than is read."""
    return scene.inline(scene.file(bytes(32 * MIB + 1)))


def bomb_of_links(blocks: Blocks) -> CID:
    """31 MiB made of one block of a mebibyte: within all limits, and no picture."""
    part = leaf(blocks, bytes(MIB))
    return node(blocks, [Link(part, "", 0)] * 31, file_of([(part, MIB)] * 31))


def cases() -> Iterator[Attack]:
    """Over both kinds of gateway; pictures as they come."""
    for how, lie in {"by blocks": Lie.NO_CARS, "by CAR": Lie.HONEST}.items():
        for ending, table in {"": FILES, f"/{NAME}": FOLDERS}.items():
            for make, word in table.items():
                name = f"{make.__name__}{ending.replace('/', ' / ')} {how}"
                yield attack(name, partial(metadata_of, make, ending, lie), "metadata", word)
    for make in (multiplied, seventy_levels, in_a_circle, says_2_to_the_63, symbolic_link):
        word = WRONG if make is in_a_circle else BAD_BLOCK
        yield attack(f"picture {make.__name__}", partial(picture_of, make), "image", word)
    yield attack("picture of 32 MiB and a byte", too_large, "image", BAD_BLOCK)
    once = partial(picture_of, bomb_of_links)
    yield attack("picture of one block 31 times", once, "media", MediaOutcome.NOT_A_PICTURE)


CASES = [*cases()]
