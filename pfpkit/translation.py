"""What Ape and its libraries raise, said as pfpkit says it: one line, one of our errors.

No message names a node by more than its host and port, because a path may hold a key.
"""

import contextlib
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import click
from ape.exceptions import (
    AccountsError,
    ApeException,
    ContractLogicError,
    ProviderError,
    SubprocessError,
    TransactionError,
    TransactionNotFoundError,
)
from requests.exceptions import RequestException
from web3.exceptions import Web3Exception

from pfpkit.addresses import without_credentials
from pfpkit.cli import one_line
from pfpkit.errors import (
    ChainError,
    NodeUnreachable,
    PfpkitError,
    TransactionFailed,
    WrongChain,
)

__all__ = ["FOREIGN", "origin", "plain", "translated"]

FOREIGN = (ApeException, RequestException, Web3Exception)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s'\"]+", re.IGNORECASE)
_UNSET = re.compile(r"Invalid uri: \$(\w+)")  # Ape leaves an unset variable as it is written


@contextlib.contextmanager
def plain() -> Iterator[None]:
    """Turn whatever an Ape command raises into one line on stderr and an exit code."""
    with one_line():
        try:
            yield
        except click.BadParameter as error:
            # Ape lists every network that it has heard of.
            error.message = error.message.splitlines()[0].removesuffix(" Options:")
            raise
        except FOREIGN as error:
            raise translated(error, "the command") from error


def translated(error: Exception, what: str) -> PfpkitError:
    """Return our error for one of Ape's, with what it was about.

    >>> print(translated(ProviderError("wss://node.example/v3/key: refused"), "the command"))
    the node cannot be used: wss://node.example refused; start it, or check --network
    """
    reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    # A node's address may hold its key.
    reason = _URL.sub(lambda found: origin(found[0]), reason)
    if isinstance(error, ContractLogicError):
        name = getattr(type(error), "abi", None)
        named = f"{type(error).__name__} {getattr(error, 'inputs', '') or ''}".strip()
        return TransactionFailed(f"{what} was refused by the contract: {named if name else reason}")
    if unset := _UNSET.fullmatch(reason):
        return NodeUnreachable(
            f"{unset[1]} is not set; put the address of a node of this network into it, such as "
            f"`export {unset[1]}=https://...`"
        )
    if "invalid chain id" in reason:
        return WrongChain(
            f"{what}: Ape signs for another chain than the node's; for an anvil that runs "
            "already, set APE_FOUNDRY_HOST to its address and leave --network out"
        )
    if "nsufficient funds" in reason or "exceeds account balance" in reason:
        return TransactionFailed(f"{what}: the account cannot pay for it; send it some coins")
    if isinstance(error, RequestException):
        return NodeUnreachable(
            f"{what}: the node does not answer ({type(error).__name__}); "
            "start it and run this again, which asks the chain what was done"
        )
    if isinstance(error, TransactionNotFoundError):
        return ChainError(
            f"{what} was sent, and is in no block yet; run this again, which asks the chain what "
            "came of it"
        )
    if isinstance(error, AccountsError):
        return TransactionFailed(f"{what} was not sent: {reason}")
    if isinstance(error, TransactionError):
        return TransactionFailed(f"{what} failed: {reason}")
    if isinstance(error, ProviderError | SubprocessError):
        return NodeUnreachable(f"the node cannot be used: {reason}; start it, or check --network")
    return ChainError(f"{what} failed: {reason}")


def origin(url: str) -> str:
    """Return scheme, host and port of a node's address: no password and no key.

    >>> origin("https://user:secret@node.example:8545/v3/key?token=secret")
    'https://node.example:8545'
    """
    parts = urlsplit(without_credentials(url))
    return f"{parts.scheme}://{parts.netloc}"
