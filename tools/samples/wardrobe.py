"""What the creatures wear. A hat sits on the head at height `y`."""

from collections.abc import Callable

from brush import (
    Sheet,
    blob,
    both,
    ellipse,
    minus,
    moved,
    polygon,
    star,
    stroke,
    twin,
    union,
    within,
)
from faces import INK

LEAF, LEAF_DARK = "#6fb356", "#4c8f45"


def beanie(sheet: Sheet, y: float) -> None:
    """A knitted hat with a bobble."""
    dome = twin([(50, y - 14), (64, y - 11), (73, y + 1), (75, y + 10), (50, y + 10)])
    sheet.paint(ellipse(50, y - 15, 6), "#fff1d6")
    sheet.paint(dome, "#e0584f")
    for x in (34, 42, 50, 58, 66):
        rib = stroke([(50 + (x - 50) * 0.45, y - 12), (x, y), (50 + (x - 50) * 1.1, y + 8)], 1.2)
        sheet.paint(within(dome, rib), "#b93f45")
    rim = stroke([(27.5, y + 10.5), (38, y + 7), (50, y + 6), (62, y + 7), (72.5, y + 10.5)], 8)
    sheet.paint(rim, "#fff1d6")
    sheet.paint(minus(rim, moved(rim, 0, -2)), "#dcb892", 0.7)


def crown(sheet: Sheet, y: float) -> None:
    """A small crown with three jewels."""
    shape = polygon(
        [
            (37, y + 6),
            (34.5, y - 8),
            (43, y - 2),
            (50, y - 12),
            (57, y - 2),
            (65.5, y - 8),
            (63, y + 6),
        ]
    )
    sheet.paint(shape, "#ffcf4a")
    sheet.paint(
        within(shape, polygon([(30, y + 2), (70, y + 2), (70, y + 8), (30, y + 8)])), "#eda52f"
    )
    for x, top in ((34.5, y - 8.6), (50, y - 12.6), (65.5, y - 8.6)):
        sheet.paint(ellipse(x, top, 2.1), "#ffe38f")
    for x, colour in ((42, "#ef6a7b"), (50, "#5fc0d8"), (58, "#ef6a7b")):
        sheet.paint(ellipse(x, y + 3.9, 1.5), colour)


def flower(sheet: Sheet, y: float) -> None:
    """A large blossom over one ear."""
    x, y = 31.5, y + 7
    for dx, dy in ((0, -5), (4.8, -1.6), (3, 4.1), (-3, 4.1), (-4.8, -1.6)):
        sheet.paint(ellipse(x + dx, y + dy, 4.1), "#ffffff")
        sheet.paint(ellipse(x + dx * 0.75, y + dy * 0.75, 2), "#ffd7e0")
    sheet.paint(ellipse(x, y, 3.3), "#f7b733")
    sheet.paint(ellipse(x + 0.6, y + 0.7, 2.1), "#e8972c")


def sprout(sheet: Sheet, y: float) -> None:
    """Two leaves that grow from the top of the head."""
    sheet.paint(stroke([(50, y + 3), (49.4, y - 4), (50.4, y - 10)], 2.1), LEAF_DARK)
    left = within(ellipse(41, y - 13, 9.6, 8, 24), ellipse(42.5, y - 9.4, 9.6, 8, 24))
    right = within(ellipse(59.4, y - 14.4, 9.6, 8, -28), ellipse(58, y - 10.6, 9.6, 8, -28))
    sheet.paint(left, LEAF)
    sheet.paint(right, "#86c765")
    sheet.paint(
        union(
            stroke([(49.5, y - 9), (37, y - 13.6)], 0.8),
            stroke([(50.6, y - 10), (63, y - 15)], 0.8),
        ),
        LEAF_DARK,
    )


def wreath(sheet: Sheet, y: float) -> None:
    """Leaves and berries all around the head."""
    for n in range(9):
        x = 26 + 6 * n
        height = y + 7 - 7.6 * (1 - ((x - 50) / 26) ** 2)
        turn = (x - 50) * 1.5
        sheet.paint(ellipse(x, height - 1.6, 2.5, 5, turn - 24), LEAF_DARK)
        sheet.paint(ellipse(x + 1.4, height - 1.2, 2.5, 5, turn + 30), LEAF)
    for n in (1, 3, 5, 7):
        x = 26 + 6 * n + 1
        height = y + 7 - 7.6 * (1 - ((x - 50) / 26) ** 2)
        sheet.paint(ellipse(x, height + 0.6, 2.2), "#e5484d")
        sheet.paint(ellipse(x - 0.7, height - 0.2, 0.7), "#ffd0cc")


def headphones(sheet: Sheet, y: float) -> None:
    """Large ones, with a band over the head."""
    band = [(20.5, 56), (23, y + 9), (35, y - 2), (50, y - 5), (65, y - 2), (77, y + 9), (79.5, 56)]
    sheet.paint(stroke(band, 4.2), "#fff1d6")
    sheet.paint(moved(stroke(band, 1.2), 0, -1), "#ffffff")
    cup = union(ellipse(19.5, 57, 6, 9.6), ellipse(18, 57, 5, 8))
    sheet.paint(both(cup), "#f26d5b")
    sheet.paint(both(ellipse(17, 57, 3, 6)), "#ff9b83")


def apple(sheet: Sheet, y: float) -> None:
    """An apple that got stuck."""
    x = 58
    sheet.paint(union(ellipse(x - 3, y - 4, 6.2, 7), ellipse(x + 3, y - 4, 6.2, 7)), "#e5484d")
    sheet.paint(ellipse(x - 4.4, y - 7, 1.5, 2.4, 28), "#ff9d94")
    sheet.paint(stroke([(x, y - 9), (x + 0.8, y - 14)], 1.5), "#5b3a2a")
    sheet.paint(ellipse(x + 4.6, y - 13.4, 4.2, 2, -24), LEAF)


def wizard(sheet: Sheet, y: float) -> None:
    """A pointed hat with stars."""
    cone = blob(
        [
            (33, y + 6),
            (43, y - 12),
            (52, y - 25),
            (61, y - 25.5),
            (57, y - 18),
            (61, y - 8),
            (67, y + 6),
            (50, y + 9),
        ]
    )
    sheet.paint(cone, "#23798c")
    sheet.paint(within(cone, minus(cone, moved(cone, -4, 0))), INK, 0.2)
    brim = ellipse(50, y + 6.5, 27, 5.2)
    sheet.paint(brim, "#2f93a3")
    sheet.paint(minus(brim, moved(brim, 0, -2)), INK, 0.22)
    sheet.paint(within(cone, stroke([(35, y + 1), (50, y + 3), (66, y + 1)], 3.4)), "#ffcf4a")
    for x, height, size in ((47, y - 6, 2.6), (57, y - 11, 2), (51.5, y - 17, 1.7)):
        sheet.paint(star(x, height, size), "#ffe38f")


def scarf(sheet: Sheet) -> None:
    """A striped scarf."""
    end = blob([(57, 80), (65, 80), (69, 98), (60, 100)])
    loop = blob(
        [
            (28, 76),
            (38, 78.5),
            (50, 79.5),
            (62, 78.5),
            (72, 76),
            (75, 82),
            (64, 87),
            (50, 88.5),
            (36, 87),
            (25, 82),
        ]
    )
    for shape in (end, loop):
        sheet.paint(moved(shape, 0, 1.4), INK, 0.2)
        sheet.paint(shape, "#3f8fa6")
    stripes = [stroke([(x, 72), (x + (x - 50) * 0.1, 92)], 3.2) for x in (32, 44, 56, 68)]
    sheet.paint(within(loop, union(*stripes)), "#ffe9c2")
    sheet.paint(
        within(end, union(stroke([(54, 91), (72, 88.5)], 3), stroke([(54, 97), (72, 94.5)], 2))),
        "#ffe9c2",
    )


def bow(sheet: Sheet) -> None:
    """A bow tie."""
    wing = blob([(50, 83), (41, 77.5), (36, 79), (36, 88), (41, 89), (50, 84.5)])
    sheet.paint(both(wing), "#ef6a7b")
    sheet.paint(both(stroke([(47, 83.4), (40, 82)], 1)), "#c9485f")
    sheet.paint(ellipse(50, 83.6, 3, 3.6), "#d9536a")


def bell(sheet: Sheet) -> None:
    """A golden bell on a ribbon."""
    sheet.paint(stroke([(31, 77), (40, 80.6), (50, 81.8), (60, 80.6), (69, 77)], 3.4), "#d9475a")
    sheet.paint(ellipse(50, 85.6, 4.8), "#ffcf4a")
    sheet.paint(stroke([(45.6, 85.6), (54.4, 85.6)], 1), "#c98a22")
    sheet.paint(ellipse(50, 87.6, 1.1), INK)
    sheet.paint(ellipse(48.2, 83.6, 1.3), "#fff0b8")


def lantern(sheet: Sheet) -> None:
    """A lit lantern in the hand."""
    sheet.paint(stroke([(74, 64), (77, 58.4), (80, 64)], 1.4), INK)
    sheet.paint(ellipse(77, 72, 7.4, 8.6), "#ffcf4a")
    sheet.paint(ellipse(77, 73, 4.2, 5.4), "#fff3bf")
    sheet.paint(stroke([(73, 64), (81, 64)], 2.6), "#7a4a35")
    sheet.paint(stroke([(73, 80.4), (81, 80.4)], 2.6), "#7a4a35")


HATS: dict[str, Callable[[Sheet, float], None]] = {
    "Apple": apple,
    "Beanie": beanie,
    "Crown": crown,
    "Flower": flower,
    "Headphones": headphones,
    "Sprout": sprout,
    "Wizard hat": wizard,
    "Wreath": wreath,
}

NECKWEAR: dict[str, Callable[[Sheet], None]] = {
    "Bell": bell,
    "Bow tie": bow,
    "Scarf": scarf,
}

HELD: dict[str, Callable[[Sheet], None]] = {"Lantern": lantern}
