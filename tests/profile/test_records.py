"""Records and objects: tables as the migrations make them; no orphan, after a crash either

given the migrations, the tables are those that the code declares
given a replaced or deleted picture, its objects and rows are gone
given a crash between object and row, a sweep ends what it began
given bytes that are not those that were stored, they are not served
"""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, update
from support.pictures import encoded, noise
from support.profile import settings_in

from pfpkit.errors import NotFound, StorageError
from pfpkit.profile.database import Database
from pfpkit.profile.objects import Objects, content_key
from pfpkit.profile.records import Record, StoredFile
from pfpkit.profile.shelf import Shelf

DATA = {"48.webp": (b"a picture", "image/webp")}


@pytest.fixture
def settings(tmp_path):
    """A database and a store that nothing is in."""
    return settings_in(tmp_path)


@pytest.fixture
def database(settings):
    """A migrated database."""
    found = Database(settings.database_url)
    found.migrate()
    yield found
    found.close()


def rows(database):
    """Keys and states of all files."""
    return database.do(
        lambda records: list(records.execute(select(StoredFile.key, StoredFile.state)))
    )


async def keys(objects):
    """Keys of all objects."""
    return [key async for key, _ in objects.listing()]


def test_migrate__when_done__the_tables_are_those_declared(database):
    """And a second time changes nothing."""
    database.migrate()
    with database._engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Record.metadata) == []


def test_put__when_nobody_attaches__is_swept(settings, database):
    """As after a crash between the objects and the picture's row."""
    objects = Objects(settings.objects)
    shelf = Shelf(database, objects)

    async def story():
        kept = await shelf.put(DATA)
        assert await keys(objects) == list(kept.values())
        assert await shelf.sweep() == 0  # it may be on its way still
        with pytest.raises(NotFound):
            await shelf.get(kept["48.webp"])
        assert await shelf.sweep(unfinished_s=-5) == 1
        return await keys(objects)

    assert asyncio.run(story()) == []
    assert rows(database) == []


def test_drop__when_the_process_ended_after_the_row_was_leaving__is_swept(settings, database):
    """The object is deleted first, and the row tells of it until then."""
    objects = Objects(settings.objects)
    shelf = Shelf(database, objects)

    async def story():
        await shelf.put(DATA)
        await database.run(
            lambda records: records.execute(update(StoredFile).values(state="leaving"))
        )
        await shelf.sweep(unfinished_s=-5)
        return await keys(objects)

    assert asyncio.run(story()) == []
    assert rows(database) == []


def test_sweep__when_an_object_has_no_row__is_deleted(settings, database):
    """As when the database was put back from a copy; those that are kept stay."""
    objects = Objects(settings.objects)

    async def story():
        await objects.put(content_key(b"lost"), b"lost")
        assert await Shelf(database, objects).sweep(unfinished_s=-5) == 1
        return await keys(objects)

    assert asyncio.run(story()) == []


def test_get__when_the_store_gives_other_bytes__is_refused(settings, database):
    """The key is the hash of what was stored."""
    objects = Objects(settings.objects)
    shelf = Shelf(database, objects)

    async def story():
        key = (await shelf.put(DATA))["48.webp"]
        await database.run(lambda records: records.execute(update(StoredFile).values(state="kept")))
        assert (await shelf.get(key)).data == b"a picture"
        await objects.put(key, b"another")
        with pytest.raises(StorageError, match="damaged"):
            await Shelf(database, objects).get(key)

    asyncio.run(story())


def test_picture__when_replaced_and_deleted__leaves_no_orphan(service, browser, name):
    """Each upload's six squares, and then none."""
    parts = service.parts
    before = len(rows(parts.database))
    browser.sign_up(name)
    for seed in (1, 2, 3):
        assert browser.upload(encoded(noise(seed=seed), "PNG")).status_code == 303
    found = rows(parts.database)
    assert (len(found) - before, {state for _, state in found}) == (6, {"kept"})
    assert browser.send_form("/me/picture/delete").status_code == 303
    assert len(rows(parts.database)) == before
    assert len(asyncio.run(keys(Objects(service.settings.objects)))) == before


def test_account__when_deleted__nothing_of_it_is_left(service, browser, name):
    """Neither its picture nor its name."""
    before = len(rows(service.parts.database))
    browser.sign_up(name).upload(encoded(noise(), "PNG"))
    assert browser.send_form("/me/delete").status_code == 303
    assert browser.get(f"/u/{name}").status_code == 404
    assert len(rows(service.parts.database)) == before
