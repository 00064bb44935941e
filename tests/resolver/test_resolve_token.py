"""Resolver: from a token's name to a verdict, over a real chain and real gateways

given a token of a real bundle, verified, with a receipt of all that was found
given a holder, verified for the owner and for nobody else
given a gateway that lies, not verified alone, verified beside an honest one
given a contract that points elsewhere, unverified, and nothing to save
given a chain that does not know, unknown; given a token that nobody has, no-token
"""

import asyncio
import base64
import json
from contextlib import aclosing

import pytest
from support.hostile_gateway import HostileGateway, Lie
from support.pictures import encoded, noise
from support.shelves import OTHER_PICTURE, PICTURE, file_cid, token_shelf
from support.tokens import CHAIN_ID, owned

from pfpkit import resolver
from pfpkit.bundle import build
from pfpkit.chain import Node
from pfpkit.cid import cid_of
from pfpkit.errors import BadReference, NoWorker, Unverified
from pfpkit.images import clean
from pfpkit.media import MediaOutcome, Rendered, Renderer
from pfpkit.metadata import TokenMetadata
from pfpkit.pinning import Dag
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.gateway import Gateway
from pfpkit.reference import TokenRef
from pfpkit.resolver import Resolver
from pfpkit.retrieval import Limits, Reason, Retriever

BUNDLE = build(clean(encoded(noise(), "PNG")), TokenMetadata("Pip", "A bird."))
PIXELS = "data:image/png;base64," + base64.b64encode(PICTURE).decode()
PATIENT = Limits(hedge_s=90.0)
SOON = Limits(read_s=0.8, block_s=1.0, hedge_s=90.0)


@pytest.fixture
def find(chain_url):
    """Resolves a token over the gateways named; gives the resolution and the faults."""

    async def run(ref, gateways, url, limits, options):
        retriever = Retriever(gateways, limits)
        async with Resolver(Node(url), retriever, renderer=None) as resolver:
            return await resolver.resolve(ref, **options), retriever.faults

    return lambda ref, *gateways, url=chain_url, limits=PATIENT, **options: asyncio.run(
        run(ref, gateways, url, limits, options)
    )


@pytest.fixture
def honest(tmp_path):
    """A real gateway over a real store that holds the bundle."""
    store = BlockStore(tmp_path / "blocks")
    store.pin(Dag(BUNDLE.root, BUNDLE.blocks))
    with Gateway(store) as gateway:
        yield gateway


def test_resolve__when_minted_from_a_bundle__is_verified(find, tokens, honest):
    """The picture's CID is the one that the contract commits to."""
    (ref,) = tokens.mint(BUNDLE.digest)
    found, faults = find(ref, honest.url)
    receipt = found.receipt
    assert (found.verified, receipt.verdict, receipt.failure) == (True, "verified", None)
    assert found.proof.picture == BUNDLE.image_bytes
    assert cid_of(found.proof.picture) == receipt.image_cid == BUNDLE.image
    assert (receipt.bundle_cid, receipt.metadata_cid) == (BUNDLE.root, BUNDLE.metadata)
    assert (receipt.token_uri, receipt.image_uri) == (BUNDLE.metadata_uri, BUNDLE.image_uri)
    assert (receipt.owner, receipt.holder) == (tokens.people[1], None)
    assert [step.name for step in receipt.steps] == [
        "chain",
        "owner",
        "token URI",
        "metadata",
        "image link",
        "image",
        "media",
    ]
    assert faults == []


def test_resolve__when_asked_for_the_owner__is_verified_in_any_case(find, tokens, honest):
    """An address may come in small letters."""
    (ref,) = tokens.mint(BUNDLE.digest)
    found, _ = find(ref, honest.url, holder=tokens.people[1].lower())
    assert (found.verified, found.receipt.holder) == (True, tokens.people[1])


def test_resolve__when_asked_for_somebody_else__is_not_owner(find, tokens, honest, tmp_path):
    """Before a transfer the buyer is not the owner; after it the holder is not."""
    (ref,) = tokens.mint(BUNDLE.digest)
    _, holder, buyer = tokens.people
    before, _ = find(ref, honest.url, holder=buyer)
    tokens.transfer(ref, holder, buyer)
    after, _ = find(ref, honest.url, holder=holder)
    assert (before.receipt.owner, after.receipt.owner) == (holder, buyer)
    for found in (before, after):
        assert (found.verified, found.receipt.verdict) == (False, "not-owner")
        assert found.receipt.failure.error == "NotOwner"
        assert found.ownership.state == "not-owner"
        assert found.proof.blocks == ()
        with pytest.raises(Unverified, match=r"is not shown\. owner: "):
            found.save(tmp_path / "out", "avatar")
    assert not (tmp_path / "out").exists()
    assert find(ref, honest.url, holder=buyer)[0].verified


def test_resolve__when_the_block_is_named__says_who_owned_it_then(find, tokens, honest, chain_url):
    """A receipt of yesterday stays true."""
    (ref,) = tokens.mint(BUNDLE.digest)
    _, holder, buyer = tokens.people

    async def latest():
        async with Node(chain_url) as node:
            return await node.block()

    block = asyncio.run(latest())
    tokens.transfer(ref, holder, buyer)
    found, _ = find(ref, honest.url, holder=holder, at=block)
    assert (found.verified, found.receipt.block) == (True, block)


def test_resolve__when_the_holder_is_no_address__is_refused(find, tokens, honest):
    """Before anything is read."""
    with pytest.raises(BadReference, match="is no address"):
        find(tokens.ref(1), honest.url, holder="pip.eth")


@pytest.mark.parametrize(
    ("lie", "reason", "at_first"),
    [
        (Lie.FLIPPED_BYTE, Reason.WRONG_BYTES, Reason.WRONG_BYTES),
        # A path is asked for as a CAR first, and as blocks where no gateway gives that.
        (Lie.OTHER_FILE, Reason.WRONG_BYTES, Reason.BAD_CAR),
        (Lie.MISSING, Reason.NOT_FOUND, Reason.NOT_FOUND),
        (Lie.STALLED, Reason.TIMED_OUT, Reason.TIMED_OUT),
    ],
)
def test_resolve__when_a_gateway_lies__is_unverified_unless_another_is_honest(
    find, tokens, honest, tmp_path, lie, reason, at_first
):
    """The lie is named either way."""
    (ref,) = tokens.mint(BUNDLE.digest)
    limits = SOON if lie.stalls else PATIENT
    with HostileGateway(BUNDLE.blocks, lie) as liar:
        alone, _ = find(ref, liar.url, limits=limits)
        together, faults = find(ref, liar.url, honest.url, limits=limits)
    assert alone.receipt.verdict == "unverified"
    assert alone.receipt.failure.error == "GatewayError"
    assert str(reason) in alone.receipt.failure.reason
    assert alone.proof.picture is None
    with pytest.raises(Unverified, match=r"is not shown\. metadata: no gateway gave"):
        alone.save(tmp_path / "out", "avatar")
    assert together.verified
    assert [(fault.url, fault.reason) for fault in faults] == [(liar.url, at_first)]


@pytest.mark.parametrize(
    ("token_uri", "image_uri", "step"),
    [
        ("https://example.com/1.json", None, "token URI"),
        ("data:application/json;base64,e30=", None, "metadata"),
        ("", None, "token URI"),
        ("\x1b[2Jgarbage", None, "token URI"),
        (BUNDLE.metadata_uri, f"ipfs://{file_cid(OTHER_PICTURE)}", "image link"),
        (BUNDLE.metadata_uri, "https://example.com/1.png", "image link"),
        (BUNDLE.metadata_uri, "", "image link"),
    ],
)
def test_resolve__when_the_contract_points_elsewhere__is_unverified(
    find, tokens, honest, token_uri, image_uri, step
):
    """The owner is still said, for that is what the chain knows."""
    ref = tokens.impostor(owned(tokens.people[1], token_uri, image_uri))
    found, _ = find(ref, honest.url, holder=tokens.people[1])
    assert (found.verified, found.receipt.verdict) == (False, "unverified")
    assert found.receipt.failure.name == step
    assert found.receipt.owner == tokens.people[1]


def test_resolve__when_a_foreign_contract_names_the_same_bundle__is_verified(find, tokens, honest):
    """Any ERC-721 token that names its content is resolved, ours or not."""
    ref = tokens.impostor(owned(tokens.people[1], BUNDLE.metadata_uri))
    found, _ = find(ref, honest.url)
    assert (found.verified, found.receipt.image_uri) == (True, None)


def test_resolve__when_the_bundle_links_to_another_picture__is_unverified(find, tokens):
    """Minted like that by whoever writes metadata of their own."""
    shelf = token_shelf(PICTURE, image=f"ipfs://{file_cid(OTHER_PICTURE)}")
    (ref,) = tokens.mint(shelf.root.digest)
    with HostileGateway(shelf.blocks) as gateway:
        found, _ = find(ref, gateway.url)
    assert (found.receipt.failure.name, found.receipt.failure.error) == ("image link", "Unverified")


def test_resolve__when_nobody_has_the_token__says_so(find, tokens, honest):
    """Never minted, or burned; whoever is named is not the owner."""
    (ref,) = tokens.mint(BUNDLE.digest)
    holder = tokens.people[1]
    assert find(tokens.ref(2), honest.url)[0].verdict == "no-token"
    tokens.burn(ref, holder)
    found, _ = find(ref, honest.url)
    assert (found.verdict, found.receipt) == ("no-token", None)
    assert "ERC721NonexistentToken" in found.reason
    found, _ = find(ref, honest.url, holder=holder)
    assert (found.verdict, found.ownership.state) == ("not-owner", "not-owner")
    with pytest.raises(Unverified, match=r"is not shown\. not-owner: nobody has it at block"):
        found.stated()


def test_resolve__when_the_chain_cannot_be_asked__is_unknown(find, tokens, honest):
    """Another chain, or no node: neither owner nor not owner."""
    (ref,) = tokens.mint(BUNDLE.digest)
    for holder in (None, tokens.people[1]):
        elsewhere = TokenRef(CHAIN_ID + 1, ref.contract, 1)
        found, _ = find(elsewhere, honest.url, holder=holder)
        assert (found.verdict, found.receipt, found.verified) == ("unknown", None, False)
        assert found.reason == f"wrong-chain: the node is of chain {CHAIN_ID}"
        found, _ = find(ref, honest.url, holder=holder, url="http://127.0.0.1:9")
        assert found.verdict == "unknown"
        assert "cannot be reached" in found.reason
        assert (found.ownership is None) == (holder is None)


def test_resolve__when_it_is_not_yet_confirmed__is_pending(find, tokens, honest, tmp_path):
    """The picture is found, and not verified as the new holder's before that block is deep."""
    (ref,) = tokens.mint(BUNDLE.digest)
    _, holder, buyer = tokens.people
    for _ in range(3):
        tokens.node.rpc("evm_mine")
    tokens.transfer(ref, holder, buyer)
    found, _ = find(ref, honest.url, holder=buyer, at="latest-3")
    assert (found.verdict, found.ownership.state) == ("pending", "pending")
    assert found.receipt.failure.error == "NotConfirmed"
    assert found.proof.picture == BUNDLE.image_bytes
    with pytest.raises(Unverified, match="not yet the owner at block"):
        found.save(tmp_path, "avatar")
    assert find(ref, honest.url, holder=holder, at="latest-3")[0].verdict == "not-owner"
    for _ in range(3):
        tokens.node.rpc("evm_mine")
    found, _ = find(ref, honest.url, holder=buyer, at="latest-3")
    assert (found.verdict, found.receipt.block) == ("verified", found.ownership.block)


def test_resolve_many__when_some_are_bad__each_has_its_own_answer(chain_url, tokens, honest):
    """All at one block, in the order asked."""
    refs = tokens.mint(BUNDLE.digest, BUNDLE.digest)
    _, holder, buyer = tokens.people
    odd = tokens.impostor(owned(holder, "garbage"))
    nowhere = TokenRef(CHAIN_ID, "0x" + "42" * 20, 1)
    asked = [(refs[0], holder), (odd, None), (refs[1], buyer), (nowhere, None), (refs[1], None)]
    told = []

    async def run():
        async with Resolver(Node(chain_url), Retriever([honest.url]), renderer=None) as resolver:
            return await resolver.resolve_many(asked, told=told.append)

    found = asyncio.run(run())
    assert [one.ref for one in found] == [ref for ref, _ in asked]
    verdicts = ["verified", "unverified", "not-owner", "no-token", "verified"]
    assert [one.verdict for one in found] == verdicts
    assert len({one.receipt.block for one in found if one.receipt}) == 1
    assert sorted(map(id, told)) == sorted(map(id, found))


def many(chain, asked, gateway, **options):
    """Resolve tokens through one gateway."""

    async def run():
        parts = {"renderer": None} | options
        async with Resolver(chain, Retriever([gateway.url]), **parts) as resolver:
            return await resolver.resolve_many(asked)

    return asyncio.run(run())


def test_resolve_many__when_a_path_is_no_text__costs_no_other_its_answer(chain_url, tokens, honest):
    """JSON may write half of a surrogate pair."""
    (ref,) = tokens.mint(BUNDLE.digest)
    page = f'{{"image": "ipfs://{BUNDLE.root}/\\ud800"}}'
    odd = tokens.impostor(owned(tokens.people[1], f"data:application/json,{page}"))
    bad, good = many(Node(chain_url), [(odd, None), (ref, None)], honest)
    assert (bad.verdict, bad.receipt.failure.name) == ("unverified", "image link")
    assert good.verified


def test_resolve_many__when_one_meets_a_bug_of_ours__the_others_have_their_answer(
    chain_url, tokens, honest, monkeypatch
):
    """It is not shown, and says whose fault that is."""
    (ref,) = tokens.mint(BUNDLE.digest)
    # Of other content: tokens of the same share one walk.
    refs = [ref, tokens.impostor(owned(tokens.people[1], BUNDLE.metadata_uri))]
    walk = resolver.prove

    async def prove(uri, *args, **options):
        if not told:
            told.append(uri)
            raise RuntimeError("a bug")
        return await walk(uri, *args, **options)

    told = []
    monkeypatch.setattr(resolver, "prove", prove)
    verdicts = {
        one.verdict: one.reason for one in many(Node(chain_url), [(r, None) for r in refs], honest)
    }
    assert set(verdicts) == {"unknown", "verified"}
    assert verdicts["unknown"].startswith("RuntimeError, which is a fault of pfpkit")


def test_resolve__when_blocks_come_while_it_reads__is_still_as_of_one(chain_url, tokens, honest):
    """More than were asked for as confirmations, mined between two questions."""
    (ref,) = tokens.mint(BUNDLE.digest)
    holder = tokens.people[1]
    for _ in range(4):
        tokens.node.rpc("evm_mine")

    class Mining(Node):
        async def tokens(self, asked, block):
            for _ in range(5):
                tokens.node.rpc("evm_mine")
            return await super().tokens(asked, block)

    (found,) = asyncio.run(_at(Mining(chain_url), ref, holder, honest, "latest-2"))
    assert (found.verdict, found.receipt.block) == ("verified", found.ownership.block)


async def _at(chain, ref, holder, gateway, at):
    async with Resolver(chain, Retriever([gateway.url]), renderer=None) as resolver:
        return await resolver.resolve_many([(ref, holder)], at=at)


def test_resolve__when_no_worker_starts__is_unverified(chain_url, tokens, honest):
    """Nobody has looked at the picture; the reason names the installation, not the token."""
    (ref,) = tokens.mint(BUNDLE.digest)

    class Broken(Renderer):
        async def render(self, data):
            raise NoWorker("no worker for pictures starts")

    (found,) = many(Node(chain_url), [(ref, None)], honest, renderer=Broken())
    assert (found.verdict, found.rendered) == ("unverified", None)
    failure = found.receipt.failure
    assert (failure.name, failure.error) == ("media", "NoWorker")


def test_resolve__with_a_renderer__decodes_and_makes_squares(chain_url, tokens, honest):
    """Of a picture that was found; of nothing else. What is refused has its word."""
    (ref,) = tokens.mint(BUNDLE.digest)
    _, holder, buyer = tokens.people

    async def run():
        renderer = Renderer(workers=1, sizes=(48,))
        parts = Node(chain_url), Retriever([honest.url])
        async with Resolver(*parts, renderer=renderer) as resolver:
            return await resolver.resolve_many([(ref, holder), (ref, buyer), (odd, None)])

    script = '<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'
    page = json.dumps({"image": script})
    odd = tokens.impostor(owned(holder, f"data:application/json,{page}"))
    shown, hidden, refused = asyncio.run(run())
    assert shown.rendered.rendition(48).data[8:12] == b"WEBP"
    assert shown.receipt.steps[-1].reason == "image/png, 37 x 29, decoded in a worker"
    assert (hidden.rendered, hidden.verdict) == (None, "not-owner")
    assert (refused.verdict, refused.rendered.outcome) == ("unverified", "svg-script")
    assert refused.reason == "media: svg-script: it has a script"
    assert refused.receipt.outcome == "svg-script"


def test_resolve__without_a_renderer__says_that_nothing_was_decoded(find, tokens, honest):
    """In the step's words, and in the receipt."""
    (ref,) = tokens.mint(BUNDLE.digest)
    found, _ = find(ref, honest.url)
    assert (found.verdict, found.receipt.outcome) == ("verified", "not-decoded")
    assert found.receipt.steps[-1].reason.endswith("by its header alone; no pixel was decoded")
    assert not found.rendered.shown


def test_resolve_each__when_it_is_read__holds_a_few_pictures_at_once(chain_url, tokens, honest):
    """A walk begins when the caller comes back for more; one that is left is ended."""
    pages = [json.dumps({"name": str(number), "image": PIXELS}) for number in range(8)]
    holder = tokens.people[1]
    refs = [tokens.impostor(owned(holder, f"data:application/json,{page}")) for page in pages]
    begun = 0

    class Eyes(Renderer):
        async def render(self, data):
            nonlocal begun
            begun += 1
            return Rendered(MediaOutcome.SHOWN)

    async def run(most):
        parts = Node(chain_url), Retriever([honest.url])
        async with Resolver(*parts, renderer=Eyes(), at_once=3) as resolver:
            asked = [(ref, None) for ref in refs]
            found = []
            async with aclosing(resolver.resolve_each(asked)) as each:
                async for one in each:
                    found.append((one.ref, one.verdict))
                    await asyncio.sleep(0.02)
                    assert begun <= len(found) + 2
                    if len(found) == most:
                        break
            left = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
            return found, [task for task in left if not task.done()]

    found, left = asyncio.run(run(None))
    assert sorted(str(ref) for ref, _ in found) == sorted(map(str, refs))
    assert {verdict for _, verdict in found} == {"verified"}
    begun = 0
    found, left = asyncio.run(run(4))
    assert (len(found), left) == (4, [])


def test_resolve_each__of_more_than_are_read_together__is_as_of_one_block(
    chain_url, tokens, honest, monkeypatch
):
    """Read part by part, at the same block, though others come meanwhile."""
    monkeypatch.setattr(resolver, "_READ_TOGETHER", 3)
    refs = tokens.mint(*[BUNDLE.digest] * 8)

    class Mining(Node):
        async def tokens(self, asked, block):
            tokens.node.rpc("evm_mine")
            assert len(asked) <= 3
            return await super().tokens(asked, block)

    found = many(Mining(chain_url), [(ref, tokens.people[1]) for ref in refs], honest)
    assert [one.ref for one in found] == refs
    assert {one.verdict for one in found} == {"verified"}
    assert len({one.receipt.block for one in found}) == 1
    gone = many(Node("http://127.0.0.1:9"), [(ref, None) for ref in refs], honest)
    assert [one.verdict for one in gone] == ["unknown"] * 8
