"""Official vectors: the CIDs that IPIP-0499, the UnixFS specification and Kubo publish

Sources: IPIP-0499 "Test fixtures" (specs.ipfs.tech/ipips/ipip-0499); how its inputs are made, from
Kubo's test/cli/cid_profiles_test.go; the UnixFS specification's appendix "Test Vectors".
"""

import pytest
from support.trees import Blocks, KeyStream, key_stream

from pfpkit.cid import CID, DAG_PB
from pfpkit.errors import NotFound
from pfpkit.unixfs import (
    UNIXFS_V0_2015,
    UNIXFS_V1_2025,
    Entry,
    Kind,
    Profile,
    add_directory,
    add_file,
    decode_node,
    drive,
    resolve,
)

V0, V1 = UNIXFS_V0_2015, UNIXFS_V1_2025


@pytest.mark.parametrize(
    ("profile", "data", "expected"),
    [
        (V0, b"hello world", "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD"),
        (V0, b"", "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"),
        (V1, b"hello world", "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"),
        (V1, b"hello world\n", "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"),
        (V1, b"", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
    ],
)
def test_add_file__when_small__cid_is_official(profile, data, expected):
    """One block."""
    assert str(add_file(data, profile).cid) == expected


@pytest.mark.parametrize(
    ("profile", "seed", "size", "expected"),
    [
        (V0, "chunk-v0-seed", 2**18, "QmWmRj3dFDZdb6ABvbmKhEL6TmPbAfBZ1t5BxsEyJrcZhE"),
        (V0, "chunk-v0-seed", 2**18 + 1, "QmYyLxtzZyW22zpoVAtKANLRHpDjZtNeDjQdJrcQNWoRkJ"),
        (V0, "v0-seed", 174 * 2**18, "QmUbBALi174SnogsUzLpYbD4xPiBSFANF4iztWCsHbMKh2"),
        (V0, "v0-seed", 174 * 2**18 + 1, "QmV81WL765sC8DXsRhE5fJv2rwhS4icHRaf3J9Zk5FdRnW"),
        (
            V1,
            "chunk-v1-seed",
            2**20,
            "bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta",
        ),
        (
            V1,
            "chunk-v1-seed",
            2**20 + 1,
            "bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64",
        ),
        (
            V1,
            "v1-2025-seed",
            2**30,
            "bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm",
        ),
    ],
)
def test_add_file__when_at_a_limit_of_the_profile__cid_is_official(profile, seed, size, expected):
    """At and one byte over the chunk size and the width; 1 GiB + 1 is in test_memory.py."""
    assert str(add_file(KeyStream(seed, size), profile).cid) == expected


def kubo_names(count: int, length: int, last: int, seed: str) -> list[str]:
    """File names as Kubo's createDeterministicFiles makes them."""
    alphabet = "abcdefghijklmnopqrstuvwxyz01234567890-_"
    text = "".join(alphabet[byte % len(alphabet)] for byte in key_stream(seed, 2**18))
    starts = range(0, count * length, length)
    return [text[at : at + (last if n == count - 1 else length)] for n, at in enumerate(starts)]


@pytest.mark.parametrize(
    ("profile", "count", "length", "last", "kind", "expected"),
    [
        (V0, 4096, 30, 30, Kind.DIRECTORY, "QmX5GtRk3TSSEHtdrykgqm4eqMEn3n2XhfkFAis5fjyZmN"),
        (V0, 4033, 31, 31, Kind.HAMT, "QmeMiJzmhpJAUgynAcxTQYek5PPKgdv3qEvFsdV3XpVnvP"),
        (
            V1,
            4766,
            11,
            21,
            Kind.DIRECTORY,
            "bafybeic3h7rwruealwxkacabdy45jivq2crwz6bufb5ljwupn36gicplx4",
        ),
        (
            V1,
            4766,
            11,
            22,
            Kind.HAMT,
            "bafybeiegvuterwurhdtkikfhbxcldohmxp566vpjdofhzmnhv6o4freidu",
        ),
    ],
)
def test_add_directory__when_at_the_hamt_threshold__cid_is_official(
    profile: Profile, count: int, length: int, last: int, kind: Kind, expected: str
):
    """Exactly 262,144 bytes stay flat, 262,145 become a HAMT."""
    file = add_file(b"x", profile)
    blocks = Blocks()
    entries = dict.fromkeys(kubo_names(count, length, last, f"hamt-{profile.name}"), file)
    root = add_directory(entries, profile, blocks.put).cid
    assert str(root) == expected
    assert decode_node(root, blocks[root]).kind is kind


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (V0, "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn"),
        (V1, "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"),
    ],
)
def test_add_directory__when_empty__cid_is_official(profile, expected):
    """The empty directory of UnixFS, "Well-Known UnixFS CIDs"."""
    assert str(add_directory({}, profile).cid) == expected


def test_add_directory__when_nested__cid_is_official():
    """UnixFS, "Nested Directories": subdir-with-two-single-block-files.car, dag-pb.car."""
    ascii_txt = add_file(b"hello application/vnd.ipld.car\n")
    hello_txt = add_file(b"hello world\n")
    inner = add_directory({"hello.txt": hello_txt, "ascii.txt": ascii_txt})
    assert str(inner.cid) == "bafybeiggghzz6dlue3m6nb2dttnbrygxh3lrjl5764f2m4gq7dgzdt55o4"
    outer = add_directory({"subdir": inner})
    assert str(outer.cid) == "bafybeietjm63oynimmv5yyqay33nui4y4wx6u3peezwetxgiwvfmelutzu"


def test_decode_node__when_a_symlink__kind_and_target_are_read():
    """UnixFS, "Symbolic Links": symlink.car, a file, a link to it, and their directory."""
    link = CID.parse("QmTB8BaCJdCH5H3k7GrxJsxgDNmNYGGR71C58ERkivXoj5")
    block = bytes.fromhex("0a0708041203") + b"foo"
    file = add_file(b"content\n", V0)
    assert str(file.cid) == "Qme2y5HA5kvo2jAx13UsnV5bQJVijiAJCPvaW3JGQWhvJZ"
    blocks = Blocks({link: block})
    entries = {"foo": file, "bar": Entry(link, len(block), 0)}
    root = add_directory(entries, V0, blocks.put).cid
    assert str(root) == "QmWvY6FaqFMS89YAQ9NAPjVP4WZKA1qbHbicc9HeSKQTgt"
    assert decode_node(link, block).kind is Kind.SYMLINK
    assert decode_node(link, block).data == b"foo"
    with pytest.raises(NotFound, match="bar is a symlink"):
        drive(resolve(root, "bar/x"), blocks.get_block)


def test_decode_node__when_a_file_in_one_dag_pb_block__data_is_read():
    """UnixFS, "Single dag-pb Block File": the block of the gateway checker's file."""
    text = b"Hello from IPFS Gateway Checker\n"
    blocks = Blocks()
    v0 = add_file(text, V0, blocks.put).cid
    assert str(v0.as_v1()) == "bafybeifx7yeb55armcsxwwitkymga5xf53dxiarykms3ygqic223w5sk3m"
    assert v0.codec == DAG_PB
    assert len(blocks[v0]) == 40
    assert decode_node(v0, blocks[v0]).data == text
