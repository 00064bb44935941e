"""CIDs: the self-describing hashes that name blocks. Pure; trusts no input.

Follows the CID specification (github.com/multiformats/cid), unsigned-varint, multibase and
multihash. Reading is strict: one CID of a version has one binary form and one text per base, so
a text that decodes to the same bytes in another way is refused instead of being a second name.
Blocks are checked by sha2-256 alone; other hash functions are read and shown, never trusted.

>>> cid = cid_of(b"hello world")
>>> str(cid)
'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'
>>> CID.parse(str(cid)) == cid
True
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from pfpkit.errors import BadCID, PfpkitError, WrongBytes

RAW = 0x55
DAG_PB = 0x70
IDENTITY = 0x00
SHA2_256 = 0x12

MAX_DIGEST_BYTES = 128  # UnixFS, "Identity CID Size Limit"; no hash function needs more
MAX_BLOCK_BYTES = 2 * 2**20  # what bitswap and gateways carry
_MAX_TEXT = 1024  # a CID of the longest digest in base16 is shorter

_SHA2_256_HEAD = bytes([SHA2_256, 32])


@dataclass(frozen=True, slots=True, order=True)
class CID:
    """A content identifier: version, codec of the block, and the multihash of its bytes.

    >>> CID.parse("QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn").as_v1().codec == DAG_PB
    True
    """

    version: int
    codec: int
    digest: bytes
    hash_code: int = SHA2_256

    def __post_init__(self) -> None:
        if self.version not in (0, 1):
            raise BadCID(f"CID version {self.version} is unknown; only 0 and 1 exist")
        if self.hash_code == SHA2_256:
            if len(self.digest) != 32:
                raise BadCID(f"a sha2-256 digest has 32 bytes, this one has {len(self.digest)}")
        elif len(self.digest) > MAX_DIGEST_BYTES:
            raise BadCID(f"a digest of {len(self.digest)} bytes is over {MAX_DIGEST_BYTES}")
        if self.version == 0 and (self.codec != DAG_PB or self.hash_code != SHA2_256):
            raise BadCID("a CID of version 0 is always dag-pb and sha2-256")

    @classmethod
    def parse(cls, text: str) -> "CID":
        """Return the CID that `text` is, in its one canonical spelling; raise BadCID."""
        if len(text) > _MAX_TEXT:
            raise BadCID(f"a text of {len(text)} characters is no CID")
        if text.startswith("Qm"):
            if len(text) != 46:
                raise BadCID(f"{text!r} is no CID: Qm... has 46 characters, this has {len(text)}")
            return cls._parsed(text, _base58_decode(text, text), version=0)
        decode = _DECODERS.get(text[:1])
        if decode is None:
            raise BadCID(f"{text!r} is no CID: it starts with none of Qm, {', '.join(_DECODERS)}")
        return cls._parsed(text, decode(text[1:], text), version=1)

    @classmethod
    def _parsed(cls, text: str, data: bytes, version: int) -> "CID":
        try:
            cid = cls.decode(data)
        except BadCID as error:
            raise BadCID(f"{text!r} is no CID: {error}") from None
        if cid.version != version:
            raise BadCID(f"{text!r} is no CID: version 0 is written as plain base58, Qm...")
        return cid

    @classmethod
    def decode(cls, data: bytes) -> "CID":
        """Return the CID that is the whole of `data`; raise BadCID."""
        cid, end = cls.read(data, 0)
        if end != len(data):
            raise BadCID(f"{len(data) - end} bytes follow the CID")
        return cid

    @classmethod
    def read(cls, data: bytes, offset: int = 0) -> "tuple[CID, int]":
        """Return the CID at `offset` and the offset behind it; raise BadCID."""
        if data[offset : offset + 2] == _SHA2_256_HEAD:
            end = offset + 34
            if end > len(data):
                raise BadCID("the digest is cut short")
            return cls(0, DAG_PB, bytes(data[offset + 2 : end])), end
        if data[offset : offset + 1] == b"\x01" and data[offset + 2 : offset + 4] == _SHA2_256_HEAD:
            # As nearly all are; a codec of two bytes ends elsewhere.
            end = offset + 36
            if data[offset + 1] < 0x80 and end <= len(data):
                return cls(1, data[offset + 1], bytes(data[offset + 4 : end])), end
        version, offset = read_varint(data, offset)
        if version != 1:
            raise BadCID(f"CID version {version} is unknown; only 0 and 1 exist")
        codec, offset = read_varint(data, offset)
        hash_code, offset = read_varint(data, offset)
        length, offset = read_varint(data, offset)
        end = offset + length
        if end > len(data):
            raise BadCID("the digest is cut short")
        return cls(1, codec, bytes(data[offset:end]), hash_code), end

    def encode(self) -> bytes:
        """Return the binary form, as it stands in links and in CARs."""
        if self.version == 0:
            return _SHA2_256_HEAD + self.digest
        if self.codec < 128 and self.hash_code < 128 and len(self.digest) < 128:
            return bytes((1, self.codec, self.hash_code, len(self.digest))) + self.digest
        head = b"\x01" + varint(self.codec) + varint(self.hash_code) + varint(len(self.digest))
        return head + self.digest

    def as_v1(self) -> "CID":
        """Return the same block's CID in version 1."""
        return self if self.version == 1 else CID(1, self.codec, self.digest, self.hash_code)

    def as_base58(self) -> str:
        """Return the text in base58btc: `Qm...` for version 0, `z...` for version 1."""
        return ("z" if self.version else "") + _base58_encode(self.encode())

    def __str__(self) -> str:
        if self.version == 0:
            return _base58_encode(self.encode())
        return _base32(self.encode())


class Block(NamedTuple):
    """A block and its name."""

    cid: CID
    data: bytes


def cid_of(data: bytes | bytearray | memoryview, codec: int = RAW) -> CID:
    """Return the CID (version 1, sha2-256) of `data`."""
    return CID(1, codec, hashlib.sha256(data).digest())


def verify(cid: CID, data: bytes) -> None:
    """Return when `data` is the block that `cid` names; raise WrongBytes otherwise.

    A CID of another hash function than sha2-256 raises BadCID: nothing else is trusted here.

    >>> verify(cid_of(b"a"), b"a")
    >>> verify(cid_of(b"a"), b"b")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    pfpkit.errors.WrongBytes: bafkreigk...: the bytes are those of bafkreib6...
    """
    if cid.hash_code != SHA2_256:
        raise BadCID(f"{cid}: hash function {hash_name(cid.hash_code)} is not verified here")
    digest = hashlib.sha256(data).digest()
    if digest != cid.digest:
        found = CID(cid.version, cid.codec, digest)
        raise WrongBytes(f"{cid}: the bytes are those of {found}")


def codec_name(code: int) -> str:
    """Return the multicodec table's name of a block codec, or its number in hex."""
    return _CODECS.get(code, f"0x{code:x}")


def hash_name(code: int) -> str:
    """Return the multicodec table's name of a hash function, or its number in hex."""
    return _HASHES.get(code, f"0x{code:x}")


def varint(value: int) -> bytes:
    """Return the unsigned LEB128 form of `value`.

    >>> varint(300).hex()
    'ac02'
    """
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(
    data: bytes | bytearray | memoryview,
    offset: int = 0,
    *,
    bits: int = 63,
    error: type[PfpkitError] = BadCID,
) -> tuple[int, int]:
    """Return the value at `offset` and the offset behind it.

    Raise `error` when it is cut short, has more than `bits` bits, or is not in its shortest form.
    """
    value = shift = 0
    for index in range(offset, len(data)):
        byte = data[index]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if byte == 0 and shift:
                raise error("a number is not in its shortest form")
            if value >> bits:
                raise error(f"a number has more than {bits} bits")
            return value, index + 1
        shift += 7
        if shift >= bits + 7:
            raise error(f"a number has more than {bits} bits")
    raise error("a number is cut short")


_CODECS = {
    RAW: "raw",
    DAG_PB: "dag-pb",
    0x51: "cbor",
    0x71: "dag-cbor",
    0x72: "libp2p-key",
    0x0129: "dag-json",
    0x0200: "json",
}
_HASHES = {
    IDENTITY: "identity",
    0x11: "sha1",
    SHA2_256: "sha2-256",
    0x13: "sha2-512",
    0x16: "sha3-256",
    0x1B: "keccak-256",
    0x1E: "blake3",
    0x22: "murmur3-x64-64",
    0xB220: "blake2b-256",
}


@lru_cache(maxsize=4096)
def _base32(data: bytes) -> str:
    # Remembered: each step of a walk, and each message, writes the same few again.
    return "b" + base64.b32encode(data).rstrip(b"=").decode().lower()


_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58_VALUE = {character: value for value, character in enumerate(_BASE58)}
# Python's int() reads base 32 as 0-9a-v in C; every other character becomes one it refuses.
_BASE32_AS_INT = bytes(
    b"0123456789abcdefghijklmnopqrstuv"[b"abcdefghijklmnopqrstuvwxyz234567".index(code)]
    if code in b"abcdefghijklmnopqrstuvwxyz234567"
    else ord("!")
    for code in range(256)
)


def _base32_decode(body: str, text: str) -> bytes:
    try:
        number = int(body.encode("ascii").translate(_BASE32_AS_INT), 32)
    except (ValueError, UnicodeEncodeError):
        raise BadCID(f"{text!r} is no CID: it is not base32") from None
    size, spare = divmod(len(body) * 5, 8)
    if spare >= 5 or number & ((1 << spare) - 1):
        raise BadCID(f"{text!r} is no CID: its last character has bits to spare")
    return (number >> spare).to_bytes(size, "big")


def _base32_upper_decode(body: str, text: str) -> bytes:
    if not re.fullmatch("[A-Z2-7]+", body):
        raise BadCID(f"{text!r} is no CID: it is not upper-case base32")
    return _base32_decode(body.lower(), text)


def _base16_decode(body: str, text: str) -> bytes:
    if not re.fullmatch("(?:[0-9a-f]{2})+" if text[0] == "f" else "(?:[0-9A-F]{2})+", body):
        raise BadCID(f"{text!r} is no CID: it is not base16")
    return bytes.fromhex(body)


def _base36_decode(body: str, text: str) -> bytes:
    if not re.fullmatch("[1-9a-z][0-9a-z]*", body):
        raise BadCID(f"{text!r} is no CID: it is not base36")
    number = int(body, 36)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base58_decode(body: str, text: str) -> bytes:
    number = 0
    try:
        for character in body:
            number = number * 58 + _BASE58_VALUE[character]
    except KeyError:
        raise BadCID(f"{text!r} is no CID: it is not base58") from None
    zeros = len(body) - len(body.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base58_encode(data: bytes) -> str:
    number = int.from_bytes(data, "big")
    out: list[str] = []
    while number:
        number, digit = divmod(number, 58)
        out.append(_BASE58[digit])
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + "".join(reversed(out))


def _base64_decode(body: str, text: str) -> bytes:
    alphabet = b"-_" if text[0] == "u" else b"+/"
    try:
        data = base64.b64decode(body + "=" * (-len(body) % 4), altchars=alphabet, validate=True)
    except (ValueError, binascii.Error):
        raise BadCID(f"{text!r} is no CID: it is not base64") from None
    if base64.b64encode(data, alphabet).rstrip(b"=").decode() != body:
        raise BadCID(f"{text!r} is no CID: its last character has bits to spare")
    return data


_DECODERS: dict[str, Callable[[str, str], bytes]] = {
    "b": _base32_decode,
    "B": _base32_upper_decode,
    "z": _base58_decode,
    "k": _base36_decode,
    "f": _base16_decode,
    "F": _base16_decode,
    "u": _base64_decode,
    "m": _base64_decode,
}
