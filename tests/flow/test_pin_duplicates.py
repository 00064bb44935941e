"""pin: pictures that are there twice are a warning in the plan; with --no-duplicates, a refusal

two tokens with one bundle are always refused
"""

import json

from PIL import Image


def copy(folder, source, *numbers):
    """Give tokens the picture of another one."""
    for number in numbers:
        data = (folder / f"images/{source}.png").read_bytes()
        (folder / f"images/{number}.png").write_bytes(data)


def test_pin__when_pictures_are_twice__warns_in_the_plan_and_pins(world, run):
    """Also in a dry run; programs get an event with every token."""
    copy(world.root / "metadata", 2, 4)
    line = "  warning: tokens 2 and 4 have one picture, byte for byte\n"
    out, error = run(dry_run=True)
    assert (error, line in out) == (None, True)
    events = [json.loads(each) for each in run(as_json=True)[0].splitlines()]
    (found,) = [event for event in events if event["event"] == "duplicate"]
    assert (found["same"], found["tokens"]) == ("bytes", ["2", "4"])
    assert events[-1]["event"] == "done"


def test_pin__when_duplicates_are_not_allowed__uploads_nothing(world, run):
    """All of them are named."""
    copy(world.root / "metadata", 2, 4)
    _, error = run(no_duplicates=True)
    assert error == (
        "refused by --no-duplicates, nothing was uploaded:\n"
        "  tokens 2 and 4 have one picture, byte for byte"
    )
    assert not world.kubo.uploads
    folder = world.root / "metadata/images"
    with Image.open(folder / "1.png") as picture:
        picture.save(folder / "4.webp", lossless=True)
    (folder / "4.png").unlink()
    assert "pictures of the same pixels" in run(no_duplicates=True)[1]


def test_pin__when_two_tokens_are_one_bundle__names_all_of_them(world, run):
    """They would be minted as one."""
    folder = world.root / "metadata"
    copy(folder, 1, 2, 5)
    copy(folder, 3, 4)
    for number in (1, 2, 3, 4, 5):
        (folder / f"tokens/{number}.json").write_text('{"name": "Pip"}')
    _, error = run()
    assert error.startswith("tokens 1, 2 and 5; and 3 and 4 are the same picture with the same")
