"""Accounts: names, passwords, wallets to sign in with.

A password is kept as scrypt (RFC 7914) with a salt of its own. A wallet's address is kept as a
keyed hash: the database alone does not say who somebody is on the chain.
"""

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
import time
from functools import partial

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Records

from pfpkit.errors import BadInput
from pfpkit.profile.problem import Problem
from pfpkit.profile.records import Account

__all__ = ["add_account", "check_name", "hash_password", "matches", "wallet_key"]

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_RESERVED = frozenset(
    {
        *("about", "account", "admin", "api", "avatar", "compare", "demo", "events", "help"),
        *("me", "mint", "object", "pictures", "pfpkit", "root", "settings", "signin", "signout"),
        *("signup", "static", "support", "system", "user", "users", "verify", "wallet", "www"),
    }
)
_PASSWORD_LETTERS = range(10, 201)
# OWASP's password storage cheat sheet names these as one of its equal choices; 16 MiB a hash.
_SCRYPT = {"n": 2**14, "r": 8, "p": 5, "maxmem": 2**25, "dklen": 32}
_AT_ONCE = asyncio.Semaphore(2)


def check_name(name: str) -> str:
    """Return a name that may be taken; BadInput says what is wrong with it."""
    if not 2 <= len(name) <= 30 or not _NAME.fullmatch(name):
        raise BadInput(
            "a name has 2 to 30 letters of a to z, digits and single hyphens, and begins with a "
            "letter"
        )
    if name in _RESERVED:
        raise BadInput(f"the name {name} is kept for the service; choose another")
    return name


async def hash_password(password: str) -> str:
    """Return what is kept of a password; BadInput when it is too short or too long."""
    if len(password) not in _PASSWORD_LETTERS:
        raise BadInput("a password has 10 to 200 letters")
    salt = secrets.token_bytes(16)
    return f"scrypt${_text(salt)}${_text(await _scrypt(password, salt))}"


async def matches(password: str, kept: str | None) -> bool:
    """Whether a password is the one that was kept.

    Where none was, it takes as long, so that the time does not say whether the name exists.
    """
    _, salt, digest = (kept or f"scrypt${_text(bytes(16))}$").split("$")
    found = await _scrypt(password[:1000], base64.b64decode(salt))
    return hmac.compare_digest(found, base64.b64decode(digest)) and kept is not None


def wallet_key(address: str, secret: str) -> str:
    """Return the keyed hash under which a wallet is known."""
    return hmac.digest(secret.encode(), f"wallet {address.lower()}".encode(), "sha256").hex()


def add_account(
    records: Records, name: str, *, password: str | None = None, wallet: str | None = None
) -> None:
    """Add an account; Problem 409 when the name or the wallet has one."""
    if records.get(Account, name) is not None:
        raise _taken(name)
    records.add(Account(name=name, password=password, wallet=wallet, since=int(time.time())))
    try:
        records.flush()
    except IntegrityError:
        if wallet is None:
            raise _taken(name) from None
        raise Problem(
            409, "wallet-taken", "the name is taken, or this wallet has an account: sign in"
        ) from None


def _taken(name: str) -> Problem:
    return Problem(409, "name-taken", f"the name {name} is taken; choose another")


async def _scrypt(password: str, salt: bytes) -> bytes:
    # At most two at once: each takes 16 MiB and a processor for a while.
    async with _AT_ONCE:
        hashed = partial(hashlib.scrypt, password.encode(), salt=salt, **_SCRYPT)
        return await asyncio.to_thread(hashed)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
