"""Several gateways asked for one thing: the first healthy one, and the next when it hesitates.

Hedged requests, as "The Tail at Scale" (Dean and Barroso, 2013) describes them: a gateway that has
not answered after a while is not given up, another one is asked as well, and the first right answer
ends all others. A gateway that failed, or was overtaken, is asked after the others until that is
forgotten. Trusts no answer: `ask` raises for a wrong one.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Container, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from pfpkit.cid import CID
from pfpkit.errors import BadCar, BadInput, GatewayError, WrongBytes
from pfpkit.gateways import Gateway, GatewayFault, Reason, Refused

__all__ = ["Race"]

HALF_LIFE_S = 60.0
"""After so long, a fault weighs half."""
PATIENCE = 3.0
"""How many times its usual time a gateway is waited for before the next one is asked."""
_FORGOTTEN = 0.05
_REMEMBERED_FAULTS = 1000

_T = TypeVar("_T")


@dataclass(slots=True)
class _Health:
    """What is remembered of one gateway."""

    faults: float = 0.0
    at: float = 0.0
    usual_s: dict[str, float] = field(default_factory=dict)

    def weight(self, now: float) -> float:
        """Return its faults, the old ones less; 0 when they are forgotten."""
        left: float = self.faults * 0.5 ** ((now - self.at) / HALF_LIFE_S)
        return left if left > _FORGOTTEN else 0.0

    def failed(self, now: float) -> None:
        self.faults, self.at = self.weight(now) + 1, now

    def answered(self, form: str, took_s: float) -> None:
        before = self.usual_s.get(form, took_s)
        self.usual_s[form] = 0.8 * before + 0.2 * took_s


class Race:
    """Gateways in the order of preference, and how each has done."""

    def __init__(
        self, gateways: Iterable[Gateway], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._gateways = tuple({gateway.url: gateway for gateway in gateways}.values())
        self._health = {gateway.url: _Health() for gateway in self._gateways}
        if not self._gateways:
            raise BadInput("no gateway to ask; name at least one, such as https://ipfs.io")
        self._clock = clock
        self.faults: deque[GatewayFault] = deque(maxlen=_REMEMBERED_FAULTS)

    def order(self) -> list[Gateway]:
        """Return the gateways as they are asked next: healthy ones first, as they were named."""
        now = self._clock()
        return sorted(self._gateways, key=lambda gateway: self._health[gateway.url].weight(now))

    def patience_s(self, gateway: Gateway, form: str, hedge_s: float) -> float:
        """Return how long a gateway is waited for alone: `hedge_s`, or longer if it is slow."""
        return max(hedge_s, PATIENCE * self._health[gateway.url].usual_s.get(form, 0.0))

    async def first(
        self,
        cid: CID,
        form: str,
        hedge_s: float,
        ask: Callable[[Gateway], Awaitable[_T]],
        *,
        without: Container[str] = (),
    ) -> _T:
        """Return what the first gateway gives that does not fail; record those that do.

        `without` are URLs that are not asked. GatewayError when all others failed. What else `ask`
        raises is about the content, and ends the race.
        """
        waiting = deque(gateway for gateway in self.order() if gateway.url not in without)
        running: dict[asyncio.Task[_T], tuple[Gateway, float]] = {}
        failed: list[GatewayFault] = []
        try:
            while waiting or running:
                patience_s = None
                if waiting:
                    gateway = waiting.popleft()
                    running[_task(ask, gateway)] = gateway, self._clock()
                    if waiting:
                        patience_s = self.patience_s(gateway, form, hedge_s)
                done, _ = await asyncio.wait(
                    running, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    gateway, since = running.pop(task)
                    fault = _fault(gateway, cid, task.exception())
                    if fault is None:
                        self._won(gateway, cid, form, since, running.values())
                        return task.result()
                    failed.append(fault)
                    self._failed(fault)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        raise GatewayError(
            f"no gateway gave {cid}: {'; '.join(map(str, failed))}",
            reason="; ".join(f"{fault.url} {fault.reason}" for fault in failed),
            faults=tuple(failed),
        )

    def _won(
        self,
        winner: Gateway,
        cid: CID,
        form: str,
        since: float,
        others: Iterable[tuple[Gateway, float]],
    ) -> None:
        now = self._clock()
        self._health[winner.url].answered(form, now - since)
        for gateway, started in others:
            if started < since:
                detail = f"no answer in {now - started:.1f} s, {winner.url} gave it meanwhile"
                self._failed(GatewayFault(gateway.url, cid, Reason.OVERTAKEN, detail))

    def _failed(self, fault: GatewayFault) -> None:
        self.faults.append(fault)
        self._health[fault.url].failed(self._clock())


def _task(ask: Callable[[Gateway], Awaitable[_T]], gateway: Gateway) -> "asyncio.Task[_T]":
    async def run() -> _T:
        return await ask(gateway)

    return asyncio.create_task(run())


def _fault(gateway: Gateway, cid: CID, error: BaseException | None) -> GatewayFault | None:
    """Return what the gateway did wrong, None when it answered or the content is at fault."""
    if isinstance(error, WrongBytes):
        return GatewayFault(gateway.url, cid, Reason.WRONG_BYTES, str(error))
    if isinstance(error, BadCar):
        return GatewayFault(gateway.url, cid, Reason.BAD_CAR, str(error))
    if isinstance(error, Refused):
        return GatewayFault(gateway.url, cid, error.reason, error.detail, error.retry_after)
    return None
