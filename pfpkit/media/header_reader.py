"""In a renderer's place, for whoever draws pictures elsewhere: no worker, and no pixel decoded."""

from pfpkit.errors import BadImage
from pfpkit.images import Limits
from pfpkit.media.bounds import MediaLimits
from pfpkit.media.header import looks_like_svg, read_header, refused
from pfpkit.media.outcomes import MediaOutcome, Refusal
from pfpkit.media.rendered import Rendered

__all__ = ["HeaderReader"]


class HeaderReader:
    """Says what pictures are by their headers, within limits of bytes and pixels.

    An SVG is refused: it is shown as pixels, or not at all.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or MediaLimits()

    async def render(self, data: bytes) -> Rendered:
        """Return `not-decoded` with type and size, or why the picture is refused."""
        try:
            try:
                self.limits.check_bytes(len(data))
                if looks_like_svg(data):
                    words = "an SVG drawing, which is shown as pixels alone, and none are drawn"
                    raise Refusal(MediaOutcome.UNSUPPORTED, words)
                kind, width, height = read_header(data)
                self.limits.check_canvas(width, height)
            except BadImage as error:
                raise refused(error) from error
        except Refusal as refusal:
            return Rendered(refusal.outcome, refusal.reason)
        return Rendered(MediaOutcome.NOT_DECODED, "", kind, width, height)
