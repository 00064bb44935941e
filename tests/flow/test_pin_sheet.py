"""pin --sheet: a page with all pictures and what of them is where

given a dry run, what would be pinned; after a run, who holds it and what came back
given a sheet that cannot be written there, nothing is pinned
"""

import json

from support.folders import tiny_png


def sheet_of(world):
    """The text of the page."""
    return (world.root / "sheet.html").read_text()


def test_sheet__when_dry__shows_what_is_not_pinned_yet(world, run):
    """A creator looks before anything is uploaded."""
    out, error = run(dry_run=True, sheet=world.root / "sheet.html")
    assert error is None
    assert f"  sheet  {world.root}/sheet.html: open it in a browser\n" in out
    page = sheet_of(world)
    assert page.count("<img ") == page.count("• not pinned on kubo") == 7
    assert "pinned on kubo</li>" in page
    assert "✓" not in page
    assert not world.kubo.uploads


def test_sheet__when_pinned__shows_where_and_what_came_back(world, run):
    """One upload was refused: that token's card says so, and no other."""
    world.pinata.refused = "4"
    (world.root / "metadata/images/2.png").write_bytes(tiny_png(5))
    _, error = run(sheet=world.root / "sheet.html")
    assert error.startswith("1 token is missing somewhere")
    page = sheet_of(world)
    assert page.count("✓ pinned on kubo") == 7
    assert page.count("✓ pinned on pinata") == 6
    assert page.count(f"✓ read back through {world.gateway.url}") == 7
    (lacking,) = [each for each in page.split("<li class=") if "not pinned on pinata" in each]
    before = page[: page.index(lacking)]
    assert before.rindex('id="t4"') > before.rindex('id="t3"')
    assert page.count("the picture of <a") == 2  # tokens 2 and 5


def test_sheet__when_run_again__shows_what_came_back_before(world, run):
    """Also in a dry run, from the record."""
    run()
    for dry in (True, False):
        run(dry_run=dry, sheet=world.root / "sheet.html")
        assert sheet_of(world).count("✓ read back through") == 7


def test_sheet__when_names_are_hostile__are_text(world, run):
    """From the token file to the page."""
    name = "<script>alert(1)</script>"
    (world.root / "metadata/tokens/1.json").write_text(json.dumps({"name": name}))
    assert run(dry_run=True, sheet=world.root / "sheet.html")[1] is None
    assert "<script" not in sheet_of(world)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in sheet_of(world)


def test_sheet__when_the_file_is_not_ours__pins_nothing(world, run):
    """Known before the first upload."""
    mine = world.root / "mine.html"
    mine.write_text("mine")
    _, error = run(sheet=mine)
    assert error == f"{mine} is there and is no contact sheet; name another file"
    assert not world.kubo.uploads
    assert mine.read_text() == "mine"


def test_sheet__when_asked_for_json__is_an_event(world, run):
    """With the file and how many pages there are."""
    out, _ = run(as_json=True, sheet=world.root / "sheet.html")
    events = [json.loads(line) for line in out.splitlines()]
    (event,) = [event for event in events if event["event"] == "sheet"]
    assert (event["file"], event["pages"]) == (str(world.root / "sheet.html"), 1)
    assert events[-1]["event"] == "done"


def test_sheet__when_it_cannot_be_written__what_is_missing_is_told_too(world, run):
    """A full disk or a file in the way may show only after everything was pinned."""
    world.pinata.refused = "4"
    (world.root / "mine").write_text("a file")
    sheet = world.root / "mine" / "sheet.html"
    out, error = run(sheet=sheet)
    assert error.startswith(f"{sheet}: cannot be written: ")
    assert "\n1 token is missing somewhere; run `ape run pin" in error
    assert "  on pinata   6 of 7 bundles\n" in out
    events = [json.loads(line)["event"] for line in run(sheet=sheet, as_json=True)[0].splitlines()]
    assert events[-3:] == ["missing", "done", "error"]


def test_sheet__when_ctrl_c_comes_while_it_is_drawn__says_what_was_pinned(world, run, monkeypatch):
    """Everything was, by then."""

    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pfpkit.flow.pin.sheet", pressed)
    _, error = run(sheet=world.root / "sheet.html")
    assert error.startswith("stopped: 7 of 7 bundles are on kubo, 7 of 7 bundles are on pinata; 7 ")


def test_sheet__when_the_name_is_too_long__pins_nothing(world, run):
    """The file system is asked before the first upload."""
    _, error = run(sheet=world.root / f"{'a' * 10_000}.html")
    assert error.endswith(".html: cannot be written: File name too long; name another")
    assert not world.kubo.uploads


def test_sheet__when_a_folder_is_among_the_thumbnails__is_drawn(world, run):
    """The cache is ours to clean, but not at the price of a sheet."""
    (world.root / ".pfpkit/thumbnails/mine").mkdir(parents=True)
    assert run(dry_run=True, sheet=world.root / "sheet.html")[1] is None
    assert sheet_of(world).count("<img ") == 7
