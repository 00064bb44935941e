"""A certificate of `localhost`, made when it is wanted, so that no key is kept in the repository.

Signed by itself with a new key on P-256; X.509 as RFC 5280, section 4.1, writes it, for a day.
"""

from __future__ import annotations

import atexit
import base64
import hashlib
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from Crypto.Hash import SHA256
from Crypto.PublicKey import ECC
from Crypto.Signature import DSS
from Crypto.Util.asn1 import (
    DerBitString,
    DerBoolean,
    DerInteger,
    DerObject,
    DerObjectId,
    DerOctetString,
    DerSequence,
    DerSetOf,
)

HOST = "localhost"
_ECDSA_WITH_SHA256 = DerSequence([DerObjectId("1.2.840.10045.4.3.2")])
_COMMON_NAME, _KEY_ID = "2.5.4.3", "2.5.29.14"
_KEY_USAGE, _OTHER_NAMES, _CONSTRAINTS = "2.5.29.15", "2.5.29.17", "2.5.29.19"
_SIGNS = b"\x03\x02\x02\x84"  # digitalSignature and keyCertSign, as a bit string
_UTF8, _UTC_TIME = 0x0C, 0x17


@cache
def certificate() -> Path:
    """The path of a PEM with the key and the certificate; gone when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="pfpkit-certificate-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    key = ECC.generate(curve="P-256")
    signed = _to_sign(key.public_key().export_key(format="DER")).encode()
    signature = DSS.new(key, "fips-186-3", encoding="der").sign(SHA256.new(signed))
    made = DerSequence([signed, _ECDSA_WITH_SHA256, DerBitString(signature)]).encode()
    path = folder / "localhost.pem"
    path.write_text(f"{key.export_key(format='PEM')}\n{_pem(made)}")
    return path


def _to_sign(public: bytes) -> DerSequence:
    name = DerSequence([DerSetOf([DerSequence([DerObjectId(_COMMON_NAME), _text(_UTF8, HOST)])])])
    now = datetime.now(UTC)
    days = [now + timedelta(days=-1), now + timedelta(days=1)]
    times = [_text(_UTC_TIME, day.strftime("%y%m%d%H%M%SZ")) for day in days]
    dns_name = DerOctetString(HOST.encode(), implicit=2)
    extensions = DerSequence(
        [
            _extension(_CONSTRAINTS, DerSequence([DerBoolean(True)]).encode(), critical=True),
            _extension(_KEY_USAGE, _SIGNS, critical=True),
            _extension(_KEY_ID, DerOctetString(hashlib.sha1(public).digest()).encode()),
            _extension(_OTHER_NAMES, DerSequence([dns_name]).encode()),
        ],
        explicit=3,
    )
    return DerSequence(
        [
            DerInteger(2, explicit=0),  # version 3
            DerInteger(1),
            _ECDSA_WITH_SHA256,
            name,
            DerSequence(times),
            name,
            public,
            extensions,
        ]
    )


def _text(tag: int, text: str) -> DerObject:
    return DerObject(asn1Id=tag, payload=text.encode())


def _extension(number: str, value: bytes, *, critical: bool = False) -> DerSequence:
    marks = [DerBoolean(True)] if critical else []
    return DerSequence([DerObjectId(number), *marks, DerOctetString(value)])


def _pem(data: bytes) -> str:
    text = base64.encodebytes(data).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"
