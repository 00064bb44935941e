"""Resolution.save: picture, CAR and receipt, all of them or none

given a verified resolution, three files that check
given a disk that fills up, or a folder that cannot be written, what was there before is there
given files of an earlier resolution, replaces them
"""

import resource
from contextlib import contextmanager

import pytest
from support.pictures import animated, encoded, noise
from support.shelves import OTHER_PICTURE, PICTURE, large_picture, resolution_of, token_shelf

from pfpkit.errors import BadInput
from pfpkit.receipt import Receipt


@contextmanager
def largest_file(size):
    """Let no file of this process grow over `size` bytes: the kernel then fails the write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def contents(folder):
    """Every file's bytes."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_save__when_verified__writes_three_files(resolution, saved):
    """Nothing else is left in the folder, and the receipt names the other two."""
    assert saved.picture.read_bytes() == PICTURE
    assert sorted(contents(saved.receipt.parent)) == [
        "avatar.car",
        "avatar.png",
        "avatar.receipt.json",
    ]
    receipt = Receipt.load(saved.receipt)
    assert receipt == resolution.receipt.beside("avatar.png", "avatar.car")


@pytest.mark.parametrize(
    ("picture", "name"),
    [
        (encoded(noise(mode="RGB"), "JPEG"), "avatar.jpg"),
        (animated("GIF"), "avatar.gif"),
        (animated("WEBP"), "avatar.webp"),
        (large_picture(), "avatar.png"),
    ],
    ids=["jpeg", "gif", "webp", "large"],
)
def test_save__when_of_another_kind__is_named_by_its_bytes(tmp_path, picture, name):
    """The ending is that of what was decoded."""
    saved = resolution_of(token_shelf(picture)).save(tmp_path, "avatar")
    assert (saved.picture.name, saved.picture.read_bytes()) == (name, picture)


def test_save__when_saved_before__replaces_all_three(resolution, saved):
    """A later resolution of the same token, of another picture."""
    later = resolution_of(token_shelf(OTHER_PICTURE))
    folder = saved.receipt.parent
    before = contents(folder)
    later.save(folder, "avatar")
    after = contents(folder)
    assert after.keys() == before.keys()
    assert all(after[name] != before[name] for name in before)


@pytest.mark.parametrize("room", [0, len(PICTURE) - 1, len(PICTURE)])
def test_save__when_the_disk_is_full__leaves_the_old_files(saved, room):
    """Wherever it fills up, even after the picture was written; no part is left either."""
    later = resolution_of(token_shelf(OTHER_PICTURE))
    folder = saved.receipt.parent
    before = contents(folder)
    with largest_file(room), pytest.raises(BadInput, match=r"avatar\.\* cannot be written: "):
        later.save(folder, "avatar")
    assert contents(folder) == before


@pytest.mark.parametrize("name", ["avatar.png", "avatar.car", "avatar.receipt.json"])
def test_save__when_a_folder_is_in_the_way__leaves_the_other_files(tmp_path, resolution, name):
    """Seen before the first file is put in its place."""
    (tmp_path / name).mkdir()
    with pytest.raises(BadInput, match="Is a directory"):
        resolution.save(tmp_path, "avatar")
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_save__when_a_file_stands_where_the_folder_belongs__is_refused(tmp_path, resolution):
    """Nothing of it is changed."""
    (tmp_path / "out").write_text("mine")
    with pytest.raises(BadInput, match="cannot be written"):
        resolution.save(tmp_path / "out", "avatar")
    assert (tmp_path / "out").read_text() == "mine"
