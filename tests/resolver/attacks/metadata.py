"""Token URIs and metadata that name nothing, too much or two things; JSON that costs its reader."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from functools import partial

from resolver.attacks.attack import Attack, Scene, attack
from support.read_path import LINK
from support.shelves import PICTURE, file_cid, shelf_of

from pfpkit.cid import CID, RAW
from pfpkit.media import MediaOutcome
from pfpkit.metadata import MAX_FOREIGN_BYTES
from pfpkit.proof import StepError

MIB = MAX_FOREIGN_BYTES
OTHER = f"ipfs://{file_cid(PICTURE + b'x')}"
BLAKE2B = CID(1, RAW, bytes(32), 0xB220)
BAD_URI, BAD_CID, BAD_METADATA = StepError.BAD_URI, StepError.BAD_CID, StepError.BAD_METADATA

URIS: dict[str, tuple[Callable[[], str], str, StepError]] = {
    "of 1 MiB": (lambda: "ipfs://" + "x" * (MIB - 7), "token URI", BAD_URI),
    "data of nearly 1 MiB": (lambda: "data:," + "x" * (MIB - 6), "metadata", BAD_METADATA),
    "escapes of 1 MiB": (lambda: "data:," + "%41" * (MIB // 3 - 9), "metadata", BAD_METADATA),
    "base64 of 1 MiB": (lambda: "data:;base64," + "A" * (MIB - 20), "metadata", BAD_METADATA),
    "data without a comma": (lambda: "data:" + "x" * 9999, "token URI", BAD_URI),
    "javascript": (lambda: "javascript:alert(1)", "token URI", BAD_URI),
    "vbscript": (lambda: "vbscript:x", "token URI", BAD_URI),
    "blob": (lambda: "blob:https://example.com/1", "token URI", BAD_URI),
    "terminal codes": (lambda: "ipfs://\x1b]0;owned\x07", "token URI", BAD_CID),
    "path of 65": (lambda: f"{LINK}{'/a' * 65}", "token URI", BAD_CID),
    "path upwards": (lambda: f"{LINK}/../../etc/passwd", "metadata", StepError.NOT_FOUND),
    "identity CID": (lambda: "ipfs://bafkqabtimvwgy3yk", "metadata", BAD_CID),
    "other hash": (lambda: f"ipfs://{BLAKE2B}", "metadata", BAD_CID),
    "bad base64": (lambda: "data:application/json;base64,e30*", "token URI", BAD_URI),
    "UTF-7": (lambda: "data:application/json;charset=utf-7,{}", "metadata", BAD_METADATA),
    "mutable name": (lambda: "ipns://example.eth/1.json", "token URI", BAD_URI),
}
"""What the token URI is, where it ends, and by which error."""

HEAD = b'{"image":"%s","a":' % LINK.encode()
JSON: dict[str, Callable[[], bytes]] = {
    "deep": lambda: HEAD + b"[" * 100_000,
    "deep objects": lambda: HEAD + b'{"a":' * 100_000,
    "deep and closed": lambda: HEAD + b"[" * 500_000 + b"]" * 500_000 + b"}",
    "one text": lambda: HEAD + b'"' + b"x" * 500_000,
    "escapes": lambda: HEAD + b'"' + b"\\u0041" * 100_000,
    "quotes": lambda: HEAD + b'"\\' * 200_000,
    "digits": lambda: HEAD + b"9" * 900_000,
    "lists": lambda: HEAD + b"[" + b"[]," * 300_000,
    "keys": lambda: b"{" + b",".join(b'"%x":1' % n for n in range(90_000)) + b"}",
    "NaN": lambda: HEAD + b"NaN}",
    "UTF-16": lambda: (HEAD + b"1}").decode().encode("utf-16"),
    "gzip": lambda: gzip.compress(bytes(20 * MIB)),
    "HTML": lambda: b"<html><script>alert(1)</script></html>",
    "list": lambda: b"[" + HEAD + b"1}]",
    "image twice": lambda: HEAD + b'1,"image":"%s"}' % OTHER.encode(),
    "image twice, once escaped": lambda: HEAD + b'1,"\\u0069mage":"%s"}' % OTHER.encode(),
    "no picture": lambda: b'{"name":"x","image":["%s"]}' % LINK.encode(),
}
"""Metadata that are refused."""

IMAGES: dict[str, tuple[str, str, str]] = {
    "javascript": ("javascript:alert(1)", "image link", BAD_URI),
    "relative": ("../../etc/passwd", "image link", BAD_URI),
    "half a letter": ("ipfs://\ud800", "image link", BAD_CID),
    "HTML called PNG": ("data:image/png,<html>", "media", MediaOutcome.UNSUPPORTED),
    "JSON called PNG": ("data:image/png,{}", "media", MediaOutcome.UNSUPPORTED),
    "cut PNG": (
        "data:image/png;base64," + base64.b64encode(PICTURE[:200]).decode(),
        "media",
        MediaOutcome.DAMAGED,
    ),
    "base64 of nothing": ("data:image/png;base64,", "media", MediaOutcome.NOT_A_PICTURE),
    "absent": (f"ipfs://{file_cid(b'absent')}", "image", StepError.GATEWAY_ERROR),
}
"""What the picture is said to be, where it ends, and by which word."""


def of_json(make: Callable[[], bytes], scene: Scene) -> str:
    """The URI of such metadata on a gateway."""
    return scene.file(make())


def of_image(image: str, scene: Scene) -> str:
    """Metadata on the chain with such a picture."""
    return scene.inline(image)


def itself(scene: Scene) -> str:
    """Metadata whose picture is metadata."""
    return scene.metadata(scene.metadata())


def two_pictures(scene: Scene) -> str:
    """A directory of one token in which the picture is not the one that its metadata name."""
    said = json.dumps({"image": OTHER}).encode()
    shelf = shelf_of({"image": PICTURE, "metadata.json": said})
    scene.blocks.update(shelf.blocks)
    return f"ipfs://{shelf.root}/metadata.json"


def of_uri(make: Callable[[], str], scene: Scene) -> str:
    """The token URI itself."""
    return make()


def cases() -> Iterator[Attack]:
    """All of them."""
    for name, (make, step, error) in URIS.items():
        yield attack(f"URI: {name}", partial(of_uri, make), step, error)
    for name, json_ in JSON.items():
        yield attack(f"JSON: {name}", partial(of_json, json_), "metadata", BAD_METADATA)
    large = partial(of_json, lambda: HEAD + b'"' + b"x" * MIB + b'"}')
    yield attack("JSON: too large", large, "metadata", StepError.BAD_BLOCK)
    for name, (image, step, word) in IMAGES.items():
        yield attack(f"image: {name}", partial(of_image, image), step, word)
    yield attack("image: metadata", itself, "media", MediaOutcome.UNSUPPORTED)
    yield attack(
        "image: another than the bundle's", two_pictures, "image link", StepError.UNVERIFIED
    )


CASES = [*cases()]
