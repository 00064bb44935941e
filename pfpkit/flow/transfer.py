"""Hand a token to its holder, or many tokens to many."""

from collections.abc import Sequence
from pathlib import Path

from pfpkit.accounts import Sent, Session
from pfpkit.block import BlockRef
from pfpkit.chain import Call
from pfpkit.cli.sending import SendOptions
from pfpkit.console import facts
from pfpkit.errors import ChainError, NoSuchToken, TransactionFailed
from pfpkit.flow.airdrop import look_up_names, owners_of, refuse_receivers
from pfpkit.flow.sending import Sending
from pfpkit.recipients import Recipients
from pfpkit.reference import TokenRef, checksum_address
from pfpkit.transactions.signed import Effect

__all__ = ["transfer", "transfer_all"]


async def transfer(
    session: Session, *, token_id: int, to: str, options: SendOptions | None = None
) -> Sent | None:
    """Move one token; None where a plan was all that was wanted."""
    options = options or SendOptions()
    sending = Sending(session, options, "transferred")
    receiver = sending.given(lambda: checksum_address(to))
    async with sending:
        ref = TokenRef(session.chain_id, sending.contract, token_id)
        block = await sending.node.block()
        (owner,) = await owners_of(sending, [token_id], block)
        if owner is None:
            raise NoSuchToken(f"{ref} does not exist at block {block.number}")
        if owner == receiver:
            raise TransactionFailed(f"{receiver} owns {ref} already; nothing was sent")
        effect = Effect(sending.contract, owner, receiver, str(token_id), to)
        if (fault := _sent_before(sending, effect)) is not None:
            raise TransactionFailed(f"{ref}: {fault}")
        planned = await sending.plan(f"transfer {ref}", [effect], block)
        if planned is None:
            return None
        await sending.send([effect])
        sent = session.sent[-1]
        (after,) = await owners_of(sending, [token_id], await sending.node.block(sent.block))
        if after != receiver:
            raise ChainError(f"{ref} belongs to {after} after {sent.transaction}")
        rows = [
            ("token", ref),
            ("from", owner),
            ("to", f"{receiver}, at block {sent.block}"),
            ("transaction", f"{sent.transaction}, {sending.cost(planned.price)}"),
            *sending.incidents,
        ]
        sending.say(facts(rows))
    return sent


async def transfer_all(session: Session, path: Path, *, options: SendOptions | None = None) -> int:
    """Move every token that a file names to its recipient; return how many were moved."""
    options = options or SendOptions()
    sending = Sending(session, options, "transferred")
    recipients = sending.given(lambda: Recipients.read(path, "id"))
    async with sending:
        block = await sending.node.block()
        await look_up_names(sending.node, recipients, block)
        effects = await _wanted(sending, recipients, block)
        asked = {effect.to: (effect.sender, int(effect.what)) for effect in effects}
        await refuse_receivers(sending, recipients, asked, block)
        recipients.check()
        if len(effects) < len(recipients.lines):
            before = len(recipients.lines) - len(effects)
            sending.say(f"  {before:,} of {len(recipients.lines):,} were transferred before")
        if not effects:
            sending.say(f"all tokens of {path} are with their recipients, or were")
            return 0
        planned = await sending.plan(f"transfer {len(effects):,} tokens", effects, block)
        if planned is None:
            return 0
        await sending.send(effects)
        sending.say(sending.summary(planned.price))
        sending.say(f"  {len(effects):,} transferred, each to its recipient")
    return len(effects)


async def _wanted(sending: Sending, recipients: Recipients, block: BlockRef) -> list[Effect]:
    """Return the moves that are still to be made; what cannot be is a fault of its line."""
    ids = [line.number for line in recipients.lines]
    owners = await owners_of(sending, ids, block)
    mine = sending.session.address
    holders = {owner for owner in owners if owner}
    allowed = await _operated(sending, holders, block)
    approved = await _approved(sending, ids, block)
    wanted: list[Effect] = []
    for line, owner in zip(recipients.lines, owners, strict=True):
        if owner is None:
            recipients.fault(line.line, f"token {line.number} does not exist")
            continue
        if not line.address or owner == line.address:
            continue
        effect = Effect(sending.contract, owner, line.address, str(line.number), line.name)
        may = owner == mine or owner in allowed or line.number in approved
        if not may and _passed_on(sending, line.address, line.number):
            continue
        if not may:
            recipients.fault(line.line, f"token {line.number} belongs to {owner}, not to {mine}")
        elif (fault := _sent_before(sending, effect)) is not None:
            recipients.fault(line.line, f"token {line.number}: {fault}")
        else:
            wanted.append(effect)
    return wanted


def _sent_before(sending: Sending, effect: Effect) -> str | None:
    """Return why a token is not sent again to whom it was sent before; None when it may be."""
    slot = sending.journal.of(effect)
    if slot is None or (slot.done is not None and sending.options.again):
        return None
    if slot.done is None:
        return f"it is under way to {effect.to} with nonce {slot.nonce}; nothing was sent"
    return (
        f"it was sent to {effect.to} in block {slot.done.block}, and came back; "
        "--again sends it once more"
    )


def _passed_on(sending: Sending, to: str, token_id: int) -> bool:
    """Whether the journal has a token's move to somebody as done, who may have passed it on."""
    return any(
        effect.to == to and effect.what == str(token_id) and effect.contract == sending.contract
        for slot in sending.journal.slots.values()
        if slot.done is not None
        for effect in slot.effects
        if not effect.is_mint
    )


async def _approved(sending: Sending, ids: Sequence[int], block: BlockRef) -> set[int]:
    """Return the tokens that are approved to the account."""
    calls = [Call("getApproved(uint256)", "address", (id_,)) for id_ in ids]
    answers = await sending.node.call(sending.contract, calls, block)
    account = sending.session.address
    return {id_ for id_, answer in zip(ids, answers, strict=True) if answer == account}


async def _operated(sending: Sending, holders: set[str], block: BlockRef) -> set[str]:
    """Return the holders of whom the account is an operator."""
    ordered, account = sorted(holders), sending.session.address
    calls = [Call("isApprovedForAll(address,address)", "bool", (h, account)) for h in ordered]
    answers = await sending.node.call(sending.contract, calls, block)
    return {holder for holder, answer in zip(ordered, answers, strict=True) if answer is True}
