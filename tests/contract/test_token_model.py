"""The whole collection against a plain dictionary model, by random stories

given any sequence of mints, transfers, approvals, burns and changes of minter and owner, by whom
they may be done and by others, to accounts and to contracts that take tokens or do not
    the contract refuses what the model refuses, with the same error
    otherwise it emits the same events
    after each step it says the same about every token, balance, operator, role and URI

`PFPKIT_MODEL_EXAMPLES` sets the number of stories of up to 50 steps (100).
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
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
from support.collection import creation_code
from support.model_contract import ModelContract, people_of
from support.token_model import NOBODY, Refused, TokenModel

MAX_SUPPLY = 12
EXAMPLES = int(os.environ.get("PFPKIT_MODEL_EXAMPLES", "100"))
ACCOUNTS = ["owner", "minter", "holder", "buyer", "stranger"]
CONTRACTS = {
    "taking contract": "AcceptingReceiver",
    "silent contract": "SilentReceiver",
    "lying contract": "WrongAnswerReceiver",
}
PEOPLE = [*ACCOUNTS, *CONTRACTS]

accounts = st.sampled_from(ACCOUNTS)
receivers = st.sampled_from([*ACCOUNTS[2:] * 3, *PEOPLE, NOBODY])
bundles = st.sampled_from([*range(1, 9), 0])
tokens = Bundle("tokens")
ids = st.one_of(*[tokens] * 9, st.sampled_from([0, MAX_SUPPLY + 1, 2**256 - 1]))
# The one who may is named by its part, for the stories would else be refusals for the most part.
minters = st.sampled_from(["the minter"] * 9 + ACCOUNTS)
owners = st.sampled_from(["the owner"] * 5 + ACCOUNTS)
movers = st.sampled_from(["its holder"] * 5 + ["its spender", "its operator"] * 2 + ACCOUNTS)
holders = st.sampled_from(["its holder"] * 9 + ["buyer", NOBODY])
MINTS = st.sampled_from(["mint", "safe_mint"])
GOVERNS = st.sampled_from(["set_minter", "transfer_ownership"])


class Story(RuleBasedStateMachine):
    """One collection from its deployment on, beside its model."""

    def __init__(self, deploy):
        super().__init__()
        self.model = TokenModel(MAX_SUPPLY, owner="owner", minter="minter")
        self.contract = deploy()

    def who(self, part, token=None):
        """The account that plays a part; contracts and nobody cannot call, and a stranger does."""
        parts = {
            "the minter": self.model.minter,
            "the owner": self.model.owner,
            "the successor": self.model.pending,
            "its holder": self.model.holders.get(token, "stranger"),
            "its spender": self.model.approved.get(token, "stranger"),
            "its operator": self.model.operator_of(self.model.holders.get(token)),
        }
        return parts.get(part, part)

    def step(self, caller, function, *arguments):
        """Do it on both sides, compare what they say, and return the ids that were minted."""
        caller = caller if caller in ACCOUNTS else "stranger"
        before = self.model.minted
        expected = attempt(getattr(self.model, function), caller, *arguments)
        found = attempt(self.contract.send, caller, function, *arguments)
        story = f"{caller} calls {function}{arguments}"
        assert found == expected, f"{story}: the contract {found}, the model {expected}"
        said = self.contract.view(self.model.minted + 1, PEOPLE)
        right = self.model.view(PEOPLE)
        wrong = [
            f"{what}: the contract says {said.get(what)!r}, the model {right.get(what)!r}"
            for what in right | said
            if said.get(what) != right.get(what)
        ]
        if wrong:
            raise AssertionError("\n".join([f"after {story}", *wrong]))
        return multiple(*range(before + 1, self.model.minted + 1))

    @initialize(target=tokens, to=st.lists(st.sampled_from(ACCOUNTS), min_size=1, max_size=6))
    def begin(self, to):
        return self.step("minter", "airdrop", to, list(range(1, len(to) + 1)))

    @rule(target=tokens, caller=minters, to=receivers, bundle=bundles, how=MINTS)
    def mint(self, caller, to, bundle, how):
        return self.step(self.who(caller), how, to, bundle)

    @rule(target=tokens, caller=minters, to=receivers, bundles=st.lists(bundles, max_size=3))
    def mint_batch(self, caller, to, bundles):
        return self.step(self.who(caller), "mint_batch", to, bundles)

    @rule(
        target=tokens,
        caller=minters,
        drops=st.lists(st.tuples(receivers, bundles), max_size=3),
        extra=st.sampled_from([[], [], [], [1]]),
    )
    def airdrop(self, caller, drops, extra):
        to, given = [r for r, _ in drops], [b for _, b in drops]
        return self.step(self.who(caller), "airdrop", to, given + extra)

    @rule(caller=movers, holder=holders, to=receivers, token=ids)
    def transfer_from(self, caller, holder, to, token):
        who, whose = self.who(caller, token), self.who(holder, token)
        self.step(who, "transfer_from", whose, to, token)

    @rule(caller=movers, holder=holders, to=receivers, token=ids)
    def safe_transfer_from(self, caller, holder, to, token):
        who, whose = self.who(caller, token), self.who(holder, token)
        self.step(who, "safe_transfer_from", whose, to, token)

    @rule(caller=movers, spender=accounts, to=accounts, token=tokens)
    def approve_and_move(self, caller, spender, to, token):
        holder = self.who("its holder", token)
        self.step(self.who(caller, token), "approve", spender, token)
        self.step(spender, "transfer_from", holder, to, token)

    @rule(caller=movers, spender=receivers, token=ids)
    def approve(self, caller, spender, token):
        self.step(self.who(caller, token), "approve", spender, token)

    @rule(caller=accounts, operator=receivers, approved=st.sampled_from([True, True, False]))
    def set_approval_for_all(self, caller, operator, approved):
        self.step(caller, "set_approval_for_all", operator, approved)

    @rule(target=tokens, caller=movers, token=consumes(tokens))
    def burn(self, caller, token):
        self.step(self.who(caller, token), "burn", token)
        return token if token in self.model.holders else multiple()

    @precondition(lambda self: self.model.minted > len(self.model.holders))
    @rule(caller=accounts, holder=st.sampled_from([*ACCOUNTS, NOBODY]), which=st.integers(0, 11))
    def try_what_was_burned(self, caller, holder, which):
        burned = sorted(set(range(1, self.model.minted + 1)) - set(self.model.holders))
        token = burned[which % len(burned)]
        self.step(caller, "transfer_from", holder, caller, token)
        self.step(caller, "approve", caller, token)
        self.step(caller, "burn", token)

    @rule(caller=owners, how=GOVERNS, other=st.sampled_from([*ACCOUNTS, NOBODY]))
    def govern(self, caller, how, other):
        self.step(self.who(caller), how, other)

    @precondition(lambda self: self.model.pending != NOBODY)
    @rule(caller=st.sampled_from(["the successor"] * 4 + ACCOUNTS))
    def accept_ownership(self, caller):
        self.step(self.who(caller), "accept_ownership")

    # Late, for it ends the owner's part in a story.
    @precondition(lambda self: self.model.minted > MAX_SUPPLY // 2)
    @rule(caller=accounts)
    def renounce_ownership(self, caller):
        self.step(caller, "renounce_ownership")


def attempt(function, *arguments):
    """In words that can be compared: the events, or the refusal."""
    try:
        return f"emits {function(*arguments)}"
    except Refused as refusal:
        return f"refuses with {refusal.error} {refusal.inputs}"


# Shrinking a counterexample takes some minutes.
@pytest.mark.timeout(900)
def test_collection__when_used_in_any_way__does_what_the_model_does(project, node, deployer):
    """Random stories; a counterexample is shrunk and printed as the calls that make it."""
    addresses = {name: f"0x{n + 1:02x}" + "a5" * 19 for n, name in enumerate(ACCOUNTS)}
    node.fund(*addresses.values())
    for name, contract in CONTRACTS.items():
        addresses[name] = deployer.deploy(getattr(project, contract)).address
    lens = deployer.deploy(project.Lens).address
    code = creation_code(project, addresses["owner"], addresses["minter"], max_supply=MAX_SUPPLY)

    def deploy():
        address = node.deploy(addresses["owner"], code)
        return ModelContract(node, address, lens, people_of(addresses))

    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        lambda: Story(deploy),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=50,
            deadline=None,
            phases=[Phase.reuse, Phase.generate, Phase.shrink],
            suppress_health_check=checks,
        ),
    )
