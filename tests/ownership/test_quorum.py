"""Quorum: several nodes asked at once, of which enough have to agree

given enough that agree, their answer, whatever the others do: each of those is named with its fault
given fewer, NoQuorum, no-quorum and unknown, with what each one said
given nodes at different heights, the highest block that enough of them have
given two camps that are both large enough, neither is believed
"""

import asyncio
from contextlib import ExitStack
from threading import Barrier

import pytest
from eth_abi import encode
from support.anvil import Anvil
from support.collection import digest
from support.hostile_node import Failure, Fault, HostileNode

from pfpkit.chain import Node
from pfpkit.errors import BadInput, NoQuorum
from pfpkit.holding import look
from pfpkit.quorum import NodeFault, Quorum
from pfpkit.reference import TokenRef
from pfpkit.tokens import Outcome

REF = TokenRef(31337, "0x" + "33" * 20, 7)
OTHER_REF = TokenRef(31337, "0x" + "33" * 20, 8)
OWNER, THIEF = "0x" + "11" * 20, "0x" + "22" * 20
HEIGHT = 100


class Peer(HostileNode):
    """A node of a chain that ends at `height`; `fork` makes its blocks others than the rest's."""

    def __init__(self, owner=OWNER, uri="ipfs://bafkqaaa", height=HEIGHT, fork=0, **options):
        chain_id = options.pop("chain_id", 31337)
        answers = {
            "eth_chainId": hex(chain_id),
            "eth_getBlockByNumber": lambda tag, _: self._block(tag, height, fork),
            "eth_call": lambda request, _: self._call(request, owner, uri),
        }
        super().__init__(answers | options.pop("answers", {}), **options)

    @staticmethod
    def _block(tag, height, fork):
        number = height - (64 if tag == "finalized" else 0)
        number = int(tag, 16) if tag.startswith("0x") else number
        if number > height:
            return None
        return {"number": hex(number), "hash": f"0x{number:062x}{fork:02x}", "timestamp": "0x6565"}

    @staticmethod
    def _call(request, owner, uri):
        if "to" not in request:
            return Failure(-32602, "no `to`")
        view = request["data"][:10]
        if view == "0x6352211e" and owner is None:
            return Failure(3, "execution reverted")
        if view == "0x6352211e":
            return "0x" + encode(["address"], [owner]).hex()
        if view == "0xc87b56dd":
            return "0x" + encode(["string"], [uri]).hex()
        return Failure(3, "execution reverted")


def run(peers, agree=2, at="latest", timeout_s=5.0, ask=None):
    """What a quorum of these peers says of REF, and its faults; or what `ask` gives."""

    async def asked(urls):
        async with Quorum([Node(url, timeout_s=timeout_s) for url in urls], agree) as nodes:
            if ask:
                return await ask(nodes)
            block = await nodes.block(at)
            (answer,) = await nodes.tokens([(REF, OWNER)], block)
            by_name = {url: place for place, url in enumerate(urls)}
            return answer, {(by_name[f.node], f.fault) for f in nodes.faults}

    with ExitStack() as stack:
        return asyncio.run(asked([stack.enter_context(peer).url for peer in peers]))


def test_quorum__when_all_agree__is_their_answer():
    """With no fault, at a block that all have."""
    answer, faults = run([Peer(), Peer(), Peer()], agree=3)
    assert (answer.outcome, answer.held, answer.block.number) == (Outcome.READ, True, HEIGHT)
    assert faults == set()


BAD = {
    "names another owner": (lambda: Peer(owner=THIEF), NodeFault.DISAGREES),
    "says that there is no such token": (lambda: Peer(owner=None), NodeFault.DISAGREES),
    "points elsewhere": (lambda: Peer(uri="ipfs://bafkqaab"), NodeFault.DISAGREES),
    "has other blocks": (lambda: Peer(fork=1), NodeFault.DISAGREES),
    "is of another chain": (lambda: Peer(chain_id=1), NodeFault.OTHER_CHAIN),
    "is a block behind": (lambda: Peer(height=HEIGHT - 1), NodeFault.BEHIND),
    "is far behind": (lambda: Peer(height=0), NodeFault.BEHIND),
    "is silent": (lambda: Peer(fault=Fault.SILENT), NodeFault.SILENT),
    "drips": (lambda: Peer(fault=Fault.DRIPPING), NodeFault.SILENT),
    "hangs up": (lambda: Peer(fault=Fault.HANGS_UP), NodeFault.SILENT),
    "is no node": (lambda: Peer(fault=Fault.HTML), NodeFault.SILENT),
    "is busy": (lambda: Peer(fault=Fault.BUSY), NodeFault.SILENT),
    "fails at calls": (
        lambda: Peer(answers={"eth_call": Failure(-32000, "missing trie node")}),
        NodeFault.SILENT,
    ),
}


@pytest.mark.parametrize("place", [0, 2])
@pytest.mark.parametrize("bad", BAD)
def test_quorum__when_one_of_three_is_bad__the_others_are_believed_and_it_is_named(bad, place):
    """Wherever it stands in the list."""
    make, fault = BAD[bad]
    peers = [Peer(), Peer()]
    peers.insert(place, make())
    answer, faults = run(peers, timeout_s=0.4 if bad in ("is silent", "drips") else 5.0)
    assert (answer.outcome, answer.owner, answer.held) == (Outcome.READ, OWNER.lower(), True)
    assert answer.token_uri == "ipfs://bafkqaaa"
    assert answer.block.number == HEIGHT
    assert faults == {(place, fault)}


def test_quorum__when_one_is_ahead__takes_the_block_that_enough_have():
    """It is no fault to be ahead; to claim a height that nobody has costs nobody anything."""
    answer, faults = run([Peer(height=HEIGHT + 1), Peer(), Peer()])
    assert (answer.block.number, faults) == (HEIGHT, set())
    liar = Peer(height=2**40, fork=1)
    answer, faults = run([liar, Peer(), Peer(height=HEIGHT - 1)])
    assert (answer.held, answer.block.number) == (True, HEIGHT - 1)
    assert faults == {(0, NodeFault.DISAGREES)}


@pytest.mark.parametrize(
    ("at", "number"), [("finalized", HEIGHT - 64), ("latest-12", HEIGHT - 12), (7, 7)]
)
def test_quorum__when_a_block_is_asked_for__is_that_one(at, number):
    """A node that is a little behind has it too."""
    peers = [Peer(), Peer(height=HEIGHT - 1), Peer(height=HEIGHT - 2)]
    answer, faults = run(peers, agree=1, at=at)
    assert (answer.block.number, faults) == (number, set())


@pytest.mark.parametrize(
    "peers",
    [
        lambda: [Peer(), Peer(fault=Fault.HANGS_UP), Peer(fault=Fault.HTML)],
        lambda: [Peer(), Peer(fork=1), Peer(fork=2)],
        lambda: [Peer(), Peer(chain_id=1), Peer(chain_id=10)],
        lambda: [Peer(fault=Fault.HANGS_UP), Peer(fault=Fault.HANGS_UP)],
        lambda: [Peer(), Peer(height=50, fork=1), Peer(fault=Fault.BUSY)],
    ],
    ids=["two fail", "three forks", "three chains", "all fail", "a fork behind"],
)
def test_quorum__when_too_few_agree_on_a_block__is_unknown(peers):
    """With the name of each node, and what it said or did."""
    made = peers()
    with pytest.raises(NoQuorum, match=r"2 of \d nodes have to agree on .+, and do not") as refusal:
        run(made)
    assert all(peer.url in str(refusal.value) for peer in made)
    assert str(refusal.value).isprintable()

    (found,) = run(peers(), ask=lambda nodes: look(nodes, [(REF, OWNER)], "latest-12"))
    assert (found.state, found.block) == ("unknown", None)
    assert "nodes have to agree" in found.reason


@pytest.mark.parametrize(
    ("owners", "agree"),
    [
        ((OWNER, THIEF), 2),
        ((OWNER, THIEF, None), 2),
        ((OWNER, OWNER, THIEF, THIEF), 2),
        ((OWNER, THIEF), 1),
    ],
)
def test_quorum__when_too_few_agree_on_an_owner__is_unknown(owners, agree):
    """Or when two camps are large enough: a quorum of less than half decides nothing."""
    answer, _ = run([Peer(owner=owner) for owner in owners], agree)
    assert (answer.outcome, answer.held, answer.owner) == (Outcome.NO_QUORUM, None, None)
    assert answer.reason.count("http://127.0.0.1:") >= len(owners)

    (found,) = run(
        [Peer(owner=owner) for owner in owners],
        agree,
        ask=lambda nodes: look(nodes, [(REF, OWNER)]),
    )
    assert (found.state, found.block.number) == ("unknown", HEIGHT)
    assert found.reason.startswith("no-quorum")


def test_quorum__when_they_disagree_on_one_token__the_others_are_known():
    """Each token is voted on alone."""

    def called(request, _):
        lies = request["data"].endswith("8")
        return Peer._call(request, THIEF if lies else OWNER, "ipfs://bafkqaaa")

    async def ask(nodes):
        return await nodes.tokens([(REF, OWNER), (OTHER_REF, OWNER)], await nodes.block())

    known, unknown = run([Peer(), Peer(answers={"eth_call": called})], ask=ask)
    assert (known.outcome, known.held) == (Outcome.READ, True)
    assert (unknown.outcome, unknown.held) == (Outcome.NO_QUORUM, None)


def test_quorum__when_nodes_are_slow__they_are_asked_at_once():
    """None of three answers before all three were asked."""
    asked = Barrier(3)

    def slow(*_):
        asked.wait(10)
        return hex(31337)

    answer, _ = run([Peer(answers={"eth_chainId": slow}) for _ in range(3)], agree=3)
    assert answer.held


def test_quorum__when_urls_have_keys__no_fault_and_no_reason_has_them():
    """As with one node."""

    async def ask(urls):
        async with Quorum([Node(f"{url}/v3/s3cret?key=s3cret") for url in urls], 2) as nodes:
            block = await nodes.block()
            (answer,) = await nodes.tokens([(REF, OWNER)], block)
            return f"{answer.reason} {[str(fault) for fault in nodes.faults]}"

    with Peer() as honest, Peer(owner=THIEF) as liar, Peer(chain_id=1) as other:
        told = asyncio.run(ask([honest.url, liar.url, other.url]))
    assert "no-quorum" not in told
    assert liar.url in told
    assert "s3cret" not in told


@pytest.mark.parametrize("agree", [-1, 0, 3])
def test_quorum__when_it_can_never_be_reached__is_refused(agree):
    """Nor one of nobody."""
    with pytest.raises(BadInput, match="of 2 nodes cannot agree"):
        Quorum([Node("http://127.0.0.1:9"), Node("http://127.0.0.1:9")], agree)


def test_quorum__when_one_node_is_named_twice__is_refused():
    """Its word would count as two."""
    nodes = [Node("http://127.0.0.1:8545"), Node("http://127.0.0.1:8545/")]
    with pytest.raises(BadInput, match="a node is named twice"):
        Quorum(nodes, 2)


def test_quorum__when_a_node_writes_for_the_terminal__it_is_shown_as_escapes():
    """Faults and reasons are printed as they are."""
    odd = "\x1b]0;owned\x07\x1b[2J\n"
    with ExitStack() as stack:
        urls = [stack.enter_context(Peer(uri=uri)).url for uri in (odd, "ipfs://bafkqaaa")]

        async def ask():
            async with Quorum([Node(url) for url in urls], 2) as nodes:
                return await nodes.tokens([(REF, None)], await nodes.block())

        (answer,) = asyncio.run(ask())
    assert answer.outcome is Outcome.NO_QUORUM
    assert answer.reason.isprintable()


def test_quorum__when_nodes_are_real__reads_what_they_agree_on(chain_url, tokens):
    """Two ways to one chain, and a node of another one with the same id."""
    (ref,) = tokens.mint(digest(1))
    holder = tokens.people[1]

    async def ask(other):
        nodes = [Node(chain_url), Node(other), Node(chain_url.replace("127.0.0.1", "localhost"))]
        async with Quorum(nodes, 2) as quorum:
            found = await look(quorum, [(ref, holder)])
            return found[0].state, {fault.node for fault in quorum.faults}

    with Anvil() as other:
        other.rpc("anvil_mine", hex(200))
        assert asyncio.run(ask(other.url)) == ("verified", {other.url})
