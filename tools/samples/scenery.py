"""What is behind a creature: a large disc in two tones, and a few motifs around it."""

import random
from collections.abc import Callable

from brush import Sheet, blob, ellipse, minus, mixed, moved, polygon, star, stroke, union, within

CREAM = "#fff6e3"


def _ground(colour: str, glow: str) -> Sheet:
    sheet = Sheet(colour)
    sheet.paint(ellipse(50, 50, 46), mixed(colour, glow, 0.35))
    sheet.paint(ellipse(50, 50, 38), mixed(colour, glow, 0.75))
    return sheet


def _scattered(seed: int, count: int, gap: float = 11) -> list[tuple[float, float]]:
    """Return places near the edge, no two of them close together."""
    chance = random.Random(seed)  # noqa: S311 - a pattern, not a secret
    places: list[tuple[float, float]] = []
    while len(places) < count:
        x, y = chance.uniform(4, 96), chance.uniform(4, 92)
        far = all((x - a) ** 2 + (y - b) ** 2 > gap**2 for a, b in places)
        if far and (x - 50) ** 2 + (y - 52) ** 2 > 36**2:
            places.append((x, y))
    return places


def moonrise() -> Sheet:
    """A pale moon in a blue night."""
    sheet = _ground("#2b3a78", "#f7ecc9")
    sheet.paint(
        union(ellipse(24, 36, 3.6), ellipse(77, 30, 2.6), ellipse(20, 58, 2.2)), "#ddcfa6", 0.5
    )
    for n, (x, y) in enumerate(_scattered(3, 16, 9)):
        sheet.paint(star(x, y, 2.2 if n % 3 else 3.2, 4, 0.36), "#ffe9a8")
    return sheet


def meadow() -> Sheet:
    """Green hills with daisies."""
    sheet = _ground("#8fd3c1", "#f3f7d4")
    sheet.paint(
        blob([(-10, 84), (20, 72), (50, 80), (80, 70), (112, 82), (112, 120), (-10, 120)]),
        "#6dbb84",
    )
    sheet.paint(blob([(-10, 94), (25, 86), (60, 92), (112, 84), (112, 120), (-10, 120)]), "#56a573")
    for x, y in ((9, 84), (90, 80), (17, 93), (82, 92), (94, 94), (5, 97)):
        for dx, dy in ((0, -1.9), (1.8, -0.6), (1.1, 1.5), (-1.1, 1.5), (-1.8, -0.6)):
            sheet.paint(ellipse(x + dx, y + dy, 1.35), "#fffdf5")
        sheet.paint(ellipse(x, y, 1.2), "#f6b93b")
    return sheet


def sunset() -> Sheet:
    """A warm sky in bands."""
    sheet = _ground("#f2826b", "#ffe0a3")
    for y, left, right in ((22, -6, 20), (31, 84, 106), (70, -6, 15), (62, 88, 108)):
        band = stroke([(left, y), (right, y)], 4.4)
        sheet.paint(
            union(band, stroke([(left - 4, y + 4.4), (right - 6, y + 4.4)], 4.4)), "#ffd1ae"
        )
    return sheet


def snowfall() -> Sheet:
    """Large flakes in the first light."""
    sheet = _ground("#86b6e3", "#f2f8ff")
    for n, (x, y) in enumerate(_scattered(8, 22, 8)):
        sheet.paint(ellipse(x, y, (1.0, 1.6, 2.2)[n % 3]), "#ffffff")
    sheet.paint(
        blob([(-12, 92), (18, 85), (50, 92), (84, 84), (112, 92), (112, 120), (-12, 120)]),
        "#f7fbff",
    )
    return sheet


def pond() -> Sheet:
    """Still water with lily pads."""
    sheet = _ground("#3c9aa0", "#c9f0dc")
    for x, y, size in ((10, 80, 9), (91, 74, 8), (87, 92, 10), (14, 22, 6), (86, 20, 6.5)):
        pad = minus(
            ellipse(x, y, size, size * 0.55), polygon([(x, y), (x + size, y - 4), (x + size, y)])
        )
        sheet.paint(moved(pad, 0, 0.9), "#2c7d82")
        sheet.paint(pad, "#74bf7a")
    for x, y in ((12, 77.6), (88, 88.6)):
        for turn in (-50, 0, 50):
            sheet.paint(ellipse(x + turn / 22, y - 1.6, 1.3, 2.9, turn), "#ffd3e0")
    return sheet


def fireflies() -> Sheet:
    """Small lights between dark leaves."""
    sheet = _ground("#4a3573", "#c8a7ea")
    for x, turn in ((2, 24), (14, 8), (98, -24), (87, -8), (-3, 52), (103, -52)):
        sheet.paint(ellipse(x, 94, 5, 17, turn), "#33244f")
    for n, (x, y) in enumerate(_scattered(21, 14, 10)):
        size = (1.2, 1.7, 1.4)[n % 3]
        sheet.paint(ellipse(x, y, size * 2.3), "#ffe58a", 0.28)
        sheet.paint(ellipse(x, y, size), "#fff0b3")
    return sheet


def autumn() -> Sheet:
    """Leaves on the wind."""
    sheet = _ground("#eeb044", "#fff0c4")
    turns = (30, -40, 75, 10, -70, 50)
    for n, (x, y) in enumerate(_scattered(5, 15, 11)):
        turn = turns[n % 6]
        leaf = within(ellipse(x - 1.2, y, 3.1, 4.2, turn), ellipse(x + 1.2, y, 3.1, 4.2, turn))
        sheet.paint(leaf, ("#d9622f", "#b9482c", "#e98a35")[n % 3])
    return sheet


def clouds() -> Sheet:
    """A bright morning with clouds."""
    sheet = _ground("#7cc6ea", "#fdf3d8")
    for x, y, size in ((8, 26, 1.1), (93, 36, 1.0), (5, 78, 1.2), (95, 82, 1.3)):
        puffs = [
            ellipse(x + dx * size, y + dy * size, r * size)
            for dx, dy, r in ((-6, 0, 4.4), (0, -2.6, 5.6), (6, 0, 4.2))
        ]
        sheet.paint(
            union(
                *puffs,
                stroke(
                    [(x - 7 * size, y + 2.2 * size), (x + 7 * size, y + 2.2 * size)], 4.6 * size
                ),
            ),
            "#ffffff",
        )
    return sheet


def petals() -> Sheet:
    """Blossom petals in spring."""
    sheet = _ground("#f5a6b5", "#fff1ea")
    for n, (x, y) in enumerate(_scattered(14, 17, 10)):
        sheet.paint(
            ellipse(x, y, 1.5, 2.9, (35, -30, 80, -65)[n % 4]),
            ("#ffe3ea", "#e97f97", "#fff6f2")[n % 3],
        )
    return sheet


def bubbles() -> Sheet:
    """Bubbles that rise through lilac water."""
    sheet = _ground("#8a83d8", "#e5e6ff")
    for n, (x, y) in enumerate(_scattered(30, 15, 11)):
        size = (2.0, 3.2, 2.5)[n % 3]
        sheet.paint(minus(ellipse(x, y, size), ellipse(x, y, size - 0.7)), "#dfe0ff")
        sheet.paint(ellipse(x - size * 0.35, y - size * 0.35, size * 0.22), "#ffffff")
    return sheet


def bamboo() -> Sheet:
    """Tall stalks with narrow leaves."""
    sheet = _ground("#4aa58a", "#f3f4cd")
    for x, colour in ((5, "#7cc47e"), (14, "#5eb074"), (88, "#7cc47e"), (96, "#5eb074")):
        sheet.paint(stroke([(x, -5), (x, 105)], 5), colour)
        for y in range(8 + round(x) % 9, 100, 19):
            sheet.paint(stroke([(x - 2.4, y), (x + 2.4, y)], 1.1), "#3f8a62")
    for x, y, turn in (
        (10, 20, 60),
        (4, 34, 120),
        (19, 62, 70),
        (91, 24, -60),
        (83, 66, -70),
        (97, 44, -120),
    ):
        sheet.paint(ellipse(x, y, 1.7, 6.4, turn), "#8fd187")
    return sheet


SCENERY: dict[str, Callable[[], Sheet]] = {
    "Autumn": autumn,
    "Bamboo": bamboo,
    "Bubbles": bubbles,
    "Clouds": clouds,
    "Fireflies": fireflies,
    "Meadow": meadow,
    "Moonrise": moonrise,
    "Petals": petals,
    "Pond": pond,
    "Snowfall": snowfall,
    "Sunset": sunset,
}
