"""The embedded block store: a folder of content-addressed files on this machine.

    blocks/SHARDING         how blocks are spread over folders, as Kubo's flatfs writes it
    blocks/TQ/CIQ...TQA.data  one block, named by its multihash in base32
    pins/bafybei...         one small file per pinned root, made after every block of its DAG; its
                            name is what counts
    tmp/                    files being written; what a killed run left is removed at the next start
    lock                    shared while somebody writes, so that no other process cleans tmp/ then

Trusts nothing that it reads: a block is hashed against its CID on the way in and on the way out.
A file appears under its name only when it is whole and on the disk (write, fsync, rename), so two
processes may write the same store. Blocks are kept by multihash, as in Kubo: the raw and the
dag-pb CID of one digest are one file.
"""

import base64
import errno
import fcntl
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pfpkit.cid import CID, DAG_PB, SHA2_256, Block, verify
from pfpkit.errors import (
    BadCID,
    NotFound,
    NotPinned,
    PfpkitError,
    PinError,
    StoreDamaged,
    StoreFull,
    WrongBytes,
)
from pfpkit.flushing import flush_folders, write_through
from pfpkit.pinning import Dag, PinReceipt
from pfpkit.unixfs import decode_node

_SHARDING = b"/repo/flatfs/shard/v1/next-to-last/2\n"
# A quota and a limit on file size look like a full disk to whoever has to fix it.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# Bounds on what is in memory at once.
_BATCH_BLOCKS = 256
_BATCH_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class _Known:
    size: int
    links: tuple[CID, ...]


class BlockStore:
    """Blocks and pins in the folder `path`, which is made when it is not there.

    `EmbeddedPinner` makes a `Pinner` of it.
    """

    name = "blockstore"

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._blocks = self.path / "blocks"
        self._pins = self.path / "pins"
        self._tmp = self.path / "tmp"
        with self._disk("open"):
            for folder in (self._blocks, self._pins, self._tmp):
                folder.mkdir(parents=True, exist_ok=True)
            self._check_sharding()
            self._remove_leftovers()

    # blocks

    def get(self, cid: CID) -> bytes:
        """Return the bytes of `cid`. They were hashed: StoreDamaged when the file is not them,
        NotFound when there is none."""
        file = self._file(cid)
        with self._disk("read"):
            try:
                data = file.read_bytes()
            except FileNotFoundError:
                raise NotFound(f"{cid} is not in the block store {self.path}") from None
        try:
            verify(cid, data)
        except WrongBytes:
            raise StoreDamaged(
                f"{file} is damaged, its bytes are not those of {cid}; "
                "delete that file and pin its content again"
            ) from None
        return data

    def has_block(self, cid: CID) -> bool:
        """Return whether a file for `cid` is there; `get` tells whether it is whole."""
        with self._disk("read"):
            return self._file(cid).is_file()

    def put(self, block: Block) -> bool:
        """Write one block; return whether it was new. For many, `put_many` is faster."""
        return self.put_many((block,)) == 1

    def put_many(self, blocks: Iterable[Block]) -> int:
        """Write a stream of blocks in batches; return how many were new or had to be repaired.

        All of them are on the disk when this returns. WrongBytes for a block that does not match
        its CID, StoreFull when the disk is full: no block is then half-written.
        """
        return sum(self._keep(batch) for batch in _batches(map(_verified, blocks)))

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
            if len(dags) == 1 or isinstance(error, StoreFull):
                return [error for _ in dags]
        # What one of them met is not the others' fault.
        return [found for dag in dags for found in self.pin_many((dag,))]

    def _pin_group(self, dags: Sequence[Dag]) -> list[PinReceipt | PfpkitError]:
        known: list[dict[CID, _Known]] = [{} for _ in dags]
        found: dict[int, PinReceipt | PfpkitError] = {}
        for batch in _batches(self._checked(dags, known, found)):
            self._keep(batch)
        records: dict[Path, bytes] = {}
        for place, dag in enumerate(dags):
            if place not in found:
                try:
                    blocks, size = self._measure(dag, known[place])
                except PfpkitError as error:
                    found[place] = error
                    continue
                record = self._record(dag.root)
                new = record not in records and not self.has(dag.root)
                if new:
                    records[record] = (
                        json.dumps({"blocks": blocks, "bytes": size}) + "\n"
                    ).encode()
                found[place] = PinReceipt(self.name, dag.root, blocks, size, new)
        if records:
            self._write_records(records)
        return [found[place] for place in range(len(dags))]

    def _checked(
        self,
        dags: Sequence[Dag],
        known: Sequence[dict[CID, _Known]],
        found: dict[int, PinReceipt | PfpkitError],
    ) -> Iterator[Block]:
        """Yield the blocks of all DAGs; one that is wrong ends its own DAG, and is in `found`."""
        for place, dag in enumerate(dags):
            try:
                for block in dag.blocks:
                    verify(block.cid, block.data)
                    known[place][block.cid.as_v1()] = _note(block)
                    yield block
            except PfpkitError as error:
                found[place] = error

    def has(self, root: CID) -> bool:
        """Return whether `root` is recorded as pinned."""
        with self._disk("read"):
            return self._record(root).is_file()

    def is_whole(self, root: CID) -> bool:
        """Return whether every block under `root` is there; files' blocks are measured alone.

        Nodes are hashed, so that only damage which keeps a leaf's size is not noticed.
        """
        waiting: list[tuple[CID, int]] = [(root, -1)]
        while waiting:
            cid, size = waiting.pop()
            if cid.codec != DAG_PB and size >= 0:
                with self._disk("read"):
                    try:
                        if self._file(cid).stat().st_size != size:
                            return False
                    except FileNotFoundError:
                        return False
                continue
            try:
                data = self.get(cid)
            except (NotFound, StoreDamaged):
                return False
            if cid.codec == DAG_PB:
                waiting.extend((link.cid, link.tsize) for link in decode_node(cid, data).links)
        return True

    def unpin(self, root: CID) -> bool:
        """Forget the pin of `root`; return whether there was one. Its blocks stay on disk."""
        with self._disk("write to"):
            try:
                self._record(root).unlink()
            except FileNotFoundError:
                return False
            flush_folders([self._pins])
        return True

    def roots(self) -> tuple[CID, ...]:
        """Return the roots that are pinned, as CIDv1, sorted by their text."""
        with self._disk("read"):
            names = sorted(entry.name for entry in self._pins.iterdir())
        roots = []
        for name in names:
            # Whatever a file manager leaves in the folder is no pin.
            with suppress(BadCID):
                roots.append(CID.parse(name))
        return tuple(roots)

    # files

    def _file(self, cid: CID) -> Path:
        if cid.hash_code != SHA2_256:
            raise BadCID(f"{cid} is not a sha2-256 CID, the block store keeps no other")
        multihash = bytes((cid.hash_code, len(cid.digest))) + cid.digest
        key = base64.b32encode(multihash).decode().rstrip("=")
        return self._blocks / key[-3:-1] / f"{key}.data"

    def _record(self, root: CID) -> Path:
        return self._pins / str(root.as_v1())

    def _keep(self, batch: list[Block]) -> int:
        """Write those verified blocks that are not there; return how many those were."""
        missing: dict[Path, bytes] = {}
        for cid, data in batch:
            file = self._file(cid)
            if file not in missing and not self._holds(file, data):
                missing[file] = data
        if missing:
            with self._disk("write to"), self._lock(fcntl.LOCK_SH):
                self._write(missing)
        return len(missing)

    def _holds(self, file: Path, data: bytes) -> bool:
        """Return whether `file` is whole; pinning a damaged block again repairs it."""
        with self._disk("read"):
            try:
                return file.stat().st_size == len(data) and file.read_bytes() == data
            except FileNotFoundError:
                return False

    def _write(self, files: Mapping[Path, bytes]) -> None:
        """Put all `files` on the disk: each appears whole or not at all."""
        temporary = {file: self._tmp / secrets.token_hex(16) for file in files}
        try:
            write_through({temporary[file]: data for file, data in files.items()})
            for file in files:
                file.parent.mkdir(exist_ok=True)
                temporary[file].replace(file)
            folders = {file.parent for file in files}
            flush_folders(folders | {folder.parent for folder in folders})
        except BaseException:
            for left in temporary.values():
                left.unlink(missing_ok=True)
            raise

    def _write_records(self, records: Mapping[Path, bytes]) -> None:
        # The name alone is the record, so flushing the folder is enough; the counts in it are for
        # people, and may be lost in a power cut.
        with self._disk("write to"):
            for record, counts in records.items():
                record.write_bytes(counts)
            flush_folders([self._pins])

    def _measure(self, dag: Dag, known: Mapping[CID, _Known]) -> tuple[int, int]:
        """Return how many blocks and bytes are under the root; NotPinned when one is missing.

        What is `present` and pinned here was measured before, and is not counted again.
        """
        root, seen = dag.root, set[CID]()
        present = {cid.as_v1() for cid in dag.present}
        waiting = [root.as_v1()]
        count = size = 0
        while waiting:
            cid = waiting.pop()
            if cid in seen:
                continue
            seen.add(cid)
            if cid in present and self.has(cid):
                continue
            node = known.get(cid) or self._read_node(root, cid)
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

    def _check_sharding(self) -> None:
        file = self._blocks / "SHARDING"
        try:
            found = file.read_bytes()
        except FileNotFoundError:
            with self._lock(fcntl.LOCK_SH):
                self._write({file: _SHARDING})
            return
        if found != _SHARDING:
            raise PinError(
                f"{file} says {found[:80]!r}, only {_SHARDING!r} is read here; "
                "choose another folder"
            )

    def _remove_leftovers(self) -> None:
        # Whoever may only read can still serve the store; somebody else writes it and cleans.
        try:
            with self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB):
                for left in self._tmp.iterdir():
                    left.unlink(missing_ok=True)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES, errno.EPERM, errno.EROFS):
                raise

    @contextmanager
    def _lock(self, operation: int) -> Iterator[None]:
        # The kernel lets go of it when the process is killed.
        with (self.path / "lock").open("ab") as file:
            fcntl.flock(file, operation)
            yield

    @contextmanager
    def _disk(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            if error.errno in FULL:
                raise StoreFull(
                    f"no room left for the block store {self.path}: {reason}; "
                    "free some space and run it again (nothing half-written was left)"
                ) from error
            where = error.filename or self.path
            raise PinError(
                f"cannot {verb} the block store {self.path}: {reason} ({where}); "
                "it has to be a folder that you may read and write"
            ) from error


def _batches(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    batch: list[Block] = []
    size = 0
    for block in blocks:
        batch.append(block)
        size += len(block.data)
        if len(batch) == _BATCH_BLOCKS or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _verified(block: Block) -> Block:
    verify(block.cid, block.data)
    return block


def _note(block: Block) -> _Known:
    """Return what completeness needs of a verified block, so that none is read back."""
    cid, data = block
    if cid.codec != DAG_PB:
        return _Known(len(data), ())
    return _Known(len(data), tuple(link.cid for link in decode_node(cid, data).links))
