"""add_file: one pass over bytes or a stream, whatever pieces the stream gives them in"""

import io
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.trees import Blocks, File, content

from pfpkit.cid import CID
from pfpkit.errors import BadInput
from pfpkit.unixfs import PROFILES, UNIXFS_V0_2015, add_file, drive, walk


class Dribble:
    """A stream that gives at most `step` bytes at a time, as a pipe does."""

    def __init__(self, data: bytes, step: int) -> None:
        self._file = io.BytesIO(data)
        self._step = step

    def read(self, size: int = -1) -> bytes:
        return self._file.read(min(size, self._step))


class DribbleInto(Dribble):
    """The same, into a buffer."""

    def readinto(self, buffer: memoryview) -> int:
        return self._file.readinto(buffer[: self._step])


@settings(deadline=None, max_examples=30)
@given(
    profile=st.sampled_from(list(PROFILES.values())),
    chunks=st.integers(0, 2),
    off=st.integers(-1, 1),
    step=st.integers(50_000, 2**21),
    kind=st.sampled_from([Dribble, DribbleInto]),
)
def test_add_file__when_the_stream_gives_pieces__cid_is_that_of_the_bytes(
    profile, chunks, off, step, kind
):
    """Chunks are cut where the profile says, not where reads end."""
    data = content(File(max(0, chunks * profile.chunk_size + off)))
    assert add_file(kind(data, step), profile) == add_file(data, profile)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, io.BytesIO])
def test_add_file__when_any_source__is_the_same_dag(kind):
    """Bytes in every shape, and a file."""
    data = content(File(2**18 + 3))
    assert add_file(kind(data), UNIXFS_V0_2015) == add_file(data, UNIXFS_V0_2015)


@pytest.mark.parametrize("size", [0, 5, 2**18, 2**18 + 1, 175 * 2**18])
def test_add_file__when_given_a_sink__children_come_before_parents(size):
    """The root is last, and Tsize is the bytes of all blocks."""
    order: list[CID] = []
    blocks = Blocks()

    def sink(block):
        order.append(block.cid)
        blocks.put(block)

    entry = add_file(content(File(size)), UNIXFS_V0_2015, sink)
    assert order[-1] == entry.cid
    assert entry.tsize == sum(len(blocks[cid]) for cid in order)
    assert entry.size == size
    drive(walk(entry.cid, len(blocks)), blocks.get_block)


def test_add_file__when_a_stream_has_no_bytes_ready__refuses_instead_of_ending():
    """A pipe that does not wait answers None; taken as the end, that gave the CID of a part."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.write(writer, b"hello ")
    with open(reader, "rb", buffering=0) as source, pytest.raises(BadInput, match="no bytes ready"):
        add_file(source)
    os.close(writer)
