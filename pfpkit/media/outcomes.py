"""What can come of a stranger's picture, in one word for programs. Pure."""

from enum import StrEnum

__all__ = ["WORKER_FAILED", "MediaOutcome", "Refusal"]


class MediaOutcome(StrEnum):
    """Only `SHOWN` has pictures. The words are kept from version to version."""

    SHOWN = "shown"
    """It was decoded, and made anew in every size."""
    NOT_DECODED = "not-decoded"
    """Its header is that of a picture within the limits. No pixel was decoded, as was asked."""
    NOT_A_PICTURE = "not-a-picture"
    """Empty, or bytes of no kind that pfpkit knows."""
    UNSUPPORTED = "unsupported"
    """Another kind of file, and the reason says which: a web page, a video, HEIC, an archive."""
    TOO_LARGE = "too-large"
    """Over a limit of bytes, pixels, frames or parts, found before anything was decoded."""
    DAMAGED = "damaged"
    """Cut short, or it breaks the rules of its own format."""
    SVG_MALFORMED = "svg-malformed"
    """No XML in UTF-8, or not in the namespace of SVG, so that no browser would draw it."""
    SVG_ENTITY = "svg-entity"
    """It declares or uses XML entities of its own."""
    SVG_SCRIPT = "svg-script"
    """It has a script or an event handler: what it shows is not in the file."""
    SVG_EXTERNAL = "svg-external"
    """It names a picture, style sheet or font outside of itself."""
    SVG_HTML = "svg-html"
    """It has HTML inside, which only a browser can draw."""
    SVG_TEXT = "svg-text"
    """It writes letters that the font of pfpkit has not."""
    SVG_TOO_COMPLEX = "svg-too-complex"
    """More elements, or deeper ones, than are drawn; or references that go round in circles."""
    TOO_MUCH_MEMORY = "too-much-memory"
    """Decoding it asked for more memory than a worker may have."""
    TOO_SLOW = "too-slow"
    """Decoding it took more seconds than a picture may take; the worker was ended."""
    CRASHED = "crashed"
    """The decoder ended with its process, or answered with nonsense. No other picture is harmed."""


WORKER_FAILED = frozenset(
    {MediaOutcome.CRASHED, MediaOutcome.TOO_SLOW, MediaOutcome.TOO_MUCH_MEMORY}
)
"""They say as much of a worker and its machine now as of the picture."""


class Refusal(Exception):
    """Why a picture is not shown. Stays inside this package, where it becomes a `Rendered`."""

    def __init__(self, outcome: MediaOutcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
