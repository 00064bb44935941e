"""What a collection is, as plain dictionaries: the model that the contract is compared to.

People are names, digests are small numbers (0 is the zero digest), and each function either changes
the dictionaries and returns its events, or raises Refused and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

NOBODY = "nobody"
REFUSING = frozenset({"silent contract", "lying contract"})
Event = tuple[Any, ...]


class Refused(Exception):
    """The contract has to revert with this error and these inputs."""

    def __init__(self, error: str, *inputs: Any) -> None:
        super().__init__(error, *inputs)
        self.error = error
        self.inputs = inputs


@dataclass
class TokenModel:
    """A collection: two dictionaries, and who may do what."""

    max_supply: int
    owner: str
    minter: str
    pending: str = NOBODY
    minted: int = 0
    holders: dict[int, str] = field(default_factory=dict)
    bundles: dict[int, int] = field(default_factory=dict)
    approved: dict[int, str] = field(default_factory=dict)
    operators: set[tuple[str, str]] = field(default_factory=set)

    # -- what it says

    def view(self, people: list[str]) -> dict[str, Any]:
        """Everything that can be read, each under a name that a person understands."""
        said: dict[str, Any] = {
            "totalMinted": self.minted,
            "totalSupply": len(self.holders),
            "owner": self.owner,
            "pendingOwner": self.pending,
            "minter": self.minter,
        }
        for token in range(self.minted + 2):
            said[f"token {token}"] = "none"
            if token in self.holders:
                spender = self.approved.get(token, NOBODY)
                bundle = self.bundles[token]
                said[f"token {token}"] = f"{self.holders[token]}'s, bundle {bundle}, for {spender}"
        for person in people:
            said[f"balance of {person}"] = list(self.holders.values()).count(person)
        said["operators"] = sorted(self.operators)
        return said

    def operator_of(self, holder: str | None) -> str:
        """The first operator of a holder by name; a stranger when there is none."""
        return min((o for h, o in self.operators if h == holder), default="stranger")

    # -- minting

    def mint(self, caller: str, to: str, bundle: int) -> list[Event]:
        """One token."""
        return self._mint(caller, [to], [bundle])

    def safe_mint(self, caller: str, to: str, bundle: int) -> list[Event]:
        """One token, if `to` takes it."""
        return self._mint(caller, [to], [bundle], safe=True)

    def mint_batch(self, caller: str, to: str, bundles: list[int]) -> list[Event]:
        """Many tokens to one."""
        return self._mint(caller, [to] * len(bundles), bundles)

    def airdrop(self, caller: str, to: list[str], bundles: list[int]) -> list[Event]:
        """Many tokens to many."""
        if len(to) != len(bundles):
            raise Refused("LengthMismatch(uint256,uint256)", len(to), len(bundles))
        return self._mint(caller, to, bundles)

    def _mint(
        self, caller: str, to: list[str], bundles: list[int], safe: bool = False
    ) -> list[Event]:
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
            if safe and receiver in REFUSING:
                raise Refused("ERC721InvalidReceiver(address)", receiver)
        events: list[Event] = []
        for receiver, bundle in zip(to, bundles, strict=True):
            self.minted += 1
            self.holders[self.minted] = receiver
            self.bundles[self.minted] = bundle
            events.append(("Transfer", NOBODY, receiver, self.minted))
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
    ) -> list[Event]:
        """A token moves, and its approval ends."""
        if to == NOBODY:
            raise Refused("ERC721InvalidReceiver(address)", to)
        if self._holder(token) != holder:
            error = "ERC721IncorrectOwner(address,uint256,address)"
            raise Refused(error, holder, token, self.holders[token])
        self._check_mover(caller, holder, token)
        if safe and to in REFUSING:
            raise Refused("ERC721InvalidReceiver(address)", to)
        self.holders[token] = to
        self.approved.pop(token, None)
        return [("Transfer", holder, to, token)]

    def safe_transfer_from(self, caller: str, holder: str, to: str, token: int) -> list[Event]:
        """A token moves, if `to` takes it."""
        return self.transfer_from(caller, holder, to, token, safe=True)

    def burn(self, caller: str, token: int) -> list[Event]:
        """A token is gone."""
        holder = self._holder(token)
        self._check_mover(caller, holder, token)
        del self.holders[token], self.bundles[token]
        self.approved.pop(token, None)
        return [("Transfer", holder, NOBODY, token)]

    def approve(self, caller: str, spender: str, token: int) -> list[Event]:
        """One spender of one token."""
        holder = self._holder(token)
        if caller != holder and (holder, caller) not in self.operators:
            raise Refused("ERC721InvalidApprover(address)", caller)
        self.approved[token] = spender
        return [("Approval", holder, spender, token)]

    def set_approval_for_all(self, caller: str, operator: str, approved: bool) -> list[Event]:
        """An operator of all that the caller has."""
        if operator == NOBODY:
            raise Refused("ERC721InvalidOperator(address)", operator)
        change = self.operators.add if approved else self.operators.discard
        change((caller, operator))
        return [("ApprovalForAll", caller, operator, approved)]

    # -- owner and minter

    def _check_owner(self, caller: str) -> None:
        if caller != self.owner:
            raise Refused("OwnableUnauthorizedAccount(address)", caller)

    def set_minter(self, caller: str, minter: str) -> list[Event]:
        """Another minter."""
        self._check_owner(caller)
        former, self.minter = self.minter, minter
        return [("MinterChanged", former, minter)]

    def transfer_ownership(self, caller: str, successor: str) -> list[Event]:
        """A successor is proposed."""
        self._check_owner(caller)
        self.pending = successor
        return [("OwnershipTransferStarted", caller, successor)]

    def accept_ownership(self, caller: str) -> list[Event]:
        """The successor accepts."""
        if caller != self.pending:
            raise Refused("OwnableUnauthorizedAccount(address)", caller)
        return self._set_owner(caller)

    def renounce_ownership(self, caller: str) -> list[Event]:
        """No owner any more."""
        self._check_owner(caller)
        return self._set_owner(NOBODY)

    def _set_owner(self, owner: str) -> list[Event]:
        former, self.owner, self.pending = self.owner, owner, NOBODY
        return [("OwnershipTransferred", former, owner)]
