"""The whole collection against a plain dictionary model, by random stories

given a creation, and any sequence of mints, transfers, approvals, burns and changes of minter and
owner, by whom they may be done and by others, by accounts and by a contract, to accounts and to
contracts that take tokens, refuse them, or call back before they take one
    the contract refuses what the model refuses, with the same bytes
    otherwise it emits the same events and returns the same bytes
    after each step every view answers the same bytes, for every token, person and role

The same stories each time. `PFPKIT_MODEL_EXAMPLES=1000` tells that many new ones instead.
"""

import os
from collections import Counter

import pytest
from support.collection import deployment_code
from support.token_language import STEPS
from support.token_model import Done
from support.token_stage import Stage, codes_of
from support.token_stories import tell_stories

STORIES = os.environ.get("PFPKIT_MODEL_EXAMPLES")


def test_collection__when_used_in_any_way__does_what_the_model_does(
    project, node, deployer, capsys
):
    """Random stories; a counterexample is shrunk and printed as a story."""
    stage = Stage(node, deployer.address, codes_of(lambda name: deployment_code(project, name)))
    code = deployment_code(project, "ProfilePicture")
    done, refused = Counter(), Counter()

    def judge(story):
        stage.check(story, code)
        for scene in story:
            (done if isinstance(scene.said, Done) else refused)[scene.step.function] += 1

    try:
        tell_stories(judge, int(STORIES or 200), again=STORIES is None)
    except AssertionError as parted:
        pytest.fail(str(parted), pytrace=False)
    steps = done.total() + refused.total()
    with capsys.disabled():
        print(f" {steps:,} steps, {refused.total():,} of them refused ", end="")
    if STORIES is None:
        assert steps >= 10_000
        assert [f for f in STEPS if done[f] < 5] == []
        assert [f for f in STEPS if refused[f] < 5] == ["arm"]
