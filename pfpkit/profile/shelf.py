"""Files of pictures: an object in the store and a row in the database, neither without the other.

The row is written first (`writing`), then the object, then the row is `kept` together with the
picture that names it. Deleting goes the other way: the row is `leaving`, the object goes, the row
goes. A crash in between leaves a row that says so, and `sweep` ends what it began. An object whose
row is gone, as after a database was put back from a copy, is found by listing the store.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from pfpkit.cache import Recent
from pfpkit.errors import NotFound, StorageError
from pfpkit.profile.database import Database
from pfpkit.profile.objects import Objects, content_key, digest_of
from pfpkit.profile.records import Picture, PictureFile, StoredFile

__all__ = ["File", "Shelf", "attach", "release"]

_UNFINISHED_S = 600
"""Seconds after which an upload that did not end is swept away."""
_MEMORY_BYTES = 64 * 2**20
_MEMORY_S = 30.0
"""Seconds for which a worker may serve from memory what another worker has deleted."""


@dataclass(frozen=True, slots=True)
class File:
    """One stored file: its bytes, its type, and its sha2-256 as the ETag."""

    key: str
    media_type: str
    etag: str
    data: bytes = field(repr=False)


class Shelf:
    """Puts, gives, deletes and sweeps files."""

    def __init__(
        self,
        database: Database,
        objects: Objects,
        forgotten: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`forgotten` hears of each key that is deleted here."""
        self._database, self._objects, self._forgotten = database, objects, forgotten
        self._memory = Recent[str, tuple[float, File]](_MEMORY_BYTES)

    async def put(self, files: Mapping[str, tuple[bytes, str]]) -> dict[str, str]:
        """Store bytes and their type by role; return keys by role.

        They are `writing` until `attach` gives them a picture; if nobody does, they are swept.
        """
        keys = {role: content_key(data) for role, (data, _) in files.items()}
        rows = [
            StoredFile(
                key=keys[role],
                media_type=media_type,
                etag=digest_of(data),
                size=len(data),
                state="writing",
                since=_now(),
            )
            for role, (data, media_type) in files.items()
        ]
        await self._database.run(_add, rows)
        for role, (data, _) in files.items():
            await self._objects.put(keys[role], data)
        return keys

    async def get(self, key: str) -> File:
        """Return a kept file; NotFound when there is none."""
        kept = self._memory.get(key)
        if kept is not None and time.monotonic() < kept[0]:
            return kept[1]
        row = await self._database.run(_kept, key)
        if row is None:
            raise NotFound(f"there is no picture {key[:100]!r}")
        data = await self._objects.get(key)
        if digest_of(data) != row.etag:
            # The store is not trusted to give back what it was given.
            raise StorageError(f"object {key} is damaged in the store; upload the picture again")
        found = File(key, row.media_type, row.etag, data)
        self._memory.put(key, (time.monotonic() + _MEMORY_S, found), len(data))
        return found

    async def drop(self, keys: Iterable[str]) -> None:
        """Delete objects whose rows are `leaving`, and then the rows."""
        for key in keys:
            self._memory.drop(key)
            self._forgotten(key)
            await self._objects.delete(key)
            await self._database.run(_forget, key)

    async def sweep(self, *, unfinished_s: int = _UNFINISHED_S) -> int:
        """End what crashes left half done; return how many objects were deleted."""
        before = _now() - unfinished_s
        lost = await self._database.run(_leave_unfinished, before)
        await self.drop(lost)
        stray = [key async for key, at in self._objects.listing() if at < before]
        strays = await self._database.run(_without_row, stray)
        for key in strays:
            await self._objects.delete(key)
        return len(lost) + len(strays)


def attach(records: Session, picture: Picture, keys: Mapping[str, str]) -> None:
    """Give a picture files that were put; call it in the transaction that adds the picture."""
    for role, key in keys.items():
        row = records.get(StoredFile, key, with_for_update=True)
        if row is None or row.state != "writing":
            # The sweep was faster: the upload took longer than it may.
            raise StorageError("the upload took too long and was swept away; upload it again")
        row.state = "kept"
        picture.files.append(PictureFile(role=role, key=key))


def release(records: Session, picture: Picture) -> list[str]:
    """Delete a picture's rows and return its files' keys, `leaving`; give them to `drop`."""
    keys = [file.key for file in picture.files]
    picture.files.clear()
    records.flush()
    records.delete(picture)
    records.execute(
        update(StoredFile).where(StoredFile.key.in_(keys)).values(state="leaving", since=_now())
    )
    records.flush()
    return keys


def _add(records: Session, rows: Sequence[StoredFile]) -> None:
    records.add_all(rows)


def _kept(records: Session, key: str) -> StoredFile | None:
    row = records.get(StoredFile, key)
    return row if row is not None and row.state == "kept" else None


def _forget(records: Session, key: str) -> None:
    records.execute(delete(StoredFile).where(StoredFile.key == key, StoredFile.state == "leaving"))


def _leave_unfinished(records: Session, before: int) -> list[str]:
    unfinished = (StoredFile.state != "kept", StoredFile.since < before)
    keys = list(records.scalars(select(StoredFile.key).where(*unfinished)))
    records.execute(update(StoredFile).where(StoredFile.key.in_(keys)).values(state="leaving"))
    return keys


def _without_row(records: Session, keys: Sequence[str]) -> list[str]:
    found: set[str] = set()
    for first in range(0, len(keys), 500):
        part = keys[first : first + 500]
        found.update(records.scalars(select(StoredFile.key).where(StoredFile.key.in_(part))))
    return [key for key in keys if key not in found]


def _now() -> int:
    return int(time.time())
