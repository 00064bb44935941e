"""Breaking an embedded block store on purpose, from outside, as disks and people do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from pfpkit.cid import CID
from pfpkit.pinning.blockstore import BlockStore


def place_of(store: BlockStore | Path, cid: CID) -> tuple[int, int]:
    """Offset and length of a block's bytes in blocks.car."""
    ((offset, length),) = ask(
        store, "SELECT offset, length FROM blocks WHERE digest = ?", cid.digest
    )
    return offset, length


def damage(store: BlockStore | Path, cid: CID, bit: int | None = None) -> None:
    """Flip one bit of a block on the disk: that in its middle, or the one that is said."""
    offset, length = place_of(store, cid)
    bit = length // 2 * 8 if bit is None else bit
    with (_folder(store) / "blocks.car").open("r+b") as file:
        file.seek(offset + bit // 8)
        byte = file.read(1)[0]
        file.seek(offset + bit // 8)
        file.write(bytes([byte ^ 1 << bit % 8]))


def lose(store: BlockStore | Path, cid: CID) -> None:
    """Let the index know nothing of a block."""
    place_of(store, cid)
    ask(store, "DELETE FROM blocks WHERE digest = ?", cid.digest)


def cut(store: BlockStore | Path, size: int) -> None:
    """Cut blocks.car so that it ends after `size` bytes."""
    with (_folder(store) / "blocks.car").open("r+b") as file:
        file.truncate(size)


def ask(store: BlockStore | Path, statement: str, *values: object) -> list[tuple]:
    """What index.sqlite answers."""
    with closing(sqlite3.connect(_folder(store) / "index.sqlite")) as database, database:
        return database.execute(statement, values).fetchall()


def _folder(store: BlockStore | Path) -> Path:
    return store.path if isinstance(store, BlockStore) else store
