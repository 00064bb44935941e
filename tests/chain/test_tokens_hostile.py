"""Node.tokens against nodes that misbehave: many tokens, a few requests

given a failure at one token, it is that one's; the others are read
given a failure of the node, it ends before long; given a block that goes away, nothing is used
"""

import asyncio
import time

import pytest
from support.hostile_node import (
    BLOCK,
    HASH,
    HONEST,
    KEPT,
    OWNER,
    WAITS,
    Failure,
    HostileNode,
    views,
)

from pfpkit.chain import Node
from pfpkit.errors import ChainError
from pfpkit.reference import TokenRef
from pfpkit.tokens import Outcome

FEW = [(TokenRef(31337, "0x" + "22" * 20, number), OWNER) for number in range(7)]


def look(asked, answers, timeout_s=5.0, **options):
    """Read tokens from a node with these answers, which runs no lens unless it is told to."""

    async def ask(url):
        async with Node(url, timeout_s=timeout_s) as node:
            return await node.tokens(asked, BLOCK)

    with HostileNode({"eth_call": alone(views), **answers}, **options) as node:
        return asyncio.run(ask(node.url)), node


def alone(answer):
    """Answers what names a contract, and refuses a lens."""

    def called(request, block):
        return answer(request, block) if "to" in request else Failure(-32602, "no `to`")

    return called


def test_tokens__when_the_node_runs_no_lens__are_asked_alone():
    """One more request, in a batch; the lens is not tried again."""
    found, node = look(FEW, {})
    assert {(answer.outcome, answer.held) for answer in found} == {(Outcome.READ, True)}
    assert node.sizes == [3, 25]


@pytest.mark.parametrize(
    "answer",
    [
        "0x",
        "0x" + "00" * 31,
        None,
        7,
        Failure(3, "execution reverted"),
        Failure(3, "execution reverted", "0x"),
        Failure(3, "execution reverted", "0x" + "00" * 31),
        Failure(3, "execution reverted", "0x" + "00" * 32 * 24 + "00"),
        Failure(3, "execution reverted", "0x" + "ff" * 32 * 24),
        Failure(-32000, "out of gas"),
        Failure(-32000, "max initcode size exceeded"),
    ],
    ids=repr,
)
def test_tokens__when_the_lens_is_answered_wrongly__are_asked_alone(answer):
    """Nothing is concluded from it."""

    def called(request, block):
        return views(request, block) if "to" in request else answer

    found, _ = look(FEW, {"eth_call": called})
    assert {(one.outcome, one.held, one.owner) for one in found} == {(Outcome.READ, True, OWNER)}


@pytest.mark.parametrize("view", ["0x6352211e", "0xc87b56dd", "0x8f742d16", "0x01ffc9a7"])
@pytest.mark.parametrize("failure", [Failure(-32005, "limit exceeded"), 7, None, "0x1"], ids=repr)
def test_tokens__when_the_node_fails_at_one__it_alone_is_unanswered(view, failure):
    """Whichever view it is: an answer that is none is not taken for a missing view or token."""
    bad = TokenRef(31337, "0x" + "44" * 20, 3)

    def some(request, block):
        wrong = request["to"].lower() == bad.contract and request["data"].startswith(view)
        return failure if wrong else views(request, block)

    found, _ = look([*FEW, (bad, OWNER)], {"eth_call": alone(some)})
    assert [answer.outcome for answer in found] == [Outcome.READ] * 7 + [Outcome.UNANSWERED]
    assert found[-1].held in (None, True)
    assert found[-1].reason


def test_tokens__when_one_answer_floods__it_alone_is_too_large():
    """10 MB where a URI was asked for: found by halves, among honest ones."""
    flood = "0x" + "00" * 10_000_000
    calm = (Outcome.READ, True)

    def some(request, block):
        wrong = request["data"].startswith("0xc87b56dd") and request["data"].endswith("3")
        return flood if wrong else views(request, block)

    found, _ = look(FEW, {"eth_call": alone(some)})
    told = [(answer.outcome, answer.held) for answer in found]
    assert told == [calm] * 3 + [(Outcome.TOO_LARGE, True)] + [calm] * 3


def test_tokens__when_the_node_answers_nothing_but_floods__gives_up_before_long():
    """After three in a row; the others are unanswered, not asked for ever."""
    asked = [(TokenRef(31337, "0x" + "22" * 20, number), OWNER) for number in range(300)]

    def flood(answers):
        return "x" * 9_000_000 if {"result": "0x"}.items() <= answers[0].items() else answers

    found, node = look(asked, {"eth_call": alone(lambda *_: "0x")}, shape=flood)
    assert {answer.outcome for answer in found} == {Outcome.UNANSWERED}
    assert len(node.sizes) < 20


@pytest.mark.parametrize("fault", KEPT)
def test_tokens__when_the_node_fails_in_http__says_how(fault):
    """As one failure, with the node's name, before long."""
    waits = fault in WAITS
    start = time.monotonic()
    with pytest.raises(ChainError, match=r"http://127\.0\.0\.1:"):
        look(FEW, {}, timeout_s=0.1 if waits else 5.0, fault=fault)
    assert time.monotonic() - start < 10


def test_tokens__when_of_another_chain__each_says_so():
    """The node's answers are not used, whatever it says of the address."""
    found, _ = look(FEW, {"eth_chainId": "0x1"})
    assert {(answer.outcome, answer.held) for answer in found} == {(Outcome.WRONG_CHAIN, None)}


def test_tokens__when_the_block_goes_away_meanwhile__is_refused():
    """Nothing of it is used."""
    hashes = iter([HASH, "0x" + "cd" * 32])

    def block(*_):
        return {**HONEST["eth_getBlockByNumber"], "hash": next(hashes)}

    with pytest.raises(ChainError, match="does not have block 5 "):
        look(FEW, {"eth_getBlockByNumber": block})


@pytest.mark.parametrize(
    ("code", "outcome", "held"),
    [("0x", Outcome.NO_CONTRACT, False), (None, Outcome.UNANSWERED, None)],
)
def test_tokens__when_nothing_answers__says_nobody_only_if_the_node_says_no_code(
    code, outcome, held
):
    """Null is what a node says that lost the state of a block: who owns the token is unknown."""
    found, _ = look(FEW, {"eth_call": alone(lambda *_: "0x"), "eth_getCode": code})
    assert {(answer.outcome, answer.held) for answer in found} == {(outcome, held)}
