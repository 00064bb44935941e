"""Setting, reading and deleting the pictures of an account."""

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session as Records

from pfpkit.errors import BadImage, NotFound
from pfpkit.media import MediaOutcome, Rendered
from pfpkit.profile.picture import Shown, role_of
from pfpkit.profile.problem import Problem
from pfpkit.profile.records import Account, Holding, Picture
from pfpkit.profile.service import Service
from pfpkit.profile.shelf import attach, release
from pfpkit.resolver import Resolution

__all__ = [
    "delete_account",
    "delete_picture",
    "latest_names",
    "pictures_of",
    "render",
    "rendered_of",
    "set_ordinary",
    "set_picture",
    "shown",
    "shown_many",
    "squares",
]


async def set_ordinary(service: Service, account: str, data: bytes) -> None:
    """Make squares of an upload and show them; BadImage says why it cannot be.

    Not a byte of the upload is kept: what is shown was made anew from its pixels.
    """
    rendered = await render(service, data)
    await set_picture(service, account, "ordinary", squares(rendered))


async def render(service: Service, data: bytes) -> Rendered:
    """Return the squares of a stranger's picture; BadImage says why there are none."""
    if service.waiting.locked():
        raise Problem(503, "busy", "too many pictures are being read; try again in a minute")
    async with service.waiting:
        rendered = await service.renderer.render(data)
    if not rendered.shown:
        raise BadImage(
            f"{_OUTCOMES.get(rendered.outcome, 'the picture cannot be read')}: "
            f"{rendered.outcome}, {rendered.reason}"
        )
    return rendered


def rendered_of(found: Resolution) -> Rendered:
    """Return what was made of a token's picture; Problem where nothing of it can be shown."""
    rendered = found.rendered
    if rendered is None or not rendered.shown:
        why = rendered.reason if rendered else "it was not made anew"
        raise Problem(422, "unverified", f"the picture cannot be shown: {why}")
    return rendered


def squares(rendered: Rendered) -> dict[str, tuple[bytes, str]]:
    """Return bytes and type by role."""
    return {
        role_of(one.edge, one.media_type): (one.data, one.media_type) for one in rendered.renditions
    }


async def set_picture(
    service: Service,
    account: str,
    kind: str,
    files: Mapping[str, tuple[bytes, str]],
    holding: Holding | None = None,
) -> None:
    """Show these files as the account's picture of that kind, in place of what was there."""
    keys = await service.shelf.put(files)
    old = await service.database.run(_replace, account, kind, keys, holding)
    await service.shelf.drop(old)


async def delete_picture(service: Service, account: str, kind: str) -> bool:
    """Delete the account's picture of that kind and all its files; whether there was one."""
    old = await service.database.run(_delete, account, kind)
    await service.shelf.drop(old or ())
    return old is not None


async def delete_account(service: Service, account: str) -> None:
    """Delete an account, its pictures, its sessions."""
    await service.shelf.drop(await service.database.run(_delete_account, account))


async def shown(service: Service, name: str) -> Shown:
    """Return what is shown of somebody; NotFound when there is no such name."""
    (found,) = await shown_many(service, [name]) or (None,)
    if found is None:
        raise NotFound(f"there is nobody called {name[:30]!r}")
    return found


async def shown_many(service: Service, names: Iterable[str]) -> list[Shown]:
    """Return what is shown of those who exist, in the order of the names."""
    wanted = list(dict.fromkeys(names))
    now = time.time()
    accounts, pictures = await service.database.run(_read, wanted)
    by_name: dict[str, list[Picture]] = {}
    for picture in pictures:
        by_name.setdefault(picture.account, []).append(picture)
    known = {account.name: account for account in accounts}
    return [
        Shown.of(known[name], by_name.get(name, ()), service.settings, now)
        for name in wanted
        if name in known
    ]


async def pictures_of(service: Service, name: str) -> tuple[Account, Shown | None, Shown | None]:
    """Return an account, and each of its two pictures as if it were the only one."""
    accounts, pictures = await service.database.run(_read, [name])
    if not accounts:
        raise NotFound(f"there is nobody called {name[:30]!r}")
    now, settings = time.time(), service.settings
    by_kind = {
        picture.kind: Shown.of(accounts[0], [picture], settings, now) for picture in pictures
    }
    return accounts[0], by_kind.get("ordinary"), by_kind.get("nft")


def latest_names(records: Records, most: int) -> list[str]:
    """Return who set a picture last, latest first."""
    found = records.execute(
        select(Picture.account, Picture.since).order_by(Picture.since.desc()).limit(2 * most)
    )
    return list(dict.fromkeys(name for name, _ in found))[:most]


def _read(records: Records, names: Sequence[str]) -> tuple[list[Account], list[Picture]]:
    accounts = list(records.scalars(select(Account).where(Account.name.in_(names))))
    pictures = list(records.scalars(select(Picture).where(Picture.account.in_(names))))
    return accounts, pictures


def _replace(
    records: Records, account: str, kind: str, keys: Mapping[str, str], holding: Holding | None
) -> list[str]:
    # The account's row is locked, so that of two uploads at once one comes after the other.
    if records.get(Account, account, with_for_update=True) is None:
        raise NotFound(f"there is nobody called {account}")
    old = _delete(records, account, kind)
    picture = Picture(
        id=secrets.token_hex(16), account=account, kind=kind, since=int(time.time()), files=[]
    )
    picture.holding = holding
    attach(records, picture, keys)
    records.add(picture)
    return old or []


def _delete(records: Records, account: str, kind: str) -> list[str] | None:
    picture = records.scalar(
        select(Picture).where(Picture.account == account, Picture.kind == kind)
    )
    return None if picture is None else release(records, picture)


def _delete_account(records: Records, account: str) -> list[str]:
    keys: list[str] = []
    for kind in ("ordinary", "nft"):
        keys += _delete(records, account, kind) or []
    if (row := records.get(Account, account)) is not None:
        records.delete(row)
    return keys


_OUTCOMES = {
    MediaOutcome.NOT_A_PICTURE: "this is not a picture",
    MediaOutcome.UNSUPPORTED: "this kind of file is not shown",
    MediaOutcome.TOO_LARGE: "the picture is too large",
    MediaOutcome.DAMAGED: "the picture is damaged",
    MediaOutcome.TOO_SLOW: "the picture takes too long to read",
    MediaOutcome.TOO_MUCH_MEMORY: "the picture takes too much memory to read",
}
