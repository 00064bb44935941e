"""Blocks that no honest tool writes: DAG-PB and UnixFS nodes put together from any parts."""

from collections.abc import Sequence

from pfpkit.cid import CID, DAG_PB, Block, cid_of
from pfpkit.unixfs import Link, dagpb
from pfpkit.unixfs.node import Message
from support.trees import Blocks

LEAF = cid_of(b"leaf")


def node(blocks: Blocks, links: Sequence[Link], message: Message) -> CID:
    """The CID of a node with these parts; its block is put into `blocks`."""
    return raw_node(blocks, dagpb.encode(links, message.encode()))


def raw_node(blocks: Blocks, data: bytes) -> CID:
    """The CID of a block that says it is dag-pb; it is put into `blocks`."""
    cid = cid_of(data, DAG_PB)
    blocks.put(Block(cid, data))
    return cid


def file_of(parts: Sequence[tuple[CID, int]], *, filesize: int | None = None) -> Message:
    """The message of a file of these parts, which may say another size."""
    sizes = [size for _, size in parts]
    return Message(2, filesize=sum(sizes) if filesize is None else filesize, blocksizes=sizes)


def shard(blocks: Blocks, links: Sequence[Link], **changes: object) -> CID:
    """The CID of a HAMT shard whose bitmap fits its links, but for `changes` of its message."""
    bitmap = sum({1 << int(link.name[:2], 16) for link in links})
    data = bitmap.to_bytes((bitmap.bit_length() + 7) // 8, "big")
    parts: dict[str, object] = {"data": data, "hash_type": 0x22, "fanout": 256, **changes}
    return node(blocks, links, Message(5, **parts))  # type: ignore[arg-type]
