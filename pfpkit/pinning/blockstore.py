"""The embedded block store: a folder of content-addressed files on this machine.

    blocks/SHARDING         how blocks are spread over folders, as Kubo's flatfs writes it
    blocks/TQ/CIQ...TQA.data  one block, named by its multihash in base32
    pins/bafybei...         one small file per pinned root, written after every block of its DAG
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
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pfpkit.cid import CID, DAG_PB, SHA2_256, Block, verify
from pfpkit.errors import BadCID, NotFound, NotPinned, PinError, StoreDamaged, StoreFull, WrongBytes
from pfpkit.pinning import Dag, PinReceipt
from pfpkit.unixfs import decode_node

_SHARDING = b"/repo/flatfs/shard/v1/next-to-last/2\n"
# A quota and a limit on file size look like a full disk to whoever has to fix it.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# Bounds on what is open and in memory at once; macOS allows 256 open files by default.
_BATCH_BLOCKS = 64
_BATCH_BYTES = 16 * 2**20
# The journal of a file system commits what several threads ask for at once in one go.
_FLUSHERS = 8


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
        return sum(self._put_batch(batch) for batch in _batches(blocks))

    # pins

    def pin(self, dag: Dag) -> PinReceipt:
        """Keep every block of `dag` and record its root.

        NotPinned when a block of the DAG was neither given nor in the store before.
        """
        known: dict[CID, _Known] = {}
        for batch in _batches(dag.blocks):
            self._put_batch(batch)
            known.update((block.cid.as_v1(), _note(block)) for block in batch)
        blocks, size = self._measure(dag.root, known)
        record = self._record(dag.root)
        new = not self.has(dag.root)
        if new:
            text = json.dumps({"blocks": blocks, "bytes": size}) + "\n"
            with self._disk("write to"), self._lock(fcntl.LOCK_SH):
                self._write({record: text.encode()})
        return PinReceipt(self.name, dag.root, blocks, size, new)

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
            _flush_folder(self._pins)
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

    def _put_batch(self, batch: list[Block]) -> int:
        missing: dict[Path, bytes] = {}
        for cid, data in batch:
            verify(cid, data)
            file = self._file(cid)
            if not self._holds(file, data):
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
            _write_through({temporary[file]: data for file, data in files.items()})
            for file in files:
                file.parent.mkdir(exist_ok=True)
                temporary[file].replace(file)
            folders = {file.parent for file in files}
            for folder in folders | {folder.parent for folder in folders}:
                _flush_folder(folder)
        except BaseException:
            for left in temporary.values():
                left.unlink(missing_ok=True)
            raise

    def _measure(self, root: CID, known: Mapping[CID, _Known]) -> tuple[int, int]:
        """Return how many blocks and bytes are under `root`; NotPinned when one is missing."""
        seen: set[CID] = set()
        waiting = [root.as_v1()]
        size = 0
        while waiting:
            cid = waiting.pop()
            if cid in seen:
                continue
            seen.add(cid)
            node = known.get(cid) or self._read_node(root, cid)
            size += node.size
            waiting.extend(link.as_v1() for link in node.links)
        return len(seen), size

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


def _note(block: Block) -> _Known:
    """Return what completeness needs of a verified block, so that none is read back."""
    cid, data = block
    if cid.codec != DAG_PB:
        return _Known(len(data), ())
    return _Known(len(data), tuple(link.cid for link in decode_node(cid, data).links))


def _write_through(files: Mapping[Path, bytes]) -> None:
    """Write new files; every byte is on the disk when this returns."""
    descriptors: list[int] = []
    try:
        for file, data in files.items():
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            descriptors.append(descriptor)
            _write_all(descriptor, data)
        if len(descriptors) == 1:
            os.fsync(descriptors[0])
        else:
            with ThreadPoolExecutor(_FLUSHERS) as pool:
                list(pool.map(os.fsync, descriptors))
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
