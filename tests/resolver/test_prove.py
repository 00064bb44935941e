"""prove: from a token's URIs to its picture, over blocks that gateways give

given a bundle, every step passes and the blocks prove the picture
given one thing wrong, its step fails with its error, and there is nothing to show
given any flipped bit in any block, the proof does not hold
given other people's directories: large, sharded, of older CIDs, it proves them too
"""

import asyncio
import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.dags import SHARDED, dag_of, file_dag
from support.hostile_gateway import HostileGateway, Lie
from support.pictures import SCRIPT, animated, encoded, noise, png_of
from support.shelves import (
    OTHER_PICTURE,
    PICTURE,
    file_cid,
    large_picture,
    prove_from,
    prove_over,
    shelf_of,
    token_shelf,
)

from pfpkit.cid import Block
from pfpkit.evidence import Binding, Outcome, prove
from pfpkit.images import Limits
from pfpkit.media import Renderer
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.unixfs import UNIXFS_V0_2015, UNIXFS_V1_2025

STEPS = ["token URI", "metadata", "image link", "image", "media"]
SHELF = token_shelf()
TOKEN_URI, IMAGE_URI = SHELF.uris
LINK = f"ipfs://{file_cid(PICTURE)}"


def assert_fails(proof, step, error):
    """`step` failed with `error`, those before passed, none after was reached."""
    place = STEPS.index(step)
    outcomes = [Outcome.PASSED] * place + [Outcome.FAILED]
    outcomes += [Outcome.NOT_REACHED] * (len(STEPS) - len(outcomes))
    assert [(s.name, s.outcome) for s in proof.steps] == list(zip(STEPS, outcomes, strict=True))
    assert proof.steps[place].error == error, proof.steps[place]
    assert all(s.reason.isprintable() and len(s.reason) <= 600 for s in proof.steps)
    assert not proof.holds
    assert proof.rendered is None or not proof.rendered.accepted


@pytest.mark.parametrize("image_uri", [IMAGE_URI, None, LINK, f"ipfs://ipfs/{SHELF.root}/image"])
def test_prove__when_a_bundle__proves_its_picture(image_uri):
    """With and without an image URI of the contract's, in any spelling of the same block."""
    proof = prove_over(SHELF.blocks, TOKEN_URI, image_uri)
    assert [(s.name, s.outcome, s.error) for s in proof.steps] == [
        (name, Outcome.PASSED, None) for name in STEPS
    ]
    assert proof.holds
    assert (proof.bundle, proof.image, proof.picture) == (SHELF.root, file_cid(PICTURE), PICTURE)
    assert sorted(proof.blocks) == sorted(SHELF.blocks)
    found = proof.rendered
    assert (found.media_type, found.width, found.height) == ("image/png", 37, 29)
    assert proof.name == "Pip"


@pytest.mark.parametrize(
    "form",
    [
        "IPFS://{}/metadata.json",
        " ipfs://{}/metadata.json\n",
        "{}/metadata.json",
        "https://gateway.invalid/ipfs/{}/metadata.json?x=y",
        "https://{}.ipfs.gateway.invalid/metadata.json",
    ],
)
def test_prove__when_the_uri_is_of_a_gateway_or_sloppy__proves_it_and_says_what_it_was(form):
    """The gateway named is not asked: any will do, for every block is hashed."""
    uri = form.format(SHELF.root)
    proof = prove_over(SHELF.blocks, uri)
    assert proof.holds, proof.steps
    assert uri.strip() in proof.steps[0].reason
    assert (proof.metadata_binding, proof.image_binding) == (Binding.BY_CONTENT,) * 2


@pytest.mark.parametrize(
    "image",
    [
        encoded(noise(mode="RGB"), "JPEG"),
        animated("GIF"),
        animated("WEBP"),
        large_picture(),
    ],
    ids=["jpeg", "gif", "webp", "several blocks"],
)
def test_prove__when_the_picture_is_of_another_kind__proves_it(image):
    """JPEG, moving pictures, and files of more than one block."""
    shelf = token_shelf(image)
    proof = prove_over(shelf.blocks, *shelf.uris)
    assert proof.holds, proof.steps
    assert proof.picture == image


@pytest.mark.parametrize(
    ("uri", "error"),
    [
        ("https://example.com/1.json", "Unverified"),
        (f"ar://{'x' * 43}", "Unverified"),
        ("", "BadURI"),
        ("ar://x", "BadURI"),
        ("ftp://example.com/1.json", "BadURI"),
        ("\x1b[2J\n", "BadURI"),
        (f"{TOKEN_URI}{'/' * 3000}", "BadURI"),
        ("ipfs://" + "x" * 2**20, "BadURI"),
        ("data:application/json;base64", "BadURI"),
        ("ipfs://", "BadCID"),
        ("ipfs://\x1b[2J", "BadCID"),
        ("ipfs://example.com/1.json", "BadCID"),
        (f"ipfs://{str(SHELF.root)[:-1]}/metadata.json", "BadCID"),
        (f"{TOKEN_URI}?x", "BadCID"),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_prove__when_the_token_uri_names_no_content__fails_there(uri, error):
    """A server where none is asked, nothing, garbage, or a text that is too long."""
    assert_fails(prove_over(SHELF.blocks, uri, IMAGE_URI), "token URI", error)


@pytest.mark.parametrize(
    ("uri", "error"),
    [
        (f"ipfs://{SHELF.root}", "BadBlock"),
        (f"ipfs://{SHELF.root}/1.json", "NotFound"),
        (f"ipfs://{SHELF.root}/%1b[2J", "NotFound"),
        (f"ipfs://{SHELF.root}/metadata.json/x", "NotFound"),
        (f"ipfs://{SHELF.root}/image", "BadMetadata"),
        (f"ipfs://{file_cid(b'absent')}", "GatewayError"),
        ("ipfs://bafkqaaa", "BadCID"),
        ("ipfs://bafyreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7b5bf44yegnrjhc4yeq", "BadBlock"),
    ],
)
def test_prove__when_it_leads_to_no_metadata__fails_there(uri, error):
    """A folder, nothing, a picture, an absent block, or a CID that is not verified."""
    proof = prove_over(SHELF.blocks, uri, IMAGE_URI)
    assert_fails(proof, "metadata", error)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"not JSON",
        b"null",
        b"[]",
        b"{}",
        b'{"image":null}',
        b'{"image":""}',
        b'{"image":["ipfs://x"]}',
        f'{{"image":"{LINK}","image":"{LINK}"}}'.encode(),
        f'{{"image":"{LINK}","level":NaN}}'.encode(),
        f'{{"image":"{LINK}"}}'.encode("utf-16"),
        b'{"image":' + b"[" * 30_000,
        json.dumps({"\x1b[2J" * 1000: 1, "image": LINK}).encode()[:-1] + b',"image":1}',
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_prove__when_the_metadata_is_none__fails_there(text):
    """No JSON, no object, no image, or read differently by different readers."""
    shelf = shelf_of({"image": PICTURE, "metadata.json": text})
    assert_fails(prove_over(shelf.blocks, *shelf.uris), "metadata", "BadMetadata")


@pytest.mark.parametrize(("size", "holds"), [(2**20, True), (2**20 + 1, False)])
def test_prove__when_the_metadata_is_large__stops_at_1_mib(size, holds):
    """A byte more is refused before it is read as JSON."""
    text = json.dumps({"image": LINK, "description": ""})
    text = text.replace('""', '"' + "x" * (size - len(text)) + '"')
    shelf = shelf_of({"image": PICTURE, "metadata.json": text.encode()})
    proof = prove_over(shelf.blocks, *shelf.uris)
    if holds:
        assert proof.holds
    else:
        assert_fails(proof, "metadata", "BadBlock")


@pytest.mark.parametrize(
    ("link", "error"),
    [
        ("1.png", "BadURI"),
        ("https://example.com/1.png", "Unverified"),
        ("data:image/png;base64,AAAA", "Unverified"),
        ("<svg/>", "Unverified"),
        (str(file_cid(OTHER_PICTURE)), "Unverified"),
        ("ipfs://nothing", "BadCID"),
        (f"ipfs://{file_cid(OTHER_PICTURE)}", "Unverified"),
        (f"{LINK}/x", "NotFound"),
        (f"ipfs://{file_cid(b'absent')}/x", "GatewayError"),
    ],
)
def test_prove__when_the_link_is_not_to_the_bundles_picture__fails_there(link, error):
    """Not content-addressed, not a CID, or another picture than the one minted with it."""
    shelf = token_shelf(image=link)
    assert_fails(prove_over(shelf.blocks, *shelf.uris), "image link", error)


@pytest.mark.parametrize(
    ("image_uri", "error"),
    [
        ("", "BadURI"),
        ("https://example.com/1.png", "Unverified"),
        (f"ipfs://{file_cid(OTHER_PICTURE)}", "Unverified"),
        (TOKEN_URI, "Unverified"),
        ("ipfs://nothing", "BadCID"),
        (f"ipfs://{SHELF.root}/picture", "NotFound"),
        (f"ipfs://{SHELF.root}/image/x", "NotFound"),
    ],
)
def test_prove__when_the_image_uri_disagrees__fails_there(image_uri, error):
    """The contract's two URIs have to lead to one picture."""
    assert_fails(prove_over(SHELF.blocks, TOKEN_URI, image_uri), "image link", error)


def test_prove__when_metadata_links_elsewhere_than_the_bundle__fails_without_an_image_uri():
    """The picture beside the metadata is the one that was committed to."""
    shelf = token_shelf(image=f"ipfs://{file_cid(OTHER_PICTURE)}")
    assert_fails(prove_over(shelf.blocks, shelf.uris[0]), "image link", "Unverified")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>"


@pytest.fixture(scope="module")
def seen():
    """What comes of a picture at the step `media`, by one worker, and by its header alone."""
    with asyncio.Runner() as runner:

        async def started():
            return Renderer(workers=1, sizes=(48,))

        def proofs(image):
            uri = f"data:application/json,{json.dumps({'image': data_url(image)})}"
            return [runner.run(prove(uri, None, None, renderer=one)) for one in (renderer, None)]

        renderer = runner.run(started())
        yield proofs
        runner.run(renderer.close())


def data_url(image):
    return "data:;base64," + base64.b64encode(image).decode()


@pytest.mark.parametrize(
    ("image", "decoded", "by_header"),
    [
        (SVG, "svg-script", "unsupported"),
        (b"", "not-a-picture", "not-a-picture"),
        (b"<html></html>", "unsupported", "unsupported"),
        (png_of(60_000, 60_000), "too-large", "too-large"),
        (PICTURE[:20], "damaged", "damaged"),
        (PICTURE[: len(PICTURE) // 2], "damaged", "not-decoded"),
        (png_of(4096, 4096, raw=b"\0" * 100), "damaged", "not-decoded"),
    ],
    ids=["svg", "empty", "html", "bomb", "head", "half", "lie"],
)
def test_prove__when_the_image_is_no_picture__fails_at_its_media(seen, image, decoded, by_header):
    """By the word for it. Without decoding, what is wrong after the header is not seen, as said."""
    for proof, outcome in zip(seen(image), (decoded, by_header), strict=True):
        assert proof.rendered.outcome == outcome
        if proof.rendered.accepted:
            assert proof.steps[-1].reason.endswith("no pixel was decoded")
            continue
        error = "TooLarge" if outcome == "too-large" else "BadImage"
        assert_fails(proof, "media", error)
        assert proof.steps[-1].reason.startswith(f"{outcome}: ")


def test_prove__when_the_image_is_too_large__fails_before_it_is_read():
    """At the limit in bytes, whatever is in it."""
    limits = Limits(max_bytes=len(PICTURE) - 1)
    proof = prove_over(SHELF.blocks, TOKEN_URI, IMAGE_URI, limits=limits)
    assert_fails(proof, "image", "BadBlock")
    assert proof.picture is None


def test_prove__when_the_image_is_a_folder__fails_there():
    """A folder named `image`."""
    folder = shelf_of({"x": PICTURE})
    metadata = json.dumps({"image": f"ipfs://{folder.root}"}).encode()
    file = file_dag(metadata, UNIXFS_V1_2025)
    blocks = [*folder.blocks, *file.blocks]
    assert_fails(prove_over(blocks, f"ipfs://{file.root}"), "image", "BadBlock")


GATEWAY_LIES = [
    Lie.FLIPPED_BYTE,
    Lie.OTHER_FILE,
    Lie.EMPTY,
    Lie.TRUNCATED,
    Lie.STALLED,
    Lie.PLAIN,
    Lie.MISSING,
    Lie.BROKEN,
    Lie.HANGS_UP,
]


@pytest.mark.parametrize("lie", GATEWAY_LIES)
def test_prove__when_the_gateway_lies__fails_with_what_it_did(lie):
    """At the first block that it is asked for."""
    proof = prove_over(SHELF.blocks, TOKEN_URI, IMAGE_URI, lie=lie)
    assert_fails(proof, "metadata", "GatewayError")
    assert "127.0.0.1" in proof.steps[1].reason
    assert proof.blocks == ()


PLACES = {"image": "image", "metadata": "metadata", "directory": "metadata"}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("change", ["flipped", "other", "absent"])
def test_prove__when_one_block_is_wrong__fails_where_it_is_needed(place, change):
    """A byte flipped, another file, or nothing, for each block of the bundle alone."""
    which = dict(zip(("image", "metadata", "directory"), (0, 1, -1), strict=True))[place]
    cid, data = SHELF.blocks[which]
    with HostileGateway(SHELF.blocks) as gateway:
        if change == "absent":
            del gateway.blocks[cid]
        else:
            flipped = bytes((data[0] ^ 1,)) + data[1:]
            gateway.blocks[cid] = flipped if change == "flipped" else OTHER_PICTURE
        proof = prove_from(gateway, TOKEN_URI, IMAGE_URI)
    assert_fails(proof, PLACES[place], "GatewayError")
    assert str(cid) in next(s.reason for s in proof.steps if s.outcome is Outcome.FAILED)


@pytest.fixture(scope="module")
def gateway():
    with HostileGateway([]) as running:
        yield running


@settings(max_examples=40, deadline=None)
@given(
    name=st.text(max_size=20),
    seed=st.integers(1, 2**32),
    size=st.integers(1, 12),
    data=st.data(),
)
def test_prove__when_any_bit_of_any_block_is_flipped__never_holds(gateway, name, seed, size, data):
    """And with every bit as it was, it does."""
    shelf = token_shelf(encoded(noise(size, size, seed=seed), "PNG"), name=name)
    gateway.blocks = dict(shelf.blocks)
    assert prove_from(gateway, *shelf.uris).holds
    cid = data.draw(st.sampled_from([block.cid for block in shelf.blocks]))
    bit = data.draw(st.integers(0, len(gateway.blocks[cid]) * 8 - 1))
    wrong = bytearray(gateway.blocks[cid])
    wrong[bit // 8] ^= 1 << bit % 8
    gateway.blocks[cid] = bytes(wrong)
    proof = prove_from(gateway, *shelf.uris)
    assert not proof.holds
    assert proof.picture is None


@pytest.mark.parametrize("profile", [UNIXFS_V1_2025, UNIXFS_V0_2015, SHARDED])
def test_prove__when_another_tools_folder__proves_one_token_of_it(profile):
    """Numbered files of one folder, flat, of older CIDs or sharded; the rest is not fetched."""
    images = dag_of({f"{n}.png": PICTURE + bytes(n) for n in range(1)}, profile)
    files = {
        f"{n}.json": b'{"image":"ipfs://%s/0.png"}' % str(images.root).encode() for n in (1, 2)
    }
    files |= {f"other-{n}": b"%d" % n for n in range(40)}
    tokens = dag_of(files, profile)
    blocks = [*images.blocks, *tokens.blocks]
    proof = prove_over(blocks, f"ipfs://{tokens.root}/1.json")
    assert proof.holds, proof.steps
    assert proof.picture == PICTURE
    assert len(proof.blocks) < len({block.cid for block in blocks})
    assert "no picture of its own" in proof.steps[2].reason


def test_prove__when_metadata_writes_the_same_block_as_cid_v0__is_the_same_picture():
    """`Qm...` and `bafybei...` of one digest are one block."""
    image = file_dag(large_picture(), replace(UNIXFS_V1_2025, chunk_size=2**18))
    v0 = replace(image.root, version=0)
    text = json.dumps({"image": f"ipfs://{v0}"}).encode()
    metadata = file_dag(text, UNIXFS_V1_2025)
    blocks = [*image.blocks, *metadata.blocks]
    blocks += [Block(v0, block.data) for block in image.blocks if block.cid == image.root]
    proof = prove_over(blocks, f"ipfs://{metadata.root}", f"ipfs://{image.root}")
    assert proof.holds, proof.steps


def test_prove__when_a_source_lacks_a_shard__concludes_nothing(tmp_path):
    """That the bundle's own `image` is not at hand does not prove that it has none."""
    lure = json.dumps({"image": f"ipfs://{file_cid(OTHER_PICTURE)}"}).encode()
    files = {f"filler-{n}": b"%d" % n for n in range(24)}
    shelf = shelf_of({**files, "image": PICTURE, "metadata.json": lure}, SHARDED)
    token_uri, _ = shelf.uris
    blocks = [*shelf.blocks, *file_dag(OTHER_PICTURE, UNIXFS_V1_2025).blocks]
    whole = prove_over(blocks, token_uri)
    assert_fails(whole, "image link", "Unverified")
    for left_out, _ in whole.blocks:
        store = BlockStore(tmp_path / str(left_out))
        store.put_many(block for block in blocks if block.cid != left_out)

        class Local:
            async def block(self, cid, store=store):
                return store.get(cid)

        proof = asyncio.run(prove(token_uri, None, Local(), renderer=None))
        failed = next(step for step in proof.steps if step.outcome is Outcome.FAILED)
        assert failed.error == "GatewayError"
