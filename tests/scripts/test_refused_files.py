"""Pictures, token files and records that cannot be used: named, with what to do, nothing changed.

Given one bad file, `pin` and `mint --image` name it and stop; given several, `pin` lists them all
at once.
"""

from __future__ import annotations

import shutil

import pytest
from support.pictures import SCRIPT, encoded, noise, png_of

BAD_FILES = {
    "not an image": ("images/3.png", b"hello", "a text; export it as PNG"),
    "cut short": ("images/3.png", encoded(noise(), "PNG")[:-40], "cut short: it ends at byte"),
    "too large a file": ("images/3.png", bytes(11 * 2**20), "is more than the 10,485,760 allowed"),
    "too wide": ("images/3.png", png_of(5000, 1, raw=bytes(15001)), "5,000 x 1 pixels is more"),
    "a decompression bomb": (
        "images/3.png",
        png_of(10, 10, raw=bytes(64 * 2**20)),
        "it holds more pixels than its header says",
    ),
    "an SVG with a script": (
        "images/3.png",
        b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>",
        "an SVG drawing with a script; export it as PNG",
    ),
    "metadata that is not JSON": ("tokens/3.json", b"{name: 'Fox'}", "not JSON at line 1"),
    "metadata without a name": ("tokens/3.json", b'{"description": "x"}', "'name' is missing"),
}


@pytest.mark.parametrize(("name", "data", "says"), BAD_FILES.values(), ids=BAD_FILES)
def test_pin__one_bad_file__names_it(pin_refused, unpinned, name, data, says):
    """One message with the file's name and its fault; nothing was pinned or recorded."""
    (unpinned.folder / "metadata" / name).write_bytes(data)
    message = pin_refused()
    first, fault = message.splitlines()
    assert first.startswith("1 problem in ")
    assert f"metadata/{name}: " in fault
    assert says in fault


def test_pin__several_bad_files__lists_them_at_once(pin_refused, unpinned):
    """Nobody has to run it again and again to see the next fault."""
    folder = unpinned.folder / "metadata"
    (folder / "images/1.png").write_bytes(b"hello")
    (folder / "tokens/2.json").write_text("{")
    (folder / "tokens/4.json").unlink()
    first, *faults = pin_refused().splitlines()
    assert first.startswith("3 problems in ")
    for name, fault in zip(("images/4.jpg", "images/1.png", "tokens/2.json"), faults, strict=True):
        assert f"metadata/{name}: " in fault


def test_pin__two_tokens_are_the_same__names_both(pin_refused, unpinned):
    """One bundle is one token: a copy that was forgotten is not pinned."""
    folder = unpinned.folder / "metadata"
    shutil.copy(folder / "images/3.png", folder / "images/5.png")
    shutil.copy(folder / "tokens/3.json", folder / "tokens/5.json")
    assert "tokens 3 and 5 are the same picture with the same words" in pin_refused()


@pytest.mark.parametrize("name", [".pfpkit/pins.json", "metadata/pins.json"])
def test_pin__broken_record__leaves_it_for_its_owner(pin_refused, unpinned, name):
    """A record that cannot be read is never replaced, and nothing is pinned before it is read."""
    path = unpinned.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text('{"1": {"bundle": "bafy')
    message = pin_refused()
    assert name in message
    assert "not JSON at line 1" in message
    assert "move it away and run `ape run pin`" in message


@pytest.mark.parametrize("kind", ["not an image", "an SVG with a script", "cut short"])
def test_mint__bad_image__names_it(refused, project, kind):
    """The one-step mint checks its picture just as `pin` does."""
    _, data, says = BAD_FILES[kind]
    path = project.folder / "mine.png"
    path.write_bytes(data)
    message = refused("ape run mint --account TEST::0 --name Mine --image mine.png")
    assert message.startswith("mine.png: ")
    assert says in message


def test_mint__no_such_image__names_it(refused):
    """A path that was mistyped is named."""
    message = refused("ape run mint --account TEST::0 --name Mine --image nix.png")
    assert message == "nix.png: cannot be read: No such file or directory"
