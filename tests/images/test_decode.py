"""decode: the last line of defence, when a header was believed that should not have been"""

import pytest
from support.pictures import encoded, noise

from pfpkit.errors import BadImage
from pfpkit.images.decode import decode
from pfpkit.images.limits import Limits

SIZE = (40, 30)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_decode__when_the_pixels_are_beyond_the_limits__stops_before_unpacking(kind):
    """Pillow's own bound is set to ours, and its warning is an error."""
    data = encoded(noise(*SIZE, mode="RGB"), kind)
    decode(data, f"image/{kind.lower()}", SIZE, 1, Limits(max_width=40, max_height=30))
    small = Limits(max_width=30, max_height=30)
    with pytest.raises(BadImage, match="exceeds limit"):
        decode(data, f"image/{kind.lower()}", SIZE, 1, small)


def test_decode__when_the_header_said_another_size__refuses():
    """The two readers of a header have to agree."""
    data = encoded(noise(*SIZE, mode="RGB"), "PNG")
    with pytest.raises(BadImage, match="header says"):
        decode(data, "image/png", (40, 31), 1, Limits())
