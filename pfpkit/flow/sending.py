"""What minting, airdrops and transfers share: the journal, the plan, sending, and what is said."""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, Self, TypeVar

import click

from pfpkit.accounts import Sent, Session, named
from pfpkit.block import BlockRef
from pfpkit.chain import Node
from pfpkit.cli.sending import SendOptions
from pfpkit.console import facts
from pfpkit.cost import Fees, Price
from pfpkit.errors import ChainError, Interrupted, PfpkitError
from pfpkit.flow.events import VERSION, Events
from pfpkit.fork import forked
from pfpkit.minted import Minted, read_minted
from pfpkit.progress import Progress
from pfpkit.rpc import patient
from pfpkit.transaction_plan import Intended, Plan
from pfpkit.transactions.batches import Batches, call_data, call_name
from pfpkit.transactions.budget import Budget
from pfpkit.transactions.journal import Done, Place, Slot, TransactionJournal
from pfpkit.transactions.proof import Prover
from pfpkit.transactions.sender import Rules, Sender
from pfpkit.transactions.signed import Effect
from pfpkit.transactions.wire import Wire

__all__ = ["Sending"]

_T = TypeVar("_T")
_LIVE_LOOK_S = 2.0


class Sending:
    """The node, the collection's contract, and one account's journal, held.

    Use as `async with Sending(...) as sending:`, which sees to the end first what earlier runs
    signed. `done` is the word for what is done ("minted"). The first event is told when it is made;
    the last one says what became done, or the error that ended it.
    """

    def __init__(self, session: Session, options: SendOptions, done: str) -> None:
        self.session = session
        self.options = options
        self.events = Events(options.as_json)
        self._done = done
        self._progress: Progress | None = None
        self._counts: dict[str, int] = {}
        self._sent: list[Slot] = []
        self._became_done: dict[int, Slot] = {}
        """By nonce, of this run and what it concluded."""
        self._planned_at = 0
        self._budget = Budget(options.terms.max_cost)
        self.events.say("begin", version=VERSION, command=done, plan=options.only_plan)

    def given(self, parse: Callable[[], _T]) -> _T:
        """Parse what the user gave, before any node is asked; the error of it ends the events."""
        try:
            return parse()
        except PfpkitError as error:
            self.events.say("error", why=str(error))
            raise

    async def __aenter__(self) -> Self:
        options, session = self.options, self.session
        async with AsyncExitStack() as stack:
            stack.push(self._ended)
            self.node = await stack.enter_async_context(
                Node(session.url, patience_s=options.patience_s)
            )
            self.contract = (await session.deployment(self.node)).address
            # Of a live network too: one that is forked keeps its chain id, so that what is signed
            # for the fork could be sent to it.
            fork = await self.node.fork_name()
            place = Place(session.chain_id, fork or session.genesis, session.address)
            self.journal = TransactionJournal(session.root, place, holding=not options.only_plan)
            if session.is_ours:
                # Its chain ends with the command.
                stack.callback(shutil.rmtree, self.journal.folder, ignore_errors=True)
            stack.enter_context(self.journal)
            self.wire = await stack.enter_async_context(
                Wire(session.url, session.address, patience_s=options.patience_s)
            )
            await self._conclude()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._stack.__aexit__(*error)

    def _ended(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, PfpkitError):
            self.events.say("error", why=str(error))
            return
        done = [slot.done for slot in self._became_done.values() if slot.done is not None]
        if done and error is None:
            tokens = sum(len(one.ids) for one in done)
            # What others did in the place of a slot has no hash.
            count = sum(1 for one in done if one.hash)
            gas, wei = _paid(done)
            self.events.say("done_all", tokens=tokens, transactions=count, gas=gas, cost=str(wei))

    def say(self, text: str) -> None:
        """Print for people, unless events are printed for programs."""
        if not self.options.as_json:
            click.echo(text)

    async def _conclude(self) -> None:
        """See to the end what earlier runs signed, before anything new is planned."""
        if not self.journal.slots or self.options.only_plan:
            count = len(self.journal.open)
            if count:
                self.say(f"  of an earlier run, {_many(count)} under way; not in this plan")
            return
        under_way = self.journal.open
        if under_way:
            nonces = f"nonces {under_way[0].nonce} to {under_way[-1].nonce}"
            most = sum(slot.last.request.most for slot in under_way)
            cost = Price(Fees(0), self.session.coin, self.options.terms.rate).wei(most)
            what = f"{_many(len(under_way))} under way, {nonces}, for at most {cost}"
            self.say(f"  of an earlier run, {what}")
            if not self.session.is_local and not self.options.yes:
                question = "This is a live network. See them to their end?"
                click.confirm(question, abort=True, err=self.options.as_json)
        total = sum(len(slot.effects) for slot in under_way)
        await self._run("concluded", total, None)

    async def plan(self, what: str, effects: Sequence[Effect], block: BlockRef) -> Plan | None:
        """Say what it would cost, and ask; None, when a plan is all that is wanted.

        `block` is the one from which the effects were worked out.
        """
        options = self.options
        look = await self.wire.look([], [])
        self._planned_at = await patient(
            lambda: self.node.nonce_at(self.session.address, block), options.patience_s
        )
        outline = await self._batches(effects).outline(look)
        only = options.only_plan
        intended = [
            Intended(call_name(part), part[0].contract, call_data(part), None if only else gas)
            for part, gas in outline
        ]
        if only:
            async with forked(self.session.url) as fork:
                planned = await self.session.plan(self.node, what, intended, options.terms, fork)
            self.say(planned.text())
            if options.as_json:
                self.events.say(**planned.as_json())
            planned.check(options.terms)
            return None
        planned = await self.session.plan(self.node, what, intended, options.terms)
        if options.as_json:
            planned.check(options.terms)
            self.events.say(**planned.as_json())
        self.session.agree(planned, options.terms, yes=options.yes, quiet=options.as_json)
        self._budget.set_aside(planned.data_wei)
        return planned

    async def send(self, effects: Sequence[Effect]) -> list[Slot]:
        """Send what has these effects, and return its slots when all of it is done."""
        await self._run(self._done, len(effects), self._batches(effects))
        slots = {id(slot): slot for slot in map(self.journal.of, effects) if slot is not None}
        for slot in slots.values():
            if slot.done is not None:
                what = call_name(slot.effects)
                self.session.sent.append(Sent(what, slot.done.hash, slot.done.block, slot.done.gas))
        self._sent = list(slots.values())
        return self._sent

    async def minted(self) -> Minted:
        """Return what is minted, at a block that is not before what is known here."""
        ends = [slot.done or slot.void for slot in self.journal.slots.values()]
        deepest = max((end.block for end in ends if end), default=0)

        async def ask() -> Minted:
            state = await read_minted(self.node, self.contract)
            if state.block.number < deepest:
                raise ChainError(f"{self.node.name} is at block {state.block.number}; wait for it")
            return state

        return await patient(ask, self.options.patience_s)

    async def check_mints(self, effects: Sequence[Effect], state: Minted | None = None) -> Minted:
        """See that each bundle is minted, and once, as the chain says now, or said in `state`;
        ChainError if it is not."""
        state = state or await self.minted()
        for effect in effects:
            slot = self.journal.of(effect)
            if slot is not None and slot.is_open:
                continue  # beside a plan alone; what is sent is seen to its end
            digest = bytes.fromhex(effect.what)
            if digest not in state.by_digest:
                raise ChainError(
                    f"the bundle {effect.what} is not minted at block {state.block.number}, though "
                    f"{self.journal.folder} says that it was; run it again"
                )
            if digest in state.twice:
                raise ChainError(f"the bundle {effect.what} is minted twice; see docs/sending.md")
        return state

    def cost(self, price: Price) -> str:
        """Return what was paid for all that was sent, in words."""
        gas, wei = _paid([slot.done for slot in self._sent if slot.done is not None])
        return f"{gas:,} gas: {price.wei(wei)}"

    @property
    def incidents(self) -> list[tuple[str, str]]:
        """What did not go straight, and how often: rows to print."""
        counts = ((words, self._counts.get(event)) for event, words in _COUNTED.items())
        return [(words, f"{count:,}") for words, count in counts if count]

    def summary(self, price: Price) -> str:
        """Return what was sent, and what was paid for it."""
        folder = self.journal.folder.relative_to(self.session.root)
        sent = f"{len(self._sent):,}, {self.cost(price)}"
        return facts([("transactions", sent), ("journal", str(folder)), *self.incidents])

    def _batches(self, effects: Sequence[Effect]) -> Batches:
        return Batches(
            self.node,
            self.session.address,
            effects,
            most=self.options.batch,
            again=self.options.again,
            patience_s=self.options.patience_s,
            named=named,
        )

    async def _run(self, label: str, total: int, source: Batches | None) -> None:
        options, session = self.options, self.session
        wanted = options.confirmations
        confirmations = session.confirmations if wanted is None else wanted
        rules = Rules(
            confirmations=confirmations,
            in_flight=options.in_flight,
            max_fee=options.terms.max_fee,
            stall_s=options.stall_s,
            look_s=0.1 if session.is_local else _LIVE_LOOK_S,
        )
        prover = Prover(self.node, self.wire, confirmations if session.is_local else None)
        signer, budget = session.signer, self._budget
        sender = Sender(self.wire, self.journal, signer, prover, rules, budget, self._told)
        with Progress(label, total) as progress:
            self._progress = progress
            try:
                await sender.run(source, self._planned_at)
            except (asyncio.CancelledError, KeyboardInterrupt):
                raise Interrupted(f"stopped: {self._state(progress, label)}") from None
            except PfpkitError as error:
                error.args = (f"{error}; {self._state(progress, label)}",)
                raise

    def _state(self, progress: Progress, label: str) -> str:
        count = len(self.journal.open)
        under_way = f", {_many(count)} under way" if count else ""
        return (
            f"{progress.done:,} of {progress.total:,} are {label}{under_way}; "
            "the same command, run again, goes on"
        )

    def _told(self, event: str, **fields: Any) -> None:
        self.events.say(event, **fields)
        self._counts[event] = self._counts.get(event, 0) + 1
        assert self._progress is not None
        if event == "done":
            slot = self._became_done[fields["nonce"]] = self.journal.slots[fields["nonce"]]
            self._progress.add(steps=len(slot.effects))
        elif event in _NOTES and not self.options.as_json:
            self._progress.tell(f"  nonce {fields['nonce']}: {_NOTES[event].format(**fields)}")


def _paid(done: Sequence[Done]) -> tuple[int, int]:
    """The gas of what was done, and the wei that was paid for it."""
    return sum(one.gas for one in done), sum(one.gas * one.wei_per_gas for one in done)


def _many(count: int) -> str:
    return "1 transaction is" if count == 1 else f"{count:,} transactions are"


_NOTES = {
    "replaced": "sent again with higher fees",
    "reorganised": "the chain took another way, so it is sent again",
    "dropped": "the node has lost it, so it is sent again",
    "waiting": "waits, for {why}",
    "void": "never to be mined, for {why}",
}
_COUNTED = {
    "replaced": "with higher fees",
    "reorganised": "reorganised",
    "dropped": "lost and sent again",
    "void": "void",
}
