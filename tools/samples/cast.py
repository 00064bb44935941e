"""The twelve neighbours of Lanternwood: who they are and how each of them is drawn."""

from dataclasses import dataclass

from brush import Sheet
from creatures import BUILDS, Coat, paint_body, paint_head
from faces import EYES, MOUTHS, cheeks
from PIL import Image
from scenery import SCENERY
from wardrobe import HATS, HELD, NECKWEAR

OUTLINE = "#fff8ea"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One picture; its traits become the token's attributes."""

    name: str
    description: str
    species: str
    coat_name: str
    coat: Coat
    scenery: str
    eyes: str
    mouth: str
    iris: str
    hat: str | None = None
    neckwear: str | None = None
    held: str | None = None
    lamps: int = 1
    format: str = "png"

    def figure(self, eyes: str | None = None) -> Sheet:
        """Return the creature alone; `eyes` replaces its own, to let it blink."""
        build, figure = BUILDS[self.species], Sheet()
        build.back(figure, self.coat)
        if build.has_body:
            paint_body(figure, self.coat)
        if self.neckwear:
            NECKWEAR[self.neckwear](figure)
        paint_head(figure, self.coat, build.head_shape())
        build.front(figure, self.coat)
        cheeks(figure, build.cheeks_y, build.cheeks_gap, self.coat.blush)
        EYES[eyes or self.eyes](figure, build.eyes_y, build.eyes_gap, self.iris)
        MOUTHS[self.mouth](figure, build.mouth_y, "#f08a9b")
        if self.hat:
            HATS[self.hat](figure, build.hat_y)
        if self.held:
            HELD[self.held](figure)
        return figure

    def picture(self, eyes: str | None = None, lift: float = 0) -> Image.Image:
        """Return the creature in its place; `lift` moves it up by so many units."""
        sheet = SCENERY[self.scenery]()
        sheet.place(self.figure(eyes).scaled(1, 0, -lift), OUTLINE, 1.25)
        return sheet.finished()

    def attributes(self) -> list[dict[str, str | int]]:
        """Return the token's attributes as marketplaces read them."""
        traits = {
            "Species": self.species,
            "Coat": self.coat_name,
            "Eyes": self.eyes,
            "Mouth": self.mouth,
            "Headwear": self.hat or "None",
            "Wears": self.neckwear or "Nothing",
            "Holds": self.held or "Nothing",
            "Place": self.scenery,
        }
        plain: list[dict[str, str | int]] = [
            {"trait_type": kind, "value": value} for kind, value in traits.items()
        ]
        return [
            *plain,
            {
                "trait_type": "Lamps lit",
                "value": self.lamps,
                "display_type": "number",
                "max_value": 12,
            },
        ]


CAST = (
    Neighbour(
        "Fennel",
        "Knows every path in Lanternwood, and the longest way to each.",
        "Fox",
        "Ember",
        Coat("#f28a4b", "#fff3e0", "#c95a2e"),
        "Moonrise",
        "Bright",
        "Whiskered",
        "#f2a93b",
        None,
        "Scarf",
        lamps=7,
    ),
    Neighbour(
        "Olwen",
        "Reads aloud at midnight; the moths never miss a chapter.",
        "Owl",
        "Plum",
        Coat("#8d74c9", "#f3e6d3", "#5f4a9c"),
        "Fireflies",
        "Bright",
        "Beak",
        "#f6b93b",
        "Wizard hat",
        None,
        lamps=9,
        format="webp",
    ),
    Neighbour(
        "Juniper",
        "Plays the rain back at half speed and calls it music.",
        "Cat",
        "Slate",
        Coat("#7486b8", "#eef0fa", "#4f5f94"),
        "Petals",
        "Asleep",
        "Whiskered",
        "#8fd36a",
        "Headphones",
        "Bell",
        lamps=3,
    ),
    Neighbour(
        "Bramble",
        "Keeps a jar of summer for whoever is cold.",
        "Bear",
        "Cocoa",
        Coat("#b07a52", "#f6dfc0", "#7d4f35"),
        "Clouds",
        "Happy",
        "Laugh",
        "#7a4a35",
        "Sprout",
        "Scarf",
        lamps=5,
        format="jpg",
    ),
    Neighbour(
        "Clover",
        "Has never lost a race, having never agreed to one.",
        "Rabbit",
        "Oatmeal",
        Coat("#f1dfcd", "#fffaf2", "#cfae97"),
        "Meadow",
        "Bright",
        "Whiskered",
        "#c97b8f",
        "Flower",
        "Bow tie",
        lamps=4,
    ),
    Neighbour(
        "Pondwick",
        "King of a very small pond, by a very small vote.",
        "Frog",
        "Fern",
        Coat("#7fc06b", "#e2f2b8", "#4c8f4f", "#f58f8f"),
        "Pond",
        "Bright",
        "Wide",
        "#f2c744",
        "Crown",
        None,
        lamps=6,
    ),
    Neighbour(
        "Coralie",
        "Smiles first and asks where she is afterwards.",
        "Axolotl",
        "Coral",
        Coat("#f9b7c1", "#fff0ef", "#e8708c", "#f2617f"),
        "Bubbles",
        "Starry",
        "Smile",
        "#ffe27a",
        None,
        "Bow tie",
        lamps=8,
    ),
    Neighbour(
        "Morel",
        "Stands where nobody stood yesterday.",
        "Mushroom",
        "Scarlet",
        Coat("#f9e6cd", "#fff8ec", "#dd5247"),
        "Autumn",
        "Asleep",
        "Gasp",
        "#b9482c",
        held="Lantern",
        lamps=2,
    ),
    Neighbour(
        "Pim",
        "Came for the snow, stayed for the soup.",
        "Penguin",
        "Midnight",
        Coat("#3d5184", "#fdfaf3", "#263660"),
        "Snowfall",
        "Bright",
        "Beak",
        "#6aa8e0",
        "Beanie",
        None,
        lamps=5,
    ),
    Neighbour(
        "Hazel",
        "Collects whatever falls on her, and thanks the tree.",
        "Hedgehog",
        "Chestnut",
        Coat("#efc79b", "#fff0da", "#7a4f3f"),
        "Sunset",
        "Wink",
        "Smile",
        "#a8623a",
        "Apple",
        None,
        lamps=10,
    ),
    Neighbour(
        "Tansy",
        "Naps in the warmest lamp and wakes when it goes out.",
        "Red panda",
        "Rust",
        Coat("#d0613a", "#fff1e0", "#8f3a2b"),
        "Bamboo",
        "Bright",
        "Whiskered",
        "#f2a93b",
        "Wreath",
        None,
        lamps=11,
    ),
    Neighbour(
        "Wisp",
        "The first light of Lanternwood; nobody saw who lit it.",
        "Will-o'-the-wisp",
        "Moonmilk",
        Coat("#eaf4f7", "#ffffff", "#a9c7dc"),
        "Fireflies",
        "Bright",
        "Laugh",
        "#8a83d8",
        held="Lantern",
        lamps=12,
        format="gif",
    ),
)
