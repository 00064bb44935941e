"""Whether bytes are a colour profile, so that nothing else can travel under its name.

Pure. ICC.1:2022, section 7.2: the header is 128 bytes, begins with the size of the whole profile
and has `acsp` at byte 36.
"""

MAX_BYTES = 4 * 2**20
_HEADER_BYTES = 128


def is_profile(data: bytes) -> bool:
    """Return whether `data` is one ICC profile and nothing more.

    >>> is_profile(b"<script>")
    False
    """
    if not _HEADER_BYTES <= len(data) <= MAX_BYTES or data[36:40] != b"acsp":
        return False
    # Some writers pad a profile to a multiple of four and do not count the padding.
    padding = data[int.from_bytes(data[:4], "big") :]
    return int.from_bytes(data[:4], "big") <= len(data) and padding in (
        b"",
        b"\0",
        b"\0\0",
        b"\0" * 3,
    )
