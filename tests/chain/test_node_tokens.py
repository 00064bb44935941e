"""Node.tokens: any number of tokens at one block, each with an outcome of its own

given tokens of both standards, gives owner or balance, and URIs, as of that block
given contracts that revert, answer garbage or megabytes, burn all gas, have no code, or lie about
  what they are: names it, and every other token's answer is as without them
given a contract that writes when it is asked, no other contract sees what it wrote
given a node that takes no lens, or no large batches, or none: the same answers
given a node of another chain, or without that block: says so
"""

import asyncio
from dataclasses import replace

import pytest
from ape_ethereum.multicall.constants import MULTICALL3_ADDRESS, MULTICALL3_CODE
from eth_abi import decode, encode
from eth_utils import keccak
from support.collection import deployment_code, digest, image_uri, metadata_uri
from support.fussy_node import FussyNode
from support.hostile_node import HASH
from support.node import calldata
from support.tokens import CHAIN_ID, Tokens, owned

from pfpkit.chain import BlockRef, Node
from pfpkit.errors import ChainError
from pfpkit.reference import NOBODY, Standard, TokenRef
from pfpkit.tokens import Outcome

UNMINTED = "0x" + "11" * 20
ROUTES = {
    "lens": {},
    "no lens": {"lens": False},
    "batches of 9": {"most": 9},
    "batches of 9, no lens, 413": {"most": 9, "lens": False, "status": 413},
    "no batches": {"most": 0},
    "no batches, 500": {"most": 0, "status": 500},
}


def look(url, asked, block=None):
    """Read tokens in a loop of its own; `block` is the latest by default."""

    async def read():
        async with Node(url) as node:
            return await node.tokens(asked, block or await node.block())

    return asyncio.run(read())


def latest(url):
    async def read():
        async with Node(url) as node:
            return await node.block()

    return asyncio.run(read())


@pytest.fixture
def thousand(node, project, tokens):
    """A collection with room for a thousand tokens."""
    return Tokens(node, project, tokens.people, max_supply=1000)


@pytest.fixture
def strangers(tokens, project):
    """Deploys a contract of contracts/mocks with arguments, and gives its token 1."""

    def deployed(name, *arguments, standard=Standard.ERC721):
        code = deployment_code(project, name) + encode(["uint256"] * len(arguments), arguments)
        return TokenRef(CHAIN_ID, tokens.node.deploy(tokens.people[0], code), 1, standard)

    return deployed


@pytest.fixture
def multi(tokens, strangers):
    """Token 1 of an ERC-1155 contract; people[1] has three of it."""
    ref = strangers("MultiToken", standard=Standard.ERC1155)
    data = calldata("take(uint256,uint256)", 1, 3)
    tokens.node.transact(tokens.people[1], ref.contract, data)
    return ref


@pytest.fixture
def bad(tokens, strangers, multi):
    """Tokens that cannot be read, with what has to come of each and whether somebody has it."""
    garbage = {"ownerOf(uint256)": b"\1" * 32}
    half = owned(tokens.people[1], "") | {"tokenURI(uint256)": b"\xff" * 64}
    elsewhere = TokenRef(1, tokens.address, 1)
    mute = replace(tokens.impostor({}), standard=Standard.ERC1155)
    return [
        (strangers("GasEatingReceiver"), Outcome.OUT_OF_GAS, None),
        (strangers("BottomlessURI"), Outcome.OUT_OF_GAS, False),
        (strangers("Zeros", 2 * 2**20), Outcome.TOO_LARGE, None),
        (strangers("Zeros", 10**7), Outcome.OUT_OF_GAS, None),
        (strangers("HugeReasonReceiver"), Outcome.REVERTED, None),
        (strangers("MuteReceiver"), Outcome.GARBAGE, None),
        (strangers("Spender"), Outcome.GARBAGE, False),
        (tokens.impostor(garbage), Outcome.GARBAGE, None),
        (tokens.impostor(half), Outcome.GARBAGE, True),
        (tokens.impostor({}), Outcome.NO_TOKEN, False),
        (tokens.impostor(owned(NOBODY, "ipfs://bafkqaaa")), Outcome.NO_TOKEN, False),
        (tokens.ref(2**256 - 1), Outcome.NO_TOKEN, False),
        (TokenRef(CHAIN_ID, UNMINTED, 1), Outcome.NO_CONTRACT, False),
        (TokenRef(CHAIN_ID, UNMINTED, 1, Standard.ERC1155), Outcome.NO_CONTRACT, False),
        (TokenRef(CHAIN_ID, multi.contract, 1), Outcome.WRONG_STANDARD, None),
        (TokenRef(CHAIN_ID, tokens.address, 1, Standard.ERC1155), Outcome.WRONG_STANDARD, None),
        (mute, Outcome.REVERTED, None),
        (elsewhere, Outcome.WRONG_CHAIN, None),
    ]


@pytest.mark.parametrize("route", ROUTES)
def test_tokens__when_of_both_standards__have_owner_or_balance_and_uris(
    chain_url, tokens, multi, route
):
    """By a lens or without one, in batches of any size or one by one."""
    refs = tokens.mint(digest(1), digest(2), digest(3))
    _, holder, buyer = tokens.people
    tokens.transfer(refs[1], holder, buyer)
    asked = [(ref, holder) for ref in refs] + [(multi, holder), (multi, buyer), (refs[0], None)]
    with FussyNode(chain_url, **ROUTES[route]) as node:
        found = look(node.url, asked)
    assert [answer.outcome for answer in found] == [Outcome.READ] * 6
    assert [answer.held for answer in found] == [True, False, True, True, False, None]
    assert [answer.owner for answer in found] == [holder, buyer, holder, None, None, holder]
    assert [answer.balance for answer in found] == [None, None, None, 3, 0, None]
    first, *_, more, _, _ = found
    assert (first.token_uri, first.image_uri) == (metadata_uri(digest(1)), image_uri(digest(1)))
    assert first.declared == {Standard.ERC721}
    assert more.token_uri == "ipfs://bafkqaaa/{id}.json"
    assert more.uri == f"ipfs://bafkqaaa/{1:064x}.json"
    assert more.declared == {Standard.ERC1155}


@pytest.mark.parametrize("route", ["no lens", "no batches"])
def test_tokens__when_some_are_bad__every_one_has_its_own_outcome(chain_url, thousand, bad, route):
    """Each bad one between good ones, whose answers are as without it."""
    refs = thousand.mint(*(digest(n) for n in range(len(bad))))
    holder = thousand.people[1]
    asked = [(ref, holder) for pair in zip((b[0] for b in bad), refs, strict=True) for ref in pair]
    with FussyNode(chain_url, **ROUTES[route]) as node:
        found = look(node.url, asked)
    assert found[1::2] == look(chain_url, [(ref, holder) for ref in refs])
    assert all(answer.held and answer.outcome is Outcome.READ for answer in found[1::2])
    said = [(answer.ref, answer.outcome, answer.held) for answer in found[::2]]
    assert said == bad
    assert all(a.reason.isprintable() and 0 < len(a.reason) < 500 for a in found[::2])


def test_tokens__when_one_in_a_thousand_is_bad__the_others_are_read(chain_url, thousand, bad):
    """What failed is asked again alone, and no other."""
    refs = [
        ref for n in range(10) for ref in thousand.mint(*(digest(100 * n + m) for m in range(100)))
    ]
    asked = [(ref, thousand.people[1]) for ref in refs]
    for place, (ref, _, _) in enumerate(bad):
        asked.insert(50 * place, (ref, thousand.people[1]))
    with FussyNode(chain_url) as front:
        found = look(front.url, asked)
        assert len(front.sizes) < 20
        assert len(front.calls) < 100
    by_ref = {(answer.ref, answer.outcome, answer.held) for answer in found}
    assert by_ref == {(ref, Outcome.READ, True) for ref in refs} | set(bad)
    uris = [a.token_uri for a in found if a.ref.contract == thousand.address]
    assert uris == [metadata_uri(digest(n)) for n in range(1000)]


def test_tokens__when_a_thousand_are_good__takes_one_request(chain_url, thousand):
    """Beside the one for the block: all at one block by its hash, and the chain's id with it."""
    refs = [
        ref for n in range(10) for ref in thousand.mint(*(digest(100 * n + m) for m in range(100)))
    ]
    with FussyNode(chain_url) as front:
        found = look(front.url, [(ref, None) for ref in refs])
        assert len(front.sizes) == 2
        assert all(call["params"][1]["requireCanonical"] for call in front.calls)
    assert {answer.outcome for answer in found} == {Outcome.READ}


def test_tokens__when_a_contract_writes_while_it_is_asked__no_other_sees_it(
    chain_url, tokens, strangers
):
    """It would mint a token to its accomplice; in a Multicall3 that token has an owner."""
    plotter = strangers("MintsWhenAsked")
    deployer, _, accomplice = tokens.people
    told = calldata("plot(address,address)", tokens.address, accomplice)
    tokens.node.transact(deployer, plotter.contract, told)
    minter = calldata("setMinter(address)", plotter.contract)
    tokens.node.transact(deployer, tokens.address, minter)
    never = tokens.ref(1)
    found = look(chain_url, [(plotter, accomplice), (never, accomplice)])
    assert [answer.outcome for answer in found] == [Outcome.READ, Outcome.NO_TOKEN]
    assert found[1].held is False

    tokens.node.rpc("anvil_setCode", MULTICALL3_ADDRESS, MULTICALL3_CODE.to_0x_hex())
    calls = [
        (ref.contract, True, calldata("ownerOf(uint256)", ref.token_id)) for ref in (plotter, never)
    ]
    data = keccak(text="aggregate3((address,bool,bytes)[])")[:4]
    data += encode(["(address,bool,bytes)[]"], [calls])
    (answers,) = decode(["(bool,bytes)[]"], tokens.node.call(MULTICALL3_ADDRESS, data))
    assert decode(["address"], answers[1][1]) == (accomplice.lower(),)


def test_tokens__when_others_burn_the_gas__a_contract_has_what_it_needs(chain_url, strangers):
    """Its answer is the one with enough gas, not the one with what spenders left."""
    rich = strangers("NeedsGas")
    spenders = [(strangers("Spender"), None) for _ in range(12)]
    *_, answer = look(chain_url, [*spenders, (rich, rich.contract)])
    assert (answer.held, answer.token_uri) == (True, "ipfs://bafkqaaa/rich")


def test_tokens__when_a_contract_says_yes_to_every_interface__declares_nothing(chain_url, tokens):
    """ERC-165: nobody supports 0xffffffff."""
    yes = {"supportsInterface(bytes4)": encode(["bool"], [True])}
    ref = tokens.impostor(owned(tokens.people[2], "ipfs://bafkqaaa") | yes)
    (answer,) = look(chain_url, [(ref, tokens.people[2])])
    assert (answer.outcome, answer.held, answer.declared) == (Outcome.READ, True, None)


def test_tokens__when_erc1155_and_no_holder_is_named__says_so(chain_url, multi):
    """There is no owner to ask for."""
    (answer,) = look(chain_url, [(multi, None)])
    assert (answer.outcome, answer.held) == (Outcome.NO_HOLDER, None)


def test_tokens__when_a_block_is_named__are_as_of_that_block(chain_url, tokens):
    """Whatever happened since."""
    (ref,) = tokens.mint(digest(1))
    then = latest(chain_url)
    _, holder, buyer = tokens.people
    tokens.transfer(ref, holder, buyer)
    assert [look(chain_url, [(ref, holder)], at)[0].held for at in (then, None)] == [True, False]


def test_tokens__when_the_block_never_was__is_refused(chain_url, tokens):
    """Nothing can be said of any of them."""
    (ref,) = tokens.mint(digest(1))
    with pytest.raises(ChainError, match="does not have block 1"):
        look(chain_url, [(ref, None)], BlockRef(1, HASH, 0))


def test_tokens__when_none_are_asked__are_none(chain_url):
    """Not an error."""
    assert look(chain_url, []) == []


def test_tokens__when_asked_twice__are_answered_twice(chain_url, tokens):
    """In order, by one question."""
    (ref,) = tokens.mint(digest(1))
    _, holder, buyer = tokens.people
    found = look(chain_url, [(ref, holder), (ref, buyer), (ref, holder.lower())])
    assert [answer.held for answer in found] == [True, False, True]
