"""Pictures made by Pillow, parts to hide in them, and how to compare what is seen."""

import struct
import zlib
from io import BytesIO

from PIL import Image, ImageCms

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SCRIPT = b"<script>alert(document.domain)</script>"


def noise(width=37, height=29, mode="RGBA", seed=1):
    """A picture in which no two pixels are alike, so that nothing can go wrong unseen."""
    state = seed * 2654435761 % 2**32
    values = bytearray()
    for _ in range(width * height * 4):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append(state >> 24)
    picture = Image.frombytes("RGBA", (width, height), bytes(values))
    return picture.convert("L").convert(mode) if mode.startswith("I") else picture.convert(mode)


def encoded(picture, kind, **options):
    """The picture as a file."""
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def animated(kind, frames=4, **options):
    """A moving picture as a file."""
    first, *rest = [noise(seed=seed) for seed in range(1, frames + 1)]
    return encoded(first, kind, save_all=True, append_images=rest, duration=70, loop=3, **options)


def seen(data):
    """Everything of a file that a viewer shows: pixels of every frame, time, loops, profile."""
    with Image.open(BytesIO(data)) as picture:
        frames = []
        for frame in range(getattr(picture, "n_frames", 1)):
            picture.seek(frame)
            picture.load()
            frames.append((picture.mode, picture.tobytes(), picture.info.get("duration")))
        info = picture.info
        about = (picture.format, picture.size, info.get("loop"), info.get("icc_profile"))
        return about, info.get("gamma"), picture.getexif().get(0x0112, 1), frames


def exif(orientation=1, gps=False):
    """An EXIF block with a camera's name, and a position when asked for."""
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010F] = "Canon"
    if gps:
        block.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    return block.tobytes()


def png_chunk(kind, body):
    """One PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_with(data, *chunks, before=b"IDAT"):
    """A PNG with chunks put in before another one."""
    at = data.index(before) - 4
    return data[:at] + b"".join(chunks) + data[at:]


def png_of(width, height, colour=2, depth=8, raw=b""):
    """A PNG with any header and any unpacked pixel bytes."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = (png_chunk(b"IHDR", header), png_chunk(b"IDAT", zlib.compress(raw, 9)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + png_chunk(b"IEND", b"")


def jpeg_segment(marker, payload):
    """One JPEG segment."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def jpeg_with(data, *segments):
    """A JPEG with segments put in after its first marker."""
    return data[:2] + b"".join(segments) + data[2:]


def gif_extension(label, *blocks):
    """One GIF extension."""
    return bytes((0x21, label)) + b"".join(bytes((len(b),)) + b for b in blocks) + b"\0"


def webp_chunk(kind, body):
    """One RIFF chunk."""
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def webp_of(*chunks):
    """A WebP of these chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body
