"""The URI of an ERC-1155 token, and the values of its metadata, where they are for all ids.

Follows ERC-1155, "Metadata" and "Metadata URI JSON Schema": clients replace `{id}` by the token id
in any URI, and in any value of the JSON. Pure.
"""

__all__ = ["filled_size", "uri_for"]

_PLACE = "{id}"
_DIGITS = 64


def filled_size(text: str) -> int:
    """Return how many letters `uri_for` makes of `text`, without making them.

    >>> filled_size("ipfs://x/{id}.png")
    77
    """
    return len(text) + (_DIGITS - len(_PLACE)) * text.count(_PLACE)


def uri_for(uri: str, token_id: int) -> str:
    """Return `uri` with every `{id}` as 64 lowercase hexadecimal digits of `token_id`.

    At most 16 times as long as `uri`. Nothing else is replaced: neither `{ID}` nor `%7Bid%7D`.

    >>> uri_for("https://token-cdn-domain/{id}.json", 314592)
    'https://token-cdn-domain/000000000000000000000000000000000000000000000000000000000004cce0.json'
    """
    return uri.replace(_PLACE, f"{token_id:0{_DIGITS}x}")
