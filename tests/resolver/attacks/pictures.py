"""Pictures that attack whoever shows them: bombs, cut files, disguises, parts beside the pixels.

Each is the picture of a token, on a gateway; `SHOWN` stands where the attack is in a part that is
thrown away.
"""

import random
import struct
import zlib
from functools import partial
from io import BytesIO

from PIL import Image
from resolver.attacks.attack import Scene, attack
from support.pictures import (
    PROFILE,
    SCRIPT,
    encoded,
    exif,
    gif_extension,
    jpeg_segment,
    jpeg_with,
    noise,
    png_chunk,
    png_of,
    png_with,
    webp_chunk,
    webp_of,
)

from pfpkit.media import MediaOutcome

SHOWN, DAMAGED, TOO_LARGE = MediaOutcome.SHOWN, MediaOutcome.DAMAGED, MediaOutcome.TOO_LARGE
UNSUPPORTED, NOT_A_PICTURE = MediaOutcome.UNSUPPORTED, MediaOutcome.NOT_A_PICTURE

PNG, GIF, JPEG = (
    encoded(noise(), "PNG"),
    encoded(noise(), "GIF"),
    encoded(noise(mode="RGB"), "JPEG"),
)
WEBP, AVIF = encoded(noise(), "WEBP"), encoded(noise(), "AVIF")
ZEROS = bytes(20_000_000)
HTML = b"<!doctype html><html><body>" + SCRIPT + b"</body></html>"


def bombs():
    """Small files that say, or are, far more than they look."""
    yield "png-says-20000-squared", png_of(20_000, 20_000, raw=b"\0" * 100), TOO_LARGE
    yield "png-says-2-to-the-31", png_of(2**31 - 1, 2**31 - 1, raw=b"\0"), TOO_LARGE
    flat = b"\0" * (8192 * 1025)
    yield "png-is-8192-squared-flat", png_of(8192, 8192, colour=0, depth=1, raw=flat), TOO_LARGE
    yield "png-unpacks-past-its-size", png_of(10, 10, raw=ZEROS), DAMAGED
    packed = zlib.compress(ZEROS, 9)
    text = png_chunk(b"zTXt", b"Comment\0\0" + packed)
    yield "png-ztxt-bomb", png_with(PNG, *[text] * 20), SHOWN
    text = png_chunk(b"iTXt", b"Comment\0\1\0\0\0" + packed)
    yield "png-itxt-bomb", png_with(PNG, *[text] * 20), SHOWN
    giant = PROFILE[:4].replace(PROFILE[:4], struct.pack(">I", 20_000_000)) + PROFILE[4:] + ZEROS
    profile = b"icc\0\0" + zlib.compress(giant[:20_000_000], 9)
    yield "png-giant-profile", png_with(PNG, png_chunk(b"iCCP", profile)), SHOWN
    yield "png-60000-parts", png_with(PNG, *[png_chunk(b"tEXt", b"a\0")] * 60_000), TOO_LARGE
    yield "apng-6000-frames", _apng(10, 10, 6_000), TOO_LARGE
    yield "apng-frames-of-4096-squared", _apng(4096, 4096, 40), TOO_LARGE
    yield "jpeg-says-65535-squared", _jpeg_of(65_535, 65_535), TOO_LARGE
    scans = encoded(noise(mode="RGB"), "JPEG", progressive=True)
    start = scans.index(b"\xff\xda")
    yield "jpeg-200-scans", scans[:-2] + scans[start:-2] * 40 + scans[-2:], DAMAGED
    yield (
        "gif-says-65535-squared",
        GIF[:6] + struct.pack("<HH", 65_535, 65_535) + GIF[10:],
        TOO_LARGE,
    )
    dot = encoded(Image.new("P", (1, 1)), "GIF")
    frame = dot[dot.index(b",\0\0\0\0\1\0\1\0") : -1]
    yield "gif-6000-frames", dot[:-1] + frame * 6_000 + dot[-1:], TOO_LARGE
    big = webp_chunk(b"VP8X", struct.pack("<I", 0) + b"\xff\x3f\0" * 2)
    yield "webp-says-16384-squared", webp_of(big, WEBP[12:]), TOO_LARGE
    yield "avif-says-20000-squared", _avif_of(20_000, 20_000), DAMAGED
    yield "avif-is-8200-wide", encoded(Image.new("L", (8_200, 8)), "AVIF"), TOO_LARGE


def damaged():
    """Files that break their own rules, at many places."""
    for kind, data in {"png": PNG, "jpeg": JPEG, "gif": GIF, "webp": WEBP, "avif": AVIF}.items():
        for part in (12, 20, 30, 50, 70, 99):
            cut = data[: max(len(data) * part // 100, 16)]
            yield f"{kind}-cut-at-{part}-percent", cut, DAMAGED
    flipped = bytearray(PNG)
    flipped[40] ^= 1
    yield "png-wrong-checksum", bytes(flipped), DAMAGED
    yield "png-no-pixels", png_of(0, 0), DAMAGED
    yield "png-signature-alone", PNG[:8], DAMAGED
    yield "png-html-inside", PNG[:8] + HTML, DAMAGED
    yield "png-two-headers", PNG[:33] + PNG[8:33] + PNG[33:], DAMAGED
    lossless = bytearray(encoded(noise(), "WEBP", lossless=True))
    canvas = webp_chunk(b"VP8X", b"\x10\0\0\0" + struct.pack("<I", 99)[:3] * 2)
    yield "webp-another-size-inside", webp_of(canvas, bytes(lossless[12:])), DAMAGED
    lossless[21:23] = b"\xff\x03"
    yield "webp-says-more-than-it-has", bytes(lossless), DAMAGED
    outside = GIF.replace(b",\0\0\0\0", b",\xff\0\xff\0", 1)
    yield "gif-frame-outside", outside, DAMAGED
    yield "jpeg-no-pixels", b"\xff\xd8\xff\xd9", DAMAGED
    rubbish = random.Random(5).randbytes(2000)
    yield "jpeg-rubbish-inside", b"\xff\xd8\xff\xe0" + rubbish, DAMAGED
    yield "avif-rubbish-inside", AVIF[:200] + rubbish, DAMAGED


def disguised():
    """Files that are something else, or two things at once."""
    yield "nothing", b"", NOT_A_PICTURE
    yield "one-byte", b"\x89", NOT_A_PICTURE
    yield "random-bytes", random.Random(7).randbytes(5000), NOT_A_PICTURE
    yield "html-called-png", HTML, UNSUPPORTED
    yield "html-with-svg", HTML.replace(b"<body>", b"<body><svg></svg>"), UNSUPPORTED
    yield "javascript", b"alert(document.domain)//", UNSUPPORTED
    yield "json", b'{"image": "ipfs://..."}', UNSUPPORTED
    yield "pdf", b"%PDF-1.7\n1 0 obj", UNSUPPORTED
    yield "postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", UNSUPPORTED
    yield "zip", b"PK\3\4" + bytes(100), UNSUPPORTED
    yield "video", b"\0\0\0\x18ftypmp42" + bytes(100), UNSUPPORTED
    yield "heic", b"\0\0\0\x18ftypheic" + bytes(100), UNSUPPORTED
    yield "bmp-60000-squared", _bmp(60_000, 60_000), UNSUPPORTED
    yield "tiff", encoded(noise(), "TIFF"), UNSUPPORTED
    yield "icon", encoded(noise(), "ICO"), UNSUPPORTED
    yield "photoshop", b"8BPS\0\1" + bytes(100), UNSUPPORTED
    yield "sound-in-riff", b"RIFF\x24\0\0\0WAVEfmt " + bytes(28), UNSUPPORTED
    yield "png-and-html", PNG + HTML, SHOWN
    yield "png-and-zip", PNG + b"PK\3\4payload", SHOWN
    yield "png-script-in-text", png_with(PNG, png_chunk(b"tEXt", b"x\0" + SCRIPT)), SHOWN
    yield (
        "gif-and-javascript",
        GIF[:-1] + gif_extension(0xFE, b"*/=1;" + SCRIPT) + b";" + SCRIPT,
        SHOWN,
    )
    # A GIF that is also a script has to be as wide as the characters of a comment.
    yield "gif-is-javascript", b"GIF89a/*" + GIF[8:] + b"*/=1;alert(1)", TOO_LARGE
    yield "jpeg-and-html", jpeg_with(JPEG, jpeg_segment(0xFE, HTML)) + HTML, SHOWN
    yield "webp-and-script", WEBP + SCRIPT, SHOWN


def beside():
    """Right pictures with hostile parts beside the pixels."""
    cycle = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 8, 8)
    yield "png-exif-in-circles", png_with(PNG, png_chunk(b"eXIf", cycle)), SHOWN
    place = jpeg_segment(0xE1, exif(orientation=6, gps=True))
    yield "jpeg-exif-with-place", jpeg_with(JPEG, place), SHOWN
    index = jpeg_segment(0xE2, b"MPF\0" + b"MM\0*" + b"\xff" * 400)
    yield "jpeg-index-of-pictures", jpeg_with(JPEG, index), SHOWN
    hollow = struct.pack(">I", 400) + PROFILE[4:128] + struct.pack(">I", 2**31) + b"\xff" * 268
    profile = png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(hollow))
    yield "png-profile-of-rubbish", png_with(PNG, profile), SHOWN
    yield "jpeg-cmyk-rgb-profile", encoded(noise(mode="CMYK"), "JPEG", icc_profile=PROFILE), SHOWN


def _apng(width, height, frames):
    def control(number):
        return png_chunk(
            b"fcTL", struct.pack(">IIIIIHHBB", number, width, height, 0, 0, 1, 9, 0, 0)
        )

    packed = zlib.compress(bytes(height * (width + 1)), 9)
    parts = [
        png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        png_chunk(b"acTL", struct.pack(">II", frames, 0)),
        control(0),
        png_chunk(b"IDAT", packed),
    ]
    for number in range(1, 2 * frames - 1, 2):
        data = png_chunk(b"fdAT", struct.pack(">I", number + 1) + packed)
        parts += [control(number), data]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + png_chunk(b"IEND", b"")


def _jpeg_of(width, height):
    at = JPEG.index(b"\xff\xc0")
    return JPEG[: at + 5] + struct.pack(">HH", height, width) + JPEG[at + 9 :]


def _avif_of(width, height):
    at = AVIF.index(b"ispe")
    return AVIF[: at + 8] + struct.pack(">II", width, height) + AVIF[at + 16 :]


def _bmp(width, height):
    out = BytesIO()
    Image.new("RGB", (1, 1)).save(out, "BMP")
    data = out.getvalue()
    return data[:18] + struct.pack("<II", width, height) + data[26:]


def of_bytes(data, scene: Scene) -> str:
    """A token whose picture these bytes are."""
    return scene.picture(data)


CASES = [
    attack(name, partial(of_bytes, data), "media", outcome)
    for name, data, outcome in (*bombs(), *damaged(), *disguised(), *beside())
]
