"""Collection.read: given a folder, pairs pictures with token files by number, in order;

when files are wrong, one BadInput names every one of them; the sample collection is right.
"""

import json
import os
from pathlib import Path

import pytest
from support.pictures import SCRIPT, encoded, noise

from pfpkit.collection import Collection, read_file
from pfpkit.errors import BadInput
from pfpkit.images import Limits
from pfpkit.metadata import CollectionMetadata, TokenMetadata

SAMPLE = Path(__file__).parents[2] / "metadata"
PNG = encoded(noise(), "PNG")


@pytest.fixture
def folder(tmp_path):
    """A right collection of three tokens."""
    for name in ("images", "tokens"):
        (tmp_path / name).mkdir()
    for number, suffix in ((1, "png"), (2, "PNG"), (10, "jpeg")):
        (tmp_path / "images" / f"{number}.{suffix}").write_bytes(encoded(noise(seed=number), "PNG"))
        (tmp_path / "tokens" / f"{number}.json").write_text(json.dumps({"name": f"Pip {number}"}))
    (tmp_path / "cover.gif").write_bytes(PNG)
    about = {"name": "Pips", "symbol": "PIP", "image": "cover.gif"}
    (tmp_path / "collection.json").write_text(json.dumps(about))
    return tmp_path


def problems(folder, **options):
    """The lines of the one error that reading raises, without the folder's name."""
    with pytest.raises(BadInput) as caught:
        Collection.read(folder, **options)
    head, *lines = str(caught.value).replace(f"{folder}/", "").split("\n  ")
    count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
    assert head == f"{count} in {folder}:"
    return lines


def test_read__when_right__gives_every_token_by_number(folder):
    """10 comes after 2, the type is by bytes, and the collection is an entry like any other."""
    told = []
    collection = Collection.read(folder, progress=lambda *step: told.append(step))
    assert [entry.number for entry in collection.tokens] == [1, 2, 10]
    assert [entry.key for entry in collection] == ["collection", "1", "2", "10"]
    assert len(collection) == 3
    assert {entry.media_type for entry in collection} == {"image/png"}
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert collection.itself.metadata == CollectionMetadata("Pips", "PIP", image="cover.gif")
    assert collection.tokens[2].metadata == TokenMetadata("Pip 10")


def test_bundle__when_asked__is_the_one_that_was_announced(folder):
    """An entry knows its CIDs before it is built, and builds the same bundle again."""
    for entry in Collection.read(folder):
        bundle = entry.bundle()
        assert (bundle.root, bundle.image, bundle.digest) == (entry.root, entry.image, entry.digest)


def test_bundle__when_a_file_changed_since__refuses(folder):
    """What is pinned is what was checked."""
    entry = Collection.read(folder).tokens[0]
    entry.image_path.write_bytes(encoded(noise(seed=99), "PNG"))
    with pytest.raises(BadInput, match=r"1\.png changed while it was being used; run it again"):
        entry.bundle()


def test_read__when_a_picture_is_unclean__tells_what_is_left_out(folder):
    """The file stays as it is, the bundle does not hold it."""
    (folder / "images" / "1.png").write_bytes(PNG + SCRIPT)
    entry = Collection.read(folder).tokens[0]
    assert entry.removed == ("39 bytes after the end",)
    assert entry.bundle().image_bytes == PNG
    assert (folder / "images" / "1.png").read_bytes() == PNG + SCRIPT


def test_read__when_many_files_are_wrong__names_all_of_them(folder):
    """One run tells everything that is to be mended."""
    (folder / "collection.json").write_text("{}")
    (folder / "images" / "1.png").write_bytes(b"<svg><script/></svg>")
    (folder / "tokens" / "1.json").write_text('{"name": 1}')
    (folder / "images" / "2.webp").write_bytes(PNG)
    (folder / "tokens" / "10.json").unlink()
    (folder / "tokens" / "11.json").write_text('{"name": "Pip 11"}')
    (folder / "images" / "012.png").write_bytes(PNG)
    (folder / "images" / "notes.txt").write_text("x")
    (folder / "images" / "old").mkdir()
    (folder / "tokens" / "3.txt").write_text("x")
    assert sorted(problems(folder)) == sorted(
        [
            "collection.json: 'name' is missing",
            "images/012.png: is not named by its token's number, such as 7.png; rename it",
            "images/notes.txt: is not named by its token's number, such as 7.png; rename it",
            "images/old: is not a file; take it out",
            "tokens/3.txt: is not named by its token's number, such as 7.json; rename it",
            "images/2.PNG and images/2.webp: the same token twice; keep one of them",
            "images/10.jpeg: has no token file; write tokens/10.json",
            "tokens/11.json: has no picture; add images/11.png (or .jpg, .gif, .webp)",
            "tokens/1.json: 'name' is a number, and has to be text",
            "images/1.png: an SVG drawing with a script; export it as PNG, JPEG, GIF or WebP",
        ]
    )


def test_read__when_hidden_files_lie_about__passes_over_them(folder):
    """Desktops leave files that nobody sees."""
    for name in (".DS_Store", "Thumbs.db", ".gitkeep"):
        (folder / "images" / name).write_bytes(b"x")
    assert len(Collection.read(folder)) == 3


@pytest.mark.parametrize(
    ("about", "words"),
    [
        (None, "collection.json: cannot be read: No such file or directory"),
        ({"name": "x"}, "collection.json: 'image' is missing; name a picture that lies beside it"),
        ({"name": "x", "image": "c.png"}, "c.png: cannot be read: No such file or directory"),
        (
            {"name": "x", "image": "images/1.png"},
            "collection.json: 'image' is 'images/1.png', and has to be the name of a file beside "
            "collection.json",
        ),
    ],
)
def test_read__when_the_collection_has_no_picture__refuses(folder, about, words):
    """`contractURI` needs a bundle with an image like any token."""
    (folder / "collection.json").unlink()
    if about is not None:
        (folder / "collection.json").write_text(json.dumps(about))
    assert problems(folder) == [words]


def test_read__when_folders_are_missing__says_which(tmp_path):
    """An empty folder is not a collection of nothing."""
    assert problems(tmp_path) == [
        "images: cannot be read: No such file or directory; make this folder",
        "tokens: cannot be read: No such file or directory; make this folder",
        "collection.json: cannot be read: No such file or directory",
    ]
    (tmp_path / "images").mkdir()
    (tmp_path / "tokens").mkdir()
    assert problems(tmp_path)[0] == "images: no pictures; add 1.png, and tokens/1.json for it"


def test_read__when_a_file_is_too_large__does_not_read_it(folder):
    """Sizes are known before the bytes are."""
    with (folder / "images" / "1.png").open("wb") as file:
        file.truncate(2**33)
    (folder / "tokens" / "1.json").write_bytes(b" " * 65_537)
    assert problems(folder) == [
        "tokens/1.json: 65,537 bytes is more than the 65,536 allowed; make it smaller",
        "images/1.png: 8,589,934,592 bytes is more than the 10,485,760 allowed; make it smaller",
    ]


def test_read__when_limits_are_smaller__applies_them(folder):
    """The limits are the caller's."""
    assert len(problems(folder, limits=Limits(max_width=36))) == 4


def test_read__when_the_sample__is_a_collection_of_twelve_clean_pictures():
    """What is committed is right, clean, and in all four formats."""
    collection = Collection.read(SAMPLE)
    assert [entry.number for entry in collection.tokens] == list(range(1, 13))
    assert {entry.removed for entry in collection} == {()}
    assert {entry.media_type.removeprefix("image/") for entry in collection} == {
        "png",
        "jpeg",
        "gif",
        "webp",
    }
    assert all(entry.image_path.stat().st_size < 100_000 for entry in collection)
    assert len({entry.metadata.name for entry in collection.tokens}) == 12
    assert len({entry.root for entry in collection}) == 13


@pytest.mark.parametrize("place", ["collection.json", "tokens/2.json", "images/2.PNG"])
def test_read__when_a_file_is_a_pipe__names_it_instead_of_waiting(folder, place):
    """Opening a pipe waits for a writer for ever, unless asked not to."""
    (folder / place).unlink()
    os.mkfifo(folder / place)
    with pytest.raises(BadInput, match=f"{place}: is no"):
        Collection.read(folder)


def test_read_file__when_it_never_ends__stops_at_the_limit(tmp_path):
    """A link to an endless device is no file of the collection."""
    (tmp_path / "1.png").symlink_to("/dev/zero")
    with pytest.raises(BadInput, match="is no file"):
        read_file(tmp_path / "1.png", 1000)
