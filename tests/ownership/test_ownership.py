"""ownership: the state of a holder and a token, from what is read at two blocks

given the owner at both blocks, verified, as of the earlier one
given the owner at the later one alone, pending; at the earlier one alone, not the owner
given no answer where one is needed, unknown, whatever the other block says
"""

from dataclasses import replace
from itertools import product

import pytest

from pfpkit.block import BlockRef
from pfpkit.errors import BadInput
from pfpkit.ownership import State, ownership, unknown
from pfpkit.reference import Standard, TokenRef
from pfpkit.tokens import Outcome, TokenAnswer

HOLDER, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
REF = TokenRef(1, "0x" + "33" * 20, 7)
MULTI = replace(REF, standard=Standard.ERC1155)
DEEP, LATEST = BlockRef(88, "0x" + "aa" * 32, 1000), BlockRef(100, "0x" + "bb" * 32, 1144)


def answer(block, outcome=Outcome.READ, owner=None, balance=None):
    ref = REF if balance is None else MULTI
    return TokenAnswer(ref, HOLDER, block, outcome, "", owner, balance, "ipfs://bafkqaaa")


HAS = {
    "owner": {"owner": HOLDER},
    "owner, though its URI fails": {"owner": HOLDER, "outcome": Outcome.NO_URI},
}
HAS_NOT = {
    "another owns it": {"owner": OTHER},
    "no such token": {"outcome": Outcome.NO_TOKEN},
    "no such contract": {"outcome": Outcome.NO_CONTRACT},
}
NOBODY_KNOWS = {
    str(outcome): {"outcome": outcome}
    for outcome in Outcome
    if outcome not in (Outcome.READ, Outcome.NO_TOKEN, Outcome.NO_CONTRACT)
}
STATES = [
    (HAS, HAS, State.VERIFIED, DEEP),
    (HAS_NOT, HAS, State.PENDING, LATEST),
    (NOBODY_KNOWS, HAS, State.UNKNOWN, DEEP),
    (HAS | HAS_NOT | NOBODY_KNOWS, HAS_NOT, State.NOT_OWNER, LATEST),
    (HAS | HAS_NOT | NOBODY_KNOWS, NOBODY_KNOWS, State.UNKNOWN, LATEST),
]
CASES = [
    (then, now, state, block)
    for thens, nows, state, block in STATES
    for then, now in product(thens, nows)
]
SAID = HAS | HAS_NOT | NOBODY_KNOWS


def test_states__when_all_pairs_are_listed__each_has_one():
    """No pair of answers is left out, and none is there twice."""
    assert sorted(case[:2] for case in CASES) == sorted(product(SAID, SAID))


@pytest.mark.parametrize(("then", "now", "state", "block"), CASES)
def test_ownership__when_read_at_two_blocks__has_state_and_block(then, now, state, block):
    """Each with the reason in words."""
    found = ownership(answer(DEEP, **SAID[then]), answer(LATEST, **SAID[now]))
    assert (found.state, found.block, found.undone) == (state, block, None)
    assert (found.ref, found.holder) == (REF, HOLDER)
    assert found.reason


@pytest.mark.parametrize(
    ("then", "now", "state"),
    [(1, 5, "verified"), (0, 1, "pending"), (5, 0, "not-owner"), (0, 0, "not-owner")],
)
def test_ownership__when_of_erc1155__goes_by_the_balance(then, now, state):
    """One is enough."""
    found = ownership(answer(DEEP, balance=then), answer(LATEST, balance=now))
    assert found.state == state


@pytest.mark.parametrize(("said", "state"), [(HAS, "verified"), (HAS_NOT, "not-owner")])
def test_ownership__when_the_latest_block_is_asked_for__is_never_pending(said, state):
    """The same answer is both."""
    for facts in said.values():
        now = answer(LATEST, **facts)
        assert ownership(now, now).state == state


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (answer(DEEP, owner=HOLDER), replace(answer(LATEST, owner=HOLDER), holder=OTHER)),
        (answer(DEEP, owner=HOLDER), replace(answer(LATEST), ref=replace(REF, token_id=8))),
        (answer(LATEST, owner=HOLDER), answer(DEEP, owner=HOLDER)),
        (replace(answer(DEEP), holder=None), replace(answer(LATEST), holder=None)),
    ],
)
def test_ownership__when_the_answers_do_not_belong_together__is_refused(then, now):
    """Another holder, another token, the blocks the wrong way round, no holder."""
    with pytest.raises(BadInput, match=r"ownership is of one token|later than the latest"):
        ownership(then, now)


def test_unknown__when_nothing_was_read__has_no_block():
    """And says why."""
    found = unknown(REF, HOLDER, "the node was away")
    assert (found.state, found.block, found.reason) == ("unknown", None, "the node was away")


def test_ownership__when_verified__names_the_blocks_that_were_read():
    """And says nothing of now: the answer may be of an old block, or be looked up later."""
    then = answer(DEEP, **HAS["owner"])
    assert ownership(then, then).reason == "the owner at block 88"
    now = answer(LATEST, **HAS["owner"])
    assert ownership(then, now).reason == "the owner at block 88, and at block 100"
