"""tools/samples: drawn again, a picture has the committed pixels, and tokens say what is drawn."""

import json
import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]


def run(code, *arguments):
    """Run Python beside the drawing modules, which are no part of the package."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        command, cwd=ROOT / "tools" / "samples", capture_output=True, text=True, check=True
    ).stdout


def test_draw__when_drawn_again__pixels_are_the_committed_ones(tmp_path):
    """No clock, no chance, no font of the system has a part in them."""
    path = tmp_path / "1.png"
    run("import sys; from cast import CAST; CAST[0].picture().save(sys.argv[1])", str(path))
    with Image.open(path) as drawn, Image.open(ROOT / "metadata/images/1.png") as committed:
        assert drawn.size == committed.size == (512, 512)
        assert drawn.tobytes() == committed.tobytes()


def test_draw__when_tokens_are_written__they_say_what_is_drawn():
    """Names and traits of the files are those that the pictures were drawn from."""
    code = (
        "import json; from cast import CAST\n"
        "print(json.dumps([[n.name, n.description, n.attributes()] for n in CAST]))"
    )
    for number, (name, description, attributes) in enumerate(json.loads(run(code)), 1):
        token = json.loads((ROOT / f"metadata/tokens/{number}.json").read_text(encoding="utf-8"))
        assert token == {"name": name, "description": description, "attributes": attributes}
