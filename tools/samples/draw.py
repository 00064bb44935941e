"""Draw the sample collection: `python tools/samples/draw.py [FOLDER]` (metadata/ by default).

Needs Pillow alone and no font. The pixels are the same everywhere; the bytes of the files are the
same for one version of Pillow and its encoders, so the files in git are the source of truth.
"""

import json
import sys
from pathlib import Path

from brush import Sheet
from cast import CAST, OUTLINE, Neighbour
from PIL import Image
from scenery import fireflies

BLINK = ("Bright", "Bright", "Bright", "Asleep", "Bright", "Bright", "Bright", "Bright")
LIFTS = (0, 0.8, 1.5, 1.9, 1.9, 1.5, 0.8, 0)
FRAME_MS = 140
COLLECTION = {
    "name": "Lanternwood",
    "symbol": "LANTERN",
    "description": "Twelve neighbours from a wood that glows after dark. A sample collection.",
    "image": "collection.png",
}


def main(folder: Path) -> None:
    """Write every picture and every JSON file of the collection into `folder`."""
    for name in ("images", "tokens"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, neighbour in enumerate(CAST, 1):
        write_picture(neighbour, folder / "images" / f"{number}.{neighbour.format}")
        write_json(
            folder / "tokens" / f"{number}.json",
            {
                "name": neighbour.name,
                "description": neighbour.description,
                "attributes": neighbour.attributes(),
            },
        )
        print(f"{number}. {neighbour.name}")
    together().save(folder / "collection.png", optimize=True)
    write_json(folder / "collection.json", COLLECTION)


def write_picture(neighbour: Neighbour, path: Path) -> None:
    """Write one picture in its own format; a GIF is animated."""
    if neighbour.format == "gif":
        frames = [neighbour.picture(*frame) for frame in zip(BLINK, LIFTS, strict=True)]
        few = frames[0].quantize(64, dither=Image.Dither.NONE)
        first, *rest = (frame.quantize(palette=few, dither=Image.Dither.NONE) for frame in frames)
        first.save(path, save_all=True, append_images=rest, duration=FRAME_MS, loop=0)
    elif neighbour.format == "jpg":
        neighbour.picture().save(path, quality=92, subsampling="4:4:4", optimize=True)
    elif neighbour.format == "webp":
        neighbour.picture().save(path, lossless=True, quality=100, method=6)
    else:
        neighbour.picture().save(path, optimize=True)


def together() -> Image.Image:
    """Return the picture of the collection: four neighbours in the wood."""
    named = {neighbour.name: neighbour for neighbour in CAST}
    sheet: Sheet = fireflies()
    for name, share, right, down in (
        ("Wisp", 0.46, 27, -2),
        ("Clover", 0.64, -13, 36),
        ("Bramble", 0.64, 49, 36),
        ("Fennel", 0.62, 19, 40),
    ):
        sheet.place(named[name].figure().scaled(share, right, down), OUTLINE, 1.1)
    return sheet.finished()


def write_json(path: Path, fields: object) -> None:
    """Write readable JSON; the bundle makes it canonical."""
    path.write_text(json.dumps(fields, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "metadata")
