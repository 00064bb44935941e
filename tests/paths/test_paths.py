"""add_path: files and folders on disk get the CIDs of their trees; what has no bytes is refused"""

import os
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.trees import Blocks, File, Folder, add_tree, content, trees

from pfpkit.errors import BadInput, NotFound
from pfpkit.paths import MAX_DEPTH, add_path
from pfpkit.unixfs import PROFILES, UNIXFS_V1_2025

# No two are one name on a file system that ignores case or normal forms.
disk_names = st.text("aBé.🎨 ~%\n", min_size=1, max_size=9).filter(lambda n: n not in (".", ".."))
profiles = st.sampled_from(list(PROFILES.values()))


def write(tree, path):
    if isinstance(tree, File):
        path.write_bytes(content(tree))
        return
    path.mkdir()
    for name, child in tree.entries.items():
        write(child, path / name)


def visible(tree):
    if isinstance(tree, File):
        return tree
    entries = {name: visible(child) for name, child in tree.entries.items()}
    return Folder({name: child for name, child in entries.items() if not name.startswith(".")})


@settings(deadline=None, max_examples=40)
@given(profile=profiles, tree=trees(300, disk_names), hidden=st.booleans())
def test_add_path__when_written_to_disk__cid_is_the_tree_s(tmp_path_factory, profile, tree, hidden):
    """With hidden entries when they are asked for, without them when not."""
    path = tmp_path_factory.mktemp("tree") / "root"
    write(tree, path)
    expected = add_tree(tree if hidden else visible(tree), profile)
    assert add_path(path, profile, hidden=hidden) == expected


def test_add_path__when_given_a_sink__gives_it_every_block(tmp_path):
    """The same blocks as of the tree in memory, the root last."""
    tree = Folder({"image": File(2**20 + 5), "empty": Folder()})
    write(tree, tmp_path / "token")
    expected, blocks = Blocks(), Blocks()
    add_tree(tree, UNIXFS_V1_2025, expected.put)
    root = add_path(tmp_path / "token", sink=blocks.put)
    assert blocks == expected
    assert list(blocks)[-1] == root.cid


def test_add_path__when_hidden_itself__is_added(tmp_path):
    """Who names it wants it, as with `ipfs add`."""
    write(Folder({"a": File(1), ".b": File(2)}), tmp_path / ".folder")
    assert add_path(tmp_path / ".folder") == add_tree(Folder({"a": File(1)}), UNIXFS_V1_2025)


def test_add_path__when_nothing_is_there__raises_not_found(tmp_path):
    """The error names the path."""
    with pytest.raises(NotFound, match="token: there is no such file or folder"):
        add_path(tmp_path / "token")


def test_add_path__when_a_symbolic_link__is_refused(tmp_path):
    """By name, at the top and inside of a folder, whether it leads anywhere or not."""
    write(Folder({"a": File(1)}), tmp_path / "folder")
    (tmp_path / "folder" / "link").symlink_to("a")
    (tmp_path / "nowhere").symlink_to("b")
    for path in (tmp_path / "folder", tmp_path / "folder" / "link", tmp_path / "nowhere"):
        with pytest.raises(BadInput, match=r"(link|nowhere) is a symbolic link"):
            add_path(path)


def test_add_path__when_a_pipe_or_socket__is_refused(tmp_path, monkeypatch):
    """Opening one would wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="pipe is neither a file nor a folder"):
        add_path(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)  # the path of a socket may not be long
        listener.bind("socket")
        with pytest.raises(BadInput, match="socket is neither a file nor a folder"):
            add_path(tmp_path / "socket")


@pytest.mark.parametrize("name", [b"caf\xe9"])
def test_add_path__when_a_name_is_not_utf_8__is_refused(tmp_path, name):
    """UnixFS names are UTF-8; guessing another encoding would give another CID elsewhere."""
    path = os.path.join(os.fsencode(tmp_path), name)
    try:
        os.close(os.open(path, os.O_CREAT))
    except OSError:
        return  # this file system refuses such names itself
    with pytest.raises(BadInput, match="which is not UTF-8"):
        add_path(tmp_path)


def test_add_path__when_nested_too_deep__is_refused(tmp_path):
    """One clear error instead of an exhausted stack."""
    path = tmp_path / "root"
    path.mkdir()
    for _ in range(MAX_DEPTH):
        path /= "d"
        path.mkdir()
    with pytest.raises(BadInput, match=f"nested over {MAX_DEPTH} deep"):
        add_path(tmp_path / "root")
    assert add_path(tmp_path / "root" / "d").size == 0


def test_add_path__when_reading_fails__names_the_path(tmp_path):
    """What the system says, and of which path."""
    with pytest.raises(BadInput, match="xxx: File name too long"):
        add_path(tmp_path / ("x" * 300))
