"""Uploads: every file of the rooms of images and media, as somebody's picture

given any of them, squares that were made anew, or a refusal in words; never a fault, never the
bytes that were sent, and the service serves others as before.
"""

import importlib.util
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from support.pictures import SCRIPT, encoded, noise
from support.profile import JSON, problem

TESTS = Path(__file__).parents[1]
_LEAST_FILES = 100


def corpus():
    """Files by name: all bytes in the tables of those rooms' tests; some are made when asked."""
    found = {}
    for path in [*TESTS.glob("images/test_*.py"), *TESTS.glob("media/test_*.py")]:
        spec = importlib.util.spec_from_file_location(f"corpus_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for table, value in vars(module).items():
            if table.isupper() and isinstance(value, bytes):
                found[f"{path.stem} {table}"] = value
            elif table.isupper() and isinstance(value, dict):
                rows = {f"{path.stem} {table} {name}": _first(row) for name, row in value.items()}
                found |= {name: row for name, row in rows.items() if row is not None}
    return found


def _first(row):
    cells = row if isinstance(row, tuple) else (row,)
    return next((one for one in cells if isinstance(one, bytes) or callable(one)), None)


FILES = corpus()


def test_corpus__when_gathered__is_whole():
    """A table that got another form would silently be left out."""
    assert len(FILES) >= _LEAST_FILES
    assert sum(name.startswith("test_clean_refusals BOMBS") for name in FILES) >= 7


@pytest.fixture(scope="module")
def person(service):
    """Somebody who uploads them all."""
    with service.browser() as browser:
        yield browser.sign_up("somebody-who-uploads")


@pytest.mark.parametrize("name", FILES)
def test_upload__of_any_file__is_made_anew_or_refused(service, person, name):
    """What is shown is WebP and PNG of the right size, with no word of the file in it."""
    data = FILES[name]() if callable(FILES[name]) else FILES[name]
    sent = person.post(
        "/me/picture",
        data={"csrf_token": person.token},
        files={"picture": ("a.png", data)},
        headers=JSON,
    )
    if sent.status_code >= 400:
        status, word = problem(sent)
        assert (status, word) in {(400, "bad-request"), (413, "too-large"), (422, "bad-picture")}
        return
    for edge, files in person.picture_of("somebody-who-uploads")["images"].items():
        for extension, url in files.items():
            square = person.get(url)
            assert square.headers["content-type"] == f"image/{extension}"
            assert SCRIPT not in square.content
            assert data[:64] not in square.content
            with Image.open(BytesIO(square.content)) as picture:
                picture.load()
                assert picture.size == (int(edge), int(edge))
                assert not picture.getexif()


def test_upload__after_all_of_them__a_picture_is_shown(person):
    """Nobody else pays for what was sent."""
    assert person.upload(encoded(noise(), "PNG")).status_code == 303
    assert person.picture_of("somebody-who-uploads")["kind"] == "ordinary"
