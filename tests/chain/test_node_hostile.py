"""Node against nodes that misbehave: in HTTP, in JSON-RPC, and in what they say

given anything but an answer, NodeUnreachable names the node and what it did, in bounded time
given an answer of another form, an error of ours, never another
"""

import asyncio
import time
import tracemalloc
from contextlib import suppress

import pytest
from support.called import REF, called
from support.hostile_node import (
    BLOCK,
    HASH,
    HONEST,
    OWNER,
    URI,
    WAITS,
    Failure,
    Fault,
    HostileNode,
    views,
)

from pfpkit.chain import Call, Node, Reverted
from pfpkit.errors import BadInput, ChainError, NodeUnreachable


def read(answers=None, fault=Fault.NONE, timeout_s=5.0, **options):
    """Call VIEWS at the latest block of a node with these answers."""
    with HostileNode({"eth_call": views, **(answers or {})}, fault, **options) as node:
        return asyncio.run(called(node.url, timeout_s))


def test_call__when_the_node_is_honest__is_read_in_one_batch_at_one_block():
    """The block is named by its hash; one request for all that is read there."""
    with HostileNode({"eth_call": views}) as node:
        found = asyncio.run(called(node.url))
        assert [request["method"] for request in node.requests] == [
            "eth_chainId",
            "eth_getBlockByNumber",
            "eth_getCode",
            *["eth_call"] * 3,
            "eth_getBlockByNumber",
        ]
        assert len(node.heads) == 3
    assert found == [OWNER, URI, URI]


FAULTS = {
    Fault.HTML: "gave no JSON answer",
    Fault.NOT_HTTP: "cannot be reached",
    Fault.BROKEN: "answered 500",
    Fault.BUSY: "answered 429: too many requests",
    Fault.FORBIDDEN: "answered 403; check its address and key",
    Fault.REDIRECTING: "answered 302",
    Fault.OVERSIZED: "sent more than 8,388,608 bytes",
    Fault.ENDLESS: "sent more than 8,388,608 bytes",
    Fault.SILENT: "no whole answer in 0.4 s|ReadTimeout",
    Fault.STALLED: "no whole answer in 0.4 s|ReadTimeout",
    Fault.DRIPPING: "no whole answer in 0.4 s",
    Fault.HANGS_UP: "cannot be reached",
    Fault.CUT_SHORT: "cannot be reached",
    Fault.COMPRESSED: "compressed its answer",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_call__when_the_node_fails_in_http__says_how(fault):
    """With the node's address, before long."""
    flood = fault in (Fault.OVERSIZED, Fault.ENDLESS)
    waits = fault in WAITS
    start = time.monotonic()
    with pytest.raises(ChainError, match=FAULTS[fault]) as refusal:
        read(fault=fault, timeout_s=0.4 if waits else 5.0)
    assert "http://127.0.0.1:" in str(refusal.value)
    assert flood or isinstance(refusal.value, NodeUnreachable)
    assert time.monotonic() - start < 10


def test_call__when_the_node_floods__memory_stays_bounded():
    """The limit of 8 MiB, its copy, and nothing like what is sent."""
    tracemalloc.start()
    try:
        with pytest.raises(ChainError, match="sent more than"):
            read(fault=Fault.ENDLESS)
        assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
    finally:
        tracemalloc.stop()


def test_call__when_a_view_answers_two_mebibytes__memory_is_a_few_times_that():
    """Digits, text, bytes and their copies; nothing for each byte."""
    flood = "0x" + "00" * 2**21

    async def ask(url):
        async with Node(url) as node:
            return await node.tokens([(REF, OWNER)], BLOCK)

    with HostileNode({"eth_call": lambda request, _: flood if "to" in request else "0x"}) as node:
        tracemalloc.start()
        try:
            asyncio.run(ask(node.url))
            assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
        finally:
            tracemalloc.stop()


def test_call__when_nobody_listens__says_so():
    """With what to do."""
    with HostileNode() as node:
        url = node.url
    with pytest.raises(NodeUnreachable, match=r"cannot be reached \(.+\); start it, or check"):
        asyncio.run(called(url))


def unanswered(answers):
    return [{**answer, "id": answer["id"] + 1} for answer in answers]


SHAPES = {
    "one object": lambda answers: answers[0],
    "other ids": unanswered,
    "ids as text": lambda answers: [{**a, "id": str(a["id"])} for a in answers],
    "ids as true and false": lambda answers: [{**a, "id": bool(a["id"])} for a in answers],
    "ids that cannot be keys": lambda answers: [{**a, "id": [a["id"]]} for a in answers],
    "twice": lambda answers: answers + answers,
    "nothing": lambda answers: [],
    "null": lambda answers: None,
    "a number": lambda answers: 7,
    "no objects": lambda answers: [7, None, "x", []],
    "no results": lambda answers: [{"id": a["id"]} for a in answers],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_call__when_a_batch_is_answered_wrongly__is_no_node(shape):
    """Each result has to come once, under its request's id."""
    with pytest.raises(NodeUnreachable, match="is it a node"):
        read(shape=SHAPES[shape])


class Delayed:
    """As a shape: every answer is that to the request before."""

    def __init__(self):
        self.before = None

    def __call__(self, answers):
        late, self.before = self.before or answers, answers
        return late


@pytest.mark.parametrize("answer", ["0x7a69", Failure(3, "execution reverted")])
def test_chain_id__when_the_answer_is_that_to_an_earlier_request__is_no_node(answer):
    """As behind a proxy that sent one answer too many: each after it is another's."""

    async def asked_twice(url):
        async with Node(url) as node:
            with suppress(ChainError):
                await node.chain_id()
            await node.chain_id()

    with (
        HostileNode({"eth_chainId": answer}, shape=Delayed()) as node,
        pytest.raises(NodeUnreachable, match="is it a node"),
    ):
        asyncio.run(asked_twice(node.url))


def test_call__when_results_come_in_another_order__are_matched_by_id():
    """JSON-RPC 2.0 lets a server answer a batch in any order, and some write a null error."""
    found = read(shape=lambda answers: [{**a, "error": None} for a in reversed(answers)])
    assert found[0] == OWNER


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"\xff\xfe",
        b'[{"jsonrpc":"2.0","id":0,"result":NaN}]',
        b'[{"jsonrpc":"2.0","id":0,"result":1e999}]',
        b"[" * 200_000,
        b'[{"id":0,"result":' + b"[" * 5000 + b"]" * 5000 + b"}]",
        b'[{"id":0,"result":' + b"[" * 900 + b"]" * 900 + b"}]",
        b'[{"id":0,"error":' + b"[" * 900 + b"]" * 900 + b"}]",
        b'[{"id":0,"error":{"message":' + b"[" * 900 + b"]" * 900 + b"}}]",
        b'[{"id":0,"result":' + b"9" * 5000 + b"}]",
        b'[{"id":0,"result":' + b"9" * 4000 + b"}]",
        b'[{"id":0,"result":"' + b"\\ud800" * 9 + b'"}]',
        b'[{"id":0,"error":{"code":' + b"9" * 4000 + b',"message":"\\ud800"}}]',
        b'{"error":{"code":-32000,"message":"rate limit"}}',
        b'{"error":"no"}',
        b'{"error":null}',
    ],
    ids=lambda body: ascii(body)[:40],
)
def test_call__when_the_body_is_odd__is_refused_in_few_words(body):
    """Deep, huge, not finite, half characters: one printable line."""
    with pytest.raises(ChainError) as refusal:
        read(instead=body)
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 400


NUMBERS = ["", "0x", "31337", 31337, True, None, "0x-1", "-0x1", "0x_1", " 0x1", "0x\u0661", "0xg"]
NUMBERS += ["0x" + "f" * digits for digits in (14, 17, 5000, 500_000)]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: ascii(number)[:12])
@pytest.mark.parametrize("field", ["chain id", "number", "timestamp"])
def test_call__when_a_number_is_none__is_refused_in_few_words(field, number):
    """A quantity is 0x and digits below 2^53; half a million of them take no time."""
    block = {**HONEST["eth_getBlockByNumber"], field: number}
    answers = {"eth_getBlockByNumber": block}
    if field == "chain id":
        answers = {"eth_chainId": number}
    with pytest.raises(NodeUnreachable, match="for a number") as refusal:
        read(answers)
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize("block_hash", [None, "", 7, "0x12", "0x" + "g" * 64, HASH + "\n", [HASH]])
def test_call__when_a_block_has_no_hash__is_refused(block_hash):
    """A pending block has none: nothing could be read at it."""
    block = {**HONEST["eth_getBlockByNumber"], "hash": block_hash}
    with pytest.raises(NodeUnreachable, match="sent no block"):
        read({"eth_getBlockByNumber": block})


def test_call__when_the_block_is_gone_after_it_was_read__is_refused():
    """The node heeds no `requireCanonical`, and has another block at that height now."""
    hashes = iter([HASH, "0x" + "cd" * 32])

    def block(*_):
        return {**HONEST["eth_getBlockByNumber"], "hash": next(hashes)}

    with pytest.raises(ChainError, match=f"does not have block 5 .{HASH}. on its chain"):
        read({"eth_getBlockByNumber": block})


def test_block__when_another_one_comes__is_refused():
    """Asked for 4, answered 5."""

    async def ask(url):
        async with Node(url) as node:
            await node.block(4)

    with HostileNode() as node, pytest.raises(NodeUnreachable, match="sent block 5 for block 4"):
        asyncio.run(ask(node.url))


@pytest.mark.parametrize("answer", [None, 7, [], {}, "hello", "0x1", "0xzz", "0x 1", "\u0661" * 4])
def test_call__when_a_result_is_no_hex__is_no_node(answer):
    """Of a view; null is no answer of one."""
    with pytest.raises(NodeUnreachable, match="no hexadecimal digits"):
        read({"eth_call": lambda *_: answer})


@pytest.mark.parametrize("answer", [None, 7, [], {}, "hello", "0x1"])
def test_call__when_the_code_is_no_hex__is_no_node(answer):
    """It is not taken for code, and null not for an address without any."""
    with pytest.raises(NodeUnreachable, match="no hexadecimal digits"):
        read({"eth_getCode": answer})


@pytest.mark.parametrize(
    "failure",
    [
        Failure(3, "execution reverted", "0x7e273289" + "00" * 31 + "07"),
        Failure(3, ""),
        Failure(-32000, "execution reverted"),
        Failure(-32000, "VM Exception while processing transaction: revert"),
        Failure(-32015, "VM execution error.", "Reverted 0x7e273289" + "00" * 32),
        Failure(-32000, "invalid opcode: INVALID"),
        Failure(3, "execution reverted", {"odd": 1}),
    ],
)
def test_call__when_nodes_say_reverted_in_their_ways__is_that(failure):
    """Geth, Ganache, Nethermind: neither code nor words are in a standard."""
    found = read({"eth_call": lambda *_: failure})
    assert [type(one) for one in found] == [Reverted, Reverted, type(None)]


@pytest.mark.parametrize(
    "failure",
    [
        Failure(-32005, "daily request count exceeded"),
        Failure(-32000, "missing trie node"),
        Failure("3", ["reverted"]),
        Failure(None, None),
    ],
)
@pytest.mark.parametrize("view", ["0x6352211e", "0xc87b56dd", "0x8f742d16", "eth_getCode"])
def test_call__when_the_node_cannot_answer_one_part__nothing_is_concluded(failure, view):
    """A node's own failure is no revert, and `imageURI` is not taken for missing."""

    def some(request, block):
        return failure if request["data"].startswith(view) else views(request, block)

    answers = {"eth_getCode": failure} if view == "eth_getCode" else {"eth_call": some}
    with pytest.raises(ChainError):
        read(answers)


def test_call__when_a_view_reverts__is_a_value_beside_the_others():
    """With its reason and its data, as far as the node tells."""
    data = "0x7e273289" + "00" * 31 + "07"

    def some(request, block):
        return Failure(3, "execution reverted", data) if request["data"][:3] == "0x6" else "0x"

    async def ask(url):
        async with Node(url) as node:
            calls = [Call("ownerOf(uint256)", "address", (7,)), Call("x()", "string", (), True)]
            return await node.call(REF.contract, calls, BLOCK)

    with HostileNode({"eth_call": some}) as node:
        assert asyncio.run(ask(node.url)) == [Reverted("ERC721NonexistentToken", data), None]


@pytest.mark.parametrize("at", ["pending", "", "latest-", "latest--1", "-1", "0x5", "1.5", "now\n"])
def test_block__when_it_is_named_wrongly__is_refused_before_anything_is_asked(at):
    """Not passed on to the node, which may take it for something."""

    async def ask(url):
        async with Node(url) as node:
            await node.block(at)

    with HostileNode() as node:
        with pytest.raises(BadInput, match="is no block; name a number, latest"):
            asyncio.run(ask(node.url))
        assert not node.heads
