"""The URI of an ERC-1155 token, from the one that its contract gives for all ids.

Follows ERC-1155, "Metadata": clients replace `{id}` by the token id. Pure.
"""

__all__ = ["uri_for"]


def uri_for(uri: str, token_id: int) -> str:
    """Return `uri` with every `{id}` as 64 lowercase hexadecimal digits of `token_id`.

    At most 16 times as long as `uri`. Nothing else is replaced: neither `{ID}` nor `%7Bid%7D`.

    >>> uri_for("https://token-cdn-domain/{id}.json", 314592)
    'https://token-cdn-domain/000000000000000000000000000000000000000000000000000000000004cce0.json'
    """
    return uri.replace("{id}", f"{token_id:064x}")
