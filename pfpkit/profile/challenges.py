"""Messages that wallets were asked to sign: made for one browser, taken back once, for minutes.

A wallet is asked for one thing: to sign in, to sign up under a name, or to show one token. The
message says which, and that it grants nothing else.
"""

import re
import time
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session as Records

from pfpkit.block import BlockRef
from pfpkit.errors import BadInput, BadSignIn
from pfpkit.profile.browser import Browser
from pfpkit.profile.records import Challenge as Row
from pfpkit.profile.service import Service
from pfpkit.reference import TokenRef
from pfpkit.signin import (
    Challenge,
    SignInFault,
    check_place,
    check_same,
    check_signature,
    check_time,
    read_message,
)

__all__ = ["Purpose", "Signed", "ask", "token_of", "verified"]

_OPEN = 10
"""Challenges that one browser may have open; older ones are forgotten."""
_SIGNATURE = re.compile(r"0x(?:[0-9a-fA-F]{2}){1,8192}")


class Purpose(StrEnum):
    """What a wallet is asked for."""

    SIGN_IN = "signin"
    SIGN_UP = "signup"
    PICTURE = "picture"

    @property
    def path(self) -> str:
        """The URI of the message, beneath the service's origin: it fixes the purpose."""
        return f"/wallet/{self}"


@dataclass(frozen=True, slots=True)
class Signed:
    """What a wallet signed: its address, and the name or token that it was asked for."""

    address: str
    name: str | None
    token: TokenRef | None
    block: BlockRef
    """At which the signature counts."""


async def ask(
    service: Service,
    browser: Browser,
    purpose: Purpose,
    address: str,
    *,
    name: str | None = None,
    token: TokenRef | None = None,
) -> Challenge:
    """Return a message for this browser's wallet to sign."""
    settings = service.settings
    challenge = Challenge.new(
        settings.origin,
        purpose.path,
        address,
        settings.chain_id,
        _statement(settings.domain, purpose, name, token),
        () if token is None else (str(token),),
        time.time(),
    )
    row = Row(
        nonce=challenge.nonce,
        browser=browser.key,
        purpose=purpose,
        message=challenge.message,
        name=name,
        ends=challenge.expires,
    )
    await service.database.run(_keep, row)
    return challenge


async def verified(
    service: Service, browser: Browser, purposes: tuple[Purpose, ...], text: str, signature: str
) -> Signed:
    """Return what a wallet signed for this browser; BadSignIn says why it does not count.

    The nonce is used up by whatever comes of it. ChainError when the chain cannot be asked.
    """
    settings = service.settings
    said = read_message(text)
    check_place(said, settings.origin, settings.chain_id)
    check_time(said, time.time())
    row = await service.database.run(_take, said.nonce, browser.key)
    if row is None:
        words = "this browser was not given that nonce, or it was used already; ask for a new one"
        raise BadSignIn(words, SignInFault.NONCE_UNKNOWN)
    check_same(said, read_message(row.message))
    if row.purpose not in purposes:
        raise BadSignIn("the message was signed for another purpose", SignInFault.WRONG_URI)
    if not _SIGNATURE.fullmatch(signature):
        raise BadSignIn("the signature is not hexadecimal", SignInFault.BAD_SIGNATURE)
    block = await service.chain.block()
    data = bytes.fromhex(signature[2:])
    await check_signature(service.chain, said.address, text, data, block)
    token = TokenRef.parse(said.resources[0]) if said.resources else None
    return Signed(said.address, row.name, token, block)


def token_of(service: Service, text: str) -> TokenRef:
    """Return the token that a person named: CAIP-19, `<contract>/<id>`, or an id of the collection.

    BadReference when it is none, or of another chain.
    """
    settings, text = service.settings, text.strip()
    if text.isdecimal() and settings.collection is not None:
        text = f"{settings.collection}/{text}"
    ref = TokenRef.parse(text, settings.chain_id)
    if len(str(ref)) > 200:
        raise BadInput("the token's name is too long")
    return ref


def _statement(domain: str, purpose: Purpose, name: str | None, token: TokenRef | None) -> str:
    if purpose is Purpose.PICTURE:
        return (
            f"Show {token} as the profile picture of {name} at {domain}. This lets the service "
            "read that one token and who owns it. It grants nothing else: it moves nothing, "
            "approves nothing and costs nothing."
        )
    what = (
        f"Sign up at {domain} as {name}." if purpose is Purpose.SIGN_UP else f"Sign in to {domain}."
    )
    return f"{what} This grants nothing else: no token is read, moved or approved."


def _keep(records: Records, row: Row) -> None:
    records.execute(delete(Row).where(Row.ends < time.time()))
    older = select(Row.nonce).where(Row.browser == row.browser).order_by(Row.ends.desc())
    for nonce in records.scalars(older.offset(_OPEN - 1)).all():
        records.execute(delete(Row).where(Row.nonce == nonce))
    records.add(row)


def _take(records: Records, nonce: str, browser: str) -> Row | None:
    """Return a challenge and forget it: of two requests at once, one gets it."""
    found = records.execute(
        delete(Row)
        .where(Row.nonce == nonce, Row.browser == browser)
        .returning(Row.message, Row.purpose, Row.name)
    ).one_or_none()
    if found is None:
        return None
    return Row(nonce=nonce, message=found[0], purpose=found[1], name=found[2])
