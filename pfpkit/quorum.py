"""Several nodes, asked at once for the same block, of which enough have to agree.

    async with Quorum([Node(url) for url in urls], agree=2) as nodes:
        block = await nodes.block("latest-12")
        answers = await nodes.tokens(asked, block)

A node that is of another chain, behind, silent, or says something else than enough others is named
in `faults`, and its answers are left out. Trusts that fewer than `agree` nodes lie together.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self, TypeVar

from pfpkit.addresses import fingerprint
from pfpkit.block import BlockRef
from pfpkit.chain import Node
from pfpkit.console import shown
from pfpkit.errors import BadInput, ChainError, NodeUnreachable, NoQuorum
from pfpkit.reference import TokenRef, checksum_address
from pfpkit.tokens import Outcome, TokenAnswer
from pfpkit.transfers import Transfer
from pfpkit.views import Reverted

__all__ = ["NodeFault", "Quorum", "Reproach"]

_T = TypeVar("_T")


class NodeFault(StrEnum):
    """Why a node's answer was left out."""

    OTHER_CHAIN = "other-chain"
    BEHIND = "behind"
    """It does not have the block, or not any more."""
    SILENT = "silent"
    """It gave no answer, or none that can be read."""
    DISAGREES = "disagrees"
    """It says something else than enough others: it lies, or has another block there."""


@dataclass(frozen=True, slots=True)
class Reproach:
    """What one node did, by its address as it may be shown."""

    node: str
    fault: NodeFault
    reason: str

    def __str__(self) -> str:
        return f"{self.node} {self.fault}: {self.reason}"


class Quorum:
    """Answers as a `Node` does, with what at least `agree` nodes say.

    Where fewer do, or where two camps are large enough: NoQuorum, or `no-quorum` for a token.
    `faults` names each node once for each fault; clear it when they have been told.
    """

    def __init__(self, nodes: Sequence[Node], agree: int) -> None:
        if not 1 <= agree <= len(nodes):
            raise BadInput(f"{agree} of {len(nodes)} nodes cannot agree; name more nodes, or fewer")
        if len({node.url for node in nodes}) < len(nodes):
            raise BadInput("a node is named twice, and its word counts once; name another")
        self._nodes, self._agree = list(nodes), agree
        self._asked = list(nodes)
        self.identity = fingerprint(str(agree), *sorted(node.identity for node in nodes))
        """Stands for these nodes and how many agree, and shows nothing of them."""
        self.faults: list[Reproach] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        for node in self._nodes:
            await node.__aexit__(*error)

    async def block(self, at: str | int = "latest") -> BlockRef:
        """Return the highest block at `at` that enough nodes have, by number and hash.

        Nodes are rarely at the same height: one that is ahead does not fail the others. All nodes
        are asked again; who does not have that block is not asked for tokens until the next time.
        """
        chains, failures = await _ask(self._nodes, lambda node: node.chain_id())
        self._reproach_all(failures)
        chain = self._agreed(chains, "the chain", NodeFault.OTHER_CHAIN)
        nodes = [node for node, chain_id in chains if chain_id == chain]
        heads, failures = await _ask(nodes, lambda node: node.block(at))
        numbers = sorted((block.number for _, block in heads), reverse=True)
        for number in dict.fromkeys(numbers[self._agree - 1 :]):
            having, lacking = await _ask(nodes, _numbered(number))
            if _winner([block for _, block in having], self._agree) is not None:
                self._reproach_all(lacking)
                found = self._agreed(having, f"block {number}")
                self._asked = [node for node, block in having if block == found]
                return found
        self._reproach_all(failures)
        raise self._failed(f"block {at}", [(node.name, _short(block)) for node, block in heads])

    async def has(self, block: BlockRef) -> bool:
        """Whether the block is on the chain, as enough nodes say; NoQuorum when they do not."""
        said, failures = await _ask(self._asked, lambda node: node.has(block))
        self._reproach_all(failures)
        return self._agreed(said, f"whether block {block.number} is there")

    async def tokens(
        self, asked: Sequence[tuple[TokenRef, str | None]], block: BlockRef
    ) -> list[TokenAnswer]:
        """Return for each token what enough nodes say of it at `block`, or `no-quorum`."""
        asked = [(ref, holder and checksum_address(holder)) for ref, holder in asked]
        said, failures = await _ask(self._asked, lambda node: node.tokens(asked, block))
        self._reproach_all(failures)
        found = []
        for place, (ref, holder) in enumerate(asked):
            votes = [(node, answers[place]) for node, answers in said]
            found.append(self._vote(votes) or self._undecided(ref, holder, block, votes))
        return found

    async def transfers(self, contracts: Sequence[str], first: int, last: int) -> list[Transfer]:
        """Return the Transfer events that any node tells of, for they are hints of what to read.

        NoQuorum when none answers.
        """
        said, failures = await _ask(
            self._asked, lambda node: node.transfers(contracts, first, last)
        )
        self._reproach_all(failures)
        if not said:
            raise self._failed(f"the events of blocks {first} to {last}", [])
        return list(dict.fromkeys(event for _, events in said for event in events))

    async def minted(self, contract: str, transaction: str) -> list[Transfer] | None:
        """Return what a transaction minted in a contract, as enough nodes say; None while waiting.

        NoQuorum when they say different things.
        """
        said, failures = await _ask(self._asked, lambda node: node.minted(contract, transaction))
        self._reproach_all(failures)
        plain = [(node, "waiting" if found is None else tuple(found)) for node, found in said]
        agreed = self._agreed(plain, f"transaction {transaction}")
        return None if isinstance(agreed, str) else list(agreed)

    async def code_at(self, address: str, block: BlockRef) -> bytes:
        """Return an account's code at `block`, as enough nodes say; NoQuorum when they do not."""
        said, failures = await _ask(self._asked, lambda node: node.code_at(address, block))
        self._reproach_all(failures)
        return self._agreed(said, f"the code of {address}")

    async def execute(self, to: str | None, data: bytes, block: BlockRef) -> bytes | Reverted:
        """Return what a call answers at `block`, as enough nodes say; NoQuorum."""
        said, failures = await _ask(self._asked, lambda node: node.execute(to, data, block))
        self._reproach_all(failures)
        # What a client says of a revert is its own words.
        plain = [(node, Reverted("") if isinstance(a, Reverted) else a) for node, a in said]
        return self._agreed(plain, f"a call of {to or 'creation code'}")

    def _vote(self, votes: Sequence[tuple[Node, TokenAnswer]]) -> TokenAnswer | None:
        voted = [_facts(answer) for _, answer in votes if answer.outcome is not Outcome.UNANSWERED]
        won = _winner(voted, self._agree)
        if won is None:
            return None
        for node, answer in votes:
            if _facts(answer) != won:
                self._reproach(
                    node, _FAULTS.get(answer.outcome, NodeFault.DISAGREES), _told(answer)
                )
        return next(answer for _, answer in votes if _facts(answer) == won)

    def _undecided(
        self,
        ref: TokenRef,
        holder: str | None,
        block: BlockRef,
        votes: Sequence[tuple[Node, TokenAnswer]],
    ) -> TokenAnswer:
        said = [(node.name, _told(answer)) for node, answer in votes]
        reason = str(self._failed(str(ref), said))
        return TokenAnswer(ref, holder, block, Outcome.NO_QUORUM, reason)

    def _agreed(
        self,
        said: Sequence[tuple[Node, _T]],
        what: str,
        fault: NodeFault = NodeFault.DISAGREES,
    ) -> _T:
        won = _winner([answer for _, answer in said], self._agree)
        if won is None:
            raise self._failed(what, [(node.name, _short(answer)) for node, answer in said])
        for node, answer in said:
            if answer != won:
                self._reproach(node, fault, f"says {_short(answer)} for {what}, not {_short(won)}")
        return won

    def _failed(self, what: str, said: Sequence[tuple[str, str]]) -> NoQuorum:
        told = [f"{name} says {answer}" for name, answer in said]
        told += [str(reproach) for reproach in self.faults]
        return NoQuorum(
            f"{self._agree} of {len(self._nodes)} nodes have to agree on {what}, and do not: "
            f"{'; '.join(told)}; ask again, or name more nodes"
        )

    def _reproach_all(self, failures: Sequence[tuple[Node, ChainError]]) -> None:
        for node, error in failures:
            silent = isinstance(error, NodeUnreachable)
            self._reproach(node, NodeFault.SILENT if silent else NodeFault.BEHIND, str(error))

    def _reproach(self, node: Node, fault: NodeFault, reason: str) -> None:
        if not any((one.node, one.fault) == (node.name, fault) for one in self.faults):
            self.faults.append(Reproach(node.name, fault, reason))


_FAULTS = {Outcome.WRONG_CHAIN: NodeFault.OTHER_CHAIN, Outcome.UNANSWERED: NodeFault.SILENT}


def _winner(votes: Sequence[_T], agree: int) -> _T | None:
    """Return what at least `agree` say, if that is one thing."""
    large = [answer for answer, count in Counter(votes).items() if count >= agree]
    return large[0] if len(large) == 1 else None


def _facts(answer: TokenAnswer) -> tuple[Any, ...]:
    """What nodes have to agree on: all but the words of a reason, which are each client's own."""
    return (
        answer.outcome,
        answer.owner,
        answer.balance,
        answer.token_uri,
        answer.image_uri,
        answer.declared,
    )


def _told(answer: TokenAnswer) -> str:
    facts = [answer.outcome, answer.owner, answer.balance, answer.token_uri, answer.reason]
    said = ", ".join(str(fact)[:100] for fact in facts if fact not in (None, ""))
    return shown(said)


def _short(answer: Any) -> str:
    return f"{answer.number} ({answer.hash})" if isinstance(answer, BlockRef) else str(answer)


def _numbered(number: int) -> Callable[[Node], Awaitable[BlockRef]]:
    return lambda node: node.block(number)


async def _ask(
    nodes: Sequence[Node], question: Callable[[Node], Awaitable[_T]]
) -> tuple[list[tuple[Node, _T]], list[tuple[Node, ChainError]]]:
    """Ask nodes at once, and return who answered what, and who failed how."""

    async def asked(node: Node) -> _T | ChainError:
        try:
            return await question(node)
        except ChainError as error:
            return error

    answered: list[tuple[Node, _T]] = []
    failed: list[tuple[Node, ChainError]] = []
    for node, said in zip(nodes, await asyncio.gather(*map(asked, nodes)), strict=True):
        if isinstance(said, ChainError):
            failed.append((node, said))
        else:
            answered.append((node, said))
    return answered, failed
