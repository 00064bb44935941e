"""What a collection is, as plain dictionaries: the model that the contract is compared to.

People are names, digests are small numbers (0 is the zero digest). Each function either changes the
dictionaries and returns what is emitted and returned, or raises Refused and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

NOBODY = "nobody"
COLLECTION = "collection"
WALLET = "wallet"  # a contract that calls what it is asked to, and that takes tokens
TAKING = frozenset({WALLET, "taking contract"})
REFUSING = frozenset({"silent contract", "lying contract", "short contract", "mute contract"})
REASONING = "reasoning contract"  # refuses, and says why
LARGEST_SUPPLY = 2**48 - 1
PRICES = (0, 1, 9_999, 10_001, 2**256 - 1)
INTERFACES = {  # ERC-165, ERC-721, its Metadata, ERC-2981; and none, ERC-173, ERC-721 Enumerable
    "01ffc9a7": True,
    "80ac58cd": True,
    "5b5e139f": True,
    "2a55205a": True,
    "ffffffff": False,
    "7f5828d0": False,
    "780e9d63": False,
    "00000000": False,
}
Event = tuple[Any, ...]  # who emits it, its name, its inputs


@dataclass(frozen=True)
class Done:
    """The contract has to emit these events and to return these values."""

    returns: tuple[Any, ...] = ()
    events: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """The contract has to revert with this error and these inputs."""

    error: str
    inputs: tuple[Any, ...] = ()


View = tuple[str, tuple[Any, ...], Done | Refusal]  # function, arguments, what it answers


class Refused(Exception):
    """A refusal, raised."""

    def __init__(self, error: str, *inputs: Any) -> None:
        super().__init__(error, *inputs)
        self.refusal = Refusal(error, inputs)


@dataclass(frozen=True)
class Step:
    """`caller` calls `function`; the wallet does so because `asker` asks it to."""

    caller: str
    function: str
    arguments: tuple[Any, ...]
    asker: str = "stranger"

    def __str__(self) -> str:
        by = f"{self.caller}, asked by {self.asker}," if self.caller == WALLET else self.caller
        return f"{by} calls {self.function}({', '.join(map(str, self.arguments))})"


def emits(*inputs: Any) -> Done:
    """One event of the collection, and nothing returned."""
    return Done(events=((COLLECTION, *inputs),))


@dataclass
class TokenModel:
    """A collection: two dictionaries, and who may do what."""

    name: str = ""
    symbol: str = ""
    owner: str = NOBODY
    minter: str = NOBODY
    max_supply: int = 0
    royalty_receiver: str = NOBODY
    royalty_bps: int = 0
    collection_bundle: int = 0
    pending: str = NOBODY
    minted: int = 0
    holders: dict[int, str] = field(default_factory=dict)
    bundles: dict[int, int] = field(default_factory=dict)
    approved: dict[int, str] = field(default_factory=dict)
    operators: set[tuple[str, str]] = field(default_factory=set)
    armed: Step | None = None

    def attempt(self, step: Step) -> Done | Refusal:
        """Do one step, or say why not."""
        try:
            done: Done = getattr(self, step.function)(step.caller, *step.arguments)
        except Refused as refused:
            return refused.refusal
        return done

    # -- what it says

    def views(self, callers: Sequence[str], people: Sequence[str]) -> Iterator[View]:
        """Every view with its arguments, and what it answers; `callers` are those of `people` who
        can have operators."""
        yield "name", (), Done((self.name,))
        yield "symbol", (), Done((self.symbol,))
        yield "maxSupply", (), Done((self.max_supply,))
        yield "contractURI", (), Done((self.collection_bundle,))
        yield "totalMinted", (), Done((self.minted,))
        yield "totalSupply", (), Done((len(self.holders),))
        yield "owner", (), Done((self.owner,))
        yield "pendingOwner", (), Done((self.pending,))
        yield "minter", (), Done((self.minter,))
        for price in PRICES:
            royalty = price * self.royalty_bps // 10_000
            yield "royaltyInfo", (self.minted, price), Done((self.royalty_receiver, royalty))
        for interface, offered in INTERFACES.items():
            yield "supportsInterface", (interface,), Done((offered,))
        for token in (*range(self.minted + 2), 2**256 - 1):
            yield from self._token_views(token)
        held = list(self.holders.values())
        yield "balanceOf", (NOBODY,), Refusal("ERC721InvalidOwner(address)", (NOBODY,))
        for person in people:
            yield "balanceOf", (person,), Done((held.count(person),))
        for holder in callers:
            for person in people:
                is_operator = (holder, person) in self.operators
                yield "isApprovedForAll", (holder, person), Done((is_operator,))

    def _token_views(self, token: int) -> Iterator[View]:
        names = ("ownerOf", "getApproved", "bundleOf", "tokenURI", "imageURI")
        if token in self.holders:
            spender, bundle = self.approved.get(token, NOBODY), self.bundles[token]
            answers = (self.holders[token], spender, bundle, bundle, bundle)
            yield from (
                (name, (token,), Done((a,))) for name, a in zip(names, answers, strict=True)
            )
        else:
            unknown = Refusal("ERC721NonexistentToken(uint256)", (token,))
            yield from ((name, (token,), unknown) for name in names)

    # -- its beginning

    def create(
        self,
        caller: str,
        name: str,
        symbol: str,
        owner: str,
        minter: str,
        max_supply: int,
        royalty_receiver: str,
        royalty_bps: int,
        collection_bundle: int,
    ) -> Done:
        """A new collection."""
        if owner == NOBODY:
            raise Refused("OwnableInvalidOwner(address)", owner)
        if not 0 < max_supply <= LARGEST_SUPPLY:
            raise Refused("InvalidMaxSupply(uint256)", max_supply)
        if royalty_bps > 10_000 or (royalty_bps > 0 and royalty_receiver == NOBODY):
            raise Refused("InvalidRoyalty(address,uint96)", royalty_receiver, royalty_bps)
        if collection_bundle == 0:
            raise Refused("ZeroBundle()")
        self.name, self.symbol, self.max_supply = name, symbol, max_supply
        self.royalty_receiver, self.royalty_bps = royalty_receiver, royalty_bps
        self.collection_bundle = collection_bundle
        self.owner, self.minter = owner, minter
        first = (COLLECTION, "OwnershipTransferred", NOBODY, owner)
        return Done((COLLECTION,), (first, (COLLECTION, "MinterChanged", NOBODY, minter)))

    # -- minting

    def mint(self, caller: str, to: str, bundle: int) -> Done:
        """One token."""
        minted = self._mint(caller, [to], [bundle])
        return Done((self.minted, bundle, bundle), minted)

    def safe_mint(self, caller: str, to: str, bundle: int) -> Done:
        """One token, if `to` takes it."""
        minted = self._mint(caller, [to], [bundle], safe=True)
        token = self.minted
        return Done((token, bundle, bundle), minted + self._ask(to, caller, NOBODY, token, "data"))

    def mint_batch(self, caller: str, to: str, bundles: tuple[int, ...]) -> Done:
        """Many tokens to one."""
        minted = self._mint(caller, [to] * len(bundles), list(bundles))
        return Done((self.minted + 1 - len(bundles),), minted)

    def airdrop(self, caller: str, to: tuple[str, ...], bundles: tuple[int, ...]) -> Done:
        """Many tokens to many."""
        if len(to) != len(bundles):
            raise Refused("LengthMismatch(uint256,uint256)", len(to), len(bundles))
        minted = self._mint(caller, list(to), list(bundles))
        return Done((self.minted + 1 - len(bundles),), minted)

    def _mint(
        self, caller: str, to: list[str], bundles: list[int], safe: bool = False
    ) -> tuple[Event, ...]:
        if caller != self.minter:
            raise Refused("NotMinter(address)", caller)
        if not bundles:
            raise Refused("EmptyBatch()")
        left = self.max_supply - self.minted
        if len(bundles) > left:
            raise Refused("SupplyExceeded(uint256,uint256)", len(bundles), left)
        for receiver, bundle in zip(to, bundles, strict=True):
            if receiver == NOBODY:
                raise Refused("ERC721InvalidReceiver(address)", receiver)
            if bundle == 0:
                raise Refused("ZeroBundle()")
            if safe:
                self._check_takes(receiver, self.minted + 1)
        events: list[Event] = []
        for receiver, bundle in zip(to, bundles, strict=True):
            self.minted += 1
            self.holders[self.minted] = receiver
            self.bundles[self.minted] = bundle
            events.append((COLLECTION, "Transfer", NOBODY, receiver, self.minted))
        return tuple(events)

    # -- receivers that are contracts

    def arm(self, caller: str, function: str, arguments: tuple[Any, ...]) -> Done:
        """The wallet will do this when it is next asked to take a token, before it takes it."""
        self.armed = Step(WALLET, function, arguments)
        return Done()

    def _check_takes(self, to: str, token: int) -> None:
        if to == REASONING:
            raise Refused("NoPictures(uint256)", token)
        if to in REFUSING:
            raise Refused("ERC721InvalidReceiver(address)", to)

    def _ask(self, to: str, operator: str, holder: str, token: int, data: str) -> tuple[Event, ...]:
        """What a receiver that takes the token does when all is written."""
        events: tuple[Event, ...] = ()
        if to == WALLET and self.armed:
            call, self.armed = self.armed, None
            answer = self.attempt(call)
            if isinstance(answer, Done):
                events = answer.events
            events += ((WALLET, "CalledBack", isinstance(answer, Done), (call.function, answer)),)
        if to in TAKING:
            events += ((to, "Received", COLLECTION, operator, holder, token, data),)
        return events

    # -- moving

    def _holder(self, token: int) -> str:
        if token not in self.holders:
            raise Refused("ERC721NonexistentToken(uint256)", token)
        return self.holders[token]

    def _check_mover(self, caller: str, holder: str, token: int) -> None:
        if caller not in (holder, self.approved.get(token)) and (
            (holder, caller) not in self.operators
        ):
            raise Refused("ERC721InsufficientApproval(address,uint256)", caller, token)

    def transfer_from(
        self, caller: str, holder: str, to: str, token: int, safe: bool = False
    ) -> Done:
        """A token moves, and its approval ends."""
        if to == NOBODY:
            raise Refused("ERC721InvalidReceiver(address)", to)
        if self._holder(token) != holder:
            error = "ERC721IncorrectOwner(address,uint256,address)"
            raise Refused(error, holder, token, self.holders[token])
        self._check_mover(caller, holder, token)
        if safe:
            self._check_takes(to, token)
        self.holders[token] = to
        self.approved.pop(token, None)
        return emits("Transfer", holder, to, token)

    def safe_transfer_from(
        self, caller: str, holder: str, to: str, token: int, data: str = ""
    ) -> Done:
        """A token moves, if `to` takes it."""
        moved = self.transfer_from(caller, holder, to, token, safe=True)
        return Done((), moved.events + self._ask(to, caller, holder, token, data))

    def safe_transfer_with_data(self, caller: str, holder: str, to: str, token: int) -> Done:
        """The same with something for the receiver to read."""
        return self.safe_transfer_from(caller, holder, to, token, "data")

    def burn(self, caller: str, token: int) -> Done:
        """A token is gone."""
        holder = self._holder(token)
        self._check_mover(caller, holder, token)
        del self.holders[token], self.bundles[token]
        self.approved.pop(token, None)
        return emits("Transfer", holder, NOBODY, token)

    def approve(self, caller: str, spender: str, token: int) -> Done:
        """One spender of one token."""
        holder = self._holder(token)
        if caller != holder and (holder, caller) not in self.operators:
            raise Refused("ERC721InvalidApprover(address)", caller)
        self.approved[token] = spender
        return emits("Approval", holder, spender, token)

    def set_approval_for_all(self, caller: str, operator: str, approved: bool) -> Done:
        """An operator of all that the caller has."""
        if operator == NOBODY:
            raise Refused("ERC721InvalidOperator(address)", operator)
        change = self.operators.add if approved else self.operators.discard
        change((caller, operator))
        return emits("ApprovalForAll", caller, operator, approved)

    # -- owner and minter

    def _check_owner(self, caller: str) -> None:
        if caller != self.owner:
            raise Refused("OwnableUnauthorizedAccount(address)", caller)

    def set_minter(self, caller: str, minter: str) -> Done:
        """Another minter."""
        self._check_owner(caller)
        former, self.minter = self.minter, minter
        return emits("MinterChanged", former, minter)

    def transfer_ownership(self, caller: str, successor: str) -> Done:
        """A successor is proposed."""
        self._check_owner(caller)
        self.pending = successor
        return emits("OwnershipTransferStarted", caller, successor)

    def accept_ownership(self, caller: str) -> Done:
        """The successor accepts."""
        if caller != self.pending:
            raise Refused("OwnableUnauthorizedAccount(address)", caller)
        return self._set_owner(caller)

    def renounce_ownership(self, caller: str) -> Done:
        """No owner any more."""
        self._check_owner(caller)
        return self._set_owner(NOBODY)

    def _set_owner(self, owner: str) -> Done:
        former, self.owner, self.pending = self.owner, owner, NOBODY
        return emits("OwnershipTransferred", former, owner)
