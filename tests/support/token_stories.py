"""Random stories of a collection: who does what, for hypothesis to draw.

A story is told by the model alone. At its end it is given to `judge`, whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from support.token_model import LARGEST_SUPPLY, NOBODY, WALLET, Step, TokenModel
from support.token_stage import ACCOUNTS, CALLERS, PEOPLE, Scene, told

STEPS = 50
SAFELY = ("safe_transfer_from", "safe_transfer_with_data")
WAYS = ("transfer_from", *SAFELY, "burn")
AGAIN = (
    *("transfer_from", "safe_transfer_from", "approve", "burn", "mint", "mint_batch"),
    *("set_approval_for_all", "accept_ownership"),
)
Judge = Callable[[list[Scene]], None]

PARTS = ("its holder", "its spender", "the minter", "the owner", "stranger")


def callers(*parts: str) -> st.SearchStrategy[tuple[str, str]]:
    """Who calls: one of these parts, mostly, or anybody; and who asks for it where that is the
    wallet: mostly one who may do it, so that one that trusts the caller's caller is found."""
    return st.tuples(st.sampled_from([*parts, *CALLERS]), st.sampled_from(PARTS))


# The one who may is named by a part, for the stories would else be refusals for the most part.
anybody = callers()
minters = callers(*["the minter"] * 9)
owners = callers(*["the owner"] * 9)
successors = callers(*["the successor"] * 9)
movers = callers(*["its holder"] * 7, *["its spender", "its operator"] * 3)
holders = st.sampled_from(["its holder"] * 9 + ["buyer", NOBODY])
receivers = st.sampled_from([*CALLERS[2:] * 4, *PEOPLE, NOBODY])
takers = st.sampled_from([WALLET] * 4 + [*PEOPLE])
candidates = st.sampled_from([*CALLERS, NOBODY])
bundles = st.integers(0, 99)
tokens = Bundle("tokens")
ids = st.one_of(*[tokens] * 9, st.sampled_from([0, 13, 2**256 - 1]))
names = st.text("PFQ é", max_size=40)
RIGHT = {  # the arguments of the constructor, by name, that are taken
    "name": names,
    "symbol": names,
    "owner": st.just("owner"),
    "minter": st.sampled_from(["minter"] * 9 + [NOBODY]),
    "max_supply": st.sampled_from([12] * 5 + [3, 1, LARGEST_SUPPLY]),
    "royalty_receiver": st.sampled_from(["buyer", "stranger"]),
    "royalty_bps": st.sampled_from([500, 0, 1, 9_999, 10_000]),
    "collection_bundle": st.integers(1, 99),
}
WRONG: list[dict[str, Any]] = [  # changes to them that are refused, and a few that are not
    {"owner": NOBODY},
    {"max_supply": 0},
    {"max_supply": LARGEST_SUPPLY + 1},
    {"max_supply": 2**256 - 1},
    {"royalty_bps": 10_001},
    {"royalty_bps": 2**96 - 1, "royalty_receiver": NOBODY},
    {"royalty_bps": 1, "royalty_receiver": NOBODY},
    {"collection_bundle": 0},
    {"owner": NOBODY, "max_supply": 0, "royalty_bps": 10_001, "collection_bundle": 0},
]


class Story(RuleBasedStateMachine):
    """One collection from its creation on."""

    def __init__(self, judge: Judge) -> None:
        super().__init__()
        self.judge = judge
        self.model = TokenModel()
        self.scenes: list[Scene] = []

    def teardown(self) -> None:
        """The end of the story."""
        self.judge(self.scenes)

    def who(self, part: str, token: int | None = None) -> str:
        """Who plays a part; where nobody does, or one that cannot call, a stranger."""
        model = self.model
        holder = model.holders.get(token or 0, "stranger")
        operators = sorted(o for h, o in model.operators if h == holder)
        parts = {
            "the minter": model.minter,
            "the owner": model.owner,
            "the successor": model.pending,
            "its holder": holder,
            "its spender": model.approved.get(token or 0, holder),
            "its operator": operators[0] if operators else holder,
        }
        return parts.get(part, part)

    def step(self, caller: str, function: str, *arguments: Any, asker: str = "stranger") -> Any:
        """Tell it, and return the ids that were minted."""
        caller = caller if caller in CALLERS else "stranger"
        asker = asker if caller == WALLET and asker in ACCOUNTS else "stranger"
        before, step = self.model.minted, Step(caller, function, arguments, asker)
        self.scenes.append(told(self.model, step))
        return multiple(*range(before + 1, self.model.minted + 1))

    def act(self, by: tuple[str, str], function: str, *arguments: Any, token: int = 0) -> Any:
        """Tell a step of those who play two parts, for this token."""
        caller, asker = (self.who(part, token) for part in by)
        return self.step(caller, function, *arguments, asker=asker)

    # -- the beginning

    @initialize(target=tokens, right=st.fixed_dictionaries(RIGHT), wrong=st.sampled_from(WRONG))
    def begin(self, right: dict[str, Any], wrong: dict[str, Any]) -> Any:
        for given in (right | wrong, right):
            self.step("owner", "create", *(given[name] for name in RIGHT))
        to = ("holder", "buyer", WALLET, "buyer")[: right["max_supply"]]
        return self.step(self.model.minter, "airdrop", to, tuple(range(1, len(to) + 1)))

    # -- minting

    @rule(target=tokens, by=minters, to=receivers, bundle=bundles)
    def mint(self, by: tuple[str, str], to: str, bundle: int) -> Any:
        return self.act(by, "mint", to, bundle)

    @rule(target=tokens, by=minters, to=takers, bundle=bundles)
    def safe_mint(self, by: tuple[str, str], to: str, bundle: int) -> Any:
        return self.act(by, "safe_mint", to, bundle)

    @rule(target=tokens, by=minters, to=receivers, many=st.lists(bundles, max_size=6))
    def mint_batch(self, by: tuple[str, str], to: str, many: list[int]) -> Any:
        return self.act(by, "mint_batch", to, tuple(many))

    @rule(
        target=tokens,
        by=minters,
        drops=st.lists(st.tuples(receivers, bundles), max_size=6),
        extra=st.sampled_from([(), (), (), (1,)]),
    )
    def airdrop(
        self, by: tuple[str, str], drops: list[tuple[str, int]], extra: tuple[int, ...]
    ) -> Any:
        to, given = tuple(r for r, _ in drops), tuple(b for _, b in drops)
        return self.act(by, "airdrop", to, given + extra)

    # -- moving

    @rule(by=movers, holder=holders, to=receivers, token=ids)
    def transfer_from(self, by: tuple[str, str], holder: str, to: str, token: int) -> None:
        self.act(by, "transfer_from", self.who(holder, token), to, token, token=token)

    @rule(by=movers, holder=holders, to=takers, token=ids, how=st.sampled_from(SAFELY))
    def safe_transfer_from(
        self, by: tuple[str, str], holder: str, to: str, token: int, how: str
    ) -> None:
        self.act(by, how, self.who(holder, token), to, token, token=token)

    @rule(by=movers, spender=anybody, to=takers, token=tokens, how=st.sampled_from(WAYS))
    def approve_and_move(
        self, by: tuple[str, str], spender: tuple[str, str], to: str, token: int, how: str
    ) -> None:
        holder = self.who("its holder", token)
        self.act(by, "approve", spender[0], token, token=token)
        arguments = (token,) if how == "burn" else (holder, to, token)
        self.act(spender, how, *arguments, token=token)

    @rule(by=movers, spender=receivers, token=ids)
    def approve(self, by: tuple[str, str], spender: str, token: int) -> None:
        self.act(by, "approve", spender, token, token=token)

    @rule(by=anybody, operator=receivers, approved=st.sampled_from([True, True, False]))
    def set_approval_for_all(self, by: tuple[str, str], operator: str, approved: bool) -> None:
        self.act(by, "set_approval_for_all", operator, approved)

    @rule(target=tokens, by=movers, token=consumes(tokens))
    def burn(self, by: tuple[str, str], token: int) -> Any:
        self.act(by, "burn", token, token=token)
        return token if token in self.model.holders else multiple()

    @precondition(lambda self: self.model.minted > len(self.model.holders))
    @rule(by=anybody, holder=st.sampled_from([*CALLERS, NOBODY]), which=st.integers(0, 11))
    def try_what_was_burned(self, by: tuple[str, str], holder: str, which: int) -> None:
        burned = sorted(set(range(1, self.model.minted + 1)) - set(self.model.holders))
        token = burned[which % len(burned)]
        self.act(by, "transfer_from", holder, self.who(by[0]), token)
        self.act(by, "approve", self.who(by[0]), token)
        self.act(by, "burn", token)

    @rule(
        how=st.sampled_from(AGAIN),
        to=receivers,
        spender=receivers,
        token=tokens,
        taken=tokens,
        by=movers,
    )
    def call_back(
        self, how: str, to: str, spender: str, token: int, taken: int, by: tuple[str, str]
    ) -> None:
        """The wallet takes one token, and before that does something to the same or another."""
        holder = self.who("its holder", taken)
        arguments: dict[str, tuple[Any, ...]] = {
            "transfer_from": (WALLET, to, token),
            "safe_transfer_from": (WALLET, to, token),
            "approve": (spender, token),
            "burn": (token,),
            "mint": (to, 1),
            "mint_batch": (to, (1, 2)),
            "set_approval_for_all": (spender, True),
            "accept_ownership": (),
        }
        self.step("stranger", "arm", how, arguments[how])
        self.act(by, "safe_transfer_from", holder, WALLET, taken, token=taken)

    # -- owner and minter

    @rule(by=owners, how=st.sampled_from(["set_minter", "transfer_ownership"]), other=candidates)
    def govern(self, by: tuple[str, str], how: str, other: str) -> None:
        self.act(by, how, other)

    @rule(by=owners, other=candidates, then=successors)
    def hand_over(self, by: tuple[str, str], other: str, then: tuple[str, str]) -> None:
        self.act(by, "transfer_ownership", other)
        self.act(then, "accept_ownership")

    @precondition(lambda self: self.model.pending != NOBODY)
    @rule(by=successors)
    def accept_ownership(self, by: tuple[str, str]) -> None:
        self.act(by, "accept_ownership")

    # Late, for it ends the owner's part in a story.
    @precondition(lambda self: len(self.scenes) > STEPS // 2)
    @rule(by=owners)
    def renounce_ownership(self, by: tuple[str, str]) -> None:
        self.act(by, "renounce_ownership")


def tell_stories(judge: Judge, count: int, *, again: bool) -> None:
    """Give `judge` so many stories of about STEPS steps; the same ones each time if `again`.

    What `judge` raises ends it. Hypothesis does not shrink: it would draw every story anew, and
    could not leave out steps of one that is judged at its end.
    """
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        lambda: Story(judge),
        settings=settings(
            max_examples=count,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=again,
            database=None,
            phases=[Phase.generate],
            verbosity=Verbosity.quiet,
            suppress_health_check=checks,
        ),
    )
