"""Pin a collection on every service, read every bundle back, and record what came back."""

import asyncio
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from functools import partial
from typing import Self

from pfpkit.cid import CID
from pfpkit.collection import Collection
from pfpkit.duplicates import Duplicate, find_duplicates, listed
from pfpkit.errors import BadInput, Interrupted, NotPinned, PfpkitError, Unavailable
from pfpkit.flow.events import VERSION, Events
from pfpkit.flow.pin_directory import DirectoryRun
from pfpkit.flow.pin_report import (
    PinOptions,
    pin_command,
    show_duplicates,
    show_plan,
    show_removed,
    show_run,
    show_sheet,
    show_stopped,
)
from pfpkit.flow.pin_run import PinRun
from pfpkit.flow.pin_sheet import sheet
from pfpkit.pins import Pins
from pfpkit.plan import ServicePlan, make_plan
from pfpkit.progress import Progress
from pfpkit.sheet import check_target
from pfpkit.workspace import Workspace

__all__ = ["PinOptions", "pin", "pin_command"]

_SHOWN = 20
_FEW = 100
"""Of fewer pictures no progress is shown while they are read."""


async def pin(work: Workspace, options: PinOptions | None = None) -> None:
    """Check, plan, upload, read back, record; NotPinned at the end while anything is missing.

    Interrupted after Ctrl-C, with what was read back until then recorded.
    """
    options = options or PinOptions()
    events = Events(options.as_json)
    if options.sheet is not None:
        check_target(options.sheet)
    events.say("begin", version=VERSION, command="pin", dry_run=options.dry_run)
    try:
        missing = await _pin(work, options, events)
    except Interrupted:
        raise
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise Interrupted(show_stopped(None, options, events)) from None
    except PfpkitError as error:
        events.say("error", why=str(error))
        raise
    if missing is not None:
        raise NotPinned(missing)


async def _pin(work: Workspace, options: PinOptions, events: Events) -> str | None:
    """Do all of it, and return what is missing where and why."""
    async with AsyncExitStack() as stack:
        # First, so that no other run changes what is read from here on.
        ledger = stack.enter_context(work.ledger(holding=not options.dry_run))
        pins = work.pins()  # a record that cannot be read is refused before anything is pinned
        with Reading(events) as reading, _interruptible():
            collection = work.collection(reading, rehash=options.rehash)
        _refuse_copies(collection)
        show_removed(collection, options, events)
        pinners = [await stack.enter_async_context(p) for p in work.pinners(options.to)]
        entries = tuple(collection)
        if options.sheet is not None:
            check_target(options.sheet, len(entries))
        plans = await make_plan(entries, pinners, pins, ledger, repair=options.repair)
        directory = DirectoryRun(
            work,
            entries,
            pins,
            plans,
            events,
            repair=options.repair,
            wanted=options.directory,
        )
        await directory.plan()
        show_plan(plans, directory, options, events)
        duplicates = find_duplicates(collection.tokens)
        show_duplicates(duplicates, options, events)
        drawn = partial(_draw, work, collection, plans, duplicates, options, events)
        if options.dry_run:
            drawn(pins)
            _refuse_guesses(plans)
            events.say("planned", tokens=len(entries))
            return None
        routes = stack.enter_context(work.routes(options.gateways, to=options.to))
        run = PinRun(work, entries, pins, ledger, plans, routes, options.repair, directory, events)
        try:
            await run.upload()
            await run.read_back()
        except asyncio.CancelledError:
            run.record()
            raise Interrupted(show_stopped(run, options, events)) from None
        except BaseException:
            run.record()  # what was read back is true
            raise
        run.record()
        try:
            drawn(run)
        except KeyboardInterrupt:
            raise Interrupted(show_stopped(run, options, events)) from None
        except BadInput as error:
            # What is missing is worth more than a sheet.
            missing = show_run(run, collection, options, events)
            raise BadInput("\n".join(filter(None, (str(error), missing)))) from error
    return show_run(run, collection, options, events)


def _draw(
    work: Workspace,
    collection: Collection,
    plans: Sequence[ServicePlan],
    duplicates: Sequence[Duplicate],
    options: PinOptions,
    events: Events,
    known: PinRun | Pins,
) -> None:
    """Write the contact sheet, if one was asked for."""
    if options.sheet is not None:
        with _interruptible():
            pages = sheet(work, options.sheet, collection, plans, duplicates, known)
        show_sheet(options.sheet, pages, options, events)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end at once what does not wait: asyncio's own handler only notes it until then."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is None:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Reading:
    """Progress of reading pictures, once it is known how many; says nothing of a few."""

    def __init__(self, events: Events) -> None:
        self._events = events
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
            self._events.progress("check", self._progress)


def _refuse_guesses(plans: Sequence[ServicePlan]) -> None:
    """Unavailable when a plan is not the whole one, because its service did not say what it has."""
    names = [plan.name for plan in plans if plan.failure is not None]
    if names:
        raise Unavailable(
            f"what {' and '.join(names)} would need is not known, for there was no answer; "
            "the plan above is the most that it can be"
        )


def _refuse_copies(collection: Collection) -> None:
    """BadInput when two tokens would be minted with one bundle."""
    seen: dict[CID, list[str]] = {}
    for entry in collection.tokens:
        seen.setdefault(entry.root, []).append(entry.key)
    copies = [listed(keys) for keys in seen.values() if len(keys) > 1]
    if copies:
        raise BadInput(
            f"tokens {'; and '.join(copies[:_SHOWN])} are the same picture with the same words; "
            "change one of them or take it out"
        )
