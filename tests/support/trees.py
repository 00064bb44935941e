"""Files, folders, CIDs and blocks for tests: hypothesis strategies, and the DAGs of trees."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from Crypto.Cipher import ChaCha20
from hypothesis import strategies as st

from pfpkit.cid import CID, DAG_PB, RAW, Block
from pfpkit.unixfs import Entry, Profile, Sink, add_directory, add_file


@dataclass(frozen=True)
class File:
    """A file of `size` bytes, given by `content`."""

    size: int
    seed: int = 0


@dataclass(frozen=True)
class Folder:
    """A folder and what is in it, by name."""

    entries: dict[str, Tree] = field(default_factory=dict)


Tree: TypeAlias = File | Folder


def content(file: File) -> bytes:
    """The bytes of a file: a tile of a prime length, so that no two chunks are equal."""
    tile = bytes((i * 7 + file.seed) & 255 for i in range(251))
    return (tile * (file.size // 251 + 1))[: file.size]


def add_tree(tree: Tree, profile: Profile, sink: Sink | None = None) -> Entry:
    """The DAG of a tree by pfpkit."""
    if isinstance(tree, File):
        return add_file(content(tree), profile, sink)
    entries = {name: add_tree(child, profile, sink) for name, child in tree.entries.items()}
    return add_directory(entries, profile, sink)


class Blocks(dict[CID, bytes]):
    """Blocks by CID; its `put` is a sink, and `get_block` what `drive` asks."""

    def put(self, block: Block) -> None:
        self[block.cid] = block.data

    @property
    def get_block(self) -> Callable[[CID], bytes]:
        return self.__getitem__


def key_stream(seed: str, size: int) -> bytes:
    """The bytes that the official vectors of IPIP-0499 are made of."""
    return _cipher(seed).encrypt(bytes(size))


class KeyStream:
    """`key_stream` as a file, so that a large one needs no memory."""

    def __init__(self, seed: str, size: int) -> None:
        self._cipher = _cipher(seed)
        self._left = size
        self._zeros = memoryview(bytes(2**20))

    def readinto(self, buffer: memoryview) -> int:
        count = min(len(buffer), self._left, len(self._zeros))
        if count:
            self._cipher.encrypt(self._zeros[:count], output=buffer[:count])
        self._left -= count
        return count


def _cipher(seed: str) -> ChaCha20.ChaCha20Cipher:
    return ChaCha20.new(key=hashlib.sha256(seed.encode()).digest(), nonce=bytes(12))


cids: st.SearchStrategy[CID] = st.one_of(
    st.builds(CID, st.just(1), st.sampled_from([RAW, DAG_PB]), st.binary(min_size=32, max_size=32)),
    st.builds(CID, st.just(0), st.just(DAG_PB), st.binary(min_size=32, max_size=32)),
    st.builds(
        CID,
        st.just(1),
        st.integers(0, 2**40),
        st.binary(max_size=128),
        st.sampled_from([0x00, 0x13, 0x1B, 0x1E, 0xB220]),
    ),
)

# The importer that tests compare with reads a backslash before a slash as an escape.
names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=40
).filter(lambda name: name not in (".", "..") and not name.endswith("\\"))


def files(chunk_size: int) -> st.SearchStrategy[File]:
    """Files, many of them one byte around the end of a chunk."""
    sizes = st.integers(0, 400) | st.builds(
        lambda chunks, off: max(0, chunks * chunk_size + off),
        st.integers(0, 3),
        st.integers(-1, 1),
    )
    return st.builds(File, sizes, st.integers(0, 255))


def trees(chunk_size: int, names: st.SearchStrategy[str] = names) -> st.SearchStrategy[Tree]:
    """Files and nested folders of them."""
    return st.recursive(
        files(chunk_size),
        lambda inner: st.builds(Folder, st.dictionaries(names, inner, max_size=6)),
        max_leaves=8,
    )
