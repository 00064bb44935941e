"""The object store: a folder, or a bucket of an S3 service, both by obstore.

Keys are content keys with a tag, `<sha256>-<tag>`: whoever has the bytes can check the name, and no
two uploads share an object, so that deleting one never asks about another. Content type and ETag
are kept in the database (`pfpkit.profile.shelf`), for a folder keeps neither.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, S3Store

from pfpkit.errors import NotFound, StorageError
from pfpkit.profile.settings import ObjectPlace

if TYPE_CHECKING:
    from obstore.store import ClientConfig

__all__ = ["KEY", "Objects", "content_key", "digest_of"]

KEY = re.compile(r"[0-9a-f]{64}-[0-9a-f]{16}")
_PREFIX = "pictures"


def content_key(data: bytes) -> str:
    """Return a new key for these bytes: their sha2-256 and a random tag."""
    return f"{digest_of(data)}-{secrets.token_hex(8)}"


def digest_of(data: bytes) -> str:
    """Return the sha2-256 of bytes, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


class Objects:
    """Bytes by key. A key is written once; StorageError when the store fails."""

    def __init__(self, place: ObjectPlace) -> None:
        if place.folder is not None:
            place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._store: LocalStore | S3Store = LocalStore(place.folder, mkdir=True)
        else:
            self._store = S3Store(
                place.bucket,
                endpoint=place.endpoint,
                region=place.region,
                access_key_id=place.key_id,
                secret_access_key=place.secret_key,
                virtual_hosted_style_request=False,
                client_options=_client(place.endpoint),
                retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=10)},
            )

    async def put(self, key: str, data: bytes) -> None:
        """Keep bytes under a key."""
        try:
            await obstore.put_async(self._store, _path(key), data)
        except (BaseError, OSError) as error:
            raise _failed("keep", error) from None

    async def get(self, key: str) -> bytes:
        """Return the bytes of a key; NotFound when there are none."""
        try:
            answer = await obstore.get_async(self._store, _path(key))
            return bytes(await answer.bytes_async())
        except (NotFoundError, FileNotFoundError):
            raise NotFound(f"there is no object {key}") from None
        except (BaseError, OSError) as error:
            raise _failed("read", error) from None

    async def delete(self, key: str) -> None:
        """Delete a key; one that is not there is deleted already."""
        try:
            await obstore.delete_async(self._store, _path(key))
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise _failed("delete", error) from None

    async def listing(self) -> AsyncIterator[tuple[str, int]]:
        """Yield every key, and when it was written, in seconds since 1970."""
        try:
            async for page in obstore.list(self._store, prefix=_PREFIX):
                for entry in page:
                    key = entry["path"].rpartition("/")[2]
                    yield key, int(entry["last_modified"].timestamp())
        except (BaseError, OSError) as error:
            raise _failed("list", error) from None


def _path(key: str) -> str:
    if not KEY.fullmatch(key):
        raise NotFound(f"{key[:100]!r} is no key of an object")
    return f"{_PREFIX}/{key[:2]}/{key}"


def _client(endpoint: str) -> ClientConfig:
    # Loopback is the one place where plain HTTP is not read by others.
    return {
        "allow_http": endpoint.startswith("http://"),
        "timeout": timedelta(seconds=20),
        "connect_timeout": timedelta(seconds=5),
    }


def _failed(what: str, error: Exception) -> StorageError:
    # Its words may hold the endpoint's answer, with the key id in it.
    return StorageError(
        f"the object store could not {what} it ({type(error).__name__}); "
        "see whether it can be reached, and try again"
    )
