"""The contact sheet: every picture of a collection with its name, CIDs and state, on HTML pages.

A page is one file that needs no server, no network and no script, and may use none: its
Content-Security-Policy forbids them. What token files say is text there, whatever it looks like.
"""

from pfpkit.sheet.page import Card, Head, State
from pfpkit.sheet.thumbnail import Thumbnail, Thumbnails, thumbnail_of
from pfpkit.sheet.write import check_target, write_sheet

__all__ = [
    "Card",
    "Head",
    "State",
    "Thumbnail",
    "Thumbnails",
    "check_target",
    "thumbnail_of",
    "write_sheet",
]
