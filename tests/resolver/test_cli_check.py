"""pfpkit check: a receipt checked by a user, in a process of its own

given what `resolve` saved, prints each step, whether it was proved or stated, and ends with 0
given --json, prints one object
given anything that does not hold, one line on stderr and 1
"""

import json
import subprocess
import sys

import pytest
from support.shelves import OTHER_PICTURE, OWNER


@pytest.fixture
def pfpkit(saved):
    """Runs the program beside the saved files, offline."""

    def run(*arguments):
        command = [sys.executable, "-c", "from pfpkit.cli import cli; cli(prog_name='pfpkit')"]
        return subprocess.run(
            [*command, *arguments], cwd=saved.receipt.parent, capture_output=True, text=True
        )

    return run


def test_check__when_it_holds__says_what_was_proved_and_what_stated(pfpkit, resolution):
    """As a user reads it."""
    result = pfpkit("check", "avatar.receipt.json")
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    receipt = resolution.receipt
    assert [line.split("  ")[0] for line in lines[:7]] == ["stated"] * 2 + ["proved"] * 5
    assert lines[0] == (
        "stated  chain       chain 31337, read at block 12 of 2025-11-21T04:40:00Z "
        f"({receipt.block.hash})"
    )
    assert lines[1] == f"stated  owner       {OWNER} owns it at that block, as asked"
    assert lines[2] == f"proved  token URI   names {receipt.bundle_cid}/metadata.json by content"
    assert (
        lines[6]
        == "proved  media       image/png, 37 x 29, by its header alone; no pixel was decoded"
    )
    assert lines[7].startswith(f"verified: {receipt.token}, 3 blocks, ")
    assert "any node of chain 31337" in lines[8]
    assert len(lines) == 9


def test_check__when_json_is_asked_for__prints_the_receipt(pfpkit, saved):
    """And nothing else."""
    result = pfpkit("check", "--json", "avatar.receipt.json")
    assert (result.returncode, result.stderr) == (0, "")
    said = json.loads(result.stdout)
    assert said == {"verdict": "verified", "receipt": json.loads(saved.receipt.read_bytes())}


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_check__when_the_picture_was_swapped__ends_with_one_line_and_1(pfpkit, saved, options):
    """Nothing on stdout, so that no program takes it for a yes."""
    saved.picture.write_bytes(OTHER_PICTURE)
    result = pfpkit("check", *options, "avatar.receipt.json")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "error: avatar.png is not the picture that avatar.receipt.json proves; it was changed\n"
    )


def test_check__when_the_owner_was_changed__says_what_differs(pfpkit, saved):
    """In the receipt's own words."""
    text = saved.receipt.read_text()
    saved.receipt.write_text(text.replace(f'"owner": "{OWNER}"', f'"owner": "0x{"11" * 20}"'))
    result = pfpkit("check", "avatar.receipt.json")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: avatar.receipt.json states another verdict than ")
    assert result.stderr.count("\n") == 1


def test_check__when_a_receipt_writes_to_the_terminal__is_shown_as_text(pfpkit, saved):
    """A stranger's receipt cannot move the cursor or hide a line."""
    for field in ("version", "token_uri", "verdict"):
        document = json.loads(saved.receipt.read_text())
        saved.receipt.write_text(json.dumps(document | {field: "\x1b[2J\r\n\u202everified"}))
        result = pfpkit("check", "avatar.receipt.json")
        saved.receipt.write_text(json.dumps(document, indent=2) + "\n")
        assert result.returncode == 1
        assert result.stderr.count("\n") == 1
        assert result.stderr[:-1].isprintable(), result.stderr


def test_check__when_the_file_is_absent__says_which(pfpkit):
    """With what to name instead."""
    result = pfpkit("check", "other.receipt.json")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "error: other.receipt.json cannot be read: No such file or directory; name a receipt\n"
    )


def test_check__when_no_receipt_is_named__shows_the_usage(pfpkit):
    """Click's own message and code."""
    result = pfpkit("check")
    assert result.returncode == 2
    assert "Missing argument 'RECEIPT'" in result.stderr


def test_check__when_help_is_asked_for__says_what_is_not_proved(pfpkit):
    """The owner and the URIs are the chain's word."""
    result = pfpkit("check", "--help")
    assert result.returncode == 0
    assert "Needs no network" in " ".join(result.stdout.split())
    assert "taken as the receipt states it" in " ".join(result.stdout.split())
