"""CID: each has one binary form and one text per base; anything else raises BadCID

Published examples: the CID specification, multibase's and UnixFS's test vectors.
"""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.trees import cids

from pfpkit.cid import CID, DAG_PB, RAW, cid_of, read_varint, varint, verify
from pfpkit.errors import BadBlock, BadCID, WrongBytes

EMPTY_V0 = "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn"
EMPTY_V1 = "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"
IDENTITY_128 = "bafkqbaab" + "ijbeeqsc" * 25 + "ijbee"
IDENTITY_129 = "bafkqbaibifaucqkb" + "ifaucqkb" * 24 + "ifaucqi"


@given(cid=cids)
def test_parse__when_printed__gives_the_same_cid(cid):
    """Text, base58 and binary, of every version, codec and hash function."""
    assert CID.parse(str(cid)) == cid
    assert CID.parse(cid.as_base58()) == cid
    assert CID.decode(cid.encode()) == cid
    assert CID.read(b"x" + cid.encode() + b"y", 1) == (cid, 1 + len(cid.encode()))


def test_parse__when_any_base__is_the_same_cid():
    """Every multibase that pfpkit reads, from one CID."""
    cid = CID.parse(EMPTY_V1)
    number = int.from_bytes(cid.encode(), "big")
    base36 = ""
    while number:
        number, digit = divmod(number, 36)
        base36 = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + base36
    spellings = [
        EMPTY_V1.upper(),
        "f" + cid.encode().hex(),
        "F" + cid.encode().hex().upper(),
        "zdj7WbTaiJT1fgatdet9Ei9iDB5hdCxkbVyhyh8YTUnXMiwYi",
        "k" + base36,
        "uAXASIFmUhDkGXylhnvQSgMu5Mr5SxW2ZxZZrZeAREjnwmLvv",
        "mAXASIFmUhDkGXylhnvQSgMu5Mr5SxW2ZxZZrZeAREjnwmLvv",
    ]
    assert [CID.parse(text) for text in spellings] == [cid] * len(spellings)


def test_as_v1__when_version_0__names_the_same_block():
    """The empty directory, as UnixFS publishes it."""
    assert str(CID.parse(EMPTY_V0).as_v1()) == EMPTY_V1
    assert CID.parse(EMPTY_V1).as_v1() == CID.parse(EMPTY_V1)
    assert CID.parse(EMPTY_V0).codec == DAG_PB


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b",
        "Qm",
        "hello",
        EMPTY_V0[:-1],
        EMPTY_V0 + "1",
        EMPTY_V0[:-1] + "0",
        EMPTY_V0[:-1] + "O",
        "z" + EMPTY_V0,
        "1" + EMPTY_V0,
        EMPTY_V1[:-1],
        EMPTY_V1 + "a",
        EMPTY_V1 + "=",
        EMPTY_V1 + "\n",
        " " + EMPTY_V1,
        EMPTY_V1[:-1] + "5",
        EMPTY_V1[:-1] + "_",
        EMPTY_V1[:9] + "_" + EMPTY_V1[9:],
        "b" + "+" + EMPTY_V1[2:],
        "b" + EMPTY_V1[1:].upper(),
        "B" + EMPTY_V1[1:],
        "F" + CID.parse(EMPTY_V1).encode().hex(),
        "f" + CID.parse(EMPTY_V1).encode().hex(" "),
        "f" + "1220" + "00" * 32,
        "f0170122000",
        "f00701220" + "00" * 32,
        "f02701220" + "00" * 32,
        "f0170121f" + "00" * 31,
        "f01f0001220" + "00" * 32,
        "f017012a000" + "00" * 32,
        "f01" + "80" * 9 + "01" + "1220" + "00" * 32,
        "zdj7WbTaiJT1fgatdet9Ei9iDB5hdCxkbVyhyh8YTUnXMiwYI",
        "z1dj7WbTaiJT1fgatdet9Ei9iDB5hdCxkbVyhyh8YTUnXMiwYi",
        "k0",
        "uAXASIFmUhDkGXylhnvQSgMu5Mr5SxW2ZxZZrZeAREjnwmLv/",
        "mAXASIFmUhDkGXylhnvQSgMu5Mr5SxW2ZxZZrZeAREjnwmLvv=",
        "🚀" + EMPTY_V1[1:],
        IDENTITY_129,
        "b" * 100_000,
    ],
)
def test_parse__when_not_the_one_spelling__raises_bad_cid(text):
    """Cut short, padded, with other letters, versions, lengths, or bits to spare."""
    with pytest.raises(BadCID):
        CID.parse(text)


def test_parse__when_an_identity_cid__is_read_to_128_bytes():
    """UnixFS, "Identity CID Size Limit": 128 times B."""
    cid = CID.parse(IDENTITY_128)
    assert (cid.hash_code, cid.codec, cid.digest) == (0, RAW, b"B" * 128)


@given(text=st.text(max_size=80))
def test_parse__when_any_text__reads_or_raises_bad_cid(text):
    """What it reads, it prints back in the same base or another one of the same CID."""
    for prefix in ("", "b", "z", "f", "k", "u", "m", "Qm"):
        try:
            cid = CID.parse(prefix + text)
        except BadCID:
            continue
        assert CID.parse(str(cid)) == cid


@given(data=st.binary(max_size=60))
def test_read__when_any_bytes__reads_or_raises_bad_cid(data):
    """What is read encodes to exactly the bytes it was read from."""
    try:
        cid, end = CID.read(data)
    except BadCID:
        return
    assert cid.encode() == data[:end]


@given(cid=cids)
def test_read__when_cut_short__raises_bad_cid(cid):
    """At every byte."""
    data = cid.encode()
    for length in range(len(data)):
        with pytest.raises(BadCID):
            CID.decode(data[:length])
    with pytest.raises(BadCID, match="bytes follow"):
        CID.decode(data + b"\0")


@pytest.mark.parametrize(
    "parts",
    [
        (2, RAW, bytes(32)),
        (1, RAW, bytes(31)),
        (0, RAW, bytes(32)),
        (0, DAG_PB, bytes(32), 0x1B),
        (1, RAW, bytes(129), 0),
    ],
)
def test_cid__when_the_parts_do_not_fit__raises_bad_cid(parts):
    """No CID exists that could not be written and read again."""
    with pytest.raises(BadCID):
        CID(*parts)


def test_verify__when_the_bytes_are_right__returns():
    """Both versions."""
    digest = hashlib.sha256(b"x").digest()
    verify(cid_of(b"x"), b"x")
    verify(CID(0, DAG_PB, digest), b"x")


@given(data=st.binary(min_size=1, max_size=50), bit=st.integers(0))
def test_verify__when_a_bit_is_flipped__raises_wrong_bytes(data, bit):
    """The error names what was asked for and what came."""
    flipped = bytearray(data)
    flipped[bit // 8 % len(data)] ^= 1 << bit % 8
    with pytest.raises(WrongBytes, match=f"{cid_of(data)}.*{cid_of(bytes(flipped))}"):
        verify(cid_of(data), bytes(flipped))


def test_verify__when_another_hash_function__raises_bad_cid():
    """Even an identity CID that holds just these bytes is not trusted."""
    for code, name in ((0x00, "identity"), (0x1B, "keccak-256"), (0x9999, "0x9999")):
        with pytest.raises(BadCID, match=f"hash function {name} is not verified"):
            verify(CID(1, RAW, b"x", code), b"x")


@given(value=st.integers(0, 2**63 - 1))
def test_varint__when_written__is_read_back(value):
    """And no prefix of it is read."""
    data = varint(value)
    assert read_varint(data) == (value, len(data))
    for length in range(len(data)):
        with pytest.raises(BadCID, match="cut short"):
            read_varint(data[:length])


@pytest.mark.parametrize(
    "data", [b"\x80\x00", b"\xff\x80\x00", b"\xff" * 9 + b"\x01", b"\xff" * 99]
)
def test_read_varint__when_not_the_shortest_or_too_long__raises_the_error(data):
    """With the error that its caller raises for everything else."""
    with pytest.raises(BadBlock, match=r"shortest form|63 bits"):
        read_varint(data, error=BadBlock)
