"""Read any number of views at one block through one node, each with a result of its own.

First all go in a few `pfpkit.lens` calls. What failed there, or did not fit, is asked again alone,
with more gas, so that a reason is the contract's own. Every round ends with the question whether
the block is still on the chain. Trusts the node for what a contract answers; bounds gas and bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pfpkit import lens
from pfpkit.block import BlockRef
from pfpkit.errors import ChainError
from pfpkit.rpc import NoAnswer, Rpc, RpcError, data_of, number_of
from pfpkit.views import Call

__all__ = ["Failed", "Fault", "Lookup", "View"]

_Request = tuple[str, list[Any]]
_FIRST_GAS, _ALONE_GAS = 1_000_000, 10_000_000
_FIRST_BYTES, _MOST_BYTES = 2**16, 2**20 + 64
"""Gas and answer of a view: in a lens, and alone, where a URI may have a mebibyte."""
_HEAVY, _LIGHT = 16, 500
"""Requests in one batch."""


class Fault(StrEnum):
    """Why a view gave nothing to read."""

    NO_CONTRACT = "no-contract"
    REVERTED = "reverted"
    OUT_OF_GAS = "out-of-gas"
    TOO_LARGE = "too-large"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class View:
    """A view of a contract. An optional one is not asked again where it failed."""

    contract: str
    call: Call


@dataclass(frozen=True, slots=True)
class Failed:
    """In the place of an answer. `says_no_token`: the contract reverted because there is none."""

    fault: Fault
    reason: str
    says_no_token: bool = False


class Lookup:
    """Reads views through one node, and remembers whether that runs a lens."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._has_lens = True

    async def read(
        self, views: Iterable[View], block: BlockRef
    ) -> tuple[int, dict[View, bytes | Failed]]:
        """Return the id of the node's chain, and of each view the answer or why there is none.

        ChainError when the chain does not have the block, NodeUnreachable when the node fails as a
        whole.
        """
        wanted = list(dict.fromkeys(views))
        chain_id, found = await self._through_lens(wanted, block)
        left = [view for view in wanted if view not in found]
        found |= await self._alone(left, block)
        silent = [v for v, got in found.items() if got == b"" and not v.call.optional]
        found |= await self._without_code(silent, block)
        return chain_id, found

    async def _through_lens(
        self, wanted: Sequence[View], block: BlockRef
    ) -> tuple[int, dict[View, bytes | Failed]]:
        asked = [
            lens.Asked(bytes.fromhex(v.contract[2:]), v.call.sent, _FIRST_GAS, _FIRST_BYTES)
            for v in wanted
        ]
        packed = list(lens.pack(asked)) if self._has_lens else []
        requests = [_eth_call({"data": data, "gas": hex(lens.GAS)}, block) for _, data in packed]
        told, *answers = await self._round([("eth_chainId", []), *requests], block)
        if isinstance(told, NoAnswer | RpcError):
            why = told.error if isinstance(told, NoAnswer) else told
            raise ChainError(f"{self._rpc.name} did not say which chain it is of: {why}")
        found: dict[View, bytes | Failed] = {}
        first = 0
        for (part, _), answer in zip(packed, answers, strict=True):
            self._take(wanted[first : first + len(part)], part, answer, found)
            first += len(part)
        return number_of(told, self._rpc.name), found

    def _take(
        self,
        views: Sequence[View],
        part: Sequence[lens.Asked],
        answer: Any,
        found: dict[View, bytes | Failed],
    ) -> None:
        """Keep what one lens saw and what is sure; all else is left to be asked alone."""
        if isinstance(answer, NoAnswer):
            return
        try:
            # What a node that runs no such program answers is nobody's fault, and no answer.
            data = bytes.fromhex(answer.data[2:]) if isinstance(answer, RpcError) else b""
            seen = lens.unpack(data, part)
        except ValueError:
            self._has_lens = isinstance(answer, RpcError) and answer.is_out_of_gas
            return
        for view, one in zip(views, seen, strict=True):
            if one is None:
                continue
            if one.done and one.size == len(one.data):
                found[view] = one.data
            elif view.call.optional:
                found[view] = Failed(Fault.TOO_LARGE if one.done else Fault.REVERTED, "")

    async def _alone(self, views: Sequence[View], block: BlockRef) -> dict[View, bytes | Failed]:
        requests = [
            _eth_call(
                {
                    "to": view.contract,
                    "data": view.call.data,
                    "gas": hex(_FIRST_GAS if view.call.optional else _ALONE_GAS),
                },
                block,
            )
            for view in views
        ]
        # What failed in a lens is heavy: answers too large to take together, or slow to come.
        most = _HEAVY if self._has_lens else _LIGHT
        answers = await self._round(requests, block, most) if requests else []
        return {v: self._result(v, answer) for v, answer in zip(views, answers, strict=True)}

    def _result(self, view: View, answer: Any) -> bytes | Failed:
        if isinstance(answer, NoAnswer):
            fault = Fault.TOO_LARGE if answer.too_large else Fault.UNANSWERED
            return Failed(fault, str(answer.error))
        if isinstance(answer, RpcError):
            if answer.is_out_of_gas:
                return Failed(Fault.OUT_OF_GAS, str(answer))
            if answer.is_revert:
                missing = answer.revert.says_no_token
                return Failed(Fault.REVERTED, answer.reason or "reverted", missing)
            return Failed(Fault.UNANSWERED, f"{self._rpc.name}: {answer}")
        try:
            data = bytes.fromhex(data_of(answer, self._rpc.name, view.call.signature)[2:])
        except ChainError as error:
            return Failed(Fault.UNANSWERED, str(error))
        most = _FIRST_BYTES if view.call.optional else _MOST_BYTES
        if len(data) > most:
            return Failed(Fault.TOO_LARGE, f"{len(data):,} bytes, more than {most:,}")
        return data

    async def _without_code(
        self, views: Sequence[View], block: BlockRef
    ) -> dict[View, bytes | Failed]:
        """Tell an address without code, which answers nothing to everything, from a contract."""
        contracts = list(dict.fromkeys(view.contract for view in views))
        requests: list[_Request] = [("eth_getCode", [c, block.by_hash]) for c in contracts]
        answers = await self._round(requests, block) if requests else []
        found: dict[str, Failed] = {}
        for contract, answer in zip(contracts, answers, strict=True):
            if answer == "0x":
                found[contract] = Failed(Fault.NO_CONTRACT, f"{contract} has no code")
            elif not isinstance(answer, str):
                # Null too: a node says it that lost the state of a block.
                why = answer.error if isinstance(answer, NoAnswer) else answer
                said = "no code, and not that there is none" if why is None else why
                found[contract] = Failed(Fault.UNANSWERED, f"{self._rpc.name}: {said}")
        return {view: found[view.contract] for view in views if view.contract in found}

    async def _round(
        self, requests: Sequence[_Request], block: BlockRef, most: int = _LIGHT
    ) -> list[Any]:
        """Ask, and last of all whether the block is there: not every node heeds `by_hash`."""
        check: _Request = ("eth_getBlockByNumber", [hex(block.number), False])
        *answers, there = await self._rpc.each([*requests, check], most=most)
        if isinstance(there, NoAnswer):
            (there,) = await self._rpc.batch([check])
        if not isinstance(there, dict) or there.get("hash") != block.hash:
            raise ChainError(
                f"{self._rpc.name} does not have block {block.number} ({block.hash}) on its chain; "
                "name a block that is final, or read again"
            )
        return answers


def _eth_call(message: dict[str, Any], block: BlockRef) -> _Request:
    return ("eth_call", [message, block.by_hash])
