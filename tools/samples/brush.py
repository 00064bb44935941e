"""Shapes with smooth edges on a square sheet of 100 x 100 units, by Pillow alone.

A shape is a mask, four times as fine as the picture; shapes are joined, cut and moved before they
are painted in one flat colour. Scaling the sheet down smooths every edge at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter, ImageOps

PIXELS = 512
FINE = 4
SIDE = PIXELS * FINE
UNIT = SIDE / 100

Mask = Image.Image
Point = tuple[float, float]


def empty() -> Mask:
    """Return a shape without area."""
    return Image.new("L", (SIDE, SIDE), 0)


def polygon(points: Sequence[Point]) -> Mask:
    """Return the area within straight lines from point to point."""
    mask = empty()
    ImageDraw.Draw(mask).polygon([(x * UNIT, y * UNIT) for x, y in points], fill=255)
    return mask


def ellipse(x: float, y: float, rx: float, ry: float | None = None, turn: float = 0) -> Mask:
    """Return an ellipse around (x, y), turned clockwise by `turn` degrees."""
    ry = rx if ry is None else ry
    sine, cosine = math.sin(math.radians(turn)), math.cos(math.radians(turn))
    points = []
    for step in range(180):
        angle = math.tau * step / 180
        across, down = rx * math.cos(angle), ry * math.sin(angle)
        points.append((x + across * cosine - down * sine, y + across * sine + down * cosine))
    return polygon(points)


def blob(points: Sequence[Point]) -> Mask:
    """Return the area within a smooth closed curve through the points."""
    return polygon(_curve(points, closed=True))


def twin(half: Sequence[Point]) -> Mask:
    """Return a smooth shape that is its own mirror image; `half` goes down its right side."""
    return blob([*half, *((100 - x, y) for x, y in reversed(half) if abs(x - 50) > 0.01)])


def stroke(points: Sequence[Point], width: float) -> Mask:
    """Return a smooth line of that width through the points, with round ends."""
    mask = empty()
    pen = ImageDraw.Draw(mask)
    radius = width / 2 * UNIT
    for x, y in _dense(_curve(points, closed=False)):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return mask


def star(x: float, y: float, radius: float, tips: int = 5, inner: float = 0.5) -> Mask:
    """Return a star with one tip up."""
    points = []
    for step in range(2 * tips):
        reach = radius * (inner if step % 2 else 1)
        angle = math.pi * step / tips - math.pi / 2
        points.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    return polygon(points)


def union(*masks: Mask) -> Mask:
    """Return what lies in any of the shapes."""
    joined = masks[0]
    for mask in masks[1:]:
        joined = ImageChops.lighter(joined, mask)
    return joined


def within(mask: Mask, other: Mask) -> Mask:
    """Return what lies in both shapes."""
    return ImageChops.darker(mask, other)


def minus(mask: Mask, other: Mask) -> Mask:
    """Return what lies in the first shape and not in the other."""
    return ImageChops.darker(mask, ImageChops.invert(other))


def moved(mask: Mask, right: float, down: float) -> Mask:
    """Return the shape moved by so many units."""
    there = empty()
    there.paste(mask, (round(right * UNIT), round(down * UNIT)))
    return there


def both(mask: Mask) -> Mask:
    """Return the shape and its mirror image."""
    return union(mask, ImageOps.mirror(mask))


def grown(mask: Mask, by: float) -> Mask:
    """Return the shape with a margin of about `by` units around it."""
    small = mask.resize((SIDE // 2, SIDE // 2), Image.Resampling.BOX)
    soft = small.filter(ImageFilter.GaussianBlur(by * UNIT / 2))
    return soft.point(_above(40)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)


def mixed(first: str, second: str, share: float) -> str:
    """Return a colour between two, `share` of the second."""
    pairs = zip(ImageColor.getrgb(first), ImageColor.getrgb(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


class Sheet:
    """A picture in the making, and the area that has been painted so far."""

    def __init__(self, colour: str | None = None) -> None:
        self.image = Image.new("RGB", (SIDE, SIDE), colour or "#000000")
        self.painted = empty() if colour is None else ImageChops.invert(empty())

    def paint(self, mask: Mask, colour: str, alpha: float = 1) -> None:
        """Paint a shape; a thin colour only tints what has been painted before."""
        if alpha < 1:
            mask = within(mask, self.painted).point(_times(alpha))
        else:
            self.painted = union(self.painted, mask)
        self.image.paste(colour, mask=mask)

    def place(self, figure: Sheet, outline: str, width: float) -> None:
        """Put a figure on the sheet, with an outline and a faint shadow around it."""
        around = grown(figure.painted, width)
        self.paint(moved(around, 0, 1.6), "#1d1433", 0.2)
        self.paint(around, outline)
        self.image.paste(figure.image, mask=figure.painted)

    def scaled(self, share: float, right: float = 0, down: float = 0) -> Sheet:
        """Return the sheet at a share of its size, its left top corner at (right, down)."""
        size = (round(SIDE * share), round(SIDE * share))
        place = (round(right * UNIT), round(down * UNIT))
        other = Sheet()
        other.image.paste(self.image.resize(size, Image.Resampling.BILINEAR), place)
        other.painted.paste(self.painted.resize(size, Image.Resampling.BILINEAR), place)
        return other

    def finished(self) -> Image.Image:
        """Return the picture at its final size."""
        return self.image.resize((PIXELS, PIXELS), Image.Resampling.BOX)


def _above(limit: int) -> list[int]:
    return [255 if value > limit else 0 for value in range(256)]


def _times(share: float) -> list[int]:
    return [round(value * share) for value in range(256)]


def _curve(points: Sequence[Point], *, closed: bool, steps: int = 24) -> list[Point]:
    """Return points along a Catmull-Rom spline."""
    count = len(points)
    if closed:
        around = [points[n % count] for n in range(-1, count + 2)]
    else:
        around = [points[0], *points, points[-1]]
    curve = []
    for a, b, c, d in zip(around, around[1:], around[2:], around[3:], strict=False):
        for step in range(steps):
            curve.append(
                tuple(_spline(*axes, step / steps) for axes in zip(a, b, c, d, strict=True))
            )
    if not closed:
        curve.append(points[-1])
    return curve


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    slope, bend, twist = c - a, 2 * a - 5 * b + 4 * c - d, 3 * b - a - 3 * c + d
    return 0.5 * (2 * b + slope * t + bend * t * t + twist * t**3)


def _dense(points: Sequence[Point]) -> list[Point]:
    """Return pixel positions close enough together to draw a line from discs."""
    dense = []
    for (x1, y1), (x2, y2) in pairwise(points):
        count = max(1, math.ceil(math.hypot(x2 - x1, y2 - y1) * UNIT / 2))
        for step in range(count + 1):
            share = step / count
            dense.append(((x1 + (x2 - x1) * share) * UNIT, (y1 + (y2 - y1) * share) * UNIT))
    return dense
