"""The shape of a portrait by its pixels: what a person sees, whatever the page says of it."""

from io import BytesIO

from PIL import Image, ImageChops, ImageStat

TEST_COLOUR = (226, 54, 24)
"""The one colour of the picture that is uploaded or minted to be measured."""


def picture(size=256):
    """A picture of one colour, as a PNG."""
    out = BytesIO()
    Image.new("RGB", (size, size), TEST_COLOUR).save(out, "PNG")
    return out.getvalue()


def shape_of(portrait):
    """What the picture in a portrait looks like: "hexagon", "circle", "square" or "nothing".

    By the widths of its rows: a hexagon that stands on a corner has the same width over its middle
    third; a circle has not; a square has it everywhere.
    """
    seen = Image.open(BytesIO(portrait.screenshot(animations="disabled"))).convert("RGB")
    rows = [_width(seen, y) for y in range(seen.height)]
    filled = [width for width in rows if width]
    if not filled:
        return "nothing"
    top, widest = len(filled), max(filled)
    near_top, quarter, middle = (filled[int(top * part)] / widest for part in (0.06, 0.36, 0.5))
    if near_top > 0.9:
        return "square"
    if quarter > 0.985 and middle > 0.985 and widest < 0.95 * top:
        return "hexagon"
    return "circle" if abs(widest - top) < 0.04 * top and quarter < 0.97 else "something else"


def alike(one, other):
    """Whether two screenshots show the same: an edge may be drawn a little softer."""
    pictures = [Image.open(BytesIO(data)).convert("RGB") for data in (one, other)]
    means = ImageStat.Stat(ImageChops.difference(*pictures)).mean
    return pictures[0].size == pictures[1].size and max(means) < 3


def _width(seen, y):
    return sum(_near(seen.getpixel((x, y))) for x in range(seen.width))


def _near(colour):
    return all(abs(one - other) < 24 for one, other in zip(colour, TEST_COLOUR, strict=True))
