"""What peers exchange with us: a bundle, a file of 46 MiB, and a HAMT of 10,000 entries."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from pfpkit.pinning import Dag
from pfpkit.unixfs import UNIXFS_V1_2025, Profile
from support.dags import dag_of, file_dag

NAMES = ("bundle", "file of 46 MiB", "HAMT of 10,000")


@dataclass(frozen=True)
class Content:
    """A file or a folder of files."""

    files: dict[str, bytes] | bytes

    def dag(self, profile: Profile = UNIXFS_V1_2025) -> Dag:
        """Its blocks by our importer."""
        make = file_dag if isinstance(self.files, bytes) else dag_of
        return make(self.files, profile)

    def write(self, path: Path) -> Path:
        """Write it to the disk, and return `path`."""
        if isinstance(self.files, bytes):
            path.write_bytes(self.files)
            return path
        path.mkdir()
        for name, data in self.files.items():
            (path / name).write_bytes(data)
        return path

    def is_at(self, path: Path) -> bool:
        """Return whether the disk has every byte of it, and no other file."""
        if isinstance(self.files, bytes):
            return path.read_bytes() == self.files
        return {each.name: each.read_bytes() for each in path.iterdir()} == self.files


def _contents() -> dict[str, Content]:
    noise = random.Random(46).randbytes(46 * 2**20)
    # Names and shards are all different; a hundred different files keep the run short.
    many = {f"{n}.json": b'{"name":"Pip %d"}' % (n % 100) for n in range(10_000)}
    bundle = {"image": noise[:1_500_000], "metadata.json": b'{"name":"Pip"}'}
    return {name: Content(c) for name, c in zip(NAMES, (bundle, noise, many), strict=True)}


CONTENTS = _contents()
