"""A stranger's picture as an avatar: told by its bytes, decoded in a bounded process, made anew.

`Renderer.render(data)` never raises for what the bytes are: the answer is `Rendered`, whose
`outcome` says in one word what came of them. What is shown is new PNG and WebP files of fixed
sizes, square, in sRGB, upright; nothing of the given file is in them but what it shows. Creators'
own pictures are the matter of `pfpkit.images`.
"""

from pfpkit.media.bounds import SIZES, Bounds, MediaLimits
from pfpkit.media.header_reader import HeaderReader
from pfpkit.media.outcomes import WORKER_FAILED, MediaOutcome
from pfpkit.media.rendered import MAX_BYTES, Cost, Rendered, Rendition
from pfpkit.media.renderer import Renderer

__all__ = [
    "MAX_BYTES",
    "SIZES",
    "WORKER_FAILED",
    "Bounds",
    "Cost",
    "HeaderReader",
    "MediaLimits",
    "MediaOutcome",
    "Rendered",
    "Renderer",
    "Rendition",
]
