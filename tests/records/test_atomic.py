"""write_files: all of them or none

given new files and old ones, each has its bytes, and folders are made
given a failure at any of them, all are as they were, and nothing is left beside them
"""

import pytest

from pfpkit.atomic import write_file, write_files


def test_write_files__when_nothing_fails__each_has_its_bytes(tmp_path):
    """In folders that were not there, over files that were."""
    old, new = tmp_path / "old", tmp_path / "a" / "b" / "new"
    old.write_bytes(b"before")
    write_files({old: b"after", new: b""})
    assert (old.read_bytes(), new.read_bytes()) == (b"after", b"")
    assert [file.name for file in new.parent.iterdir()] == ["new"]
    assert oct(new.stat().st_mode & 0o777) == "0o644"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_write_files__when_one_cannot_be_written__none_is(tmp_path, place):
    """A folder stands in the way of the first, the second or the last."""
    files = [tmp_path / name for name in "xyz"]
    for number, file in enumerate(files):
        if number == place:
            file.mkdir()
        else:
            file.write_bytes(b"before")
    with pytest.raises(OSError, match="Is a directory"):
        write_files(dict.fromkeys(files, b"after"))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["x", "y", "z"]
    left = [file.read_bytes() for file in files if file.is_file()]
    assert left == [b"before"] * 2


def test_write_file__when_a_link_is_in_its_place__replaces_the_link(tmp_path):
    """What the link points to is somebody else's."""
    other = tmp_path / "other"
    other.write_bytes(b"theirs")
    (tmp_path / "link").symlink_to(other)
    write_file(tmp_path / "link", b"ours")
    assert (other.read_bytes(), (tmp_path / "link").read_bytes()) == (b"theirs", b"ours")
    assert not (tmp_path / "link").is_symlink()
