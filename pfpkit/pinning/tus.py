"""Resumable uploads by the TUS protocol 1.0.0 (tus.io/protocols/resumable-upload).

What broke in the middle goes on where the server says it stopped: after every failure it is asked
for its offset first. Trusts neither the offset nor the address that the server gives: an address
of another origin would be sent our secret.
"""

from base64 import b64encode
from collections.abc import Mapping
from http import HTTPStatus

from pfpkit.pinning.client import Answer, Client, Upload
from pfpkit.pinning.parcel import Parcel
from pfpkit.pinning.pressure import Failure

_VERSION = {"Tus-Resumable": "1.0.0"}
_MEDIA_TYPE = "application/offset+octet-stream"


async def upload(
    client: Client, path: str, parcel: Parcel, metadata: Mapping[str, str], piece_bytes: int
) -> Answer | None:
    """Upload the parcel's CAR in pieces; return the answer to the last one.

    None when that answer was lost and the server said afterwards that it has everything.
    """
    running = _Upload(client, parcel, await _create(client, path, parcel, metadata), piece_bytes)
    while running.offset < parcel.length:
        await client.gate.run(f"take the CAR of {parcel.dag.root}", running.advance)
    return running.last


async def _create(client: Client, path: str, parcel: Parcel, metadata: Mapping[str, str]) -> str:
    def judge(answer: Answer) -> str | Failure:
        place = answer.headers.get("location", "")
        url = client.same_origin(place) if place else None
        if url is not None:
            return url
        where = f"at {client.clip(place)}, another origin" if place else "nowhere"
        return Failure(f"it wants the upload {where}; nothing was sent there")

    words = ",".join(
        f"{name} {b64encode(text.encode()).decode()}" for name, text in metadata.items()
    )
    return await client.call(
        f"begin an upload of {parcel.length:,} bytes",
        "POST",
        path,
        judge,
        headers={**_VERSION, "Upload-Length": str(parcel.length), "Upload-Metadata": words},
    )


class _Upload:
    """One upload under way; `offset` bytes of it are known to have arrived."""

    def __init__(self, client: Client, parcel: Parcel, url: str, piece_bytes: int) -> None:
        self.offset = 0
        self.last: Answer | None = None
        self._client = client
        self._parcel = parcel
        self._url = url
        self._piece_bytes = piece_bytes
        self._unsure = False

    async def advance(self) -> bool | Failure:
        """Send the next piece; after a failure, ask first how much has arrived."""
        if self._unsure:
            found = await self._client.once("HEAD", self._url, self._offset, headers=_VERSION)
            if isinstance(found, Failure):
                return found
            if found < self.offset:
                return Failure(f"it lost bytes: {self.offset:,} had arrived, now {found:,}")
            self.offset, self._unsure = found, False
            if self.offset == self._parcel.length:
                return True
        start, end = self.offset, min(self.offset + self._piece_bytes, self._parcel.length)
        self._unsure = True
        answer = await self._client.once(
            "PATCH",
            self._url,
            lambda answer: answer,
            headers={**_VERSION, "Upload-Offset": str(start)},
            upload=Upload(end - start, _MEDIA_TYPE, lambda: self._parcel.stream(start, end)),
            expects={HTTPStatus.CONFLICT},
        )
        if isinstance(answer, Failure):
            return answer
        arrived = self._offset(answer)
        if answer.status == HTTPStatus.CONFLICT or arrived != end:
            return Failure(f"it did not take the bytes from {start:,} to {end:,}", retryable=True)
        self.offset, self.last, self._unsure = end, answer, False
        return True

    def _offset(self, answer: Answer) -> int | Failure:
        text = answer.headers.get("upload-offset", "")
        if text.isascii() and text.isdigit() and int(text[:20]) <= self._parcel.length:
            return int(text[:20])
        return Failure("it does not say how much has arrived", retryable=True)
