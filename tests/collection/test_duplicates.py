"""find_duplicates: tokens that show one picture, by bytes or by pixels; others are not named"""

import pytest
from PIL import Image
from support.folders import write_collection

from pfpkit.collection import Collection
from pfpkit.duplicates import Duplicate, duplicate_lines, find_duplicates


@pytest.fixture
def folder(tmp_path):
    """A collection of nine tokens, all different."""
    return write_collection(tmp_path / "metadata", 9)


def copy(folder, source, *numbers):
    """Give tokens the picture of another one."""
    for number in numbers:
        data = (folder / f"images/{source}.png").read_bytes()
        (folder / f"images/{number}.png").write_bytes(data)


def save_again(folder, source, number):
    """Give a token another one's picture, in another format."""
    (folder / f"images/{number}.png").unlink()
    with Image.open(folder / f"images/{source}.png") as picture:
        picture.save(folder / f"images/{number}.webp", lossless=True)


def test_find__when_all_differ__finds_none(folder):
    """The collection's own picture may be that of a token."""
    copy(folder, 3, "../cover")
    (folder / "cover.png").write_bytes((folder / "images/3.png").read_bytes())
    assert find_duplicates(Collection.read(folder).tokens) == []


def test_find__when_bytes_or_pixels_are_the_same__names_the_tokens(folder):
    """In token order; what was cleaned off does not hide a copy."""
    copy(folder, 2, 8, 5)
    path = folder / "images/8.png"
    path.write_bytes(path.read_bytes() + b"made by another tool")
    save_again(folder, 5, 9)
    save_again(folder, 1, 7)
    found = find_duplicates(Collection.read(folder).tokens)
    assert found == [
        Duplicate("bytes", ("2", "5", "8")),
        Duplicate("pixels", ("1", "7")),
        Duplicate("pixels", ("2", "5", "8", "9")),
    ]
    assert duplicate_lines(found) == [
        "tokens 2, 5 and 8 have one picture, byte for byte",
        "tokens 1 and 7 have pictures of the same pixels",
        "tokens 2, 5, 8 and 9 have pictures of the same pixels",
    ]


def test_find__when_pictures_are_not_read_again__finds_the_same(folder, monkeypatch):
    """The index knows what a picture shows, and so do the worker processes."""
    monkeypatch.setattr("pfpkit.tokenfiles._TICK_NS", 0)
    monkeypatch.setattr("pfpkit.crew._FEW", 1)
    save_again(folder, 1, 7)
    index = folder.parent / "index"
    first = Collection.read(folder, index=index, workers=1)
    again = Collection.read(folder, index=index)
    assert again.unread == 10
    spread = Collection.read(folder, workers=2)
    assert spread.tokens == first.tokens == again.tokens
    assert find_duplicates(again.tokens) == [Duplicate("pixels", ("1", "7"))]


def test_lines__when_there_are_many__names_twenty_and_counts_the_rest():
    """A screen has an end."""
    keys = tuple(str(n) for n in range(1, 10_001))
    lines = duplicate_lines([Duplicate("bytes", keys)] * 30)
    assert len(lines) == 21
    assert "19, 20 and 9,980 others have one picture" in lines[0]
    assert lines[-1] == "and 10 more such groups; --json lists all"
