"""pfpkit cid: prints CIDs of files, folders and standard input; `explain` takes one apart

The program runs as a user runs it: a process, its two streams and its exit code.
"""

import subprocess
import sys

import pytest
from support.trees import key_stream

HELLO = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
HELLO_V0 = "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD"
EMPTY_V0 = "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn"
EMPTY_V1 = "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"
NESTED = "bafybeietjm63oynimmv5yyqay33nui4y4wx6u3peezwetxgiwvfmelutzu"


@pytest.fixture
def pfpkit(tmp_path):
    """Runs the program in an empty folder."""

    def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from pfpkit.cli import cli; cli(prog_name='pfpkit')"]
        result = subprocess.run(
            [*command, *arguments], cwd=tmp_path, input=stdin, capture_output=True
        )
        return subprocess.CompletedProcess(
            result.args, result.returncode, result.stdout.decode(), result.stderr.decode()
        )

    return run


@pytest.fixture
def folder(tmp_path):
    """The official nested folder of the UnixFS specification, with a hidden file in it."""
    inner = tmp_path / "folder" / "subdir"
    inner.mkdir(parents=True)
    (inner / "ascii.txt").write_bytes(b"hello application/vnd.ipld.car\n")
    (inner / "hello.txt").write_bytes(b"hello world\n")
    (inner / ".hidden").write_bytes(b"x")
    return tmp_path


def assert_error(result, line):
    assert (result.returncode, result.stdout, result.stderr) == (1, "", f"error: {line}\n")


def test_cid__when_given_paths__prints_a_line_for_each(pfpkit, folder):
    """Files and folders, in the order they were given."""
    (folder / "hello").write_bytes(b"hello world")
    result = pfpkit("cid", "hello", "folder")
    assert (result.returncode, result.stdout) == (0, f"{HELLO} hello\n{NESTED} folder\n")


def test_cid__when_another_profile__prints_its_cids(pfpkit, tmp_path):
    """The Qm... of older tools."""
    (tmp_path / "hello").write_bytes(b"hello world")
    (tmp_path / "empty").mkdir()
    result = pfpkit("cid", "--profile", "unixfs-v0-2015", "hello", "empty")
    assert result.stdout == f"{HELLO_V0} hello\n{EMPTY_V0} empty\n"


def test_cid__when_hidden_entries_are_asked_for__includes_them(pfpkit, folder):
    """Another CID than without them."""
    result = pfpkit("cid", "--hidden", "folder")
    assert result.stdout.endswith(" folder\n")
    assert NESTED not in result.stdout


def test_cid__when_a_dash__reads_standard_input(pfpkit):
    """As in a pipe."""
    assert pfpkit("cid", "-", stdin=b"hello world").stdout == f"{HELLO} -\n"


def test_cid__when_a_file_is_named_explain__is_reachable(pfpkit, tmp_path):
    """As ./explain, or after another path."""
    (tmp_path / "explain").write_bytes(b"hello world")
    assert pfpkit("cid", "./explain").stdout == f"{HELLO} ./explain\n"
    assert pfpkit("cid", "--", "explain").stdout == f"{HELLO} explain\n"


def test_cid__when_a_name_would_move_the_cursor__prints_escapes(pfpkit, tmp_path):
    """One line a path, whatever its name."""
    (tmp_path / "a\n\x1b[2Jb").write_bytes(b"hello world")
    assert pfpkit("cid", "a\n\x1b[2Jb").stdout == f"{HELLO} a\\n\\x1b[2Jb\n"


def test_cid__when_nothing_is_there__is_one_error_line(pfpkit):
    """Exit code 1, nothing on standard output."""
    assert_error(pfpkit("cid", "nothing"), "nothing: there is no such file or folder")


def test_cid__when_a_symbolic_link__is_one_error_line(pfpkit, tmp_path):
    """With what to do next."""
    (tmp_path / "link").symlink_to("hello")
    line = "link is a symbolic link; put what it points to in its place"
    assert_error(pfpkit("cid", "link"), line)
    assert_error(pfpkit("cid", "explain", "link"), line)


def test_cid__when_the_option_is_wrong__shows_the_usage(pfpkit):
    """Exit code 2, as for every program."""
    result = pfpkit("cid", "--profile", "v2", "x")
    assert result.returncode == 2
    assert "unixfs-v1-2025" in result.stderr
    assert pfpkit("cid").stdout == pfpkit("cid", "--help").stdout
    assert "pfpkit cid explain [OPTIONS] CID-OR-PATH" in pfpkit("cid", "-h").stdout


def test_explain__when_a_cid_of_version_1__names_its_parts(pfpkit):
    """And its other spellings."""
    result = pfpkit("cid", "explain", EMPTY_V1)
    assert result.returncode == 0
    assert result.stdout.splitlines() == [
        EMPTY_V1,
        "  multibase  base32 (prefix b)",
        "  version    1",
        "  codec      dag-pb (0x70): the block is a UnixFS node: a folder, or a file and its parts",
        "  hash       sha2-256 (0x12), 32 bytes",
        "  digest     59948439065f29619ef41280cbb932be52c56d99c5966b65e0111239f098bbef",
        "  as base58  zdj7WbTaiJT1fgatdet9Ei9iDB5hdCxkbVyhyh8YTUnXMiwYi (version 1)",
        f"  as base58  {EMPTY_V0} (version 0)",
    ]


def test_explain__when_a_cid_of_version_0__names_its_parts(pfpkit):
    """And the same block's name in version 1."""
    lines = pfpkit("cid", "explain", EMPTY_V0).stdout.splitlines()
    assert lines[1] == "  multibase  base58btc, without a prefix (as all of version 0)"
    assert lines[-1] == f"  as base32  {EMPTY_V1} (version 1)"


def test_explain__when_another_base_or_hash__says_so(pfpkit):
    """The base it was written in; a hash function that pfpkit reads and does not trust."""
    upper = pfpkit("cid", "explain", EMPTY_V1.upper()).stdout
    assert "multibase  base32, upper case (prefix B)" in upper
    assert f"as base32  {EMPTY_V1} (version 1)" in upper
    assert "identity (0x0), 0 bytes" in pfpkit("cid", "explain", "ipfs://bafkqaaa").stdout


def test_explain__when_a_folder__draws_its_blocks(pfpkit, folder):
    """Names, CIDs, codecs, and what each block is."""
    result = pfpkit("cid", "explain", "folder")
    drawing = result.stdout.split("\n\n")[1].splitlines()
    assert drawing == [
        "folder under unixfs-v1-2025, 4 blocks:",
        f"{NESTED}  dag-pb, folder, 1 entry",
        "└── subdir  bafybeiggghzz6dlue3m6nb2dttnbrygxh3lrjl5764f2m4gq7dgzdt55o4"
        "  dag-pb, folder, 2 entries",
        "    ├── ascii.txt  bafkreifkam6ns4aoolg3wedr4uzrs3kvq66p4pecirz6y2vlrngla62mxm"
        "  raw, 31 bytes",
        "    └── hello.txt  bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"
        "  raw, 12 bytes",
    ]


def test_explain__when_a_large_file__draws_some_of_its_blocks(pfpkit, tmp_path):
    """The rest is counted, by width and by depth."""
    (tmp_path / "file").write_bytes(key_stream("pfpkit", 5 * 2**18 + 1))
    arguments = ("cid", "explain", "--profile", "unixfs-v0-2015", "file")
    wide = pfpkit(*arguments, "--limit", "2").stdout.splitlines()
    assert wide[-1] == "└── … 4 more (--limit shows them)"
    assert wide[-2].endswith("dag-pb, 262,144 bytes")
    assert len(wide) == wide.index("") + 6
    flat = pfpkit(*arguments, "--depth", "0").stdout.splitlines()
    assert flat[-2].endswith("dag-pb, 1,310,721 bytes in 6 parts")
    assert flat[-1] == "└── … 6 more beneath (--depth shows them)"
    assert "262,144 bytes\n└── Qm" in pfpkit(*arguments).stdout


def test_explain__when_neither_a_cid_nor_a_path__is_one_error_line(pfpkit):
    """With the reason why it is no CID."""
    assert_error(
        pfpkit("cid", "explain", EMPTY_V1[:-1] + "5"),
        f"no such path, and '{EMPTY_V1[:-1]}5' is no CID: its last character has bits to spare",
    )


def test_cid__when_a_name_has_control_characters__the_terminal_obeys_none(pfpkit, tmp_path):
    """An error shows what a folder's names hold as escapes."""
    (tmp_path / "\x1b[2Jevil").symlink_to("nowhere")
    done = pfpkit("cid", str(tmp_path))
    assert done.returncode == 1
    assert "\x1b" not in done.stderr
    assert "\\x1b[2Jevil" in done.stderr
