"""SVG drawings that attack whoever shows them: scripts, entities, references outside, bombs.

Each is the picture of a token, on a gateway. They name a victim, a server that must see no
connection, and a picture that is there and must not be read. Where several outcomes are given, it
depends on the machine which of its limits is met first.
"""

import base64
import gzip
import zlib
from functools import cache, partial
from pathlib import Path

from resolver.attacks.attack import Scene, attack
from support.pictures import encoded, noise, png_chunk, png_of, png_with

from pfpkit.media import MediaOutcome

SHOWN, DAMAGED, TOO_LARGE = MediaOutcome.SHOWN, MediaOutcome.DAMAGED, MediaOutcome.TOO_LARGE
MALFORMED, COMPLEX = MediaOutcome.SVG_MALFORMED, MediaOutcome.SVG_TOO_COMPLEX
ENTITY, SCRIPT = MediaOutcome.SVG_ENTITY, MediaOutcome.SVG_SCRIPT
EXTERNAL, HTML = MediaOutcome.SVG_EXTERNAL, MediaOutcome.SVG_HTML
SPENT = (MediaOutcome.TOO_SLOW, MediaOutcome.CRASHED, MediaOutcome.TOO_MUCH_MEMORY, COMPLEX)

NAMES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
RECT = '<rect width="9" height="9" fill="red"/>'


def svg(body="", attributes='viewBox="0 0 10 10"', before=""):
    """A drawing."""
    return f"{before}<svg {NAMES} {attributes}>{RECT}{body}</svg>".encode()


def data_url(data, kind="image/png"):
    """A picture inside a drawing."""
    return (
        f'<image width="9" height="9" href="data:{kind};base64,{base64.b64encode(data).decode()}"/>'
    )


def scripts():
    """What would run in a browser."""
    yield "svg-script", svg("<script>alert(1)</script>"), SCRIPT
    yield (
        "svg-script-with-prefix",
        svg('<s:script xmlns:s="http://www.w3.org/2000/svg">alert(1)</s:script>'),
        SCRIPT,
    )
    yield (
        "svg-script-of-xhtml",
        svg('<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>'),
        SCRIPT,
    )
    yield "svg-script-in-metadata", svg("<metadata><script>alert(1)</script></metadata>"), SCRIPT
    yield "svg-onload", svg(attributes='viewBox="0 0 9 9" onload="alert(1)"'), SCRIPT
    yield "svg-handler-deep-inside", svg('<g><path d="M0 0" ONCLICK="alert(1)"/></g>'), SCRIPT
    yield "svg-script-called-png", b"\xef\xbb\xbf \n" + svg("<script/>"), SCRIPT
    yield "svg-html-inside", svg("<foreignObject><b>x</b></foreignObject>"), HTML
    nested = svg("<script>alert(1)</script>")
    yield "svg-script-in-nested", svg(data_url(nested, "image/svg+xml")), SCRIPT
    yield "svg-link-of-javascript", svg('<a href="javascript:alert(1)"><path d="M0 0"/></a>'), SHOWN


def outside(url, path):
    """What would be read from disk, or from another host."""
    for name, where in {"http": url, "file": f"file://{path}", "path": path}.items():
        entity = f'<!DOCTYPE svg [<!ENTITY x SYSTEM "{where}">]>'
        yield f"svg-entity-{name}", svg("<text>&x;</text>", before=entity), ENTITY
        yield f"svg-image-{name}", svg(f'<image width="9" height="9" href="{where}"/>'), EXTERNAL
        old = f'<image width="9" height="9" xlink:href="{where}"/>'
        yield f"svg-image-xlink-{name}", svg(old), EXTERNAL
        yield f"svg-use-{name}", svg(f'<use href="{where}#a"/>'), EXTERNAL
        fill = f"<path d='M0 0h9v9z' fill='url(\"{where}#a\")'/>"
        yield f"svg-fill-{name}", svg(fill), EXTERNAL
    quiet = f'<!DOCTYPE svg SYSTEM "{url}/svg.dtd">'
    yield "svg-doctype-http", svg(before=quiet), SHOWN
    yield "svg-entity-of-doctype", svg("<text>&x;</text>", before=quiet), ENTITY
    parameter = f'<!DOCTYPE svg [<!ENTITY % x SYSTEM "{url}"> %x;]>'
    yield "svg-parameter-entity", svg(before=parameter), ENTITY
    sheet = f'<?xml-stylesheet href="{url}" type="text/css"?>'
    yield "svg-style-sheet", svg(before=sheet), EXTERNAL
    yield "svg-import", svg(f"<style>@import '{url}';</style>"), EXTERNAL
    yield "svg-font", svg(f"<style>@font-face{{src:url({url})}}</style>"), EXTERNAL
    escaped = f"<style>rect{{fill:u\\72l({url})}}</style>"
    yield "svg-escaped-url", svg(escaped), EXTERNAL
    filtered = (
        f'<filter id="f"><feImage href="{url}"/></filter><path d="M0 0h9v9z" filter="url(#f)"/>'
    )
    yield "svg-filter-image", svg(filtered), EXTERNAL
    yield (
        "svg-inclusion",
        svg(f'<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="{url}"/>'),
        SHOWN,
    )
    nested = svg(f'<image width="9" height="9" href="{url}"/>')
    yield "svg-image-in-nested", svg(data_url(nested, "image/svg+xml")), EXTERNAL


def bombs():
    """What grows while it is read or drawn."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    yield (
        "svg-billion-laughs",
        svg("<text>&l9;</text>", before=f"<!DOCTYPE svg [{laughs}]>"),
        ENTITY,
    )
    yield "svg-deep", svg("<g>" * 100_000 + "</g>" * 100_000), COMPLEX
    yield "svg-many", svg("<path/>" * 100_000), COMPLEX
    loop = '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>'
    yield "svg-use-in-circles", svg(loop), (*SPENT, SHOWN)
    grow = "".join(f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 9))
    yield (
        "svg-use-times-ten",
        svg(f'<defs><g id="a0">{RECT}</g>{grow}</defs><use href="#a8"/>'),
        SPENT,
    )
    radius = '<filter id="f"><feMorphology radius="5000"/></filter>'
    yield "svg-huge-filter", svg(f'{radius}<path d="M0 0h9v9z" filter="url(#f)"/>'), SPENT
    waves = "".join('<feTurbulence baseFrequency="9" numOctaves="99"/>' for _ in range(99))
    yield (
        "svg-many-filters",
        svg(f'<filter id="f">{waves}</filter><path d="M0 0h9v9z" filter="url(#f)"/>'),
        SPENT,
    )
    yield "svg-100000-squared", svg(attributes='width="100000" height="100000"'), SHOWN
    yield "svg-view-of-1e30", svg(attributes='viewBox="0 0 1e30 1e30"'), (SHOWN, MALFORMED)
    yield "svg-a-line", svg(attributes='viewBox="0 0 1 1000000"'), (SHOWN, MALFORMED)
    yield "svg-no-size", svg(attributes='width="0" height="0"'), MALFORMED
    yield (
        "svg-dashes",
        svg('<path d="M0 0H1e9" stroke="red" stroke-width="1" stroke-dasharray="1e-9"/>'),
        (*SPENT, SHOWN),
    )
    yield "svg-pattern-in-pattern", svg(_patterns(8)), (*SPENT, SHOWN)
    yield "svg-6-mib", svg("<g>" + " " * (6 * 2**20) + "</g>"), TOO_LARGE
    nested = svg()
    for _ in range(5):
        nested = svg(data_url(nested, "image/svg+xml"))
    yield "svg-in-svg-in-svg", nested, COMPLEX
    bomb = png_of(20_000, 20_000, raw=b"\0")
    yield "svg-with-png-bomb", svg(data_url(bomb)), TOO_LARGE
    large = png_of(5_000, 5_000, colour=0, depth=1, raw=bytes(5_000 * 626))
    yield "svg-with-large-pictures", svg(data_url(large) * 3), TOO_LARGE
    text = png_chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(20_000_000), 9))
    hidden = png_with(encoded(noise(), "PNG"), *[text] * 9)
    yield "svg-with-ztxt-bomb", svg(data_url(hidden)), SHOWN


def malformed():
    """What no browser would draw as a picture."""
    packed = gzip.compress(svg())
    yield "svgz", packed, MediaOutcome.UNSUPPORTED
    yield "svgz-bomb", gzip.compress(svg(" " * 20_000_000)), MediaOutcome.UNSUPPORTED
    yield "svg-no-namespace", b'<svg viewBox="0 0 9 9"><path d="M0 0"/></svg>', MALFORMED
    yield "svg-wrong-namespace", b'<svg xmlns="http://example.com/svg"/>', MALFORMED
    yield "svg-not-the-root", f"<x>{svg().decode()}</x>".encode(), MALFORMED
    yield "svg-cut-short", svg()[:-7], MALFORMED
    yield "svg-utf-16", svg().decode().encode("utf-16"), MediaOutcome.NOT_A_PICTURE
    # Read as UTF-7 this would hold a script; it is read as UTF-8, whatever it says.
    hidden = '<?xml version="1.0" encoding="utf-7"?>'
    yield "svg-utf-7", svg("+ADw-script+AD4-", before=hidden), SHOWN
    yield "svg-wrong-bytes", svg().replace(b"red", b"\xff\xfe"), MALFORMED
    yield "svg-with-cut-picture", svg(data_url(encoded(noise(), "PNG")[:99])), DAMAGED
    yield "svg-with-html-as-picture", svg(data_url(b"<html></html>")), DAMAGED
    yield "svg-with-broken-url", svg('<image href="data:image/png;base64"/>'), DAMAGED
    yield "svg-unknown-letters", svg("<text>\u05d0\u4e2d</text>"), MediaOutcome.SVG_TEXT


def _patterns(depth):
    parts = "".join(
        f'<pattern id="p{n}" width=".01" height=".01">'
        f'<path d="M0 0h9v9H0z" fill="url(#p{n - 1})"/></pattern>'
        for n in range(1, depth)
    )
    first = f'<pattern id="p0" width=".01" height=".01">{RECT}</pattern>'
    return f'{first}{parts}<path d="M0 0h9v9H0z" fill="url(#p{depth - 1})"/>'


PICTURE = next((Path(__file__).parents[3] / "metadata" / "images").iterdir())
"""A file of this machine that is a picture: none of its bytes may be seen."""


@cache
def drawings(url):
    """Every drawing with its outcomes, naming a server and a file that it must not reach."""
    made = [*scripts(), *outside(url, PICTURE), *bombs(), *malformed()]
    return {name: (data, wanted) for name, data, wanted in made}


def of_name(name, scene: Scene) -> str:
    """A token whose picture is that drawing."""
    return scene.picture(drawings(scene.victim)[name][0])


CASES = [
    attack(
        name, partial(of_name, name), "media", *(wanted if isinstance(wanted, tuple) else [wanted])
    )
    for name, (_, wanted) in drawings("http://server").items()
]
