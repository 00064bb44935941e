"""What is shown of somebody: one value for both kinds of picture, for pages and programs alike.

Fails closed: a full hexagon needs an answer of the chain that is younger than `fresh_s`; a dashed
one says how old its answer is; past `max_age_s` nothing is claimed. A token that another has now
is not shown at all: the ordinary picture is.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from pfpkit.profile.records import Account, Holding, Picture
from pfpkit.profile.settings import Settings
from pfpkit.timestamp import timestamp

__all__ = ["CLAIMED", "EXTENSIONS", "Shape", "Shown", "State", "ago", "role_of", "token_json"]

EXTENSIONS = {"image/webp": "webp", "image/png": "png"}


class State(StrEnum):
    """What may be said of a picture."""

    NONE = "none"
    ORDINARY = "ordinary"
    VERIFIED = "verified"
    STALE = "stale"
    """Its holder had it, a while ago; the node has not answered since."""
    UNVERIFIED = "unverified"
    """That is too long ago to be claimed."""


class Shape(StrEnum):
    """How a state is drawn."""

    CIRCLE = "circle"
    HEXAGON = "hexagon"
    DASHED = "hexagon-dashed"
    PLACEHOLDER = "placeholder"


CLAIMED = frozenset({State.VERIFIED, State.STALE})
"""States in which something is said of a token."""
_SHAPES = {
    State.NONE: Shape.CIRCLE,
    State.ORDINARY: Shape.CIRCLE,
    State.VERIFIED: Shape.HEXAGON,
    State.STALE: Shape.DASHED,
    State.UNVERIFIED: Shape.PLACEHOLDER,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture as it is shown now. `fallen` is the token that its holder has no longer."""

    name: str
    state: State
    picture: Picture | None
    fallen: Holding | None
    owner: str | None
    now: int
    max_age_s: int

    @classmethod
    def of(
        cls, account: Account, pictures: Sequence[Picture], settings: Settings, now: float
    ) -> Self:
        """Return what is shown of an account that has these pictures."""
        by_kind = {picture.kind: picture for picture in pictures}
        ordinary, nft = by_kind.get("ordinary"), by_kind.get("nft")
        holding = nft.holding if nft else None
        most = int(settings.max_age_s)
        if holding is None or holding.lost_block is not None:
            state = State.NONE if ordinary is None else State.ORDINARY
            return cls(account.name, state, ordinary, holding, None, int(now), most)
        age = now - holding.checked_at
        state = State.VERIFIED if age <= settings.fresh_s else State.STALE
        if age > settings.max_age_s or age < -settings.fresh_s:  # a clock that was put back
            state = State.UNVERIFIED
        owner = holding.holder if account.show_address else None
        return cls(account.name, state, nft, None, owner, int(now), most)

    @property
    def shape(self) -> Shape:
        """How it is drawn."""
        return _SHAPES[self.state]

    @property
    def holding(self) -> Holding | None:
        """The token that is shown, if one is."""
        return self.picture.holding if self.picture else None

    @property
    def images(self) -> dict[str, dict[str, str]] | None:
        """The addresses of the squares, by edge and extension; None where nothing is shown."""
        if self.picture is None or self.state is State.UNVERIFIED:
            return None
        found: dict[str, dict[str, str]] = {}
        for file in self.picture.files:
            edge, _, extension = file.role.partition(".")
            if edge.isdecimal():
                found.setdefault(edge, {})[extension] = f"/pictures/{file.key}.{extension}"
        return dict(sorted(found.items(), key=lambda one: int(one[0]))) or None

    @property
    def words(self) -> str:
        """What is said beside it."""
        holding = self.holding
        if holding is None:
            return ""
        if self.state is State.VERIFIED:
            return f"Verified at block {holding.block}"
        if self.state is State.STALE:
            return f"last verified at block {holding.block}, {ago(self.now - holding.checked_at)}"
        return "unverified"

    def json(self) -> dict[str, Any]:
        """Return it as pages and programs read it."""
        facts = self._facts()
        version = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
        return facts | {"words": self.words, "checked": self._checked(), "version": version}

    def _facts(self) -> dict[str, Any]:
        holding, fallen = self.holding, self.fallen
        token = None if holding is None else token_json(holding)
        kind = "none" if self.picture is None else self.picture.kind
        details = f"/u/{self.name}/picture/details"
        return {
            "kind": kind,
            "state": self.state,
            "shape": self.shape,
            "name": self.name,
            "alt": self._alt(token),
            "images": self.images,
            "token": token,
            "owner": self.owner,
            "fallen": fallen
            and {"block": fallen.lost_block, "at": timestamp(fallen.lost_at or fallen.checked_at)},
            "details_url": details if kind == "nft" else None,
        }

    def _alt(self, token: Mapping[str, Any] | None) -> str:
        if self.state is State.UNVERIFIED:
            return f"{self.name}'s picture is unverified"
        if token is None:
            return f"{self.name}'s picture"
        return f"{self.name}'s picture: {token['name']}"

    def _checked(self) -> dict[str, Any] | None:
        holding = self.holding
        if holding is None:
            return None
        return {
            "block": holding.block,
            "hash": holding.block_hash,
            "block_time": timestamp(holding.block_time),
            "at": timestamp(holding.checked_at),
            "age_s": max(0, self.now - holding.checked_at),
            "max_age_s": self.max_age_s,
        }


def token_json(holding: Holding) -> dict[str, Any]:
    """Return which token it is, as pages and programs read it."""
    facts = json.loads(holding.facts)
    return {
        "caip19": str(holding.ref),
        "name": facts.get("name") or f"#{holding.token_id}",
        "collection": facts.get("collection"),
        "token_id": holding.token_id,
        "contract": holding.contract,
        "chain_id": holding.chain_id,
        "standard": holding.standard,
    }


def role_of(edge: int, media_type: str) -> str:
    """Return the role of a square among a picture's files.

    >>> role_of(48, "image/webp")
    '48.webp'
    """
    return f"{edge}.{EXTENSIONS[media_type]}"


def ago(seconds: int) -> str:
    """Return an age in words.

    >>> ago(1), ago(185), ago(7300)
    ('1 second ago', '3 minutes ago', '2 hours ago')
    """
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {word}{'' if count == 1 else 's'} ago"
    return "now"
