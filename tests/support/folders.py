"""Folders of collections of any size, made fast: small pictures that are all different."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

from support.pictures import png_chunk


def tiny_png(seed: int, size: int = 0) -> bytes:
    """A PNG of 4 x 4 pixels of its own; `size` bytes of noise make it as large (about)."""
    side = max(4, int((size / 3) ** 0.5))
    state = seed * 2654435761 % 2**32 or 1
    rows = bytearray()
    if size:
        import random

        noise = random.Random(seed).randbytes(side * side * 3)
        for row in range(side):
            rows += b"\0" + noise[row * side * 3 : (row + 1) * side * 3]
    else:
        for _ in range(side):
            rows.append(0)
            for _ in range(side * 3):
                state = (state * 1664525 + 1013904223) % 2**32
                rows.append(state >> 24)
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(rows), 0 if size else 1)
    parts = (png_chunk(b"IHDR", header), png_chunk(b"IDAT", data), png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def write_collection(folder: Path, tokens: int, size: int = 0) -> Path:
    """Write a right collection of `tokens` tokens into `folder`, and return it."""
    for name in ("images", "tokens"):
        (folder / name).mkdir(parents=True)
    for number in range(1, tokens + 1):
        (folder / "images" / f"{number}.png").write_bytes(tiny_png(number, size))
        (folder / "tokens" / f"{number}.json").write_text(json.dumps({"name": f"Pip {number}"}))
    (folder / "cover.png").write_bytes(tiny_png(0))
    about = {"name": "Pips", "symbol": "PIP", "image": "cover.png"}
    (folder / "collection.json").write_text(json.dumps(about))
    return folder
