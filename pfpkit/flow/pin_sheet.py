"""The contact sheet of a run: what of each bundle is where, and its picture, on HTML pages."""

import os
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from pfpkit.collection import Collection, CollectionEntry
from pfpkit.duplicates import Duplicate
from pfpkit.errors import BadInput
from pfpkit.flow.pin_run import PinRun
from pfpkit.metadata import TokenMetadata
from pfpkit.pins import Pins
from pfpkit.plan import ServicePlan
from pfpkit.progress import Progress
from pfpkit.sheet import Card, Head, State, Thumbnails, thumbnail_of, write_sheet
from pfpkit.sheet.write import PER_PAGE, page_files
from pfpkit.workspace import Workspace

__all__ = ["sheet"]

_THREADS = 4
"""At most so many pictures are decoded at once; each may be 64 MB then."""
_SHOWN = 8

Came = Callable[[CollectionEntry], Sequence[str]]


def sheet(
    work: Workspace,
    file: Path,
    collection: Collection,
    plans: Sequence[ServicePlan],
    duplicates: Sequence[Duplicate],
    known: PinRun | Pins,
) -> int:
    """Write the sheet, and return how many pages it has. `known` says what came back so far."""
    entries = tuple(collection)
    files = page_files(file, len(entries))
    came = known.came if isinstance(known, PinRun) else _recorded(known)
    same = _same(entries, duplicates, files)
    thumbnails = Thumbnails(work.root / ".pfpkit" / "thumbnails")

    def card(entry: CollectionEntry) -> Card:
        return _card(entry, thumbnails, _states(entry, plans, came), same.get(entry.key, ()))

    head = Head(collection.itself.metadata.name, _facts(collection, plans, came))
    with Progress("drawn", len(entries)) as progress:
        cards = _ahead(entries, card, progress)
        try:
            write_sheet(file, head, cards, files)
        except OSError as error:
            raise BadInput(f"{file}: cannot be written: {error.strerror}; name another") from error
        finally:
            cards.close()
    thumbnails.keep_only(entry.image for entry in entries)
    return len(files)


def _ahead(
    entries: Sequence[CollectionEntry], card: Callable[[CollectionEntry], Card], told: Progress
) -> Generator[Card, None, None]:
    """Yield the cards in order; a few are made ahead, on several cores."""
    threads = min(_THREADS, os.cpu_count() or 1)
    pool = ThreadPoolExecutor(threads)
    try:
        waiting: deque[Future[Card]] = deque()
        for entry in entries:
            waiting.append(pool.submit(card, entry))
            if len(waiting) > 4 * threads:
                yield waiting.popleft().result()
                told.add()
        while waiting:
            yield waiting.popleft().result()
            told.add()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _card(
    entry: CollectionEntry,
    thumbnails: Thumbnails,
    states: tuple[State, ...],
    same: tuple[tuple[str, str], ...],
) -> Card:
    about = entry.metadata
    traits = about.attributes if isinstance(about, TokenMetadata) else ()
    return Card(
        key=entry.key,
        name=about.name,
        description=about.description,
        traits=tuple((t.trait_type or "trait", str(t.value)) for t in traits),
        thumbnail=thumbnails.get(
            entry.image, lambda: thumbnail_of(entry.bundle().image_bytes, entry.media_type)
        ),
        media_type=entry.media_type,
        image_bytes=entry.made.image_bytes,
        bundle=str(entry.root),
        image=str(entry.image),
        states=states,
        removed=entry.removed,
        same=same,
    )


def _states(entry: CollectionEntry, plans: Sequence[ServicePlan], came: Came) -> tuple[State, ...]:
    states = [
        State(f"pinned on {plan.name}", True)
        if plan.holds(entry)
        else State(f"not pinned on {plan.name}", False)
        for plan in plans
    ]
    states += [State(f"read back through {name}", True) for name in came(entry)]
    return tuple(states)


def _facts(
    collection: Collection, plans: Sequence[ServicePlan], came: Came
) -> tuple[tuple[str, str], ...]:
    entries = tuple(collection)
    total = f"{len(entries):,}"
    held = ((plan.name, plan.count(entries)) for plan in plans)
    back = sum(1 for entry in entries if came(entry))
    return (
        ("tokens", f"{len(collection):,}, and the collection itself"),
        *((f"on {name}", f"{count:,} of {total} bundles") for name, count in held),
        ("read back", f"{back:,} of {total} bundles"),
        ("drawn", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
    )


def _recorded(pins: Pins) -> Came:
    """Return which gateways gave an entry, as the records have it."""

    def came(entry: CollectionEntry) -> Sequence[str]:
        known = pins.of(entry.key, entry.root, entry.image)
        return () if known is None else [back.gateway for back in known.read_back]

    return came


def _same(
    entries: Sequence[CollectionEntry], duplicates: Sequence[Duplicate], files: Sequence[str]
) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return for each token the others with its picture, and the pages that show them."""
    pages = {entry.key: files[n // PER_PAGE] for n, entry in enumerate(entries)}
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for one in duplicates:
        for key in one.keys:
            others = [(other, pages[other]) for other in one.keys[: _SHOWN + 1] if other != key]
            found.setdefault(key, tuple(others[:_SHOWN]))
    return found
