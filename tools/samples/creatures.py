"""The kinds of creature: their silhouettes and markings. A face and clothes come on top."""

from collections.abc import Callable
from dataclasses import dataclass

from brush import (
    Mask,
    Point,
    Sheet,
    blob,
    both,
    ellipse,
    grown,
    minus,
    mixed,
    moved,
    polygon,
    star,
    stroke,
    twin,
    union,
    within,
)
from faces import INK, nose

HEAD = ((50, 31), (65, 33.5), (76.5, 44), (80, 57), (73, 70), (61, 76.5), (50, 78))
BODY = twin([(50, 69), (62, 73), (72, 82), (77, 96), (78, 112), (50, 116)])


@dataclass(frozen=True, slots=True)
class Coat:
    """The colours of a creature."""

    fur: str
    light: str
    dark: str
    blush: str = "#f2788f"


@dataclass(frozen=True, slots=True)
class Build:
    """How to paint a kind of creature, and where its face is."""

    back: Callable[[Sheet, Coat], None]
    front: Callable[[Sheet, Coat], None]
    head: tuple[Point, ...] = HEAD
    eyes_y: float = 56
    eyes_gap: float = 13
    mouth_y: float = 67
    cheeks_y: float = 66
    cheeks_gap: float = 21
    hat_y: float = 31
    has_body: bool = True

    def head_shape(self) -> Mask:
        """Return the silhouette of the head."""
        return twin(self.head)


def paint_body(sheet: Sheet, coat: Coat, body: Mask = BODY) -> None:
    """Paint shoulders with a light front, and the shadow of the head on them."""
    sheet.paint(body, coat.fur)
    sheet.paint(within(body, ellipse(50, 100, 15, 20)), coat.light)
    sheet.paint(within(body, minus(body, moved(body, -4.5, 0))), coat.dark, 0.35)


def paint_head(sheet: Sheet, coat: Coat, head: Mask) -> None:
    """Paint the head with a shadow below, a dark right rim and a light top."""
    sheet.paint(moved(head, 0, 3.4), INK, 0.22)
    sheet.paint(head, coat.fur)
    sheet.paint(minus(head, moved(head, -3.4, -3.0)), coat.dark, 0.42)
    sheet.paint(within(head, minus(head, moved(head, 2.2, 2.6))), coat.light, 0.3)


def _ears(outer: Mask, inner: Mask, inside: str) -> Callable[[Sheet, Coat], None]:
    def paint(sheet: Sheet, coat: Coat) -> None:
        sheet.paint(both(outer), coat.fur)
        sheet.paint(both(inner), inside or coat.dark)

    return paint


_POINTED = blob([(23, 50), (20, 30), (22, 15), (27, 13.5), (38, 23), (48, 36)])
_POINTED_IN = blob([(27, 44), (24.5, 30), (25.5, 21), (28, 20.5), (35, 28), (41, 37)])


def _fox(sheet: Sheet, coat: Coat) -> None:
    head = BUILDS["Fox"].head_shape()
    mask = union(
        ellipse(30, 70, 22, 13.5, 18), ellipse(70, 70, 22, 13.5, -18), ellipse(50, 74, 9, 7)
    )
    sheet.paint(within(head, mask), coat.light)
    sheet.paint(within(head, minus(head, moved(head, -3.4, -3.0))), coat.dark, 0.16)
    nose(sheet, 66, 3.6)


def _cat(sheet: Sheet, coat: Coat) -> None:
    sheet.paint(union(ellipse(45.6, 68, 6.6, 5.2), ellipse(54.4, 68, 6.6, 5.2)), coat.light)
    for x, length in ((50, 8.5), (43.6, 6), (56.4, 6)):
        sheet.paint(stroke([(x, 33.6), (50 + (x - 50) * 0.8, 33.6 + length)], 2.7), coat.dark)
    for y, dy in ((64.5, -1.5), (68.5, 1)):
        sheet.paint(both(stroke([(21, y + dy), (31, y)], 0.8)), coat.light)
    nose(sheet, 64.8, 2.8, "#f08a9b")


def _bear(sheet: Sheet, coat: Coat) -> None:
    sheet.paint(ellipse(50, 67.5, 12, 9), coat.light)
    nose(sheet, 63.4, 4.2)


def _rabbit_back(sheet: Sheet, coat: Coat) -> None:
    left = blob([(33, 42), (27, 24), (29, 7), (35, 4), (41, 9), (43, 24), (43, 40)])
    left_in = blob([(35, 36), (31, 24), (32, 12), (35, 9), (38.5, 13), (39.5, 25), (39.5, 36)])
    right = blob(
        [
            (56, 38),
            (60, 18),
            (68, 9),
            (77, 12),
            (83, 24),
            (85, 36),
            (81, 40),
            (76, 33),
            (72, 25),
            (67, 38),
        ]
    )
    right_in = blob([(60, 36), (63.5, 21), (69, 14.5), (74, 16), (76, 19), (70, 21), (65, 36)])
    for shape, colour in (
        (left, coat.fur),
        (right, coat.fur),
        (left_in, coat.blush),
        (right_in, coat.blush),
    ):
        sheet.paint(shape, mixed(colour, coat.light, 0.35) if colour == coat.blush else colour)
    sheet.paint(
        within(right, blob([(72, 25), (76, 19), (84, 26), (88, 42), (78, 42)])), coat.dark, 0.3
    )


def _rabbit(sheet: Sheet, coat: Coat) -> None:
    sheet.paint(union(ellipse(45.4, 68.4, 6.6, 5.4), ellipse(54.6, 68.4, 6.6, 5.4)), coat.light)
    sheet.paint(union(ellipse(48.6, 73, 1.5, 2.8), ellipse(51.4, 73, 1.5, 2.8)), "#ffffff")
    nose(sheet, 64.8, 2.7, "#ea7f95")


_FROG_HEAD = (
    (50, 39),
    (60, 37),
    (66, 31),
    (74, 32),
    (79, 40),
    (79, 46),
    (83, 58),
    (76, 71),
    (62, 77),
    (50, 78),
)


def _frog(sheet: Sheet, coat: Coat) -> None:
    sheet.paint(within(twin(_FROG_HEAD), ellipse(50, 82, 32, 18)), coat.light)
    sheet.paint(both(ellipse(30, 44, 8.2, 8.8)), coat.light)
    for x, y, size in ((46, 44.5, 1.5), (53.5, 46.5, 1.1), (49.5, 49.5, 0.9)):
        sheet.paint(ellipse(x, y, size), coat.dark)
    sheet.paint(union(ellipse(48, 57, 0.7), ellipse(52, 57, 0.7)), INK)


def _axolotl_back(sheet: Sheet, coat: Coat) -> None:
    for start, end in (((26, 47), (13, 31)), ((23, 56), (8, 52)), ((26, 64), (12, 73))):
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - 2.5)
        stalk = stroke([start, middle, end], 4.4)
        fronds = [
            ellipse(
                start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * t + dy, 2.4
            )
            for t in (0.45, 0.65, 0.85, 1.02)
            for dy in (-3.4, 1.9)
        ]
        sheet.paint(both(union(*fronds)), coat.dark)
        sheet.paint(both(stalk), mixed(coat.dark, coat.fur, 0.45))


def _axolotl(sheet: Sheet, coat: Coat) -> None:
    for x, y, size in (
        (40, 40, 1.3),
        (44, 43, 0.9),
        (60, 40.5, 1.2),
        (56.5, 43.5, 0.9),
        (50, 39, 1.1),
    ):
        sheet.paint(ellipse(x, y, size), coat.dark)


def _owl(sheet: Sheet, coat: Coat) -> None:
    discs = both(ellipse(37.4, 56.5, 14, 14.6))
    sheet.paint(within(twin(HEAD), grown(discs, 1.3)), coat.dark)
    sheet.paint(within(twin(HEAD), discs), coat.light)
    sheet.paint(within(twin(HEAD), polygon([(42, 30), (58, 30), (50, 50)])), coat.dark)
    for y, row in ((88, (-9, 0, 9)), (95, (-13.5, -4.5, 4.5, 13.5))):
        for x in row:
            sheet.paint(stroke([(48 + x, y), (50 + x, y + 1.8), (52 + x, y)], 1.3), coat.dark)


def _penguin(sheet: Sheet, coat: Coat) -> None:
    face = union(both(ellipse(38.6, 58, 13.5, 15)), ellipse(50, 68, 17, 9.5))
    sheet.paint(within(twin(HEAD), face), coat.light)


def _hedgehog_back(sheet: Sheet, coat: Coat) -> None:
    spines = star(50, 56, 44, 23, 0.84)
    sheet.paint(spines, coat.dark)
    sheet.paint(star(50, 57, 39, 23, 0.84), mixed(coat.dark, coat.fur, 0.28))
    sheet.paint(star(50, 58, 34.5, 23, 0.84), coat.dark)


def _hedgehog(sheet: Sheet, coat: Coat) -> None:
    fringe = [
        polygon([(x - 6.4, 32), (x + 6.4, 32), (x, 45 - abs(x - 50) * 0.12)])
        for x in (31, 40.5, 50, 59.5, 69)
    ]
    head = BUILDS["Hedgehog"].head_shape()
    sheet.paint(within(head, union(*fringe, minus(head, ellipse(50, 66, 34, 28)))), coat.dark)
    sheet.paint(ellipse(50, 69, 10.5, 7.6), coat.light)
    nose(sheet, 65.6, 3.4)


def _red_panda_back(sheet: Sheet, coat: Coat) -> None:
    ear = blob([(20, 46), (16, 32), (20, 21), (28, 20), (38, 27), (44, 37)])
    sheet.paint(both(ear), coat.light)
    sheet.paint(
        both(blob([(24, 43), (20.5, 33), (23, 26), (28, 25.5), (35, 31), (40, 38)])),
        mixed(coat.dark, INK, 0.35),
    )


def _red_panda(sheet: Sheet, coat: Coat) -> None:
    head = BUILDS["Red panda"].head_shape()
    sheet.paint(within(head, both(ellipse(25, 66, 12.5, 9.5, 12))), coat.light)
    sheet.paint(both(ellipse(37, 45.6, 5, 3, -12)), coat.light)
    sheet.paint(
        within(
            head, both(blob([(31, 58), (38, 60), (37.5, 67), (34, 73), (29.5, 71.5), (29.5, 64)]))
        ),
        coat.dark,
    )
    sheet.paint(ellipse(50, 68, 9.6, 7.4), coat.light)
    nose(sheet, 64.6, 3.6)


_CAP = twin([(50, 10), (69, 14), (85, 29), (90, 43), (83, 49.5), (66, 51), (50, 51.5)])


def _mushroom(sheet: Sheet, coat: Coat) -> None:
    sheet.paint(moved(_CAP, 0, 2.6), INK, 0.2)
    sheet.paint(_CAP, coat.dark)
    sheet.paint(minus(_CAP, moved(_CAP, -3.5, -3)), INK, 0.18)
    sheet.paint(within(_CAP, minus(_CAP, moved(_CAP, 2.4, 2.8))), "#ffffff", 0.2)
    spots = (
        (50, 25, 8, 6.6),
        (29, 34, 6.2, 6.4),
        (71, 35, 6.6, 6.4),
        (40, 44.5, 3.6, 3),
        (60, 45, 4, 3),
        (64, 19.5, 3.4, 2.8),
        (36, 20, 3, 2.5),
        (83, 45, 3.4, 3.6),
        (17, 45, 3.4, 3.6),
    )
    for x, y, rx, ry in spots:
        sheet.paint(within(_CAP, ellipse(x, y, rx, ry)), coat.light)


_GHOST = (
    (50, 17),
    (66, 21),
    (76.5, 35),
    (79, 55),
    (79.5, 76),
    (82, 90),
    (74, 93.5),
    (66, 88),
    (58, 94),
    (50, 89),
)


def _nothing(sheet: Sheet, coat: Coat) -> None:
    del sheet, coat


def _ghost(sheet: Sheet, coat: Coat) -> None:
    glow = both(ellipse(24, 72, 6, 4.4, -25))
    sheet.paint(glow, coat.fur)
    sheet.paint(minus(glow, moved(glow, 0, -1.6)), coat.dark, 0.35)


_FLUFFY = (
    (50, 32),
    (65, 34),
    (75, 43),
    (79.5, 53),
    (86, 63),
    (78, 67),
    (75, 72.5),
    (62, 77),
    (50, 78.5),
)

BUILDS = {
    "Axolotl": Build(
        _axolotl_back,
        _axolotl,
        ((50, 35), (66, 37), (79, 47), (81, 58), (74.5, 70), (62, 75.5), (50, 76.5)),
        eyes_y=56,
        eyes_gap=17,
        mouth_y=62,
        cheeks_y=64.5,
        cheeks_gap=23,
        hat_y=35,
    ),
    "Bear": Build(_ears(ellipse(28, 34, 11.5), ellipse(28, 34.5, 6.6), ""), _bear, mouth_y=68.2),
    "Cat": Build(_ears(_POINTED, _POINTED_IN, "#f2a0a8"), _cat, mouth_y=67.4),
    "Fox": Build(
        _ears(_POINTED, _POINTED_IN, "#4a2a3a"),
        _fox,
        _FLUFFY,
        eyes_y=54.5,
        mouth_y=69.6,
        cheeks_gap=22,
    ),
    "Frog": Build(
        _nothing,
        _frog,
        _FROG_HEAD,
        eyes_y=44,
        eyes_gap=20,
        mouth_y=63,
        cheeks_y=62,
        cheeks_gap=24,
        hat_y=38,
    ),
    "Hedgehog": Build(
        _hedgehog_back,
        _hedgehog,
        ((50, 34), (64, 36), (75, 46), (77, 58), (71, 70), (60, 76), (50, 77.5)),
        eyes_y=56,
        mouth_y=69.6,
        cheeks_gap=21,
        hat_y=24,
    ),
    "Mushroom": Build(
        _nothing,
        _mushroom,
        ((50, 40), (64, 42), (71, 50), (72, 62), (67, 72), (59, 76.5), (50, 77.5)),
        eyes_y=60,
        eyes_gap=10.5,
        mouth_y=66.5,
        cheeks_y=67,
        cheeks_gap=16.5,
        hat_y=12,
    ),
    "Owl": Build(
        _ears(
            blob([(24, 46), (21, 31), (22, 19), (26, 20), (36, 27), (48, 35)]),
            blob([(27, 40), (24.5, 31), (25.5, 26), (31, 30), (36, 36)]),
            "",
        ),
        _owl,
        mouth_y=66,
        cheeks_y=69,
        cheeks_gap=25,
    ),
    "Penguin": Build(_nothing, _penguin, mouth_y=65, cheeks_gap=20.5),
    "Rabbit": Build(
        _rabbit_back,
        _rabbit,
        ((50, 33), (64, 35), (75, 45), (79, 58), (74, 70), (61, 76.5), (50, 78)),
        mouth_y=67.6,
    ),
    "Red panda": Build(
        _red_panda_back, _red_panda, _FLUFFY, eyes_y=55, mouth_y=68.2, cheeks_gap=26
    ),
    "Will-o'-the-wisp": Build(
        _nothing, _ghost, _GHOST, eyes_y=47, mouth_y=56, cheeks_y=56, hat_y=18, has_body=False
    ),
}
