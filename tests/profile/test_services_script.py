"""tools/services.sh: given what fails, it says what, and what that printed

A program that is missing, one that fails, and a line that nobody thought would fail.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def run(tmp_path):
    """Run the script in a folder of its own, with programs that do as they are told."""
    (tmp_path / "tools").mkdir()
    for name in ("services.sh", "packages.sh", "radosgw.sh"):
        shutil.copy(TOOLS / name, tmp_path / "tools")
    programs = tmp_path / "programs"
    programs.mkdir()
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)

    def ended(*options, apt="true", **variables):
        apt_get = programs / "apt-get"
        apt_get.write_text(f"#!/bin/sh\n{apt}\n")
        apt_get.chmod(0o755)
        plain = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(tmp_path)}
        given = {
            "PFPKIT_TEST_NGINX": "nginx",
            "PFPKIT_TEST_POSTGRESQL": "postgresql://nobody@127.0.0.1:1",
            "PFPKIT_TEST_SCHEMATHESIS": "st",
        }
        command = ["bash", str(tmp_path / "tools/services.sh"), *options]
        found = subprocess.run(
            command, env=plain | given | variables, capture_output=True, text=True
        )
        assert found.returncode != 0
        return found.stderr

    return ended


def test_services__when_a_service_is_missing__says_how_to_get_it(run):
    """Nothing is installed unless it was asked for."""
    said = run(apt="echo it was asked >&2")
    assert "an S3 server is missing: name one in PFPKIT_TEST_S3, or" in said
    assert "make test-services INSTALL=1" in said
    assert "it was asked" not in said


def test_services__when_an_installation_fails__says_what_it_printed(run):
    """What is quiet when all is well is not when it is not."""
    said = run("--install", apt="echo no such mirror; exit 100")
    assert "no such mirror" in said
    assert "exit 100 of: as_root apt-get update" in said


def test_services__when_a_program_cannot_be_run__names_it(run, tmp_path):
    """As when what was unpacked once is half there."""
    (tmp_path / ".build/radosgw").mkdir(parents=True)
    (tmp_path / ".build/radosgw/.done").touch()
    said = run()
    assert "monmaptool: No such file or directory" in said
    assert "test-services: failed (exit 1)" in said


def test_services__when_any_line_fails__names_line_and_status(run, tmp_path):
    """The one that nobody thought of: here the tests themselves, which are not in this folder."""
    said = run(PFPKIT_TEST_S3="http://127.0.0.1:1")
    assert "services.sh:" in said
    assert "exit 127 of: APE_FOUNDRY_HOST" in said
    assert "test-services: failed (exit 127)" in said
