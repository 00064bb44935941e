"""Give each recipient of a file the token meant for them: minted to them, once."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pfpkit.accounts import Session
from pfpkit.block import BlockRef
from pfpkit.chain import Call, Node, Reverted
from pfpkit.cli.sending import SendOptions
from pfpkit.ens import address_of
from pfpkit.errors import BadInput, NoSuchContract, PfpkitError
from pfpkit.flow.sending import Sending
from pfpkit.minted import Minted
from pfpkit.pins import PinEntry
from pfpkit.readback import read_pinned
from pfpkit.recipients import Recipient, Recipients
from pfpkit.reference import NOBODY
from pfpkit.transactions.signed import Effect
from pfpkit.workspace import Workspace

__all__ = ["airdrop", "look_up_names", "owners_of", "refuse_receivers"]


async def airdrop(
    session: Session,
    path: Path,
    gateways: tuple[str, ...] = (),
    *,
    options: SendOptions | None = None,
    any_receiver: bool = False,
) -> int:
    """Mint what the file says and is not minted; return how many were.

    With `any_receiver`, contracts are not asked whether they take tokens.
    """
    options = options or SendOptions()
    work = Workspace(session.root)
    sending = Sending(session, options, "minted")
    recipients = sending.given(lambda: Recipients.read(path, "token"))
    async with sending:
        state = await sending.minted()
        state.check_minter(session.address)
        await look_up_names(sending.node, recipients, state.block)
        wanted = Wanted(sending, work, recipients)
        effects = await wanted.effects(state)
        if not any_receiver:
            asked = {effect.to: (NOBODY, state.total + 1) for effect in effects}
            await refuse_receivers(sending, recipients, asked, state.block)
        recipients.check()
        wanted.name_several()
        if len(effects) < len(recipients.lines):
            before = len(recipients.lines) - len(effects)
            sending.say(f"  {before:,} of {len(recipients.lines):,} were minted before")
        if not effects:
            await sending.check_mints(wanted.all, state)
            sending.say(f"all tokens of {path} are with their recipients, or were")
            return 0
        state.check_left(len(effects))
        with work.routes(gateways, live=not session.is_local) as routes:
            session.check_routes(routes)
            await read_pinned(wanted.missing, routes)
        planned = await sending.plan(f"airdrop {len(effects):,} tokens", effects, state.block)
        if planned is None:
            return 0
        await sending.send(effects)
        await sending.check_mints(wanted.all)
        sending.say(sending.summary(planned.price))
        sending.say(f"  {len(effects):,} minted, each to its recipient")
    return len(effects)


class Wanted:
    """What a file of recipients asks for, beside what is minted and what is under way."""

    def __init__(self, sending: Sending, work: Workspace, recipients: Recipients) -> None:
        self.sending = sending
        self.recipients = recipients
        self._pins = {entry.key: entry for entry in work.pinned_tokens()}
        self.missing: list[PinEntry] = []
        """What is still to be minted, in the order of the effects."""

    @property
    def all(self) -> list[Effect]:
        """The effects of every line."""
        return [
            self._mint(line, entry)
            for line in self.recipients.lines
            if (entry := self._pins.get(str(line.number)))
        ]

    async def effects(self, state: Minted) -> list[Effect]:
        """Return what is still to be minted; what cannot be is a fault of its line."""
        if state.unknown:
            ids = ", ".join(map(str, state.unknown))
            raise BadInput(
                f"tokens {ids} were minted and burned in one block, so that no node knows whether "
                "they were for one of these recipients; mint by hand"
            )
        wanted: list[Effect] = []
        elsewhere: dict[int, tuple[int, Effect]] = {}
        bundles: dict[bytes, int] = {}
        for line in self.recipients.lines:
            entry = self._pins.get(str(line.number))
            if entry is None:
                self.recipients.fault(line.line, f"token {line.number} is in no record of pins")
                continue
            other = bundles.setdefault(entry.digest, line.number)
            if other != line.number:
                what = f"tokens {other} and {line.number} are the same picture and words"
                self.recipients.fault(line.line, what)
            if not line.address:
                continue
            effect = self._mint(line, entry)
            slot = self.sending.journal.of(effect)
            if slot is not None and slot.is_ours:
                (known,) = [one for one in slot.effects if one.what == effect.what]
                if line.name != known.name and line.address != known.to:
                    what = f"token {line.number} was minted to {known.to} (nonce {slot.nonce})"
                    self.recipients.fault(line.line, what)
            elif entry.digest in state.by_digest:
                elsewhere[line.line] = (state.by_digest[entry.digest], effect)
            elif slot is None:
                wanted.append(effect)
                self.missing.append(entry)
        await self._refuse_elsewhere(elsewhere, state)
        return wanted

    def _mint(self, line: Recipient, entry: PinEntry) -> Effect:
        contract, digest = self.sending.contract, entry.digest.hex()
        return Effect(contract, NOBODY, line.address, digest, line.name)

    async def _refuse_elsewhere(
        self, elsewhere: Mapping[int, tuple[int, Effect]], state: Minted
    ) -> None:
        """Note, of tokens that are minted, those that were minted to somebody else."""
        ids = [id_ for id_, _ in elsewhere.values()]
        owners = await owners_of(self.sending, ids, state.block)
        for (line, (id_, effect)), owner in zip(elsewhere.items(), owners, strict=True):
            if owner == effect.to:
                continue
            first = await self.sending.node.minted_to(self.sending.contract, id_)
            if first != effect.to:
                self.recipients.fault(line, f"it is token {id_} already, minted to {first}")

    def name_several(self) -> None:
        """Say which recipients get several tokens: it may be meant."""
        by_address: dict[str, list[int]] = {}
        for line in self.recipients.lines:
            by_address.setdefault(line.address, []).append(line.line)
        several = {address: lines for address, lines in by_address.items() if len(lines) > 1}
        for address, lines in list(several.items())[:5]:
            shown = ", ".join(map(str, lines[:10])) + (", ..." if len(lines) > 10 else "")
            self.sending.say(f"  note: {address} gets {len(lines)} tokens (lines {shown})")
        if len(several) > 5:
            self.sending.say(f"  note: {len(several) - 5} others get several tokens")


async def owners_of(sending: Sending, ids: Sequence[int], block: BlockRef) -> list[str | None]:
    """Return who has each token at a block; None for one that does not exist."""
    calls = [Call("ownerOf(uint256)", "address", (id_,)) for id_ in ids]
    answers = await sending.node.call(sending.contract, calls, block)
    return [None if isinstance(answer, Reverted) else answer for answer in answers]


async def look_up_names(node: Node, recipients: Recipients, block: BlockRef) -> None:
    """Give the recipients' ENS names their addresses at a block; faults where there are none."""
    found: dict[str, str | BaseException] = {}
    for name in recipients.names:
        try:
            found[name] = await address_of(node, name, block)
        except NoSuchContract:
            found[name] = BadInput(f"{name!a} cannot be looked up: this chain has no ENS registry")
        except PfpkitError as error:
            found[name] = error
    recipients.named(found)


async def refuse_receivers(
    sending: Sending,
    recipients: Recipients,
    asked: Mapping[str, tuple[str, int]],
    block: BlockRef,
) -> None:
    """Note the recipients that are contracts which would not take a token (ERC-721)."""
    account = sending.session.address
    refused = await sending.node.refusals(sending.contract, account, asked, block)
    for line in recipients.lines:
        if line.address in refused:
            recipients.fault(line.line, f"{line.name} is {refused[line.address]}")
