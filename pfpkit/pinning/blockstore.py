"""The embedded block store: a folder of content-addressed blocks on this machine.

    blocks.car      every block, one after another; any CAR reader reads it (`blockfile`)
    index.sqlite    where each block is in it, and which roots are pinned (`blockindex`)

Trusts nothing that it reads: a block is hashed against its CID on the way in and on the way out.
A group of blocks is appended and flushed under a lock, and then enters the index in one
transaction, together with the pins that they complete. So what is indexed is on the disk, a pin
exists only when every block of its DAG does, and a process that is killed leaves no more than an
end of blocks.car that is in no index, as does an older index that is put in its place; the next
one that writes indexes the right blocks there, and cuts off what is behind them. Any number of
processes may write and read one store. Blocks are kept by digest: the raw and the dag-pb CID of
one digest are one block.

An index that was removed is made again from blocks.car; the pins are then put back by pinning
again, which writes no block twice.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from pfpkit.cid import CID, DAG_PB, MAX_BLOCK_BYTES, SHA2_256, Block, verify
from pfpkit.errors import (
    BadCID,
    NotFound,
    NotPinned,
    PfpkitError,
    PinError,
    StoreDamaged,
    WrongBytes,
)
from pfpkit.pinning import Dag, PinReceipt
from pfpkit.pinning.blockfaults import disk_faults
from pfpkit.pinning.blockfile import BlockFile, Place, Writer
from pfpkit.pinning.blockindex import BlockIndex
from pfpkit.unixfs import decode_node

# Bounds on what is in memory at once.
_BATCH_BLOCKS = 4096
_BATCH_BYTES = 16 * 2**20

_Batch = dict[bytes, Block]
_Counts = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Known:
    size: int
    links: tuple[CID, ...]


class BlockStore:
    """Blocks and pins in the folder `path`, which is made when it is not there.

    `EmbeddedPinner` makes a `Pinner` of it. Threads may share it. Whoever writes waits up to
    `patience` seconds for another process that does; PinError then.
    """

    name = "blockstore"

    def __init__(self, path: Path | str, *, patience: float = 60.0) -> None:
        self.path = Path(path)
        self._file = BlockFile(self.path / "blocks.car", patience)
        self._index_path = self.path / "index.sqlite"
        self._index: BlockIndex | None = None
        with self._disk("open"):
            self.path.mkdir(parents=True, exist_ok=True)
            if (self.path / "blocks" / "SHARDING").exists():
                raise PinError(
                    f"{self.path} holds a file for each block, as an earlier pfpkit kept them, "
                    "which is not read any more; move it away and pin again"
                )
            self._current()

    # blocks

    def get(self, cid: CID) -> bytes:
        """Return the bytes of `cid`. They were hashed: StoreDamaged when they are not those,
        NotFound when there are none."""
        digest = _digest(cid)
        with self._disk("read"):
            place = self._current().places((digest,)).get(digest)
            if place is None:
                raise NotFound(f"{cid} is not in the block store {self.path}")
            with self._file.reading() as read:
                data = read(place)
        try:
            verify(cid, data)
        except WrongBytes:
            raise StoreDamaged(
                f"{self._file.path} is damaged at byte {place.offset}, the bytes there are not "
                f"those of {cid}; pin its content again, which writes a good copy"
            ) from None
        return data

    def lacking(self, cids: Iterable[CID]) -> set[CID]:
        """Return those of `cids` that are not there in full: unknown, or behind the file's end."""
        digests = {cid: _digest(cid) for cid in cids}
        with self._disk("read"):
            places = self._current().places(digests.values())
            size = self._file.size()
        there = {digest for digest, place in places.items() if place.end <= size}
        return {cid for cid, digest in digests.items() if digest not in there}

    def put(self, block: Block) -> bool:
        """Write one block; return whether it was new. For many, `put_many` is faster."""
        return self.put_many((block,)) == 1

    def put_many(self, blocks: Iterable[Block]) -> int:
        """Write a stream of blocks in batches; return how many were new or had to be repaired.

        All of them are on the disk when this returns. WrongBytes for a block that does not match
        its CID, StoreFull when the disk is full: no block is then half-written.
        """
        return sum(self._write(batch, {})[0] for batch, _ in _batches(map(_checked, blocks)))

    # pins

    def pin(self, dag: Dag) -> PinReceipt:
        """Keep every block of `dag` and record its root.

        NotPinned when a block of the DAG was neither given nor in the store before.
        """
        (found,) = self.pin_many((dag,))
        if isinstance(found, PfpkitError):
            raise found
        return found

    def pin_many(self, dags: Sequence[Dag]) -> list[PinReceipt | PfpkitError]:
        """Pin several DAGs, which waits for the disk about as long as one; return each one's
        receipt, or what `pin` would raise.

        A root is recorded only when every block of its DAG is on the disk.
        """
        try:
            return self._pin_group(dags)
        except PinError as error:
            return [error for _ in dags]

    def _pin_group(self, dags: Sequence[Dag]) -> list[PinReceipt | PfpkitError]:
        known: dict[CID, _Known] = {}
        found: dict[int, PinReceipt | PfpkitError] = {}
        counts: dict[int, _Counts] = {}
        new: set[CID] = set()
        for batch, is_last in _batches(_given(dags, known, found)):
            if is_last:
                counts = self._measured(dags, known, found)
            pins = {dags[place].root.as_v1(): count for place, count in counts.items()}
            _, new = self._write(batch, pins)
        for place, (blocks, size) in counts.items():
            root = dags[place].root
            found[place] = PinReceipt(self.name, root, blocks, size, root.as_v1() in new)
            new.discard(root.as_v1())
        return [found[place] for place in range(len(dags))]

    def _measured(
        self,
        dags: Sequence[Dag],
        known: Mapping[CID, _Known],
        found: dict[int, PinReceipt | PfpkitError],
    ) -> dict[int, _Counts]:
        """Return what is under each root whose DAG is whole; why others are not is in `found`."""
        counts = {}
        for place, dag in enumerate(dags):
            if place not in found:
                try:
                    counts[place] = self._measure(dag, known)
                except PfpkitError as error:
                    found[place] = error
        return counts

    def _measure(self, dag: Dag, known: Mapping[CID, _Known]) -> _Counts:
        """Return how many blocks and bytes are under the root; NotPinned when one is missing.

        What is `present` and pinned here was measured before, and is not counted again.
        """
        counted = self.held(dag.present) if dag.present else set[CID]()
        waiting = [dag.root.as_v1()]
        count = size = 0
        while waiting:
            cid = waiting.pop()
            if cid in counted:
                continue
            counted.add(cid)
            node = known.get(cid) or self._read_node(dag.root, cid)
            size += node.size
            waiting.extend(link.as_v1() for link in node.links)
            count += 1
        return count, size

    def _read_node(self, root: CID, cid: CID) -> _Known:
        try:
            return _note(Block(cid, self.get(cid)))
        except NotFound:
            raise NotPinned(
                f"{root} was not pinned: its block {cid} was not given and is not in "
                f"{self.path}; pin the whole DAG"
            ) from None

    def has(self, root: CID) -> bool:
        """Return whether `root` is recorded as pinned."""
        return bool(self.held((root,)))

    def held(self, roots: Iterable[CID]) -> set[CID]:
        """Return those of `roots`, as CIDv1, that are recorded as pinned: none when blocks.car
        lost its end, for nobody knows then which are whole."""
        with self._disk("read"):
            return self._pinned(self._current(), roots)

    def is_whole(self, root: CID) -> bool:
        """Return whether every block under `root` is there; files' blocks are measured alone.

        Nodes are hashed, so that only damage which keeps a leaf's size is not noticed.
        """
        waiting = [root]
        size = self._file.size()
        while waiting:
            cid = waiting.pop()
            try:
                data = self.get(cid)
            except (NotFound, StoreDamaged):
                return False
            links = decode_node(cid, data).links if cid.codec == DAG_PB else ()
            waiting.extend(link.cid for link in links if link.cid.codec == DAG_PB)
            leaves = [link for link in links if link.cid.codec != DAG_PB]
            with self._disk("read"):
                places = self._current().places(_digest(leaf.cid) for leaf in leaves)
            for leaf in leaves:
                place = places.get(leaf.cid.digest)
                if place is None or place.length != leaf.tsize or place.end > size:
                    return False
        return True

    def unpin(self, root: CID) -> bool:
        """Forget the pin of `root`; return whether there was one. Its blocks stay on disk."""
        with self._disk("write to"), self._file.writing() as writer:
            return self._current(writer).unpin(root)

    def roots(self) -> tuple[CID, ...]:
        """Return the roots that `held` knows, as CIDv1, sorted by their text."""
        with self._disk("read"):
            index = self._current()
            return () if self._lost_its_end(index) else tuple(sorted(index.roots(), key=str))

    # the disk

    def _write(self, batch: _Batch, pins: Mapping[CID, _Counts]) -> tuple[int, set[CID]]:
        """Write those verified blocks that are not there, then record those pins that are not.

        Returns how many blocks those were, and the pins that are new.
        """
        with self._disk("read"):
            index = self._current()
            lacking = self._lacking(index, batch)
            if not lacking and len(self._pinned(index, pins)) == len(pins):
                return 0, set()
        with self._disk("write to"), self._file.writing() as writer:
            index = self._current(writer)
            end = index.shrink(writer.size)
            if writer.size > end:
                index.add(writer.recover(end), {}, writer.size)
            # Another process may have written some of them meanwhile.
            lacking = self._lacking(index, lacking)
            new = pins.keys() - index.pinned(pins)
            places = writer.append(lacking.values())
            rows = zip(lacking, places, strict=True)
            try:
                index.add(rows, {root: pins[root] for root in new}, writer.size)
            except sqlite3.Error:
                with suppress(sqlite3.Error):  # the next one that writes looks through it then
                    writer.cut(index.end())
                raise
        return len(lacking), new

    def _pinned(self, index: BlockIndex, roots: Iterable[CID]) -> set[CID]:
        return set() if self._lost_its_end(index) else index.pinned(roots)

    def _lost_its_end(self, index: BlockIndex) -> bool:
        end = index.end()  # first: a writer appends before it says so
        return end > self._file.size()

    def _lacking(self, index: BlockIndex, batch: _Batch) -> _Batch:
        """Return the blocks that are not there, or not whole: those are written again."""
        places = index.places(batch)
        lacking = {}
        with self._file.reading() as read:
            for digest, block in batch.items():
                place = places.get(digest)
                if place is None or not _holds(read, place, block.data):
                    lacking[digest] = block
        return lacking

    def _current(self, writer: Writer | None = None) -> BlockIndex:
        """Return the index that is at its path now, and make one where none is.

        To be given the writer by whoever has one: a second one would wait for it.
        """
        index = self._index
        if index is None or not index.is_current():
            index = BlockIndex.open(self._index_path)
            if index is None and writer is not None:
                index = BlockIndex.make(self._index_path, writer.scan(), writer.flush)
            elif index is None:
                with self._file.writing() as own:
                    return self._current(own)
            self._index = index
        return index

    def _disk(self, verb: str) -> AbstractContextManager[None]:
        return disk_faults(verb, self.path, self._index_path)


def _digest(cid: CID) -> bytes:
    if cid.hash_code != SHA2_256:
        raise BadCID(f"{cid} is not a sha2-256 CID, the block store keeps no other")
    return cid.digest


def _holds(read: Callable[[Place], bytes], place: Place, data: bytes) -> bool:
    try:
        return place.length == len(data) and read(place) == data
    except OSError:
        return False  # where the disk itself is damaged, another copy helps


def _batches(blocks: Iterable[Block]) -> Iterator[tuple[_Batch, bool]]:
    """Yield the blocks by digest, in bounded batches, and whether a batch is the last one."""
    batch: _Batch = {}
    size = 0
    for block in blocks:
        if len(batch) == _BATCH_BLOCKS or size >= _BATCH_BYTES:
            yield batch, False
            batch, size = {}, 0
        if batch.setdefault(block.cid.digest, block) is block:
            size += len(block.data)
    yield batch, True


def _given(
    dags: Sequence[Dag], known: dict[CID, _Known], found: dict[int, PinReceipt | PfpkitError]
) -> Iterator[Block]:
    """Yield and note the blocks of all DAGs; a wrong one ends its own DAG, and is in `found`."""
    # A token's image is pinned alone and in its bundle, by one object: it is looked at once.
    seen = set[int]()
    for place, dag in enumerate(dags):
        kept = isinstance(dag.blocks, tuple)  # as long as the DAG: no other gets their identity
        try:
            for block in dag.blocks:
                if id(block) in seen:
                    continue
                known[block.cid.as_v1()] = _note(_checked(block))
                yield block
                if kept:
                    seen.add(id(block))
        except PfpkitError as error:
            found[place] = error


def _checked(block: Block) -> Block:
    cid, data = block
    verify(cid, data)
    if len(data) > MAX_BLOCK_BYTES:
        raise PinError(
            f"{cid} has {len(data):,} bytes; CARs, gateways and peers carry no block of more than "
            f"{MAX_BLOCK_BYTES:,}, so cut the file into smaller ones"
        )
    return block


def _note(block: Block) -> _Known:
    """Return what completeness needs of a verified block, so that none is read back."""
    cid, data = block
    if cid.codec != DAG_PB:
        return _Known(len(data), ())
    return _Known(len(data), tuple(link.cid for link in decode_node(cid, data).links))
