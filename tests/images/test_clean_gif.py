"""clean, GIF: given comments, texts and application data, drops and names them;

when there is a loop count, keeps it; when its blocks are broken, refuses.
"""

import pytest
from support.pictures import SCRIPT, animated, encoded, gif_extension, noise, seen

from pfpkit.errors import BadImage
from pfpkit.images import clean

PLAIN = clean(encoded(noise(mode="P"), "GIF")).data
FRAME_AT = PLAIN.index(b"\x2c\0\0\0\0")
CONTROL = gif_extension(0xF9, b"\0\0\0\0")
LOOP = gif_extension(0xFF, b"NETSCAPE2.0", b"\1\5\0")
DROPPED = {
    "comment (43 bytes)": gif_extension(0xFE, SCRIPT),
    "plain text (20 bytes)": gif_extension(0x01, b"\0" * 12, b"abc"),
    "XMP (19 bytes)": gif_extension(0xFF, b"XMP DataXMP", b"<x>"),
    "application data 'ICCRGBG1012' (54 bytes)": gif_extension(0xFF, b"ICCRGBG1012", SCRIPT[:38]),
    "private extension AB (43 bytes)": gif_extension(0xAB, SCRIPT),
    "stray zero, 2 times (2 bytes)": b"\0\0",
}


def with_blocks(*blocks, at=FRAME_AT):
    return PLAIN[:at] + b"".join(blocks) + PLAIN[at:]


@pytest.mark.parametrize("words", DROPPED)
def test_clean_gif__when_a_block_is_not_the_picture__drops_and_names_it(words):
    """What is left is byte for byte the picture without the block."""
    cleaned = clean(with_blocks(DROPPED[words]))
    assert cleaned.data == PLAIN
    assert cleaned.removed == (words,)


def test_clean_gif__when_it_loops__keeps_the_count_alone():
    """The loop extension is rebuilt; what follows the count in it is dropped."""
    whole = with_blocks(LOOP)
    assert clean(whole).data == whole
    longer = gif_extension(0xFF, b"NETSCAPE2.0", b"\1\5\0", SCRIPT)
    cleaned = clean(with_blocks(longer, LOOP))
    assert cleaned.data == whole
    assert cleaned.removed == (
        "data in the loop extension (40 bytes)",
        "repeated loop count (19 bytes)",
    )


def test_clean_gif__when_animated_with_comments__frames_are_the_same():
    """Frame times and disposal stay with their frames."""
    data = animated("GIF", comment=SCRIPT * 30)
    cleaned = clean(data)
    assert seen(cleaned.data) == seen(data)
    assert SCRIPT not in cleaned.data
    assert cleaned.removed[0].startswith("comment (")


def test_clean_gif__when_a_frame_control_has_no_frame__drops_it():
    """A control at the end controls nothing."""
    cleaned = clean(with_blocks(CONTROL, at=len(PLAIN) - 1))
    assert cleaned.data == PLAIN
    assert cleaned.removed == ("frame control without a frame (8 bytes)",)


BROKEN = {
    "two frame controls before one frame": with_blocks(CONTROL, CONTROL),
    "a frame control is not as long": with_blocks(gif_extension(0xF9, b"\0" * 5)),
    "no block begins at byte": with_blocks(b"PK"),
    "frame 1 is empty or reaches outside": PLAIN[: FRAME_AT + 1] + b"\1" + PLAIN[FRAME_AT + 2 :],
    "it has no pixels": PLAIN[:FRAME_AT] + b";",
    "more than the 4,096 x 4,096": b"GIF89a/*" + PLAIN[8:],
}


@pytest.mark.parametrize("words", BROKEN)
def test_clean_gif__when_its_blocks_are_broken__refuses(words):
    """GIFs that are also JavaScript (width `/*`) are far too wide."""
    with pytest.raises(BadImage, match=words):
        clean(BROKEN[words])
