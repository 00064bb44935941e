"""Mint one picture in one step, or the next bundles of the record."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pfpkit.accounts import Sent, Session
from pfpkit.bundle import build
from pfpkit.chain import Call, Reverted
from pfpkit.cid import CID
from pfpkit.cli.sending import SendOptions
from pfpkit.collection import read_file
from pfpkit.console import facts, table
from pfpkit.errors import BadInput, ChainError, TransactionFailed
from pfpkit.flow.sending import Sending
from pfpkit.images import clean
from pfpkit.metadata import TokenMetadata
from pfpkit.minted import Minted
from pfpkit.publication import Route, publish
from pfpkit.readback import read_pinned
from pfpkit.reference import NOBODY, checksum_address
from pfpkit.transactions.journal import Slot
from pfpkit.transactions.signed import Effect
from pfpkit.workspace import Workspace

__all__ = ["Minting", "mint"]


@dataclass(frozen=True, slots=True)
class Minting:
    """One minted token: its id and its URIs, as the contract gives them for its bundle."""

    sent: Sent
    token_id: int
    metadata_uri: str
    image_uri: str


async def mint(
    session: Session,
    gateways: tuple[str, ...] = (),
    *,
    image: Path | None = None,
    name: str | None = None,
    description: str | None = None,
    to: str | None = None,
    count: int | None = None,
    entries: tuple[str, ...] = (),
    every: bool = False,
    options: SendOptions | None = None,
    any_receiver: bool = False,
) -> list[Minting]:
    """Mint and print what came of it; what is minted already, the chain says.

    `every` says what is the default: all of the record. With `any_receiver`, a contract is not
    asked whether it takes tokens.
    """
    options = options or SendOptions()
    sending = Sending(session, options, "minted")
    receiver = sending.given(lambda: checksum_address(to) if to else session.address)
    chosen = every, count, entries
    words = sending.given(lambda: _words(image, name, description, *chosen))
    work = Workspace(session.root)
    async with sending:
        state = await sending.minted()
        state.check_minter(session.address)
        if receiver != session.address and not any_receiver:
            await _check_receiver(sending, state, receiver)
        with work.routes(gateways, live=not session.is_local) as routes:
            session.check_routes(routes)
            if image is None or words is None:
                digests = await _next(sending, work, routes, state, entries, count)
            else:
                digests = [await _one_picture(sending, work, routes, state, image, words)]
        if not digests:
            sending.say(f"all bundles of the record are minted: {state.total} tokens")
            return []
        state.check_left(len(digests))
        effects = [
            Effect(sending.contract, NOBODY, receiver, digest.hex(), to or receiver)
            for digest in digests
        ]
        planned = await sending.plan(f"mint {len(digests)} to {receiver}", effects, state.block)
        if planned is None:
            return []
        slots = await sending.send(effects)
        state = await sending.check_mints(effects)
        made = await _made(sending, slots, state)
        sending.say(_table(made))
        sending.say(f"  {len(made)} minted with {sending.cost(planned.price)}")
        if sending.incidents:
            sending.say(facts(sending.incidents))
    return made


def _words(
    image: Path | None,
    name: str | None,
    description: str | None,
    every: bool,
    count: int | None,
    entries: tuple[str, ...],
) -> TokenMetadata | None:
    """Return the words of one picture, None for those of the record; BadInput for some of both."""
    if image is None and (name is not None or description is not None):
        raise BadInput("--name and --description go with --image; add it")
    if image is not None and (count is not None or entries):
        raise BadInput("--count and --entry choose from the record; leave them out with --image")
    if every and (image is not None or count is not None or entries):
        raise BadInput("--all mints the whole record; leave --image, --count and --entry out")
    if image is not None and not name:
        raise BadInput("a picture needs a name for ever; give it with --name")
    return TokenMetadata(name, description) if name else None


async def _made(sending: Sending, slots: Sequence[Slot], state: Minted) -> list[Minting]:
    """Return what was minted, with the URIs as the contract gives them at that block."""
    found = [
        (Sent("mint", slot.done.hash, slot.done.block, slot.done.gas), effect)
        for slot in slots
        if slot.done is not None
        for effect in slot.effects
    ]
    ids = [state.by_digest[bytes.fromhex(effect.what)] for _, effect in found]
    calls = [
        Call(f"{view}(uint256)", "string", (id_,))
        for id_ in ids
        for view in ("tokenURI", "imageURI")
    ]
    uris = await sending.node.call(sending.contract, calls, state.block)
    if any(isinstance(uri, Reverted) for uri in uris):
        raise ChainError(f"a token was burned before its URIs were read at block {state.block}")
    return [
        Minting(sent, id_, uri, image)
        for (sent, _), id_, uri, image in zip(found, ids, uris[::2], uris[1::2], strict=True)
    ]


def _table(made: list[Minting]) -> str:
    names = ["token id", "metadata URI", "image URI"]
    rows = [(minting.token_id, minting.metadata_uri, minting.image_uri) for minting in made]
    return facts(list(zip(names, rows[0], strict=True))) if len(rows) == 1 else table(names, rows)


async def _check_receiver(sending: Sending, state: Minted, receiver: str) -> None:
    """Refuse a contract that does not take tokens: `mint` does not ask it, and loses them."""
    asked = {receiver: (NOBODY, state.total + 1)}
    account = sending.session.address
    refused = await sending.node.refusals(sending.contract, account, asked, state.block)
    if refused:
        raise TransactionFailed(
            f"{receiver} is {refused[receiver]}; nothing was sent; name another one with --to, or "
            "say that it is meant with --any-receiver"
        )


async def _one_picture(
    sending: Sending,
    work: Workspace,
    routes: list[Route],
    state: Minted,
    path: Path,
    words: TokenMetadata,
) -> bytes:
    """Bundle, pin and read back one picture; return its digest."""
    picture = clean(read_file(path), source=str(path))
    for removed in picture.removed:
        sending.say(f"  {path.name}: removed {removed}")
    bundle = build(picture, words)
    if bundle.digest in state.by_digest:
        raise BadInput(
            f"{path}: the same picture and words are token {state.by_digest[bundle.digest]} "
            "already; change one of them"
        )
    async for _ in publish([("0", bundle)], [work.embedded], routes):
        pass
    return bundle.digest


async def _next(
    sending: Sending,
    work: Workspace,
    routes: list[Route],
    state: Minted,
    keys: tuple[str, ...],
    count: int | None,
) -> list[bytes]:
    """Return the digests of the record's bundles that are not minted, each read back now."""
    tokens = work.pinned_tokens()
    if state.unknown and not keys:
        ids = ", ".join(map(str, state.unknown))
        raise ChainError(
            f"tokens {ids} were minted and burned in one block, so no node knows their bundles; "
            "name the entries to mint with --entry"
        )
    chosen = [work.pinned(key) for key in keys] if keys else tokens
    unseen = [entry for entry in chosen if entry.digest not in state.by_digest]
    effects = [Effect(sending.contract, NOBODY, "", entry.digest.hex()) for entry in unseen]
    # What is in the journal is under way or was minted, whatever a node that lags behind says.
    known = [effect for effect in effects if sending.journal.of(effect)]
    await sending.check_mints(known, state)
    missing = [entry for entry, effect in zip(unseen, effects, strict=True) if effect not in known]
    if len(missing) < len(chosen):
        sending.say(f"  {len(chosen) - len(missing)} of {len(chosen)} were minted before")
    wanted = missing[:count]
    seen: dict[CID, str] = {}
    for entry in wanted:
        if entry.bundle in seen:
            raise BadInput(f"tokens {seen[entry.bundle]} and {entry.key} are the same; change one")
        seen[entry.bundle] = entry.key
    await read_pinned(wanted, routes)
    return [entry.digest for entry in wanted]
