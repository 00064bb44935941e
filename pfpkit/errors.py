"""Every error that pfpkit raises on purpose, in one tree. Imports nothing of pfpkit.

    PfpkitError
    ├── BadInput             what the user gave: a file, an option, a record
    │   ├── BadCID           text or bytes that are not a CID we read
    │   ├── BadImage         not a picture we accept, or cut short
    │   │   └── TooLarge     more bytes, pixels, frames or parts than are allowed
    │   ├── BadMetadata      not JSON, or a field is missing or of the wrong type
    │   ├── BadReference     text that names no token
    │   ├── BadURI           text that names no content, or none that is read
    │   ├── BadRecord        pins.json, a deployment or a receipt that cannot be read
    │   ├── BadSetting       a setting of the profile service is missing or wrong; names it
    │   └── BadSignIn        a signed message that does not count; `fault` says in one word why
    ├── BadContent           bytes that are not what a CID or a specification says
    │   ├── WrongBytes       bytes whose hash is not the one in the CID
    │   ├── BadBlock         right bytes, but no DAG-PB/UnixFS node we read
    │   └── BadCar           a CAR that is cut short, or no CARv1
    ├── NotFound             no such path or block
    ├── PinError             a pinning back end failed
    │   ├── NotPinned        a bundle is not where it has to be
    │   │   └── NotReadBack  it did not come back through a gateway
    │   ├── WrongCID         a back end answered with another CID than ours
    │   ├── AccessDenied     a service refuses the credentials
    │   ├── Unavailable      a service did not answer rightly, retries included
    │   ├── StoreDamaged     a block on disk does not match its CID, or the index is damaged
    │   └── StoreFull        the disk is full
    ├── GatewayError         no gateway gave the block; says what each one did
    ├── WebError             a URL could not be fetched, or may not be; says why
    ├── ChainError
    │   ├── NodeUnreachable  no answer, or no JSON-RPC answer
    │   ├── NoQuorum         too few of several nodes say the same
    │   ├── WrongChain       the node is of another chain than the reference
    │   ├── NoSuchContract   the address has no code
    │   ├── NoAvatar         an ENS name has no avatar record that can be read
    │   ├── NoSuchToken      the contract does not know the id
    │   └── TransactionFailed  a transaction was refused or reverted
    ├── StorageError         the profile service's database or object store failed
    ├── ExplorerError        an explorer refused a contract's source, or did not confirm it
    ├── NoWorker             a process of pfpkit's own does not start
    ├── Unverified           the chain of proof from token to picture is broken
    └── Interrupted          stopped by Ctrl-C; says what was done and how to go on

An error says what, which, and what to do next.
"""

from typing import Any


class PfpkitError(Exception):
    """Base of all errors that pfpkit raises on purpose.

    `reason` is the message without what it is about, where that is known: a thousand bundles that
    fail in one way have one reason.
    """

    def __init__(self, message: str = "", *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message


class BadInput(PfpkitError):
    """Something that the user gave cannot be used."""


class BadCID(BadInput):
    """The text or bytes are not a CID that pfpkit reads."""


class BadImage(BadInput):
    """The bytes are not a picture that pfpkit accepts."""


class TooLarge(BadImage):
    """A picture has more bytes, pixels, frames or parts than are allowed."""


class BadMetadata(BadInput):
    """The metadata is not JSON, or breaks the schema."""


class BadReference(BadInput):
    """The text names no token."""


class BadURI(BadInput):
    """The text names no content, or none that pfpkit reads."""


class BadRecord(BadInput):
    """A record file (pins, deployment, receipt) cannot be read."""


class BadSetting(BadInput):
    """A setting of the profile service is missing or wrong; its value is never shown."""


class BadSignIn(BadInput):
    """A signed message does not count; `fault` is a `pfpkit.signin.SignInFault`."""

    def __init__(self, message: str, fault: Any) -> None:
        super().__init__(message)
        self.fault = fault


class BadContent(PfpkitError):
    """Bytes that are not what a CID or a specification says."""


class WrongBytes(BadContent):
    """The hash of the bytes is not the one in the CID."""


class BadBlock(BadContent):
    """The bytes match their CID, but are no DAG-PB or UnixFS node that pfpkit reads."""


class BadCar(BadContent):
    """A CAR is cut short, malformed, or not version 1."""


class NotFound(PfpkitError):
    """No such path or block."""


class PinError(PfpkitError):
    """A pinning back end failed."""


class NotPinned(PinError):
    """A bundle is not where it has to be."""


class NotReadBack(NotPinned):
    """A bundle did not come back through a gateway; `fault` is the `GatewayFault` of that reading.

    None when the gateway gave right bytes, and they are not those of the bundle.
    """

    def __init__(self, message: str = "", *, reason: str = "", fault: Any = None) -> None:
        super().__init__(message, reason=reason)
        self.fault = fault


class WrongCID(PinError):
    """A back end answered with another CID than the one computed here."""


class AccessDenied(PinError):
    """A service refuses the credentials; nothing else will succeed there."""


class Unavailable(PinError):
    """A service did not answer rightly in time, retries included; a later run may succeed."""


class StoreDamaged(PinError):
    """A block on disk does not match its CID, or the index of blocks cannot be read."""


class StoreFull(PinError):
    """A disk that has to be written to, such as that of the block store, is full."""


class GatewayError(PfpkitError):
    """No gateway gave the block; the message and `faults` say what each one did."""

    def __init__(
        self, message: str = "", *, reason: str = "", faults: tuple[Any, ...] = ()
    ) -> None:
        super().__init__(message, reason=reason)
        self.faults = faults


class WebError(PfpkitError):
    """A URL could not be fetched, or may not be; `fault` is a `pfpkit.guard.WebFault`."""

    def __init__(self, message: str, fault: Any) -> None:
        super().__init__(message, reason=str(fault))
        self.fault = fault


class ChainError(PfpkitError):
    """The chain, or the node that reads it, refused."""


class NodeUnreachable(ChainError):
    """The node gave no answer, or none that is JSON-RPC."""


class NoQuorum(ChainError):
    """Too few of several nodes say the same; the message has what each one said."""


class WrongChain(ChainError):
    """The node is of another chain than the reference names."""


class NoSuchContract(ChainError):
    """The address has no code."""


class NoAvatar(ChainError):
    """An ENS name has no avatar record, or none that can be read."""


class NoSuchToken(ChainError):
    """The contract does not know the token id."""


class TransactionFailed(ChainError):
    """A transaction was refused or reverted."""


class StorageError(PfpkitError):
    """The profile service's database or object store failed; later it may not."""


class ExplorerError(PfpkitError):
    """An explorer refused a contract's source, did not confirm it, or did not answer."""


class NoWorker(PfpkitError):
    """A process of pfpkit's own does not start."""


class Unverified(PfpkitError):
    """The chain of proof from token to picture is broken."""


class Interrupted(PfpkitError):
    """Stopped by Ctrl-C; the message says what was done and how to go on."""
