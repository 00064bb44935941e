"""Squares beside a receipt, and receipts of what is shown as squares alone

given squares that were asked for, they are saved, and drawn again when the receipt is checked
given an SVG, the largest square is the picture and no file holds the drawing
given a square, its size or its rules changed, refused
given an SVG beside a receipt, refused
"""

import asyncio
import json
from io import BytesIO

import pytest
from PIL import Image
from support.dags import file_dag
from support.shelves import (
    OTHER_PICTURE,
    PICTURE,
    prove_over,
    resolution_by,
    resolution_of,
    token_shelf,
)

from pfpkit.errors import BadRecord, NotFound, Unverified
from pfpkit.media import MediaOutcome, Renderer
from pfpkit.recheck import check
from pfpkit.unixfs import UNIXFS_V1_2025

SIZES = (16, 24)
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9H0z" fill="red"/>'
    "<text y='9'>Pip</text></svg>"
)
ON_CHAIN = f"data:application/json,{json.dumps({'image_data': SVG})}"


def renderer():
    return Renderer(workers=1, sizes=SIZES)


@pytest.fixture(scope="module")
def checked():
    """Check a receipt, all of them with one worker."""
    with asyncio.Runner() as runner:

        async def started():
            return renderer()

        one = runner.run(started())
        yield lambda path: runner.run(check(path, renderer=one))
        runner.run(one.close())


@pytest.fixture(scope="module")
def raster():
    return resolution_of(token_shelf(), renderer=renderer())


@pytest.fixture(scope="module")
def on_chain():
    """An SVG inside the token URI."""
    return resolution_by(prove_over([], ON_CHAIN, renderer=renderer()), ON_CHAIN)


@pytest.fixture(scope="module")
def by_content():
    """An SVG on IPFS."""
    picture = file_dag(SVG.encode(), UNIXFS_V1_2025)
    text = file_dag(json.dumps({"image": f"ipfs://{picture.root}"}).encode(), UNIXFS_V1_2025)
    uri = f"ipfs://{text.root}"
    blocks = [*picture.blocks, *text.blocks]
    return resolution_by(prove_over(blocks, uri, renderer=renderer()), uri)


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def changed(path, *place, to):
    """The receipt with another value in one place."""
    document = json.loads(path.read_bytes())
    target = document
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = to
    path.write_text(json.dumps(document))


def test_save__when_squares_are_wanted__writes_them_beside(tmp_path, raster, checked):
    """The minted bytes too; and a later check draws them again."""
    saved = raster.save(tmp_path, "pip", squares=SIZES)
    assert names(tmp_path) == [
        "pip-16.png",
        "pip-16.webp",
        "pip-24.png",
        "pip-24.webp",
        "pip.car",
        "pip.png",
        "pip.receipt.json",
    ]
    assert (saved.picture.read_bytes(), len(saved.squares)) == (PICTURE, 4)
    with Image.open(saved.squares[-1]) as square:
        assert (square.format, square.size) == ("PNG", (24, 24))
    receipt, proof = checked(saved.receipt)
    assert (receipt.outcome, proof.picture) == (MediaOutcome.SHOWN, PICTURE)
    assert receipt.failure is None
    assert receipt.steps[-1].reason == "image/png, 37 x 29, decoded in a worker"


def test_save__when_none_are_wanted__writes_none(tmp_path, raster, checked):
    """As before; what was decoded is decoded again."""
    saved = raster.save(tmp_path, "pip")
    assert (names(tmp_path), saved.squares) == (["pip.car", "pip.png", "pip.receipt.json"], ())
    assert checked(saved.receipt)[1].rendered.shown


def test_save__of_an_svg_on_chain__shows_its_largest_square(tmp_path, on_chain, checked):
    """The drawing itself is in the receipt, as the contract's word, and in no file of its own."""
    saved = on_chain.save(tmp_path, "pip")
    assert names(tmp_path) == ["pip-24.png", "pip.receipt.json"]
    assert (saved.picture.name, saved.car) == ("pip-24.png", None)
    with Image.open(BytesIO(saved.picture.read_bytes())) as picture:
        assert (picture.format, picture.size) == ("PNG", (24, 24))
    receipt, proof = checked(saved.receipt)
    assert (receipt.media_type, receipt.width) == ("image/svg+xml", None)
    assert (receipt.picture_file, proof.picture) == (None, SVG.encode())


def test_save__of_an_svg_on_ipfs__keeps_it_in_the_car_alone(tmp_path, by_content, checked):
    """As bytes whose hash is checked, never as a file that a browser would run."""
    saved = by_content.save(tmp_path, "pip", squares=(16,))
    assert names(tmp_path) == [
        "pip-16.png",
        "pip-16.webp",
        "pip-24.png",
        "pip.car",
        "pip.receipt.json",
    ]
    assert saved.picture.name == "pip-24.png"
    assert checked(saved.receipt)[1].picture == SVG.encode()


def test_check__of_an_svg_without_its_largest_square__is_refused(tmp_path, by_content, checked):
    """`resolve` always writes that one, and it is the picture to show."""
    saved = by_content.save(tmp_path, "pip", squares=(16,))
    squares = json.loads(saved.receipt.read_text())["drawing"]["squares"]
    changed(saved.receipt, "drawing", "squares", to=[s for s in squares if s["edge"] == 16])
    with pytest.raises(BadRecord, match="does not name its largest square alone"):
        checked(saved.receipt)


@pytest.mark.parametrize("data", [b"", PICTURE, OTHER_PICTURE])
def test_check__when_a_square_was_swapped__is_refused(tmp_path, on_chain, checked, data):
    """Whatever the receipt proves, this file is not drawn of it."""
    saved = on_chain.save(tmp_path, "pip")
    saved.picture.write_bytes(data)
    with pytest.raises(Unverified, match=r"pip-24\.png is not what is drawn"):
        checked(saved.receipt)


@pytest.mark.parametrize(
    ("place", "to", "error", "reason"),
    [
        (("drawing", "by"), "media 0, other versions", Unverified, "cannot be compared"),
        (("drawing", "edges"), [16, 25], Unverified, "cannot be compared"),
        (("drawing", "edges"), [2**20], BadRecord, "1 to 2,048 pixels"),
        (("drawing", "edges"), [], BadRecord, "1 to 2,048 pixels"),
        (("drawing", "edges"), [16] * 9, BadRecord, "no list of at most 8"),
        (("drawing", "squares"), [], BadRecord, "a drawing has squares"),
        (("drawing", "squares", 0, "edge"), 16, BadRecord, "does not name its largest square"),
        (("drawing", "squares", 0, "edge"), 17, BadRecord, "does not name its largest square"),
        (
            ("drawing", "squares", 0, "media_type"),
            "image/webp",
            BadRecord,
            "name its largest square",
        ),
        (("drawing", "squares", 0, "file"), "../pip-24.png", BadRecord, "beside it"),
        (("drawing", "squares", 0, "file"), "other.png", NotFound, "cannot be read"),
        (("drawing",), None, BadRecord, "does not name its largest square alone"),
        (("drawing", "more"), 1, BadRecord, "not as `resolve` writes it"),
        (("files", "picture"), "pip-24.png", BadRecord, "does not name its largest square alone"),
        (("image", "outcome"), "not-decoded", Unverified, "media does not hold"),
        (("image", "outcome"), "damaged", Unverified, "states another outcome"),
        (("image", "media_type"), "image/png", Unverified, "states another media_type"),
    ],
)
def test_check__when_what_is_said_of_squares_is_changed__is_refused(
    tmp_path, on_chain, checked, place, to, error, reason
):
    """In any field."""
    saved = on_chain.save(tmp_path, "pip")
    changed(saved.receipt, *place, to=to)
    with pytest.raises(error, match=reason):
        checked(saved.receipt)


def test_check__when_a_square_is_of_another_kind_than_its_name__is_refused(
    tmp_path, raster, checked
):
    """A viewer goes by the name."""
    saved = raster.save(tmp_path, "pip", squares=(16,))
    changed(saved.receipt, "drawing", "squares", 0, "media_type", to="image/jpeg")
    with pytest.raises(BadRecord):
        checked(saved.receipt)
    saved = raster.save(tmp_path, "pip", squares=(16,))
    first = json.loads(saved.receipt.read_text())["drawing"]["squares"][0]["media_type"]
    other = {"image/png": "image/webp", "image/webp": "image/png"}[first]
    changed(saved.receipt, "drawing", "squares", 0, "media_type", to=other)
    with pytest.raises(BadRecord, match=r"would end in \."):
        checked(saved.receipt)


def test_check__when_an_svg_lies_beside__is_refused(tmp_path, on_chain, checked):
    """Even the one that was minted: it would be passed through."""
    saved = on_chain.save(tmp_path, "pip")
    (tmp_path / "pip.svg").write_text(SVG)
    changed(saved.receipt, "files", "picture", to="pip.svg")
    with pytest.raises(BadRecord, match="does not name its largest square alone"):
        checked(saved.receipt)


def test_check__when_it_was_decoded_and_says_that_it_was_not__is_refused(tmp_path, raster, checked):
    """And the other way round: each is another statement."""
    saved = raster.save(tmp_path, "pip")
    changed(saved.receipt, "image", "outcome", to="not-decoded")
    with pytest.raises(Unverified, match="states another steps"):
        checked(saved.receipt)
    undecoded = resolution_of(token_shelf()).save(tmp_path, "pip")
    changed(undecoded.receipt, "image", "outcome", to="shown")
    with pytest.raises(Unverified, match=r"states another (outcome|steps)"):
        checked(undecoded.receipt)


def test_check__without_a_renderer__starts_one(tmp_path, on_chain):
    """As `pfpkit check` does."""
    saved = on_chain.save(tmp_path, "pip")
    assert asyncio.run(check(saved.receipt))[1].rendered.shown
