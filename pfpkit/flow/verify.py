"""Check that what is recorded is so: a deployment, and pins on services and through gateways."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import click

from pfpkit.accounts import Session
from pfpkit.availability import Check, State, check_directory, check_gateways, check_services
from pfpkit.chain import Node
from pfpkit.configuration import pfpkit_section
from pfpkit.console import table
from pfpkit.deployments import Deployment, input_path
from pfpkit.errors import BadInput, NotPinned, PinError
from pfpkit.explorers.settings import sourcify
from pfpkit.flow.pin import pin_command
from pfpkit.flow.verify_deployment import Expected, verify_deployment
from pfpkit.flow.verify_source import read_input, verify_source
from pfpkit.pinning import Pinner
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pins import PinEntry, Pins
from pfpkit.progress import Progress
from pfpkit.publication import Route
from pfpkit.whole import DIRECTORY, DirectoryPins
from pfpkit.workspace import Workspace

__all__ = ["VerifyOptions", "verify_all", "verify_pins"]

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """What `ape run verify --pins` was asked for.

    With neither `to` nor `gateways`, every service recorded is asked; with gateways alone, these
    are, and no secret of a service is needed.
    """

    to: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    sample: int | None = None
    slow_s: float = 10.0
    as_json: bool = False


async def verify_all(
    session: Session, expected: Expected, source: str | None, *, as_json: bool = False
) -> None:
    """Compare the network's deployment with everything else, or its source with the chain."""
    path = session.record()
    record = Deployment.load(path)
    async with Node(session.url) as node:
        if source is None:
            work = Workspace(session.root)
            await verify_deployment(work, record, node, expected, as_json=as_json)
            return
        if source == "sourcify":
            section = pfpkit_section(session.root / "ape-config.yaml").get("explorers")
            given = await sourcify(section).published(record.chain_id, record.address)
            whose = source
        else:
            given, whose = read_input(path), str(input_path(path).relative_to(session.root))
        await verify_source(record, given, whose, node, as_json=as_json)


async def verify_pins(work: Workspace, options: VerifyOptions | None = None) -> None:
    """Print how every recorded bundle was found everywhere; NotPinned unless all are available."""
    options = options or VerifyOptions()
    pins = work.pins()
    entries = _chosen(pins, options)
    recorded = tuple(sorted({p.pinner for e in entries for p in e.pinners}))
    names = options.to or (() if options.gateways else recorded)
    async with AsyncExitStack() as stack:
        pinners = [await stack.enter_async_context(p) for p in work.pinners(names)]
        checks = await check_services(entries, pinners)
        checks += await _lost_directory(pins, pinners)
        routes = []
        if BlockStore.name in names:
            # The store's own list says nothing about damage.
            routes += stack.enter_context(work.routes(()))
        if options.gateways:
            routes += stack.enter_context(work.routes(options.gateways))
        if not pinners and not routes:
            raise BadInput("nobody to ask; name a service with --to or a gateway with --gateway")
        with Progress("read", len(entries) * len(routes)) as progress:
            checks += await check_gateways(
                entries, routes, options.slow_s, lambda came: progress.add(well=came)
            )
        if (known := pins.whole.directory) is not None:
            bundles = {entry.key: entry.bundle for entry in pins.entries}
            found = await check_directory(known, bundles, _who_gave(known, routes))
            checks += [check for check in found if check.state is not State.AVAILABLE]
    _show(entries, checks, options, pin_command(names or recorded, options.gateways, repair=True))


async def _lost_directory(pins: Pins, pinners: Sequence[Pinner]) -> list[Check]:
    """Return a check for each service that does not list the directory which it is recorded for."""
    known = pins.whole.directory
    lost = []
    for pinner in pinners:
        if known is None or pinner.name not in known.pinned_by:
            continue
        with suppress(PinError):  # a service that says nothing is told of with the bundles
            if not await pinner.held((known.root,)):
                why = f"{known.root} not pinned there"
                lost.append(Check(DIRECTORY, pinner.name, State.MISSING, why))
    return lost


def _who_gave(known: DirectoryPins, routes: Sequence[Route]) -> list[Route]:
    """Return the routes that are to have the directory: they, or any, gave it before."""
    asked = [route for route in routes if route.name in known.read_back]
    return asked or (list(routes) if known.read_back else [])


def _chosen(pins: Pins, options: VerifyOptions) -> list[PinEntry]:
    entries = list(pins.entries)
    if not entries:
        raise NotPinned("nothing is recorded as pinned; run `ape run pin` first")
    if options.sample is None or options.sample >= len(entries):
        return entries
    chosen = random.SystemRandom().sample(entries, options.sample)
    return sorted(chosen, key=lambda entry: entry.order)


def _show(
    entries: Sequence[PinEntry], checks: Sequence[Check], options: VerifyOptions, mend: str
) -> None:
    places = list(dict.fromkeys(check.place for check in checks))
    counts = Counter((c.place, c.state) for c in checks if c.key != DIRECTORY)
    bad = [check for check in checks if check.state is not State.AVAILABLE]
    if options.as_json:
        for check in bad:
            fields = {"token": check.key, "place": check.place, "state": check.state.value}
            click.echo(json.dumps({"event": "found", **fields, "why": check.why}))
        for place in places:
            states = {state.value: counts[place, state] for state in State}
            click.echo(json.dumps({"event": "place", "place": place, **states}))
    else:
        rows = [(place, *(f"{counts[place, state]:,}" for state in State)) for place in places]
        click.echo(table(("place", *(state.value for state in State)), rows))
    if not bad:
        if not options.as_json:
            click.echo(f"  {len(entries):,} bundles are available everywhere")
        return
    lines = [f"{c.place}: {_name(c.key)} {c.state}: {c.why}" for c in bad[:_SHOWN]]
    if len(bad) > _SHOWN:
        lines.append(f"and {len(bad) - _SHOWN:,} more; --json lists all")
    count = len({check.key for check in bad} - {DIRECTORY})
    head = "1 bundle is" if count == 1 else f"{count:,} bundles are"
    if not count:
        head = "the directory of all bundles is"
    raise NotPinned("\n  ".join([f"{head} not available everywhere; `{mend}` mends it:", *lines]))


def _name(key: str) -> str:
    return "the directory of all bundles is" if key == DIRECTORY else f"token {key}"
