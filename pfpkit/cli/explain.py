"""Words and drawings for `pfpkit cid explain`."""

from collections.abc import Iterator
from dataclasses import replace

from pfpkit.cid import CID, DAG_PB, IDENTITY, RAW, Block, codec_name, hash_name
from pfpkit.console import shown
from pfpkit.unixfs import Entry, Kind, Link, Node, Sink, decode_node

_BASES = {
    "b": "base32",
    "B": "base32, upper case",
    "z": "base58btc",
    "k": "base36",
    "f": "base16",
    "F": "base16, upper case",
    "u": "base64url",
    "m": "base64",
}
_MEANINGS = {
    RAW: "the block is the file's bytes",
    DAG_PB: "the block is a UnixFS node: a folder, or a file and its parts",
}


def describe(cid: CID, text: str) -> str:
    """Return lines that name each part of a CID, spelled `text`, and its other spellings."""
    if cid.version == 0:
        base = "base58btc, without a prefix (as all of version 0)"
    else:
        base = f"{_BASES[text[0]]} (prefix {text[0]})"
    meaning = _MEANINGS.get(cid.codec)
    rows = [
        ("multibase", base),
        ("version", str(cid.version)),
        ("codec", _named(codec_name(cid.codec), cid.codec) + (f": {meaning}" if meaning else "")),
        ("hash", _named(hash_name(cid.hash_code), cid.hash_code) + f", {len(cid.digest)} bytes"),
        ("digest", cid.digest.hex()),
        *((name, other) for name, other in _spellings(cid) if other.split()[0] != text),
    ]
    if cid.hash_code == IDENTITY:
        rows.append(("note", "the digest is the block itself; pfpkit does not read such blocks"))
    return "\n".join([text, *(f"  {name:<11}{text}" for name, text in rows)])


def _spellings(cid: CID) -> Iterator[tuple[str, str]]:
    if cid.version == 0:
        yield "as base32", f"{cid.as_v1()} (version 1)"
        return
    yield "as base32", f"{cid} (version 1)"
    yield "as base58", f"{cid.as_base58()} (version 1)"
    if cid.codec == DAG_PB and hash_name(cid.hash_code) == "sha2-256":
        yield "as base58", f"{CID(0, DAG_PB, cid.digest)} (version 0)"


def _named(name: str, code: int) -> str:
    return name if name.startswith("0x") else f"{name} (0x{code:x})"


def remember(nodes: dict[CID, Node]) -> Sink:
    """Return a sink that keeps what each block means, and none of its file bytes."""

    def sink(block: Block) -> None:
        if block.cid not in nodes:
            nodes[block.cid] = replace(decode_node(block.cid, block.data), data=b"")

    return sink


def draw(root: Entry, nodes: dict[CID, Node], *, depth: int, limit: int) -> Iterator[str]:
    """Yield the lines of a tree of blocks, at most `depth` levels and `limit` links of each."""
    yield _line(Link(root.cid, "", root.tsize), nodes)
    yield from _children(nodes[root.cid], nodes, "", depth, limit)


def _children(
    node: Node, nodes: dict[CID, Node], indent: str, depth: int, limit: int
) -> Iterator[str]:
    if depth == 0:
        if node.links:
            yield f"{indent}└── … {len(node.links):,} more beneath (--depth shows them)"
        return
    shown_links = node.links[:limit] if len(node.links) > limit + 1 else node.links
    more = len(node.links) - len(shown_links)
    for number, link in enumerate(shown_links, 1):
        last = number == len(node.links)
        yield f"{indent}{'└── ' if last else '├── '}{_line(link, nodes)}"
        inner = indent + ("    " if last else "│   ")
        yield from _children(nodes[link.cid], nodes, inner, depth - 1, limit)
    if more:
        yield f"{indent}└── … {more:,} more (--limit shows them)"


def _line(link: Link, nodes: dict[CID, Node]) -> str:
    node = nodes[link.cid]
    if node.kind is Kind.DIRECTORY:
        what = f"folder, {counted(len(node.links), 'entry', 'entries')}"
    elif node.kind is Kind.HAMT:
        what = f"HAMT shard of a folder, {counted(len(node.links), 'link')}"
    else:
        parts = f" in {counted(len(node.links), 'part')}" if node.links else ""
        what = f"{counted(node.size, 'byte')}{parts}"
    name = f"{shown(link.name)}  " if link.name else ""
    return f"{name}{link.cid}  {codec_name(link.cid.codec)}, {what}"


def counted(number: int, one: str, many: str = "") -> str:
    """Return `number` with its noun, in the right number itself."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
