"""Eyes, cheeks and mouths. Every face is centred on x = 50; `y` is the height of the eyes."""

from collections.abc import Callable

from brush import Sheet, both, ellipse, minus, moved, polygon, star, stroke, union, within

INK = "#2a1f3d"
WHITE = "#ffffff"

Painter = Callable[[Sheet, float, float, str], None]


def _bright(sheet: Sheet, x: float, y: float, iris: str) -> None:
    eye = ellipse(x, y, 5.3, 6.4)
    sheet.paint(eye, INK)
    sheet.paint(
        within(eye, minus(ellipse(x, y + 1.2, 4.2, 4.9), ellipse(x, y - 1.8, 6.2, 5.2))), iris
    )
    sheet.paint(ellipse(x - 1.7, y - 2.3, 2.0, 2.2), WHITE)
    sheet.paint(ellipse(x + 1.9, y + 2.5, 0.95), WHITE)


def bright(sheet: Sheet, y: float, gap: float, iris: str) -> None:
    """Large and open, with two lights."""
    _bright(sheet, 50 - gap, y, iris)
    _bright(sheet, 50 + gap, y, iris)


def happy(sheet: Sheet, y: float, gap: float, iris: str) -> None:
    """Closed by a smile."""
    del iris
    sheet.paint(
        both(
            stroke([(50 - gap - 4.8, y + 2.2), (50 - gap, y - 2.8), (50 - gap + 4.8, y + 2.2)], 2.1)
        ),
        INK,
    )


def asleep(sheet: Sheet, y: float, gap: float, iris: str) -> None:
    """Closed in a dream."""
    del iris
    sheet.paint(
        both(
            stroke([(50 - gap - 4.6, y - 0.4), (50 - gap, y + 3.2), (50 - gap + 4.6, y - 0.4)], 1.9)
        ),
        INK,
    )


def wink(sheet: Sheet, y: float, gap: float, iris: str) -> None:
    """One open, one closed."""
    _bright(sheet, 50 - gap, y, iris)
    sheet.paint(
        stroke([(50 + gap - 4.8, y + 2.0), (50 + gap, y - 2.6), (50 + gap + 4.8, y + 2.0)], 2.1),
        INK,
    )


def starry(sheet: Sheet, y: float, gap: float, iris: str) -> None:
    """A star in each."""
    for x in (50 - gap, 50 + gap):
        sheet.paint(ellipse(x, y, 5.6, 6.4), INK)
        sheet.paint(star(x, y + 0.2, 4.3), iris)
        sheet.paint(ellipse(x - 2.0, y - 3.2, 1.0), WHITE)


EYES: dict[str, Painter] = {
    "Asleep": asleep,
    "Bright": bright,
    "Happy": happy,
    "Starry": starry,
    "Wink": wink,
}


def cheeks(sheet: Sheet, y: float, gap: float, colour: str) -> None:
    """Blush on both sides."""
    sheet.paint(both(ellipse(50 - gap, y, 4.6, 2.9)), colour, 0.62)


def smile(sheet: Sheet, y: float, tongue: str) -> None:
    """A plain curve."""
    del tongue
    sheet.paint(stroke([(45.2, y), (50, y + 3.0), (54.8, y)], 1.5), INK)


def whiskered(sheet: Sheet, y: float, tongue: str) -> None:
    """Two small curves, as below a nose."""
    del tongue
    for side in (-1, 1):
        curve = [(50, y), (50 + side * 2.6, y + 2.4), (50 + side * 5.4, y + 0.5)]
        sheet.paint(stroke(curve, 1.4), INK)


def laugh(sheet: Sheet, y: float, tongue: str) -> None:
    """Wide open, with a tongue."""
    mouth = within(ellipse(50, y, 5.6, 6.8), polygon([(40, y), (60, y), (60, y + 9), (40, y + 9)]))
    mouth = union(mouth, stroke([(44.8, y + 0.2), (55.2, y + 0.2)], 1.4))
    sheet.paint(mouth, "#5a1f3a")
    sheet.paint(within(mouth, ellipse(50, y + 6.3, 4.2, 3.6)), tongue)


def gasp(sheet: Sheet, y: float, tongue: str) -> None:
    """Small and round."""
    sheet.paint(ellipse(50, y + 1.2, 2.2, 2.7), "#5a1f3a")
    sheet.paint(ellipse(50, y + 2.6, 1.4, 1.0), tongue)


def wide(sheet: Sheet, y: float, tongue: str) -> None:
    """From ear to ear."""
    del tongue
    sheet.paint(
        stroke([(36, y - 1.5), (42, y + 2.4), (50, y + 3.6), (58, y + 2.4), (64, y - 1.5)], 1.6),
        INK,
    )


def beak(sheet: Sheet, y: float, tongue: str) -> None:
    """A beak with a line between its halves."""
    shape = within(ellipse(50, y - 3.4, 6.2, 8.4), ellipse(50, y + 3.6, 7.4, 6.6))
    sheet.paint(shape, "#f7a63a")
    sheet.paint(within(shape, moved(shape, 0, 3.6)), "#dd7d2b")
    del tongue


MOUTHS: dict[str, Callable[[Sheet, float, str], None]] = {
    "Beak": beak,
    "Gasp": gasp,
    "Laugh": laugh,
    "Smile": smile,
    "Whiskered": whiskered,
    "Wide": wide,
}


def nose(sheet: Sheet, y: float, width: float = 3.4, colour: str = INK) -> None:
    """A rounded triangle with a light on it."""
    sheet.paint(
        union(
            ellipse(50, y, width, width * 0.68),
            ellipse(50, y + width * 0.42, width * 0.52, width * 0.5),
        ),
        colour,
    )
    sheet.paint(
        ellipse(50 - width * 0.3, y - width * 0.24, width * 0.32, width * 0.17), WHITE, 0.75
    )
