"""What is measured: one large file, and collections of pictures that decode, each of its own bytes.

A picture is 512 x 512 pixels and 50 KB, as drawn ones are: the rows of a sample picture, packed
once, with a last row of noise that no other token has. Made once and kept in .build/bench-pin.
Other programs are given the finished bundles as folders, on the same file system.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from support.pictures import png_chunk

from pfpkit.collection import Collection

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build" / "bench-pin"
SAMPLES = ROOT / "metadata" / "images"
LARGE_BYTES = 2**30
_RULES = 1  # raised when other files are made


@dataclass(frozen=True)
class Base:
    """A sample picture but for its last row: what every picture drawn from it shares."""

    header: bytes
    row_bytes: int
    packed: bytes
    adler: int

    @classmethod
    def of(cls, path: Path) -> Base:
        """Take a PNG apart; its rows keep their filters, so that they pack as they did."""
        data = path.read_bytes()
        chunks: dict[bytes, bytes] = {}
        at = 8
        while at < len(data):
            (size,) = struct.unpack_from(">I", data, at)
            kind = data[at + 4 : at + 8]
            chunks[kind] = chunks.get(kind, b"") + data[at + 8 : at + 8 + size]
            at += 12 + size
        _, height, depth, colour = struct.unpack_from(">IIBB", chunks[b"IHDR"])
        raw = zlib.decompress(chunks[b"IDAT"])
        assert (depth, set(chunks)) == (8, {b"IHDR", b"IDAT", b"IEND"}), f"{path}: {set(chunks)}"
        assert colour in (2, 6), f"{path}: colour type {colour}"
        row = len(raw) // height
        squeeze = zlib.compressobj(9)
        shared = raw[:-row]
        packed = squeeze.compress(shared) + squeeze.flush(zlib.Z_FULL_FLUSH)
        return cls(chunks[b"IHDR"], row, packed, zlib.adler32(shared))

    def picture(self, token: int) -> bytes:
        """Return the picture of one token."""
        noise = random.Random(token)  # noqa: S311 - the same bytes each time
        row = b"\0" + noise.randbytes(self.row_bytes - 1)
        squeeze = zlib.compressobj(1, zlib.DEFLATED, -15)
        rest = squeeze.compress(row) + squeeze.flush()
        pixels = self.packed + rest + struct.pack(">I", zlib.adler32(row, self.adler))
        parts = (png_chunk(b"IHDR", self.header), png_chunk(b"IDAT", pixels))
        return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + png_chunk(b"IEND", b"")


def words(token: int) -> bytes:
    """Return a token file as creators write them."""
    return json.dumps(
        {
            "name": f"Lantern {token}",
            "description": f"Number {token} of a collection that was drawn to be measured.",
            "attributes": [
                {"trait_type": trait, "value": f"{trait} {token % (7 + place)}"}
                for place, trait in enumerate(("Sky", "Tree", "Lantern", "Coat", "Eyes"))
            ],
        },
        indent=2,
    ).encode()


def large_file() -> Path:
    """Return 1 GiB of bytes that are the same on every machine, in one file."""
    path = BUILD / "large"
    if not path.is_file() or path.stat().st_size != LARGE_BYTES:
        print("making a file of 1 GiB", flush=True)
        BUILD.mkdir(parents=True, exist_ok=True)
        noise = random.Random(7)  # noqa: S311 - the same bytes each time
        with path.open("wb") as file:
            for _ in range(LARGE_BYTES // 2**20):
                file.write(noise.randbytes(2**20))
    return path


def collection(tokens: int) -> Path:
    """Return a project whose metadata/ is a right collection of so many tokens."""
    project = BUILD / f"collection-{tokens}"
    stamp = project / f"made-{_RULES}"
    if not stamp.is_file():
        print(f"making {tokens:,} pictures of 50 KB", flush=True)
        shutil.rmtree(project, ignore_errors=True)
        folder = project / "metadata"
        for name in ("images", "tokens"):
            (folder / name).mkdir(parents=True)
        bases = [Base.of(path) for path in sorted(SAMPLES.glob("*.png"))]
        for token in range(1, tokens + 1):
            picture = bases[token % len(bases)].picture(token)
            (folder / "images" / f"{token}.png").write_bytes(picture)
            (folder / "tokens" / f"{token}.json").write_bytes(words(token))
        (folder / "cover.png").write_bytes(bases[0].picture(0))
        about = {"name": "Measured", "symbol": "MSRD", "image": "cover.png"}
        (folder / "collection.json").write_text(json.dumps(about))
        stamp.touch()
    return project


def finished(project: Path) -> Path:
    """Return the bundles of a collection as folders, for programs that make no metadata.

    `<token>/image` is a hard link to the picture: cleaning it changes nothing, which is checked.
    """
    folder = project / "bundles"
    stamp = project / f"bundles-{_RULES}"
    if not stamp.is_file():
        print("making the same bundles as folders", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        for entry in Collection.read(project / "metadata"):
            bundle = entry.bundle()
            place = folder / entry.key
            place.mkdir(parents=True)
            assert bundle.image_bytes == entry.image_path.read_bytes(), entry.key
            os.link(entry.image_path, place / "image")
            (place / "metadata.json").write_bytes(bundle.metadata_bytes)
        stamp.touch()
    return folder


def size_of(folder: Path) -> int:
    """Return the bytes of all files beneath a folder."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
