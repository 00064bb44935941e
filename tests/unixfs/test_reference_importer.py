"""Against npm's ipfs-unixfs-importer: the same tree has the same root and size, in both profiles"""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.trees import File, Folder, add_tree, files, names, trees

from pfpkit.unixfs import UNIXFS_V0_2015, UNIXFS_V1_2025
from pfpkit.unixfs.hamt import murmur3_x64_64

PROFILES = [UNIXFS_V1_2025, UNIXFS_V0_2015]
by_profile = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
# The oracle is one process for the session, whatever the examples do.
with_oracle = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# Their murmur3 hashes are equal in the first 56 bits, and differ in the last 8.
DEEP = ["pfpkit", "Ie8]WCm?Rig^@bje"]


def assert_same(oracle, tree, profile):
    entry = add_tree(tree, profile)
    assert (str(entry.cid), entry.tsize) == oracle.import_tree(tree, profile=profile.name)


@by_profile
@with_oracle
@given(data=st.data())
def test_add_file__when_any_size__cid_is_the_reference(oracle, profile, data):
    """Files around the ends of chunks, empty ones included."""
    assert_same(oracle, data.draw(files(profile.chunk_size)), profile)


@by_profile
@with_oracle
@given(data=st.data())
def test_add_directory__when_any_tree__cid_is_the_reference(oracle, profile, data):
    """Nested folders with names of any script, empty ones included."""
    assert_same(oracle, data.draw(trees(profile.chunk_size)), profile)


@pytest.mark.parametrize("chunks", [174, 175, 174 * 2 + 1])
def test_add_file__when_over_one_node__layout_is_the_reference(oracle, chunks):
    """174 chunks fill one node of unixfs-v0-2015; one more adds a level."""
    assert_same(oracle, File(UNIXFS_V0_2015.chunk_size * chunks), UNIXFS_V0_2015)


@by_profile
@pytest.mark.parametrize("count", [1_000, 5_000, 10_000])
def test_add_directory__when_wide__hamt_is_the_reference(oracle, profile, count):
    """From one flat block to a HAMT of three levels."""
    folder = Folder({f"token number {n}.png": File(n % 7, n % 251) for n in range(count)})
    assert_same(oracle, folder, profile)


@by_profile
@pytest.mark.parametrize("extra", [-1, 0, 1, 2])
def test_add_directory__when_at_the_threshold__turns_at_the_same_byte(oracle, profile, extra):
    """262,144 bytes are flat, one more is a HAMT, each profile by its own measure."""
    links, last = (4765, 21) if profile is UNIXFS_V1_2025 else (4095, 30)
    width = 11 if profile is UNIXFS_V1_2025 else 30
    entries = {f"{n:0{width}}": File(1) for n in range(links)}
    folder = Folder({**entries, "z" * (last + extra): File(1)})
    assert_same(oracle, folder, profile)


@by_profile
def test_add_directory__when_utf_8_sorts_otherwise_than_utf_16__order_is_the_reference(
    oracle, profile
):
    """Names stand in the order of their UTF-8 bytes, in which the full-width tilde comes first."""
    folder = Folder({name: File(1) for name in ("🎨", "\uff5e", "a", "Z", "é")})
    assert_same(oracle, folder, profile)


def test_add_directory__when_hashes_nearly_collide__hamt_is_eight_deep(oracle):
    """Two names part only in the last byte of their hashes."""
    folder = Folder({name: File(1) for name in [*map(str, range(6_000)), *DEEP]})
    assert_same(oracle, folder, UNIXFS_V1_2025)


@pytest.mark.parametrize("bits", [4, 8, 10])
@with_oracle
@given(data=st.data())
def test_add_directory__when_every_folder_is_a_hamt__cid_is_the_reference(oracle, bits, data):
    """Random trees whose folders are HAMTs from the first entry on, of any fanout."""
    # The four bytes of an empty directory's block are not over the threshold.
    profile = replace(UNIXFS_V1_2025, hamt_threshold=4, hamt_fanout=2**bits)
    tree = Folder({"root": data.draw(trees(300))})
    entry = add_tree(tree, profile)
    options = {"shardSplitThresholdBytes": 0, "shardFanoutBits": bits}
    expected = oracle.import_tree(tree, profile=UNIXFS_V1_2025.name, **options)
    assert (str(entry.cid), entry.tsize) == expected


def test_add_directory__when_nested_in_a_hamt__both_are_the_reference(oracle):
    """Folders stand in a HAMT, and a HAMT stands in a folder."""
    wide = Folder({f"{n:050}": File(1) if n % 9 else Folder({"x": File(3)}) for n in range(4_000)})
    assert_same(oracle, Folder({"wide": wide, "beside": File(5)}), UNIXFS_V1_2025)


@with_oracle
@given(name=names | st.text(st.characters(codec="utf-8"), min_size=14, max_size=50))
def test_murmur3__when_any_name__hash_is_the_reference(oracle, name):
    """Names of any length, so that whole blocks and every tail occur."""
    assert murmur3_x64_64(name.encode()) == oracle.murmur3(name)
