"""One page of the contact sheet as HTML. Pure; every text that is put in is escaped here."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from pfpkit.console import size
from pfpkit.sheet.style import STYLE
from pfpkit.sheet.thumbnail import Thumbnail

__all__ = ["MARK", "Card", "Head", "State", "page"]

MARK = '<meta name="generator" content="pfpkit contact sheet">'
"""In the first lines of each page: only such a file is written over."""

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; img-src data:; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a bundle in one place: `pinned on kubo`, `to pin on pinata`."""

    words: str
    good: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One token, or the collection itself, as the sheet shows it."""

    key: str
    name: str
    description: str | None
    traits: tuple[tuple[str, str], ...]
    thumbnail: Thumbnail
    media_type: str
    image_bytes: int
    bundle: str
    image: str
    states: tuple[State, ...]
    removed: tuple[str, ...] = ()
    same: tuple[tuple[str, str], ...] = ()
    """Other tokens with this picture: the key, and the file of the page that shows it."""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands at the top of every page."""

    title: str
    facts: tuple[tuple[str, str], ...]


def page(head: Head, cards: Iterable[Card], number: int, files: Sequence[str]) -> Iterator[str]:
    """Yield the HTML of page `number` (from 1) of those in `files`, piece by piece."""
    of = f", page {number} of {len(files)}" if len(files) > 1 else ""
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'{MARK}\n<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(head.title)}: contact sheet{of}</title>\n"
        f"<style>{STYLE}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#pictures">to the pictures</a>\n'
        f"<header>\n<h1><bdi>{escape(head.title)}</bdi></h1>\n{_facts(head.facts)}\n</header>\n"
    )
    yield _pages(number, files, "pages")
    yield '<main id="pictures">\n<ul class="cards">\n'
    for card in cards:
        yield _card(card)
    yield "</ul>\n</main>\n"
    yield _pages(number, files, "pages, below")
    yield "<footer><p>Made by pfpkit. Needs no network and no script.</p></footer>\n"
    yield "</body>\n</html>\n"


def _card(card: Card) -> str:
    title = "collection" if card.key == "collection" else f"#{card.key}"
    own = "" if title == "collection" else f"token {card.key}, "
    picture = card.thumbnail
    data = base64.b64encode(picture.data).decode()
    kind = ' class="pixels"' if picture.is_pixel_art else ""
    return (
        f'<li class="card" id="t{escape(card.key)}">\n'
        f'<div class="picture"><img{kind} width="{picture.width}" height="{picture.height}" '
        f'decoding="async" alt="{escape(own + card.name)}" src="data:image/webp;base64,{data}">'
        f'</div>\n<p class="key">{escape(title)}</p>\n<h2><bdi>{escape(card.name)}</bdi></h2>\n'
        f'<p class="cid">{escape(card.bundle)}</p>\n{_states(card)}'
        f"<details><summary>Details</summary>\n{_facts(_all(card))}\n</details>\n</li>\n"
    )


def _all(card: Card) -> list[tuple[str, str]]:
    rows = [("bundle", card.bundle), ("image", card.image)]
    rows.append(("file", f"{card.media_type}, {size(card.image_bytes)}"))
    if card.description:
        rows.append(("description", card.description))
    rows += card.traits
    rows += [("removed", part) for part in card.removed]
    return rows


def _states(card: Card) -> str:
    items = [_state(escape(state.words), state.good) for state in card.states]
    items += [
        _state(f'the picture of <a href="{quote(file)}#t{quote(key)}">#{escape(key)}</a>', False)
        for key, file in card.same
    ]
    if card.removed:
        parts = "1 part" if len(card.removed) == 1 else f"{len(card.removed)} parts"
        items.append(_state(f"{parts} of the file removed", False))
    return f'<ul class="states">{"".join(items)}</ul>\n'


def _state(words: str, good: bool) -> str:
    # The sign says it too: not everybody tells the colours apart.
    return f'<li class="{"good" if good else "note"}">{"✓" if good else "•"} {words}</li>'


def _facts(rows: Iterable[tuple[str, str]]) -> str:
    """Return names and values as a list; the values are in the direction of their own script."""
    items = (
        f"<div><dt>{escape(name)}</dt><dd><bdi>{escape(value)}</bdi></dd></div>"
        for name, value in rows
    )
    return f"<dl>{''.join(items)}</dl>"


def _pages(number: int, files: Sequence[str], label: str) -> str:
    if len(files) == 1:
        return ""
    links = (
        f'<li><a aria-current="page" href="#pictures">{n}</a></li>'
        if n == number
        else f'<li><a href="{quote(file)}">{n}</a></li>'
        for n, file in enumerate(files, 1)
    )
    return f'<nav aria-label="{label}"><ol>{"".join(links)}</ol></nav>\n'
