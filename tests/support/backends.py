"""Every pinning back end beside a peer on loopback that keeps what it is sent."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pfpkit.pinning import Dag, Pinner, kubo, pinata, pinata_classic, service
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.client import Secret
from pfpkit.pinning.embedded import EmbeddedPinner
from support import peers
from support.clocks import QuickClock
from support.forwarding import Front, JsIpfs, NpmService
from support.pinning_peers import (
    JWT,
    KEY,
    KEY_SECRET,
    KUBO_TOKEN,
    TOKEN,
    Kubo,
    Peer,
    Pinata,
    PinningService,
)

SERVICES = ("service:test", *(("service:npm",) if peers.WANTED else ()))
KUBOS = ("kubo", *(("kubo:js-ipfs",) if peers.WANTED else ()))
"""Those that nobody here wrote are there in `make test-peers` alone."""
BACKENDS = ("blockstore", *KUBOS, "pinata", "pinata-tus", "pinata-classic", *SERVICES)
REMOTE = BACKENDS[1:]
_SECRETS = {
    "kubo": (KUBO_TOKEN,),
    "pinata": (JWT,),
    "pinata-classic": (KEY, KEY_SECRET),
    "service:test": (TOKEN,),
}


@dataclass
class Bench:
    """A pinner, the peer that it talks to, and its clock."""

    pinner: Pinner
    peer: Peer | Front | None
    clock: QuickClock
    runner: asyncio.Runner
    first: Pinner | None = None
    """Has to hold a DAG before."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Those that this pinner was given."""
        return _SECRETS[self.pinner.name]

    def run(self, *steps: Callable[[Pinner], object]) -> list[object]:
        """Await one method after another, in one loop, and return what they gave."""

        async def all_of_them():
            return [await step(self.pinner) for step in steps]

        return self.runner.run(all_of_them())

    def pin(self, *dags: Dag, label: str = "") -> list[object]:
        """Pin DAGs one after another, first where the back end fetches them from."""

        def step(dag):
            async def pin(pinner):
                if self.first is not None:
                    await self.first.pin(dag)
                return await pinner.pin(dag, label)

            return pin

        return self.run(*(step(dag) for dag in dags))


@contextmanager
def bench(name: str, folder: Path, **pressure: object) -> Iterator[Bench]:
    """Start the peer of a back end, and yield both; `pressure` overrules the back end's own."""
    with asyncio.Runner() as runner, _bench(name, folder, runner, pressure) as made:
        yield made
        runner.run(made.pinner.aclose())
        if made.first is not None:
            runner.run(made.first.aclose())


@contextmanager
def _bench(name: str, folder: Path, runner: asyncio.Runner, pressure: object) -> Iterator[Bench]:
    clock = QuickClock()

    def bearer(token: str) -> Secret:
        return Secret("Authorization", f"Bearer {token}")

    def pressed(default):
        # Loopback answers at once; only the tests of time take less.
        return replace(default, **({"connect_s": 5.0, "read_s": 10.0} | pressure))

    with ExitStack() as stack:
        if name == "blockstore":
            yield Bench(EmbeddedPinner(BlockStore(folder / "store")), None, clock, runner)
            return
        if name in KUBOS:
            peer = stack.enter_context(Kubo() if name == "kubo" else JsIpfs())
            secret = bearer(KUBO_TOKEN)
            made = kubo.KuboPinner(peer.url, secret, pressed(kubo.PRESSURE), clock.clock)
            yield Bench(made, peer, clock, runner)
        elif name in ("pinata", "pinata-tus"):
            peer = stack.enter_context(Pinata())
            made = pinata.PinataPinner(
                bearer(JWT),
                api=peer.url,
                uploads=peer.url,
                pressure=pressed(pinata.PRESSURE),
                clock=clock.clock,
                **({"resumable_from": 0, "piece": 1000} if name == "pinata-tus" else {}),
            )
            yield Bench(made, peer, clock, runner)
        elif name == "pinata-classic":
            peer = stack.enter_context(Pinata())
            made = pinata_classic.PinataClassicPinner(
                pinata_classic.ClassicKey(KEY, KEY_SECRET),
                api=peer.url,
                pressure=pressed(pinata_classic.PRESSURE),
                clock=clock.clock,
            )
            yield Bench(made, peer, clock, runner)
        else:
            source = stack.enter_context(Kubo())
            kind = PinningService if name == "service:test" else NpmService
            peer = stack.enter_context(kind([source]))
            first = kubo.KuboPinner(source.url, None, clock=clock.clock)
            made = service.ServicePinner(
                "test",
                peer.url,
                bearer(TOKEN),
                first,
                pressure=pressed(service.PRESSURE),
                clock=clock.clock,
                denied="set TOKEN",
                pinned_within_s=100.0,
            )
            yield Bench(made, peer, clock, runner, first)
