"""HAMT directories: where each name stands when a directory has several blocks. Pure.

Follows the UnixFS specification, "HAMTDirectory". A name's place is read from its murmur3 hash,
most significant bits first, so the order of insertion leaves no trace. murmur3 is not a
cryptographic hash: names that collide can be made, and only deepen the tree until the hash ends.
"""

from collections.abc import Callable, Sequence

from pfpkit.cid import CID
from pfpkit.errors import BadInput
from pfpkit.unixfs.dagpb import Link
from pfpkit.unixfs.node import MURMUR3_X64_64, Message, prefixes

HASH_BITS = 64
_MASK = 0xFFFF_FFFF_FFFF_FFFF

Emit = Callable[[list[Link], Message], tuple[CID, int]]


def index_at(name_hash: int, depth: int, fanout: int) -> int | None:
    """Return the bucket of a name in a shard `depth` levels down; None when the hash has ended."""
    bits = fanout.bit_length() - 1
    shift = HASH_BITS - bits * (depth + 1)
    return name_hash >> shift & (fanout - 1) if shift >= 0 else None


def build(links: Sequence[Link], fanout: int, emit: Emit) -> tuple[CID, int]:
    """Return the root's CID and the bytes of the whole DAG; `emit` hashes each node."""
    return _shard([(murmur3_x64_64(link.name.encode()), link) for link in links], 0, fanout, emit)


def _shard(hashed: list[tuple[int, Link]], depth: int, fanout: int, emit: Emit) -> tuple[CID, int]:
    buckets: dict[int, list[tuple[int, Link]]] = {}
    for name_hash, link in hashed:
        index = index_at(name_hash, depth, fanout)
        if index is None:
            names = ", ".join(repr(link.name) for _, link in hashed)
            raise BadInput(
                f"one directory cannot hold these names, their hashes are equal: {names}"
            )
        buckets.setdefault(index, []).append((name_hash, link))
    children: list[Link] = []
    for prefix, index in prefixes(fanout).items():
        bucket = buckets.get(index, [])
        if len(bucket) == 1:
            link = bucket[0][1]
            children.append(Link(link.cid, prefix + link.name, link.tsize))
        elif bucket:
            cid, tsize = _shard(bucket, depth + 1, fanout, emit)
            children.append(Link(cid, prefix, tsize))
    bitmap = sum(1 << index for index in buckets)
    data = bitmap.to_bytes((bitmap.bit_length() + 7) // 8, "big")
    return emit(children, Message(5, data, hash_type=MURMUR3_X64_64, fanout=fanout))


def murmur3_x64_64(data: bytes) -> int:
    """Return the first 64 bits of MurmurHash3 x64 128 with seed 0.

    >>> f"{murmur3_x64_64(b'hello'):016x}"
    'cbd8a7b341bd9b02'
    """
    h1 = h2 = 0
    whole = len(data) & ~15
    for offset in range(0, whole, 16):
        k1 = int.from_bytes(data[offset : offset + 8], "little")
        k2 = int.from_bytes(data[offset + 8 : offset + 16], "little")
        h1 = _rotate(h1 ^ _mix1(k1), 27) + h2
        h1 = h1 * 5 + 0x52DCE729 & _MASK
        h2 = _rotate(h2 ^ _mix2(k2), 31) + h1
        h2 = h2 * 5 + 0x38495AB5 & _MASK
    tail = data[whole:]
    h1 ^= _mix1(int.from_bytes(tail[:8], "little")) ^ len(data)
    h2 ^= _mix2(int.from_bytes(tail[8:], "little")) ^ len(data)
    h1 = h1 + h2 & _MASK
    h2 = h2 + h1 & _MASK
    return _finish(h1) + _finish(h2) & _MASK


def _rotate(value: int, by: int) -> int:
    return (value << by | value >> 64 - by) & _MASK


def _mix1(k: int) -> int:
    return _rotate(k * 0x87C37B91114253D5 & _MASK, 31) * 0x4CF5AD432745937F & _MASK


def _mix2(k: int) -> int:
    return _rotate(k * 0x4CF5AD432745937F & _MASK, 33) * 0x87C37B91114253D5 & _MASK


def _finish(k: int) -> int:
    k = (k ^ k >> 33) * 0xFF51AFD7ED558CCD & _MASK
    k = (k ^ k >> 33) * 0xC4CEB9FE1A85EC53 & _MASK
    return k ^ k >> 33
