"""Pin a collection on every service, read every bundle back, and record what came back."""

from contextlib import AsyncExitStack, ExitStack
from typing import Self

import click

from pfpkit.cid import CID
from pfpkit.collection import Collection
from pfpkit.duplicates import find_duplicates, listed
from pfpkit.errors import BadInput
from pfpkit.flow.pin_report import PinOptions, pin_command, show_duplicates, show_plan, show_run
from pfpkit.flow.pin_run import PinRun
from pfpkit.plan import make_plan
from pfpkit.progress import Progress
from pfpkit.workspace import Workspace

__all__ = ["PinOptions", "pin", "pin_command"]

_SHOWN = 20
_FEW = 100
"""Of fewer pictures no progress is shown while they are read."""


async def pin(work: Workspace, options: PinOptions | None = None) -> None:
    """Check, plan, upload, read back, record; NotPinned at the end while anything is missing."""
    options = options or PinOptions()
    async with AsyncExitStack() as stack:
        # First, so that no other run changes what is read from here on.
        ledger = stack.enter_context(work.ledger(holding=not options.dry_run))
        pins = work.pins()  # a record that cannot be read is refused before anything is pinned
        with Reading() as reading:
            collection = work.collection(reading, rehash=options.rehash)
        _refuse_copies(collection)
        for entry in collection:
            for removed in entry.removed:
                click.echo(f"  {entry.image_path.name}: removed {removed}", err=options.as_json)
        pinners = [await stack.enter_async_context(p) for p in work.pinners(options.to)]
        entries = tuple(collection)
        plans = await make_plan(entries, pinners, pins, ledger, repair=options.repair)
        show_plan(plans, options)
        show_duplicates(find_duplicates(collection.tokens), options)
        if options.dry_run:
            return
        routes = stack.enter_context(work.routes(options.gateways, to=options.to))
        run = PinRun(work, entries, pins, ledger, plans, routes, options.repair)
        try:
            await run.upload()
            await run.read_back()
        finally:
            # Also after Ctrl-C or a failure: what was read back is true.
            run.record()
    show_run(run, collection, options)


class Reading:
    """Progress of reading pictures, once it is known how many; says nothing of a few."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._progress: Progress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def __call__(self, done: int, total: int) -> None:
        if self._progress is None and total >= _FEW:
            self._progress = self._stack.enter_context(Progress("checked", total))
        if self._progress is not None:
            self._progress(done)


def _refuse_copies(collection: Collection) -> None:
    """BadInput when two tokens would be minted with one bundle."""
    seen: dict[CID, list[str]] = {}
    for entry in collection.tokens:
        seen.setdefault(entry.root, []).append(entry.key)
    copies = [f"{listed(keys)}" for keys in seen.values() if len(keys) > 1]
    if copies:
        raise BadInput(
            f"tokens {'; and '.join(copies[:_SHOWN])} are the same picture with the same words; "
            "change one of them or take it out"
        )
