"""Pinata's current API (v3, with a JWT): uploads of CARs, so that no chunker can change a CID.

Follows docs.pinata.cloud, "Uploading Files" (with "Upload by CAR File" and "Resumable Uploads"),
"Limits", and the API reference's "Upload a File", "List Files" and "Delete File by ID", read in
November 2026. A CAR has one root, goes to the public network and needs a paid plan; a free account
has `pinata_classic`. Pinata checks a CAR after it has answered: a receipt says that it was taken,
`held` what is listed, and only reading back that it is there.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from urllib.parse import quote

from pfpkit.cid import CID
from pfpkit.errors import NotPinned
from pfpkit.pinning import Dag, PinReceipt, tus
from pfpkit.pinning.client import Answer, Client, Secret
from pfpkit.pinning.parcel import Parcel
from pfpkit.pinning.pressure import Clock, Failure, Pressure
from pfpkit.pinning.remote import Remote, car_form, cids_of, is_name, wrong_cid

NAME = "pinata"
API = "https://api.pinata.cloud"
UPLOADS = "https://uploads.pinata.cloud"
PRESSURE = Pressure(per_minute=60, at_once=4)
"""The free plan's rate, the lowest; Picnic has 250 a minute, Fiesta 500 (page "Limits")."""

RESUMABLE_FROM = 90 * 2**20
"""Uploads over 100 MB have to be resumable (page "Limits"); Pinata's own SDK begins at 90 MiB."""
PIECE = 40 * 2**20
""" "Upload chunk size must be smaller than 50MB" (page "Uploading Files")."""

_PAGE = 200
_LISTED_WITHIN = (1.0, 2.0, 4.0, 8.0, 15.0)
_DENIED = (
    "set PINATA_JWT to a key that may write files; CARs need a paid plan, and without one "
    "`pinata-classic` takes files of at most 262,144 bytes"
)
_Page = tuple[list[dict[str, object]], str]


class PinataPinner(Remote):
    """A `Pinner` over Pinata's v3 API."""

    def __init__(
        self,
        secret: Secret,
        *,
        api: str = API,
        uploads: str = UPLOADS,
        pressure: Pressure = PRESSURE,
        clock: Clock | None = None,
        resumable_from: int = RESUMABLE_FROM,
        piece: int = PIECE,
    ) -> None:
        client = Client(NAME, api, pressure, secrets=(secret,), clock=clock, denied=_DENIED)
        super().__init__(client)
        # The rate limit is the account's, whichever host is asked.
        self._uploads = Client(
            NAME,
            uploads,
            pressure,
            secrets=(secret,),
            clock=clock,
            denied=_DENIED,
            gate=client.gate,
        )
        self._resumable_from = resumable_from
        self._piece = piece

    async def ready(self) -> None:
        """Ask whether the key is accepted."""
        await self.client.call(
            "accept the key", "GET", "/data/testAuthentication", lambda answer: True, tokens=2
        )

    async def pin(self, dag: Dag, label: str = "", *, again: bool = False) -> PinReceipt:
        """Upload the DAG as a CAR under its name `label`; large ones can resume."""
        parcel = await Parcel.packed(dag)
        name = (label or str(dag.root))[:255]
        upload = car_form({"network": "public", "name": name, "car": "true"}, parcel)
        if upload.length > self._resumable_from:
            new = await self._pin_large(parcel, name, again)
        else:
            new = await self.give(
                f"take {dag.root}",
                lambda: self._uploads.once(
                    "POST",
                    "/v3/files",
                    lambda answer: self._taken(answer, dag.root),
                    upload=upload,
                ),
                None if again else lambda: self._has(dag.root),
            )
        return PinReceipt(self.name, dag.root, parcel.blocks, parcel.size, new)

    async def held(self, roots: Iterable[CID]) -> frozenset[CID]:
        """Return those of `roots` that are listed, from pages of 200 when they are many."""
        asked = frozenset(roots)
        missing = {root.as_v1() for root in asked}
        token, pages = "", 0
        # An account may list far more than we ask for: then single questions are cheaper.
        while missing and pages < len(asked) and len(asked) > 1:
            files, token = await self._list(token=token)
            pages += 1
            missing -= _cids(files)
            if not token:
                return frozenset(root for root in asked if root.as_v1() not in missing)
        for root in tuple(missing):
            if await self._files(root):
                missing.remove(root)
        return frozenset(root for root in asked if root.as_v1() not in missing)

    async def unpin(self, root: CID) -> bool:
        """Delete every file of that CID from the account."""
        files = await self._files(root)
        for file in files:
            await self.client.call(
                f"delete {root}",
                "DELETE",
                f"/v3/files/public/{quote(str(file.get('id')), safe='')}",
                lambda answer: True,
                # Somebody else was faster.
                expects={HTTPStatus.NOT_FOUND},
            )
        return bool(files)

    async def aclose(self) -> None:
        """Close the connections to both hosts."""
        await super().aclose()
        await self._uploads.aclose()

    async def _pin_large(self, parcel: Parcel, name: str, again: bool) -> bool:
        root = parcel.dag.root
        held = await self.has(root)
        if held and not again:
            return False
        metadata = {
            "filename": name,
            "filetype": "application/vnd.ipld.car",
            "network": "public",
            "car": "true",
        }
        last = await tus.upload(self._uploads, "/v3/files", parcel, metadata, self._piece)
        said = last.headers.get("upload-cid") if last is not None else None
        if said is not None:
            if wrong := wrong_cid(root, said):
                raise wrong.error(f"{self.name} did not take {root}: {wrong.reason}; {wrong.next}")
            return not held
        for seconds in _LISTED_WITHIN:
            if await self.has(root):
                return not held
            await self.client.gate.sleep(seconds)
        raise NotPinned(f"{self.name} took all bytes of {root}, and does not list it; run it again")

    def _taken(self, answer: Answer, root: CID) -> bool | Failure:
        """Judge the answer to an upload: return whether the file is new there."""
        said = answer.json()
        data = said.get("data") if isinstance(said, dict) else None
        if not isinstance(data, dict):
            return Failure("its answer is not that of an upload", retryable=True)
        return wrong_cid(root, data.get("cid")) or data.get("is_duplicate") is not True

    async def _files(self, root: CID) -> list[dict[str, object]]:
        """Return what the account lists under one CID; the filter is not trusted."""
        files, _ = await self._list(cid=root)
        return [f for f in files if root.as_v1() in _cids([f]) and is_name(f.get("id"))]

    async def _has(self, root: CID) -> bool | Failure:
        page = await self._page({"limit": str(_PAGE), "cid": str(root)})
        return page if isinstance(page, Failure) else root.as_v1() in _cids(page[0])

    async def _list(self, *, cid: CID | None = None, token: str = "") -> _Page:
        params = {"limit": str(_PAGE)}
        if cid is not None:
            params["cid"] = str(cid)
        if token:
            params["pageToken"] = token
        return await self.client.gate.run("list its files", lambda: self._page(params))

    async def _page(self, params: Mapping[str, str]) -> _Page | Failure:
        def judge(answer: Answer) -> _Page | Failure:
            said = answer.json()
            data = said.get("data") if isinstance(said, dict) else None
            # An empty list was seen as null.
            files = (data.get("files") or []) if isinstance(data, dict) else None
            if not isinstance(files, list) or not isinstance(data, dict):
                return Failure("its answer lists no files", retryable=True)
            following = data.get("next_page_token")
            return (
                [file for file in files if isinstance(file, dict)],
                following if isinstance(following, str) and files else "",
            )

        return await self.client.once("GET", "/v3/files/public", judge, params=params)


def _cids(files: Iterable[dict[str, object]]) -> set[CID]:
    """Return the CIDs of files; one that is still "pending" has none."""
    return cids_of(file.get("cid") for file in files)
