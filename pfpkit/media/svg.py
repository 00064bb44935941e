"""A stranger's SVG drawn by resvg, from a copy that holds only what was looked at.

An SVG is a program: it may run scripts, read files, call other hosts and grow without end. So it
is read by expat, without any entity of its own, and written again with only the elements and
attributes of SVG's namespace; whatever could come from outside refuses the whole drawing by name,
for without it the picture would be another one. Pictures inside, as data: URLs, pass the same
checks as pictures alone. The copy goes to resvg (MIT, through resvg-py), which has no script and
no network; it would open files, and the worker that runs it can open none (`pfpkit.media.worker`).

Follows SVG 2, and its "secure static" processing mode (section 2.2.6) for what is refused; a
drawing that moves is shown in its first state, with a note.
"""

import base64
import re
from binascii import Error as BinasciiError
from io import BytesIO
from urllib.parse import unquote_to_bytes
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import resvg_py
from PIL import Image

from pfpkit.errors import BadImage
from pfpkit.images import rebuild
from pfpkit.media.bounds import MediaLimits
from pfpkit.media.font import Font
from pfpkit.media.header import looks_like_svg, refused
from pfpkit.media.outcomes import MediaOutcome, Refusal
from pfpkit.media.rendered import Rendered

__all__ = ["drawn"]

_SVG, _XLINK, _XML = (
    "http://www.w3.org/2000/svg",
    "http://www.w3.org/1999/xlink",
    "http://www.w3.org/XML/1998/namespace",
)
_MAX_ELEMENTS = 50_000
_MAX_DEPTH = 200
_MAX_NESTED = 3
"""Drawings in drawings, as data: URLs."""
_WIDEST = 4
"""Longer drawings are not drawn larger, so that their squares stay sharp: they are enlarged."""
_MOVING = {"animate", "animateColor", "animateMotion", "animateTransform", "set", "discard"}
_REFUSED = {
    "script": (MediaOutcome.SVG_SCRIPT, "a script"),
    "handler": (MediaOutcome.SVG_SCRIPT, "a script"),
    "foreignObject": (MediaOutcome.SVG_HTML, "HTML inside (foreignObject)"),
    "iframe": (MediaOutcome.SVG_HTML, "a page inside (iframe)"),
    "video": (MediaOutcome.SVG_EXTERNAL, "a video"),
    "audio": (MediaOutcome.SVG_EXTERNAL, "sound"),
}
_PICTURES = {"image", "feImage"}
_URL = re.compile(r"url\(\s*['\"]?\s*(?!['\"\s]|#)", re.IGNORECASE)
_FONT_URL = re.compile(r"url\(\s*['\"]?\s*data:", re.IGNORECASE)


def drawn(data: bytes, limits: MediaLimits, edge: int, font: Font) -> tuple[Rendered, Image.Image]:
    """Return what is said of a drawing, and the square of its centre; Refusal otherwise."""
    if len(data) > limits.max_svg_bytes:
        raise Refusal(
            MediaOutcome.TOO_LARGE,
            f"{len(data):,} bytes is more than the {limits.max_svg_bytes:,} of a drawing",
        )
    copy = _Copy(limits, font)
    text = copy.of(data)
    drawing = _draw(text, edge, font if copy.letters else None)
    ratio = max(drawing.size) / min(drawing.size)
    if ratio > 1:
        # Drawn again, so that its shorter side has the square's pixels.
        larger = round(edge * min(ratio, _WIDEST))
        drawing = _draw(text, larger, font if copy.letters else None)
    side = min(drawing.size)
    left, top = (drawing.width - side) // 2, (drawing.height - side) // 2
    square = drawing.crop((left, top, left + side, top + side))
    if square.width != edge:
        square = square.resize((edge, edge), Image.Resampling.LANCZOS)
    notes = ["an SVG drawing, shown as pixels"]
    if copy.moves:
        notes.append("it moves; its first state is shown")
    if copy.letters:
        notes.append(f"its text is written in {font.name}, whatever font it asks for")
    return Rendered(MediaOutcome.SHOWN, "", "image/svg+xml", 0, 0, tuple(notes)), square


def _draw(text: str, edge: int, font: Font | None) -> Image.Image:
    """Return the drawing, scaled to fit into `edge` x `edge` pixels."""
    try:
        if font is None:
            png = resvg_py.svg_to_bytes(
                svg_string=text, width=edge, height=edge, skip_system_fonts=True
            )
        else:
            with font.readable() as path:
                png = resvg_py.svg_to_bytes(
                    svg_string=text,
                    width=edge,
                    height=edge,
                    skip_system_fonts=True,
                    font_files=[path],
                    font_family=font.name,
                    serif_family=font.name,
                    sans_serif_family=font.name,
                    cursive_family=font.name,
                    fantasy_family=font.name,
                    monospace_family=font.name,
                )
    except ValueError as error:
        outcome = MediaOutcome.SVG_MALFORMED
        if "limit" in str(error) or "loop" in str(error):
            outcome = MediaOutcome.SVG_TOO_COMPLEX
        raise Refusal(outcome, f"resvg does not draw it: {error}") from error
    with Image.open(BytesIO(png), formats=["PNG"]) as opened:
        return opened.convert("RGBA")


class _Copy:
    """Writes a drawing again, element by element; the state of one pass of expat."""

    def __init__(self, limits: MediaLimits, font: Font, nested: int = 0) -> None:
        self.moves = False
        self.letters = False
        self._limits, self._font, self._nested = limits, font, nested
        self._out: list[str] = []
        self._open: list[str] = []
        self._skipped = 0
        self._elements = 0
        self._pixels = 0
        self._style: list[str] = []

    def of(self, data: bytes) -> str:
        """Return the copy's text; Refusal when it is not drawn."""
        # Without what a declaration says, for resvg is given text.
        parser = expat.ParserCreate(encoding="UTF-8", namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = _refuse_entity
        parser.SkippedEntityHandler = _refuse_entity
        parser.ProcessingInstructionHandler = _refuse_style_sheet
        parser.buffer_text = True
        try:
            data.decode()
            parser.Parse(data, True)
        except (expat.ExpatError, UnicodeDecodeError) as error:
            raise Refusal(MediaOutcome.SVG_MALFORMED, f"no XML in UTF-8: {error}") from error
        return "".join(self._out)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        space, _, local = name.rpartition(" ")
        if not self._open and not self._skipped and (space, local) != (_SVG, "svg"):
            raise Refusal(
                MediaOutcome.SVG_MALFORMED,
                f"its root is {local!r} in {space or 'no namespace'!r}, not svg in SVG's",
            )
        if self._elements > _MAX_ELEMENTS or len(self._open) + self._skipped >= _MAX_DEPTH:
            raise Refusal(
                MediaOutcome.SVG_TOO_COMPLEX,
                f"more than {_MAX_ELEMENTS:,} elements, or deeper than {_MAX_DEPTH}",
            )
        if self._skipped or space != _SVG or local in ("metadata", "title", "desc"):
            if local == "script":
                raise Refusal(MediaOutcome.SVG_SCRIPT, "it has a script")
            self._skipped += 1
            return
        if local in _REFUSED:
            outcome, what = _REFUSED[local]
            raise Refusal(outcome, f"it has {what}")
        self.moves = self.moves or local in _MOVING
        written = "".join(self._attributes(local, attributes))
        root = f' xmlns="{_SVG}" xmlns:xlink="{_XLINK}"' if not self._open else ""
        self._out.append(f"<{local}{root}{written}>")
        self._open.append(local)

    def _end(self, _name: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        local = self._open.pop()
        if local == "style":
            style = "".join(self._style)
            self._style = []
            self._check_css(style)
            self._out.append(escape(style))
        self._out.append(f"</{local}>")

    def _text(self, text: str) -> None:
        if self._skipped or not self._open:
            return
        if self._open[-1] == "style":
            self._style.append(text)
        elif "text" in self._open:
            self._check_letters(text)
            self._out.append(escape(text))

    def _attributes(self, local: str, attributes: dict[str, str]) -> "list[str]":
        written: list[str] = []
        for name, value in attributes.items():
            space, _, attribute = name.rpartition(" ")
            if attribute.lower().startswith("on") and not space:
                raise Refusal(MediaOutcome.SVG_SCRIPT, f"it has an event handler, {attribute[:40]}")
            if attribute == "href" and space in ("", _XLINK):
                # SVG 2, section 16.1.6: where both are there, the old one does not count.
                if local != "a" and not (space and "href" in attributes):
                    written.append(f" xlink:href={quoteattr(self._href(local, value))}")
            elif space == _XML and attribute in ("space", "lang"):
                written.append(f" xml:{attribute}={quoteattr(value)}")
            elif not space:
                self._check_css(value)
                written.append(f" {attribute}={quoteattr(value)}")
        return written

    def _check_css(self, css: str) -> None:
        # An escape could spell any of the words that are looked for.
        if "\\" in css and ("url" in css.lower() or "@" in css or "(" in css):
            raise Refusal(MediaOutcome.SVG_EXTERNAL, "its style sheet hides words behind escapes")
        if "@import" in css.lower():
            raise Refusal(MediaOutcome.SVG_EXTERNAL, "it imports a style sheet")
        if _URL.search(_FONT_URL.sub("(", css)):
            raise Refusal(MediaOutcome.SVG_EXTERNAL, "its style names something outside of itself")
        if "@keyframes" in css.lower():
            self.moves = True

    def _check_letters(self, text: str) -> None:
        if text.strip():
            self.letters = True
            missing = self._font.missing(text)
            if missing:
                raise Refusal(
                    MediaOutcome.SVG_TEXT,
                    f"it writes {missing[:20]!r}, which {self._font.name} has not",
                )

    def _href(self, local: str, value: str) -> str:
        value = value.strip()
        if value.startswith("#"):
            return value
        if local in _PICTURES and value[:5].lower() == "data:":
            return self._embedded(value)
        raise Refusal(MediaOutcome.SVG_EXTERNAL, f"its {local} comes from {value[:100]!r}")

    def _embedded(self, url: str) -> str:
        """Return a data: URL of the same picture, checked and written again."""
        head, comma, body = url.partition(",")
        try:
            data = unquote_to_bytes(body)
            if head.lower().endswith(";base64"):
                data = base64.b64decode(data, validate=False)
        except (BinasciiError, ValueError) as error:
            comma = ""
            data = str(error).encode()
        if not comma:
            raise Refusal(MediaOutcome.DAMAGED, "a data: URL in it cannot be read")
        if looks_like_svg(data):
            kind, data = "image/svg+xml", self._nested_copy(data)
        else:
            kind, data = self._picture(data)
        return f"data:{kind};base64,{base64.b64encode(data).decode()}"

    def _nested_copy(self, data: bytes) -> bytes:
        if self._nested >= _MAX_NESTED:
            raise Refusal(MediaOutcome.SVG_TOO_COMPLEX, "drawings in drawings in drawings")
        inner = _Copy(self._limits, self._font, self._nested + 1)
        inner._elements, inner._pixels = self._elements, self._pixels
        text = inner.of(data)
        self._elements, self._pixels = inner._elements, inner._pixels
        self.moves, self.letters = self.moves or inner.moves, self.letters or inner.letters
        return text.encode()

    def _picture(self, data: bytes) -> tuple[str, bytes]:
        try:
            kind, rebuilt = rebuild(data, self._limits)
        except BadImage as error:
            raise refused(error, "a picture in it: ") from error
        self._pixels += rebuilt.width * rebuilt.height
        if self._pixels > self._limits.max_canvas:
            raise Refusal(
                MediaOutcome.TOO_LARGE,
                f"its pictures have more than {self._limits.max_canvas:,} pixels together",
            )
        self.moves = self.moves or rebuilt.frames > 1
        return kind, rebuilt.data


def _refuse_entity(name: str, *_: object) -> None:
    raise Refusal(MediaOutcome.SVG_ENTITY, f"it has an entity of its own, {name[:40]!r}")


def _refuse_style_sheet(target: str, _data: str) -> None:
    if target == "xml-stylesheet":
        raise Refusal(MediaOutcome.SVG_EXTERNAL, "it names a style sheet outside of itself")
