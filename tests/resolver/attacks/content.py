"""Content that attacks whoever resolves a token: name, what is served, and how the walk has to end.

Each of `PARTS` puts what its attacks need on a gateway and on a web server, and yields their names,
token URIs, and the step that has to fail with its error. `stage.victim` must see no connection.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from support.dags import file_dag
from support.hostile_blocks import file_of, node, raw_node
from support.pictures import png_of
from support.shelves import PICTURE, file_cid, shelf_of
from support.trees import Blocks
from support.web_server import WebServer, dripping, page, redirect

from pfpkit.cid import CID, DAG_PB, RAW, cid_of
from pfpkit.unixfs import UNIXFS_V1_2025, Link
from pfpkit.unixfs.node import Message

LINK = f"ipfs://{file_cid(PICTURE)}"
PIXELS = "data:image/png;base64," + base64.b64encode(PICTURE).decode()
BLAKE2B = CID(1, RAW, b"\0" * 32, 0xB220)
MIB = 2**20


class Attack(NamedTuple):
    """One of them. Of a picture that is refused, `error` is the outcome's word."""

    name: str
    token_uri: str
    step: str
    error: str


@dataclass
class Stage:
    """The places that an attack may use."""

    server: WebServer
    victim: WebServer
    blocks: Blocks = field(default_factory=Blocks)

    def file(self, data: bytes) -> str:
        """The URI of a file on the gateway."""
        dag = file_dag(data, UNIXFS_V1_2025)
        self.blocks.update(dag.blocks)
        return f"ipfs://{dag.root}"

    def metadata(self, image: str = LINK, **fields: object) -> str:
        return self.file(json.dumps({"image": image, **fields}).encode())

    def on_server(self, path: str, answer: object) -> str:
        self.server.answers[path] = answer  # type: ignore[assignment]
        return self.server.url(path)


Cases = Iterator[tuple[str, str, str, str]]


def uris(stage: Stage) -> Cases:
    """Token URIs that name nothing, too much, or something else than they seem."""
    yield "of-10-mb", "ipfs://" + "x" * 10 * MIB, "token URI", "BadURI"
    yield "data-of-10-mb", "data:," + "x" * 10 * MIB, "token URI", "BadURI"
    yield "escapes-of-10-mb", "data:," + "%41" * (10 * MIB // 3), "token URI", "BadURI"
    yield "javascript", "javascript:alert(1)", "token URI", "BadURI"
    yield "file", "file:///etc/passwd", "token URI", "BadURI"
    yield "homoglyph-scheme", f"\u0456pfs://{file_cid(PICTURE)}", "token URI", "BadURI"
    yield "zero-width-scheme", f"\u200bipfs://{file_cid(PICTURE)}", "token URI", "BadURI"
    yield "terminal-codes", "ipfs://\x1b]0;owned\x07", "token URI", "BadCID"
    yield "path-of-65", f"{LINK}{'/a' * 65}", "token URI", "BadCID"
    yield "identity-cid", "ipfs://bafkqabtimvwgy3yk", "metadata", "BadCID"
    yield "other-hash", f"ipfs://{BLAKE2B}", "metadata", "BadCID"
    yield "bad-base64", "data:application/json;base64,e30*", "token URI", "BadURI"
    yield "utf-7", "data:application/json;charset=utf-7,{}", "metadata", "BadMetadata"


def metadata(stage: Stage) -> Cases:
    """Metadata that names no picture, or two."""
    other = f"ipfs://{file_cid(PICTURE + b'x')}"
    twice = json.dumps({"image": LINK})[:-1] + f',"image":"{other}"}}'
    yield "image-twice", stage.file(twice.encode()), "metadata", "BadMetadata"
    escaped = json.dumps({"image": LINK})[:-1] + f',"\\u0069mage":"{other}"}}'
    yield "image-twice-escaped", stage.file(escaped.encode()), "metadata", "BadMetadata"
    homoglyph = json.dumps({"\u0456mage": LINK}).encode()
    yield "homoglyph-field", stage.file(homoglyph), "metadata", "BadMetadata"
    yield "javascript", stage.metadata("javascript:alert(1)"), "image link", "BadURI"
    yield "local-file", stage.metadata("file:///etc/passwd"), "image link", "BadURI"
    yield "relative", stage.metadata("../../etc/passwd"), "image link", "BadURI"
    yield "itself-as-image", stage.metadata(f"{stage.metadata()}"), "media", "unsupported"
    bundle = shelf_of({"image": PICTURE, "metadata.json": json.dumps({"image": other}).encode()})
    stage.blocks.update(bundle.blocks)
    yield "two-pictures", f"ipfs://{bundle.root}/metadata.json", "image link", "Unverified"
    yield "html", stage.file(b"<html><script>alert(1)</script></html>"), "metadata", "BadMetadata"


def bombs(stage: Stage) -> Cases:
    """JSON that costs its reader more than it weighs."""
    head = b'{"image":"%s","a":' % LINK.encode()
    yield "deep", stage.file(head + b"[" * 100_000), "metadata", "BadMetadata"
    yield "deep-objects", stage.file(head + b'{"a":' * 100_000), "metadata", "BadMetadata"
    yield "one-text", stage.file(head + b'"' + b"x" * 500_000), "metadata", "BadMetadata"
    yield "escapes", stage.file(head + b'"' + b"\\u0041" * 100_000), "metadata", "BadMetadata"
    yield "quotes", stage.file(head + b'"\\' * 200_000), "metadata", "BadMetadata"
    yield "digits", stage.file(head + b"9" * 900_000), "metadata", "BadMetadata"
    yield "lists", stage.file(head + b"[" + b"[]," * 300_000), "metadata", "BadMetadata"
    yield "too-large", stage.file(head + b'"' + b"x" * MIB + b'"}'), "metadata", "BadBlock"
    yield "nan", stage.file(head + b"NaN}"), "metadata", "BadMetadata"
    yield "utf-16", stage.file((head + b"1}").decode().encode("utf-16")), "metadata", "BadMetadata"
    bomb = gzip.compress(bytes(20 * MIB))
    yield "gzip", stage.file(bomb), "metadata", "BadMetadata"


def dags(stage: Stage) -> Cases:
    """Right hashes of DAGs that no honest tool writes."""
    blocks = stage.blocks
    leaf = cid_of(b"x" * 64)
    blocks[leaf] = b"x" * 64
    top, size = leaf, 64
    for _ in range(6):
        size *= 100
        parts = [(top, size // 100)] * 100
        top = node(blocks, [Link(top, "", 0)] * 100, file_of(parts))
    yield "multiplied", f"ipfs://{top}", "metadata", "BadBlock"
    top = leaf
    for _ in range(70):
        top = node(blocks, [Link(top, "", 0)], file_of([(top, 64)]))
    yield "seventy-levels", f"ipfs://{top}", "metadata", "BadBlock"
    liar = node(blocks, [Link(leaf, "", 0)], file_of([(leaf, 63)]))
    yield "wrong-size", f"ipfs://{liar}", "metadata", "BadBlock"
    empty = Message(2, filesize=10 * MIB, blocksizes=[])
    yield "size-without-parts", f"ipfs://{node(blocks, [], empty)}", "metadata", "BadBlock"
    many = [(leaf, 64)] * 1500
    wide = node(blocks, [Link(leaf, "", 0)] * 1500, file_of(many))
    yield "too-many-parts", f"ipfs://{wide}", "metadata", "BadBlock"
    link = Message(4, data=b"/etc/passwd")
    yield "symbolic-link", f"ipfs://{node(blocks, [], link)}", "metadata", "BadBlock"
    garbage = raw_node(blocks, b"\xff" * 100)
    yield "no-node", f"ipfs://{garbage}", "metadata", "BadBlock"
    text = json.dumps({"image": LINK, "x": 1}).encode()
    swapped = CID(1, DAG_PB, cid_of(text).digest)
    blocks[swapped] = text
    yield "json-called-dag-pb", f"ipfs://{swapped}", "metadata", "BadBlock"
    bundle = shelf_of({"image": PICTURE, "metadata.json": text})
    blocks.update(bundle.blocks)
    as_raw = CID(1, RAW, bundle.root.digest)
    blocks[as_raw] = blocks[bundle.root]
    yield "folder-called-raw", f"ipfs://{as_raw}/metadata.json", "metadata", "NotFound"
    yield "folder-as-json", f"ipfs://{as_raw}", "metadata", "BadMetadata"
    names = [Link(cid_of(text), "metadata.json", 1), Link(leaf, "metadata.json", 1)]
    double = node(blocks, names, Message(1))
    yield "name-twice", f"ipfs://{double}/metadata.json", "metadata", "BadBlock"
    place = Message(5, data=b"\x01", hash_type=0x22, fanout=256)
    wrong = node(blocks, [Link(cid_of(text), "00metadata.json", 1)], place)
    yield "hamt-wrong-place", f"ipfs://{wrong}/metadata.json", "metadata", "NotFound"
    other = Message(5, data=b"\x01", hash_type=0x12, fanout=256)
    hashed = node(blocks, [Link(leaf, "00x", 1)], other)
    yield "hamt-other-hash", f"ipfs://{hashed}/x", "metadata", "BadBlock"
    huge = Message(5, data=b"\x01", hash_type=0x22, fanout=2**40)
    yield "hamt-huge-fanout", f"ipfs://{node(blocks, [], huge)}/x", "metadata", "BadBlock"
    blocks[flipped := cid_of(b'{"image":"a"}')] = b'{"image":"b"}'
    yield "flipped-block", f"ipfs://{flipped}", "metadata", "GatewayError"


def pictures(stage: Stage) -> Cases:
    """Links to what is no picture; the pictures that attack are in `pictures` and `drawings`."""
    yield "html", stage.metadata(stage.file(b"<html>")), "media", "unsupported"
    yield "empty", stage.metadata(stage.file(b"")), "media", "not-a-picture"
    yield "too-large", stage.metadata(stage.file(bytes(32 * MIB + 1))), "image", "BadBlock"
    huge = stage.metadata(stage.file(png_of(8000, 8000, raw=b"")))
    yield "bomb", huge, "media", "too-large"
    yield "no-namespace", stage.metadata("<svg onload='alert(1)'/>"), "media", "svg-malformed"
    svg = "<svg xmlns='http://www.w3.org/2000/svg'%s>%s</svg>"
    onload = stage.metadata(svg % (" onload='alert(1)'", ""))
    yield "svg-onload", onload, "media", "svg-script"
    script = svg % ("", "<script>alert(1)</script>")
    yield "svg-script", stage.metadata(f"data:image/svg+xml;utf8,{script}"), "media", "svg-script"
    outside = svg % ("", f"<image href='{stage.victim.url('/')}'/>")
    yield "svg-outside", stage.metadata(outside), "media", "svg-external"
    on_ipfs = stage.metadata(stage.file(outside.encode()))
    yield "svg-outside-on-ipfs", on_ipfs, "media", "svg-external"
    entity = "<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
    read = f"{entity}{svg % ('', '<text>&x;</text>')}"
    yield "svg-entity", stage.metadata(read), "media", "svg-entity"
    called = f"data:image/png;base64,{base64.b64encode(script.encode()).decode()}"
    yield "svg-called-png", stage.metadata(called), "media", "svg-script"
    yield "html-called-png", stage.metadata("data:image/png,<html>"), "media", "unsupported"
    absent = f"ipfs://{file_cid(b'absent')}"
    yield "absent", stage.metadata(absent), "image", "GatewayError"


def servers(stage: Stage) -> Cases:
    """Web servers that keep whoever asks, or send them elsewhere."""
    victim, on = stage.victim.url("/"), stage.on_server
    port = stage.victim.port
    ok = b"HTTP/1.1 200 OK\r\n"
    for name, target in {
        "localhost": victim,
        "127": f"http://127.0.0.1:{port}/",
        "decimal": f"http://2130706433:{port}/",
        "mapped": f"http://[::ffff:127.0.0.1]:{port}/",
        "metadata": "http://169.254.169.254/latest/meta-data/",
        "file": "file:///etc/passwd",
    }.items():
        yield f"redirect-{name}", on(f"/r-{name}", redirect(target)), "metadata", "WebError"
        image = stage.metadata(on(f"/i-{name}", redirect(target)))
        yield f"image-redirect-{name}", image, "image", "WebError"
    yield "direct", victim, "metadata", "WebError"
    yield "redirect-loop", on("/loop", redirect("/loop")), "metadata", "WebError"
    yield "slowloris", on("/slow", dripping(ok, b"X: y\r\n", 0.05)), "metadata", "WebError"
    yield "endless", on("/endless", dripping(ok + b"\r\n", b"x" * 4096, 0)), "metadata", "WebError"
    bomb = page(gzip.compress(bytes(20 * MIB)), "Content-Encoding: gzip")
    yield "gzip-bomb", on("/bomb", bomb), "metadata", "WebError"
    yield "404-as-html", on("/404", page(b"<html>", status="404 No")), "metadata", "WebError"
    yield "html-for-json", on("/html", page(b"<html>")), "metadata", "BadMetadata"
    gateway = f"{stage.server.url('/ipfs/')}{file_cid(b'absent')}"
    yield "posing-as-gateway", gateway, "metadata", "GatewayError"


def inside(stage: Stage) -> Cases:
    """Content inside content."""
    text = "data:application/json," + json.dumps({"image": PIXELS[:200]})
    yield "cut-picture", text, "media", "damaged"
    large = "data:image/png;base64," + "A" * MIB
    yield (
        "too-large",
        "data:application/json," + json.dumps({"image": large}),
        "token URI",
        "BadURI",
    )
    nested = "data:application/json," + json.dumps({"image": "data:application/json,{}"})
    yield "json-as-picture", nested, "media", "unsupported"


PARTS = (uris, metadata, bombs, dags, pictures, servers, inside)
