"""Where a project's things are: the collection, the embedded store and gateway, the two records.

metadata/            the collection
metadata/pins.json   remote pins, and what public gateways gave back; in git
.pfpkit/             the block store, the record of what only this machine holds, and the index
                     of what was computed of each file
"""

import contextlib
import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pfpkit.addresses import gateway_url, without_credentials
from pfpkit.cid import CID
from pfpkit.collection import Collection, Progress
from pfpkit.configuration import pfpkit_section
from pfpkit.errors import NotPinned
from pfpkit.ledger import Ledger
from pfpkit.pinning import Pinner
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.embedded import EmbeddedPinner
from pfpkit.pinning.gateway import Gateway
from pfpkit.pinning.settings import GatewaySettings, PinningSettings, make_pinners
from pfpkit.pins import LOCAL_PINS, REMOTE_PINS, PinEntry, Pins, record
from pfpkit.publication import EMBEDDED, Route
from pfpkit.whole import DirectoryPins

__all__ = ["PUBLIC_GATEWAYS", "Workspace"]

PUBLIC_GATEWAYS = ("https://trustless-gateway.link", "https://ipfs.io")
"""Asked on a live network when no gateway is named. Nobody trusts them: every block is hashed."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A project's folder."""

    root: Path

    @property
    def store(self) -> BlockStore:
        """The embedded block store."""
        return BlockStore(self.root / ".pfpkit" / "blocks")

    @property
    def embedded(self) -> EmbeddedPinner:
        """The embedded block store as a pinner."""
        return EmbeddedPinner(self.store)

    def collection(self, progress: Progress | None = None, *, rehash: bool = False) -> Collection:
        """Return the checked collection; BadInput lists every fault of every file.

        Files that are the same as last time are not read again, unless `rehash`.
        """
        return Collection.read(
            self.root / "metadata",
            progress=progress,
            index=self.root / ".pfpkit" / "index",
            rehash=rehash,
        )

    def pins(self) -> Pins:
        """Return what both records know; of two bundles of one token, the later one."""
        local = Pins.load(self.root / LOCAL_PINS)
        remote = Pins.load(self.root / REMOTE_PINS)
        here = {entry.key: entry for entry in local.entries}

        def is_old(entry: PinEntry) -> bool:
            ours = here.get(entry.key, entry)
            same = (ours.bundle, ours.image) == (entry.bundle, entry.image)
            return not same and _latest(ours) >= _latest(entry)

        newer = Pins(tuple(e for e in remote.entries if not is_old(e)))
        both = local.merged(newer)
        return replace(both, whole=remote.whole.merged(local.whole))

    def pinned_tokens(self) -> tuple[PinEntry, ...]:
        """Return the entries of all tokens, by number; NotPinned when there are none."""
        tokens = self.pins().tokens
        if not tokens:
            raise NotPinned("no bundle is pinned; run `ape run pin` first")
        return tokens

    def pinned(self, key: str) -> PinEntry:
        """Return the entry of a token number or of 'collection'; NotPinned when there is none."""
        entry = self.pins().get(key)
        if entry is None:
            raise NotPinned(f"{key} is in no record of pins; run `ape run pin` first")
        return entry

    def record(
        self,
        entries: Iterable[PinEntry],
        routes: Sequence[Route],
        bundles: Mapping[str, CID] | None = None,
        directory: DirectoryPins | None = None,
    ) -> None:
        """Merge entries into the records: what a stranger can reach into the one in git.

        `bundles` are all of the collection by name, and `directory` is theirs.
        """
        public = {route.name for route in routes if route.is_public}
        remote, local = [], []
        for entry in entries:
            here = tuple(pin for pin in entry.pinners if pin.pinner == BlockStore.name)
            there = tuple(pin for pin in entry.pinners if pin.pinner != BlockStore.name)
            seen = tuple(route for route in entry.read_back if route.gateway in public)
            unseen = tuple(route for route in entry.read_back if route.gateway not in public)
            if there or seen:
                remote.append(replace(entry, pinners=there, read_back=seen))
            local.append(replace(entry, pinners=here, read_back=unseen))
        if remote or (self.root / REMOTE_PINS).exists():
            reached = _apart(directory, public, lambda name: name != BlockStore.name)
            record(self.root / REMOTE_PINS, remote, bundles, reached)
        private = {route.name for route in routes} - public
        own = _apart(directory, private, lambda name: name == BlockStore.name)
        if local or own or (self.root / LOCAL_PINS).exists():
            record(self.root / LOCAL_PINS, local, bundles, own)

    def ledger(self, *, holding: bool = True) -> Ledger:
        """Return what is pinned and in no record yet; see `Ledger`."""
        return Ledger(self.root / ".pfpkit" / "pinning", holding=holding)

    def pinners(self, names: Sequence[str]) -> tuple[Pinner, ...]:
        """Return the back ends of these names, as ape-config.yaml and the environment have them.

        BadInput lists every unknown name and every missing setting.
        """
        if set(names) == {BlockStore.name}:
            return (self.embedded,)
        return make_pinners(names, self._settings(), os.environ, self.store)

    def _settings(self) -> PinningSettings:
        section = pfpkit_section(self.root / "ape-config.yaml")
        return PinningSettings.parse(section.get("pinning"))

    @contextlib.contextmanager
    def routes(
        self, gateways: Sequence[str], *, live: bool = False, to: Sequence[str] = (BlockStore.name,)
    ) -> Iterator[list[Route]]:
        """Yield the gateways named, or those that can know of what is pinned on `to`.

        That is the embedded one for the block store, which it serves on a free loopback port until
        the end, and public ones for services or on a live network.
        """
        public = live or any(name != BlockStore.name for name in to)
        named = gateways or (PUBLIC_GATEWAYS if public else ())
        # The name goes into a record that is in git: no password in it.
        # One that is named twice is read once.
        by_name = {without_credentials(gateway_url(url)): url for url in reversed(named)}
        # The embedded one alone needs no configuration, and so no YAML.
        pace = self._settings().gateways if by_name else GatewaySettings()
        routes = [
            Route(name, url, pace.per_minute, pace.at_once)
            for name, url in reversed(by_name.items())
        ]
        if gateways or live or BlockStore.name not in to:
            yield routes
            return
        with Gateway(self.store) as gateway:
            yield [Route(EMBEDDED, gateway.url), *routes]


def _apart(
    directory: DirectoryPins | None, routes: Container[str], held: Callable[[str], bool]
) -> DirectoryPins | None:
    """Return what belongs into one of the two records; None when nothing does."""
    if directory is None:
        return None
    pins = {name: at for name, at in directory.pinned_by.items() if held(name)}
    reads = {name: at for name, at in directory.read_back.items() if name in routes}
    found = replace(directory, pinned_by=pins, read_back=reads)
    return found if pins or reads else None


def _latest(entry: PinEntry) -> str:
    """Return when anything was last pinned or read of an entry."""
    return max([*(p.at for p in entry.pinners), *(b.at for b in entry.read_back)], default="")
