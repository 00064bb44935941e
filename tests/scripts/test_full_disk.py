"""A disk that is full, damaged or read-only: named, with what to do; doing that works.

Given no room, nothing half-written is left and no transaction is sent whose record could not be
written. The disk is full by a limit on file size, which needs no rights, and on Linux as root by a
small file system of its own too.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess

import pytest
from support.blocks import damage
from support.limits import bound_by_permissions, no_file_larger

from pfpkit.car import read_car
from pfpkit.workspace import Workspace

MINT = "ape run mint --account TEST::0"


def test_pin__no_room_for_a_block__leaves_nothing_half_written(unpinned):
    """One message; no record, and no file in the store that is not whole."""
    ran = unpinned.run("ape run pin", in_child=no_file_larger(20_000))
    assert "no room left for the block store" in ran.error
    assert "free some space and run it again" in ran.error
    assert unpinned.records() == {}
    with (unpinned.folder / ".pfpkit/blocks/blocks.car").open("rb") as file:
        assert len(list(read_car(file, whole=False)[1])) == 1
    assert unpinned.run("ape run pin").fact("read back").startswith("13 bundles")


def test_pin__record_cannot_be_written__keeps_the_old_one(project):
    """The blocks are there already, so that only the record finds no room."""
    record = project.folder / ".pfpkit/pins.json"
    old = record.read_bytes().replace(b"blockstore", b"otherstore")
    record.write_bytes(old)
    message = project.run("ape run pin", in_child=no_file_larger(1_000)).error
    assert ".pfpkit/pins.json cannot be written: File too large" in message
    assert record.read_bytes() == old


def test_deploy__no_room_for_the_record__deploys_nothing(refused):
    """A contract whose address is nowhere recorded is lost, so that room is tried first."""
    command = "ape run deploy --account TEST::0 --again"
    message = refused(command, in_child=no_file_larger(1_000))
    assert ".json cannot be written: File too large; nothing was deployed" in message


def test_deploy__read_only_folder__deploys_nothing(refused, project):
    """Whoever may not write there is told before anything is sent."""
    folder = project.folder / "deployments/local"
    folder.chmod(0o555)
    command = "ape run deploy --account TEST::0 --again"
    message = refused(command, in_child=bound_by_permissions)
    folder.chmod(0o755)
    assert ".json cannot be written: Permission denied; nothing was deployed" in message


def test_pin__read_only_store__says_what_it_has_to_be(unpinned):
    """A store that may not be written is no disk that is full."""
    folder = unpinned.folder / ".pfpkit"
    folder.mkdir()
    folder.chmod(0o555)
    message = unpinned.run("ape run pin", in_child=bound_by_permissions).error
    folder.chmod(0o755)
    assert "Permission denied" in message
    assert "it has to be a folder that you may read and write" in message


def test_resolve__no_room_for_the_picture__leaves_no_part_of_it(refused, project):
    """Neither picture nor receipt nor proof is written when not all of them can be."""
    message = refused("ape run resolve 1", in_child=no_file_larger(20_000))
    assert "cannot be written: File too large" in message
    assert not any(path.is_file() for path in project.folder.glob(".pfpkit/avatars/*"))


def test_mint__store_was_deleted__names_what_is_missing(refused, project):
    """The record says that it is pinned; the read-back before each mint knows better."""
    shutil.rmtree(project.folder / ".pfpkit/blocks")
    message = refused(MINT)
    assert "cannot be read back through embedded" in message
    assert "does not have it" in message
    assert "run `ape run pin --repair`" in message


def test_mint__damaged_block__pinning_again_repairs_it(refused, project):
    """One byte of one picture is another one: it is not minted; `ape run pin --repair` mends it."""
    work = Workspace(project.folder)
    image = work.pinned("2").image
    whole = work.store.get(image)
    damage(work.store, image)
    message = refused(MINT)
    assert "damaged" in message
    assert "run `ape run pin --repair`" in message
    assert project.run("ape run pin --repair").code == 0
    assert work.store.get(image) == whole
    assert "  11 minted with" in project.run(MINT).out


def test_mint__broken_record_of_pins__leaves_it_for_its_owner(refused, project):
    """A record that was cut short is neither used nor replaced."""
    record = project.folder / ".pfpkit/pins.json"
    record.write_bytes(record.read_bytes()[:300])
    message = refused(MINT)
    assert ".pfpkit/pins.json: not JSON at line" in message
    assert "move it away and run `ape run pin`" in message


BROKEN_DEPLOYMENTS = {
    "cut short": (lambda data: data[:100], "not JSON at line"),
    "of another version": (
        lambda data: data.replace(b'"version": 2', b'"version": 3'),
        "is a deployment record of version 3, and this pfpkit reads versions 1 to 2",
    ),
    "without an address": (
        lambda data: data.replace(b'"address"', b'"adress"'),
        "missing, wrong or unknown: address, adress",
    ),
    "a mistyped address": (
        lambda data: data.replace(b'"address": "0x', b'"address": "1x'),
        "is no address: 0x and 40 hexadecimal digits",
    ),
}


@pytest.mark.parametrize("kind", BROKEN_DEPLOYMENTS)
def test_deploy__broken_record__leaves_it_for_its_owner(refused, project, story, kind):
    """The record's file is named, and no second contract is deployed beside it."""
    change, says = BROKEN_DEPLOYMENTS[kind]
    record = project.folder / story["deploy"].fact("record")
    record.write_bytes(change(record.read_bytes()))
    message = refused("ape run deploy --account TEST::0")
    assert record.name in message
    assert says in message
    assert "restore it, or move it away and run `ape run deploy`" in message


def test_pin__file_system_is_full__leaves_nothing_half_written(unpinned):
    """The same on a file system of 256 KiB, where the user may mount one."""
    store = unpinned.folder / ".pfpkit"
    store.mkdir()
    if not _mounted(store, "256k"):
        return  # whoever may not mount has the limit on file size, above
    try:
        message = unpinned.run("ape run pin").error
        assert "no room left for the block store" in message
        assert os.strerror(errno.ENOSPC) in message
        work = Workspace(unpinned.folder)
        assert len(work.pins().entries) < 13
        assert all(work.store.has(entry.bundle) for entry in work.pins().entries)
    finally:
        subprocess.run(["umount", store], check=True)


def _mounted(folder, size):
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    return (
        bool(shutil.which("mount")) and subprocess.run(command, capture_output=True).returncode == 0
    )
