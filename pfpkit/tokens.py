"""Read any number of tokens at one block through one node, each with an outcome of its own.

Follows ERC-721, ERC-1155 and ERC-165. Trusts the node for chain facts, and a contract for what it
says of its own tokens: it may revert, answer garbage or megabytes, burn all gas, have no code, or
claim interfaces that it does not have, and costs no other token its answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pfpkit.block import BlockRef
from pfpkit.erc1155 import filled_size, uri_for
from pfpkit.errors import ChainError
from pfpkit.lookup import Failed, Fault, Lookup, View
from pfpkit.reference import NOBODY, Standard, TokenRef, checksum_address
from pfpkit.views import Call

__all__ = ["Outcome", "TokenAnswer", "read_tokens"]

MAX_URI = 2**20
"""Letters of an ERC-1155 URI with its ids filled in; answers are bounded by as many bytes."""
_INTERFACES = {
    Standard.ERC721: bytes.fromhex("80ac58cd"),
    Standard.ERC1155: bytes.fromhex("d9b67a26"),
}
_NO_INTERFACE = b"\xff" * 4
"""ERC-165: whoever says yes to this one says yes to everything."""


class Outcome(StrEnum):
    """How the reading of one token ended. `READ` alone has owner or balance, and a URI.

    With `NO_URI`, `OUT_OF_GAS`, `GARBAGE` and `TOO_LARGE` owner or balance may be known all the
    same: then it was the URI that was not.
    """

    READ = "read"
    NO_CONTRACT = "no-contract"
    """There is no code at the address."""
    NO_TOKEN = "no-token"  # noqa: S105
    """`ownerOf` says that nobody owns it, by the zero address or by reverting (ERC-721)."""
    NO_URI = "no-uri"
    """`tokenURI` or `uri` reverted."""
    REVERTED = "reverted"
    """`balanceOf` reverted, or `ownerOf` did, for another reason than that there is no token."""
    OUT_OF_GAS = "out-of-gas"
    """A view took all of 10 million gas."""
    GARBAGE = "garbage"
    """A view's answer is not of its type."""
    TOO_LARGE = "too-large"
    """The URI is longer than 1 MiB."""
    WRONG_STANDARD = "wrong-standard"
    """The contract declares the other standard, and not the one that was asked for (ERC-165)."""
    WRONG_CHAIN = "wrong-chain"
    """The node is of another chain than the token."""
    NO_HOLDER = "no-holder"
    """An ERC-1155 token is asked for somebody: a holder has to be named."""
    UNANSWERED = "unanswered"
    """The node failed at this one; it may answer the next time."""
    NO_QUORUM = "no-quorum"
    """Of several nodes too few say the same of it."""


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What one token's contract says at one block.

    `owner` is of an ERC-721 token, `balance` the holder's of an ERC-1155 token; None where unknown.
    `token_uri` is as the contract writes it. `declared` are the standards that it declares by
    ERC-165, None where it does not answer that, or says yes to everything.
    """

    ref: TokenRef
    holder: str | None
    block: BlockRef
    outcome: Outcome
    reason: str = ""
    owner: str | None = None
    balance: int | None = None
    token_uri: str | None = None
    image_uri: str | None = None
    declared: frozenset[Standard] | None = None

    @property
    def held(self) -> bool | None:
        """Whether the holder has the token; None where that is unknown, or nobody was named."""
        if self.holder is None:
            return None
        if self.outcome in (Outcome.NO_TOKEN, Outcome.NO_CONTRACT):
            return False
        if self.ref.standard is Standard.ERC1155:
            return None if self.balance is None else self.balance > 0
        return None if self.owner is None else self.owner == self.holder

    @property
    def uri(self) -> str | None:
        """The URI with `{id}` replaced, where the standard is ERC-1155."""
        token_id = self.ref.id_to_fill
        if self.token_uri is None or token_id is None:
            return self.token_uri
        return uri_for(self.token_uri, token_id)


async def read_tokens(
    lookup: Lookup, asked: Sequence[tuple[TokenRef, str | None]], block: BlockRef
) -> list[TokenAnswer]:
    """Return the answers in the order of what is asked; see `Node.tokens`."""
    wanted = [(ref, holder and checksum_address(holder)) for ref, holder in asked]
    views = [view for ref, holder in wanted for view in _views(ref, holder)]
    chain_id, found = await lookup.read(views, block)
    return [_answer(ref, holder, block, chain_id, found) for ref, holder in wanted]


def _views(ref: TokenRef, holder: str | None) -> Iterable[View]:
    calls = [_supports(interface) for interface in (*_INTERFACES.values(), _NO_INTERFACE)]
    if ref.standard is Standard.ERC721:
        calls += [_owner_of(ref.token_id), _token_uri(ref.token_id), _image_uri(ref.token_id)]
    elif holder is not None:
        calls += [_balance_of(holder, ref.token_id), _uri(ref.token_id)]
    return (View(ref.contract, call) for call in calls)


def _answer(
    ref: TokenRef,
    holder: str | None,
    block: BlockRef,
    chain_id: int,
    found: Mapping[View, bytes | Failed],
) -> TokenAnswer:
    answer = TokenAnswer(ref, holder, block, Outcome.READ)
    if chain_id != ref.chain_id:
        return replace(
            answer, outcome=Outcome.WRONG_CHAIN, reason=f"the node is of chain {chain_id}"
        )
    if holder is None and ref.standard is Standard.ERC1155:
        return replace(answer, outcome=Outcome.NO_HOLDER, reason="name who is to have it")
    reading = _Reading(ref, holder, found)
    try:
        reading.standards()
        reading.owner()
        reading.uris()
    except _Ended as end:
        return replace(answer, outcome=end.outcome, reason=end.reason, **reading.facts)
    return replace(answer, **reading.facts)


class _Ended(Exception):
    """A token's reading ends here, with what was read so far."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome, self.reason = outcome, reason


class _Reading:
    """What the views of one token say, step by step; `facts` are fields of its TokenAnswer."""

    def __init__(
        self, ref: TokenRef, holder: str | None, found: Mapping[View, bytes | Failed]
    ) -> None:
        self._ref, self._holder, self._found = ref, holder, found
        self.facts: dict[str, Any] = {}

    def standards(self) -> None:
        """Read what the contract declares; many contracts declare nothing, or too much."""
        said = {
            standard: self._optional(_supports(interface)) is True
            for standard, interface in _INTERFACES.items()
        }
        if self._optional(_supports(_NO_INTERFACE)) is not False:
            return
        declared = frozenset(standard for standard, yes in said.items() if yes)
        self.facts["declared"] = declared
        if declared and self._ref.standard not in declared:
            other = " and ".join(sorted(declared))
            raise _Ended(
                Outcome.WRONG_STANDARD,
                f"{self._ref.contract} declares {other}, not {self._ref.standard} (ERC-165)",
            )

    def owner(self) -> None:
        """Read who owns it, or how many the holder has."""
        token_id = self._ref.token_id
        if self._ref.standard is Standard.ERC1155:
            self.facts["balance"] = self._needed(_balance_of(self._holder, token_id))
            return
        call = _owner_of(token_id)
        got = self._found[View(self._ref.contract, call)]
        missing = isinstance(got, Failed) and got.says_no_token
        owner = self._needed(call, Outcome.NO_TOKEN if missing else Outcome.REVERTED)
        if owner == NOBODY:
            raise _Ended(Outcome.NO_TOKEN, "nobody owns it")
        self.facts["owner"] = owner

    def uris(self) -> None:
        """Read where its metadata is, and its picture where the contract is of our kind."""
        token_id = self._ref.token_id
        if self._ref.standard is Standard.ERC1155:
            uri = self._needed(_uri(token_id), Outcome.NO_URI)
            if filled_size(uri) > MAX_URI:
                raise _Ended(Outcome.TOO_LARGE, f"the URI has over {MAX_URI:,} letters")
            self.facts["token_uri"] = uri
            return
        image_uri = self._optional(_image_uri(token_id))
        self.facts["token_uri"] = self._needed(_token_uri(token_id), Outcome.NO_URI)
        self.facts["image_uri"] = image_uri

    def _needed(self, call: Call, reverted: Outcome = Outcome.REVERTED) -> Any:
        got = self._found[View(self._ref.contract, call)]
        if isinstance(got, Failed):
            outcome = reverted if got.fault is Fault.REVERTED else Outcome(got.fault)
            raise _Ended(outcome, f"{call.signature}: {got.reason}")
        try:
            return call.read(got)
        except ChainError as error:
            raise _Ended(Outcome.GARBAGE, str(error)) from None

    def _optional(self, call: Call) -> Any:
        got = self._found[View(self._ref.contract, call)]
        if isinstance(got, Failed):
            if got.fault is Fault.UNANSWERED:
                raise _Ended(Outcome.UNANSWERED, f"{call.signature}: {got.reason}")
            return None
        try:
            return call.read(got)
        except ChainError:
            return None


def _owner_of(token_id: int) -> Call:
    return Call("ownerOf(uint256)", "address", (token_id,))


def _token_uri(token_id: int) -> Call:
    return Call("tokenURI(uint256)", "string", (token_id,))


def _image_uri(token_id: int) -> Call:
    return Call("imageURI(uint256)", "string", (token_id,), optional=True)


def _balance_of(holder: str | None, token_id: int) -> Call:
    return Call("balanceOf(address,uint256)", "uint256", (holder, token_id))


def _uri(token_id: int) -> Call:
    return Call("uri(uint256)", "string", (token_id,))


def _supports(interface: bytes) -> Call:
    return Call("supportsInterface(bytes4)", "bool", (interface,), optional=True)
