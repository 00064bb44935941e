"""A whole pinned collection as one CAR, and back into a block store.

The CAR has one root, the directory of all bundles (`pfpkit.directory`): the header of a CAR has
room for 25,000 roots, and a collection has two a token. An image's own root lies in its bundle.
What is read is trusted for nothing: every block is hashed, and nothing is pinned unless all came.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pfpkit.bundle import IMAGE, METADATA
from pfpkit.car import read_car, write_car
from pfpkit.cid import CID, Block
from pfpkit.directory import Directory
from pfpkit.errors import BadCar, BadInput, NotFound, NotPinned, PfpkitError
from pfpkit.pinning import Dag, PinReceipt
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pins import PinEntry, PinnedBy
from pfpkit.temporary import temporary_file
from pfpkit.timestamp import now
from pfpkit.unixfs import decode_node, drive, list_directory, resolve, walk

__all__ = ["export_car", "import_car"]

_MAX_BLOCKS = 2**20
_MAX_TOKENS = 200_000
_GROUP = 64  # tokens that wait for the disk together
Told = Callable[[int, int], None]


def export_car(
    store: BlockStore, entries: Sequence[PinEntry], path: Path, told: Told = lambda *_: None
) -> tuple[CID, int]:
    """Write every bundle into one CAR; return its root and its bytes.

    `path` has all of it or is as it was: NotPinned names the first token whose blocks are not in
    the store. `told` is called with (done, of how many).
    """
    if not entries:
        raise NotPinned("nothing is recorded as pinned; run `ape run pin` first")
    directory = Directory.of({entry.key: _listed(store, entry) for entry in entries})

    def blocks() -> Iterator[Block]:
        yield from directory.blocks
        seen: set[CID] = set()
        for done, entry in enumerate(entries, 1):
            for block in _bundle(store, entry):
                if block.cid not in seen:
                    seen.add(block.cid)
                    yield block
            told(done, len(entries))

    return directory.root, _write(path, directory.root, blocks())


def import_car(
    store: BlockStore, path: Path, told: Told = lambda *_: None
) -> tuple[CID, list[PinEntry]]:
    """Keep every block of an exported CAR, pin its root and both of every token, and return them.

    The entries say that the store holds them, and no more. BadCar, or an error of BadContent, when
    the file is not whole or is no collection; then nothing is pinned.
    """
    try:
        with path.open("rb") as file:
            roots, blocks = read_car(file)
            if len(roots) != 1:
                raise BadCar(f"{path} has {len(roots):,} roots; a collection is one directory")
            store.put_many(blocks)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    entries = _entries(store, roots[0], path)
    pinned: list[PinEntry] = []
    for at in range(0, len(entries), _GROUP):
        some = entries[at : at + _GROUP]
        _pinned(store, [entry.image for entry in some])
        receipts = _pinned(store, [entry.bundle for entry in some])
        for entry, receipt in zip(some, receipts, strict=True):
            held = PinnedBy(store.name, now(), receipt.blocks, receipt.bytes)
            pinned.append(replace(entry, pinners=(held,)))
        told(len(pinned), len(entries))
    store.pin(Dag(roots[0], (), frozenset(entry.bundle for entry in entries)))
    return roots[0], pinned


def _pinned(store: BlockStore, roots: Sequence[CID]) -> list[PinReceipt]:
    """Pin roots whose blocks are in the store."""
    receipts = []
    for found in store.pin_many([Dag(root, ()) for root in roots]):
        if isinstance(found, PfpkitError):
            raise found
        receipts.append(found)
    return receipts


def _listed(store: BlockStore, entry: PinEntry) -> tuple[CID, int]:
    """Return a bundle and the bytes of its DAG: those of its own block and of its files."""
    data = _get(store, entry, entry.bundle)
    links = decode_node(entry.bundle, data).links
    return entry.bundle, len(data) + sum(link.tsize for link in links)


def _bundle(store: BlockStore, entry: PinEntry) -> list[Block]:
    found: list[Block] = []

    def get(cid: CID) -> bytes:
        data = _get(store, entry, cid)
        found.append(Block(cid, data))
        return data

    drive(walk(entry.bundle, _MAX_BLOCKS), get)
    return found


def _get(store: BlockStore, entry: PinEntry, cid: CID) -> bytes:
    try:
        return store.get(cid)
    except NotFound as error:
        raise NotPinned(
            f"token {entry.key} is not whole on this machine: {error}; run `ape run pin` first"
        ) from error


def _write(path: Path, root: CID, blocks: Iterator[Block]) -> int:
    try:
        with temporary_file(path) as (temporary, out):
            written = write_car(out, [root], blocks)
            out.flush()
            os.fsync(out.fileno())
            os.replace(temporary, path)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from error
    return written


def _entries(store: BlockStore, root: CID, path: Path) -> list[PinEntry]:
    """Return what the directory lists; BadCar when something in it is no bundle."""
    entries = []
    try:
        for name, link in drive(list_directory(root, max_entries=_MAX_TOKENS), store.get).items():
            image = drive(resolve(link.cid, IMAGE), store.get)
            drive(resolve(link.cid, METADATA), store.get)
            entries.append(PinEntry(name, link.cid, image))
    except PfpkitError as error:
        raise BadCar(f"{path} is no exported collection: {error}") from error
    if not entries:
        raise BadCar(f"{path} is no exported collection: its directory is empty")
    return sorted(entries, key=lambda entry: entry.order)
