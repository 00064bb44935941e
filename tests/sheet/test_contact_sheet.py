"""The contact sheet: all pictures with names, CIDs and state, on pages that need nothing else

given names of strangers, they are text; given any page, nothing is loaded and nothing runs
given more pictures than a page holds, linked pages; an older and longer sheet leaves none behind
given a file that is no sheet, it is not written over; given a failure, the older sheet stays
"""

import base64
import hashlib
import re
import tracemalloc
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO

import pytest
from PIL import Image
from support.folders import tiny_png
from support.pictures import encoded, noise

from pfpkit.cid import cid_of
from pfpkit.errors import BadImage, BadInput
from pfpkit.images import media_type
from pfpkit.sheet import (
    Card,
    Head,
    State,
    Thumbnail,
    Thumbnails,
    check_target,
    thumbnail_of,
    write_sheet,
)
from pfpkit.sheet.write import PER_PAGE, page_files

HOSTILE = [
    "<script>alert(1)</script>",
    '" onerror="alert(1)',
    "</style><img src=https://example.org/x>",
    "'><svg onload=alert(1)>",
    "&lt;b&gt; &amp;",
    "\u202eevil\u202c",
    "]]><!--",
]
VOID = {"meta", "img", "link", "br"}


class Page(HTMLParser):
    """What a browser would find: tags with their attributes, texts, and whether they nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.texts, self._open = [], [], []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, tag):
        """The attributes of every such tag."""
        return [attrs for name, attrs in self.tags if name == tag]


def card(key="1", name="Pip", **more):
    """A card of a small picture."""
    fields = {
        "description": None,
        "traits": (),
        "thumbnail": thumbnail_of(tiny_png(7), "image/png"),
        "media_type": "image/png",
        "image_bytes": 120,
        "bundle": f"bafybundle{key}",
        "image": f"bafyimage{key}",
        "states": (State("pinned on kubo", True),),
    }
    return Card(key, name, **(fields | more))


def written(folder, cards, title="Pips"):
    """The pages of a sheet, as they are on the disk."""
    file = folder / "sheet.html"
    files = page_files(file, len(cards))
    write_sheet(file, Head(title, (("tokens", "1"),)), iter(cards), files)
    return [Page((folder / name).read_text()) for name in files]


def test_sheet__when_written__shows_each_picture_with_its_name_cids_and_state(tmp_path):
    """And says in words what colours say."""
    cards = [
        card("collection", "Pips"),
        card("1", "Ann", states=(State("not pinned on kubo", False),), removed=("GPS", "XMP")),
        card("2", "Bob", same=(("1", "sheet.html"),), traits=(("Hat", "tall"),)),
    ]
    (page,) = written(tmp_path, cards)
    text = "".join(page.texts)
    for word in ("Ann", "Bob", "bafybundle1", "bafyimage1", "Hat", "tall", "#2", "GPS"):
        assert word in text
    assert "✓ pinned on kubo" in text
    assert "• not pinned on kubo" in text
    assert "2 parts of the file removed" in text
    assert {"href": "sheet.html#t1"} in page.all("a")
    pictures = page.all("img")
    assert [picture["alt"] for picture in pictures] == ["Pips", "token 1, Ann", "token 2, Bob"]
    for picture in pictures:
        data = base64.b64decode(picture["src"].removeprefix("data:image/webp;base64,"))
        with Image.open(BytesIO(data), formats=["WEBP"]) as decoded:
            assert decoded.size == (4, 4)


@pytest.mark.parametrize("words", HOSTILE)
def test_sheet__when_words_look_like_html__shows_them_as_text(tmp_path, words):
    """Names, descriptions, traits and titles are those of strangers."""
    cards = [card("1", words, description=words, traits=((words, words),), removed=(words,))]
    (page,) = written(tmp_path, cards, title=words)
    (plain,) = written(tmp_path, [card("1", description="x", traits=(("x", "x"),), removed=("x",))])
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    assert [sorted(a) for _, a in page.tags] == [sorted(a) for _, a in plain.tags]
    assert page.texts.count(words) >= 5


def test_sheet__when_opened__loads_nothing_and_runs_nothing(tmp_path):
    """No script, no link to elsewhere, and a policy that forbids both."""
    (page,) = written(tmp_path, [card()])
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "iframe", "object", "embed", "form", "base", "video"}
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes), tag
        for url in ("src", "href"):
            assert re.match("data:image/webp;|#|sheet", attributes.get(url, "#")), tag
    (policy,) = [m["content"] for m in page.all("meta") if m.get("http-equiv")]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy  # so that default-src holds
    html = (tmp_path / "sheet.html").read_text()
    style = re.search("<style>(.*?)</style>", html, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "url(" not in style
    assert "@import" not in style


def test_sheet__when_there_are_many__has_linked_pages_and_bounded_memory(tmp_path):
    """However many there are, no page is held as a whole."""

    noise, one = base64.b64encode(b"7" * 4500), card()

    def many(count):
        for number in range(count):
            picture = Thumbnail(noise + str(number).encode(), 256, 256)
            yield replace(one, key=str(number), thumbnail=picture)

    peaks = []
    file = tmp_path / "sheet.html"
    write_sheet(file, Head("Pips", ()), many(1), ["sheet.html"])  # whatever is made once is made
    for count in (PER_PAGE, 2 * PER_PAGE + 1):
        files = page_files(file, count)
        tracemalloc.start()
        write_sheet(file, Head("Pips", ()), many(count), files)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert files == ["sheet.html", "sheet-2.html", "sheet-3.html"]
    assert 2 * max(peaks) < file.stat().st_size
    counts = []
    for number, name in enumerate(files, 1):
        page = Page((tmp_path / name).read_text())
        counts.append(len(page.all("img")))
        links = [a["href"] for a in page.all("a") if a["href"].startswith("sheet")]
        assert links == 2 * [other for other in files if other != name]
        current = [a for a in page.all("a") if a.get("aria-current") == "page"]
        assert len(current) == 2, number
    assert counts == [PER_PAGE, PER_PAGE, 1]


def test_sheet__when_it_is_shorter_than_before__leaves_no_page_behind(tmp_path):
    """Only pages of a sheet are removed."""
    written(tmp_path, [card()] * (2 * PER_PAGE + 1))
    (tmp_path / "sheet-4.html").write_text("mine")
    written(tmp_path, [card()])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sheet-4.html", "sheet.html"]


def test_sheet__when_a_picture_fails__leaves_the_older_one_as_it_was(tmp_path):
    """And no temporary file."""
    written(tmp_path, [card(name="older")])
    before = (tmp_path / "sheet.html").read_bytes()

    def broken():
        yield card()
        raise BadImage("it changed")

    with pytest.raises(BadImage):
        write_sheet(tmp_path / "sheet.html", Head("x", ()), broken(), ["sheet.html"])
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.html"]
    assert (tmp_path / "sheet.html").read_bytes() == before


def test_sheet__when_the_file_is_something_else__is_refused(tmp_path):
    """Neither the first page nor a later one is written over what is not ours."""
    mine = tmp_path / "mine.html"
    mine.write_text("<p>my page</p>")
    with pytest.raises(BadInput, match="is no contact sheet; name another"):
        check_target(mine)
    with pytest.raises(BadInput, match=r"name it pins\.html"):
        check_target(tmp_path / "pins.json")
    (tmp_path / "sheet-2.html").write_text("mine too")
    check_target(tmp_path / "sheet.html", PER_PAGE)
    with pytest.raises(BadInput, match=r"sheet-2\.html is there and is no contact sheet"):
        check_target(tmp_path / "sheet.html", PER_PAGE + 1)
    with pytest.raises(BadInput, match=r"sheet-2\.html is there and is no contact sheet"):
        written(tmp_path, [card()] * (PER_PAGE + 1))
    assert (tmp_path / "sheet-2.html").read_text() == "mine too"
    assert not (tmp_path / "sheet.html").exists()
    written(tmp_path, [card()])
    check_target(tmp_path / "sheet.html")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_thumbnail__when_of_any_kind__is_a_small_webp(kind):
    """At most 256 pixels; its proportions stay."""
    data = encoded(noise(600, 300, "RGB"), kind)
    small = thumbnail_of(data, media_type(data))
    assert (small.width, small.height) == (256, 128)
    with Image.open(BytesIO(small.data), formats=["WEBP"]) as decoded:
        assert decoded.size == (256, 128)


def test_thumbnail__when_of_pixel_art__keeps_every_pixel():
    """It is shown larger, with sharp edges."""
    small = thumbnail_of(tiny_png(3), "image/png")
    assert small.is_pixel_art
    with (
        Image.open(BytesIO(small.data)) as decoded,
        Image.open(BytesIO(tiny_png(3))) as original,
    ):
        assert decoded.convert("RGB").tobytes() == original.convert("RGB").tobytes()


def test_thumbnail__when_it_cannot_be_decoded__says_so():
    """What next, too."""
    with pytest.raises(BadImage, match="export it again"):
        thumbnail_of(b"no picture", "image/png")


def test_thumbnails__when_kept__are_made_once_and_torn_ones_again(tmp_path):
    """What belongs to no picture any more goes."""
    kept = Thumbnails(tmp_path / "thumbnails")
    made = []

    def make():
        made.append(1)
        return thumbnail_of(tiny_png(3), "image/png")

    image = cid_of(b"a picture")
    first = kept.get(image, make)
    assert kept.get(image, make) == first
    assert len(made) == 1
    (path,) = (tmp_path / "thumbnails").iterdir()
    path.write_bytes(path.read_bytes()[:-3])
    assert kept.get(image, make) == first
    assert len(made) == 2
    kept.keep_only([cid_of(b"another")])
    assert list((tmp_path / "thumbnails").iterdir()) == []
