"""The message that a wallet signs: EIP-4361, read by its grammar, checked field by field.

Pure. Parsing is `signinwithethereum`'s, which checks less than EIP-4361 allows one to: it takes
messages of any age, and of no expiry. What it leaves out is checked here.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from pfpkit.errors import BadReference, BadSignIn
from pfpkit.reference import checksum_address
from pfpkit.signin.fault import SignInFault
from pfpkit.signin.parser import SiweMessage
from pfpkit.timestamp import timestamp

__all__ = ["LIFETIME_S", "Challenge", "check_place", "check_same", "check_time", "read_message"]

LIFETIME_S = 300
"""Seconds from the asking to the last moment at which an answer counts."""
_CLOCKS_S = 30
"""Seconds by which the clocks of two workers may differ."""
_MAX_LETTERS = 2_000
"""The grammar's parser takes time that grows with the square of the text."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """One message. `issued` and `expires` are seconds since 1970; `resources` are URIs."""

    origin: str
    path: str
    address: str
    chain_id: int
    statement: str
    nonce: str
    issued: int
    expires: int | None
    resources: tuple[str, ...] = ()

    @classmethod
    def new(
        cls,
        origin: str,
        path: str,
        address: str,
        chain_id: int,
        statement: str,
        resources: tuple[str, ...],
        now: float,
    ) -> Self:
        """Return a message with a nonce of its own; BadReference when `address` is none."""
        nonce, begun = secrets.token_hex(16), int(now)
        return cls(
            origin,
            path,
            checksum_address(address),
            chain_id,
            statement,
            nonce,
            begun,
            begun + LIFETIME_S,
            resources,
        )

    @property
    def message(self) -> str:
        """The text to sign."""
        scheme, _, domain = self.origin.partition("://")
        # Wallets take a domain without a scheme for one of https.
        place = domain if scheme == "https" else self.origin
        lines = [
            f"{place} wants you to sign in with your Ethereum account:",
            self.address,
            "",
            self.statement,
            "",
            f"URI: {self.origin}{self.path}",
            "Version: 1",
            f"Chain ID: {self.chain_id}",
            f"Nonce: {self.nonce}",
            f"Issued At: {timestamp(self.issued)}",
        ]
        if self.expires is not None:
            lines.append(f"Expiration Time: {timestamp(self.expires)}")
        if self.resources:
            lines += ["Resources:", *(f"- {resource}" for resource in self.resources)]
        return "\n".join(lines)


def read_message(text: str) -> Challenge:
    """Return what a message says; BadSignIn when it is none, or says more than it may.

    It has to be written as `Challenge.message` writes it, so that no two texts say the same.
    """
    if len(text) > _MAX_LETTERS:
        raise _fault(SignInFault.BAD_MESSAGE, f"the message has over {_MAX_LETTERS:,} letters")
    try:
        said = SiweMessage.from_message(text)
        address = checksum_address(said.address)
        issued = _seconds(said.issued_at)
        expires = None if said.expiration_time is None else _seconds(said.expiration_time)
    except (ValueError, TypeError, AttributeError, OverflowError, BadReference):
        raise _fault(SignInFault.BAD_MESSAGE, "this is no EIP-4361 message") from None
    if said.not_before is not None or said.request_id is not None:
        raise _fault(SignInFault.BAD_MESSAGE, "the message has fields that were not asked for")
    origin = f"{said.scheme or 'https'}://{said.domain}"
    if not said.uri.startswith(f"{origin}/"):
        raise _fault(SignInFault.WRONG_URI, "its URI is of another place than its domain")
    found = Challenge(
        origin,
        said.uri.removeprefix(origin),
        address,
        said.chain_id,
        said.statement or "",
        said.nonce,
        issued,
        expires,
        tuple(said.resources or ()),
    )
    if found.message != text:
        raise _fault(SignInFault.BAD_MESSAGE, "the message is not written as it was asked for")
    return found


def check_place(said: Challenge, origin: str, chain_id: int) -> None:
    """Refuse a message that was signed for another service, or another chain."""
    if said.origin != origin:
        raise _fault(
            SignInFault.WRONG_DOMAIN,
            f"the message was signed for {said.origin}, this is {origin}",
        )
    if said.chain_id != chain_id:
        raise _fault(
            SignInFault.WRONG_CHAIN, f"the message is of chain {said.chain_id}, not {chain_id}"
        )


def check_time(said: Challenge, now: float) -> None:
    """Refuse a message that has no end, is over, was issued long ago, or is not issued yet."""
    if said.expires is None:
        raise _fault(SignInFault.EXPIRED, "the message does not say when it expires")
    if said.issued > now + _CLOCKS_S:
        raise _fault(SignInFault.FROM_THE_FUTURE, "the message was issued in the future")
    if said.issued < now - LIFETIME_S - _CLOCKS_S:
        raise _fault(SignInFault.TOO_OLD, "the message was issued too long ago; ask for a new one")
    if said.expires <= now:
        raise _fault(SignInFault.EXPIRED, "the message has expired; ask for a new one")
    if said.expires > said.issued + LIFETIME_S:
        raise _fault(SignInFault.BAD_MESSAGE, f"the message lasts over {LIFETIME_S} seconds")


def check_same(said: Challenge, asked: Challenge) -> None:
    """Refuse a message that says anything else than what was asked for, naming what differs."""
    if said.nonce != asked.nonce:
        raise _fault(SignInFault.NONCE_UNKNOWN, "the nonce is not the one that was given")
    if said.address != asked.address:
        raise _fault(
            SignInFault.WRONG_ACCOUNT,
            f"the message is of {said.address}, {asked.address} was asked for",
        )
    if said.path != asked.path:
        raise _fault(SignInFault.WRONG_URI, "the message was signed for another purpose")
    if said.resources != asked.resources:
        raise _fault(SignInFault.WRONG_TOKEN, "the message names another token")
    if said != asked:
        raise _fault(SignInFault.BAD_MESSAGE, "the message is not the one that was asked for")


def _fault(fault: SignInFault, words: str) -> BadSignIn:
    return BadSignIn(words, fault)


def _seconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or moment.microsecond:
        raise ValueError("its times are whole seconds with an offset")
    return int(moment.timestamp())
