"""The database: SQLite for one machine, PostgreSQL for production; migrated at the start.

    person = await database.run(find, name)      # find(records, name) in a thread, one transaction

A unit of work is a plain function whose first parameter is the SQLAlchemy session. It is committed
when it returns and rolled back when it raises. Two that cannot be put in an order are tried again.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from pfpkit.errors import StorageError

__all__ = ["Database"]

P = ParamSpec("P")
T = TypeVar("T")

_TRIES = 5
_MIGRATION_LOCK = 0x7066706B
"""The key of PostgreSQL's advisory lock: of several workers one migrates, the others wait."""
_ISOLATION = "SERIALIZABLE"


class Database:
    """One engine and its units of work. `close` it at the end."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)
        self._threads = asyncio.Semaphore(16)

    def migrate(self) -> None:
        """Bring the tables to this version; StorageError when the database cannot be reached."""
        try:
            with self._engine.connect() as connection:
                if self._engine.dialect.name == "postgresql":
                    connection.execute(text(f"select pg_advisory_lock({_MIGRATION_LOCK})"))
                    connection.commit()
                try:
                    command.upgrade(alembic_config(connection), "head")
                    connection.commit()
                finally:
                    if self._engine.dialect.name == "postgresql":
                        connection.rollback()
                        connection.execute(text(f"select pg_advisory_unlock({_MIGRATION_LOCK})"))
                        connection.commit()
        except SQLAlchemyError as error:
            raise _failed(error) from None

    async def run(
        self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what `work` returns, committed; StorageError when the database fails."""
        async with self._threads:
            return await asyncio.to_thread(partial(self.do, work, *args, **kwargs))

    def do(
        self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `run`, in this thread."""
        for tried in range(_TRIES):
            try:
                with self._sessions.begin() as records:
                    return work(records, *args, **kwargs)
            except OperationalError as error:
                if tried + 1 == _TRIES or not _in_conflict(error):
                    raise _failed(error) from None
            except DBAPIError as error:
                raise _failed(error) from None
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def alembic_config(connection: Any = None) -> Config:
    """Return the configuration of the migrations that are packaged here."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, isolation_level=_ISOLATION, pool_pre_ping=True, pool_size=8)
    path = url.partition("///")[2]
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 30.0})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        # The driver begins no transaction itself: ours takes the lock for writing at its start, so
        # that no two read the same and write one after the other.
        connection.isolation_level = None
        for pragma in ("journal_mode = wal", "foreign_keys = on", "synchronous = full"):
            connection.execute(f"pragma {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("begin immediate")

    return engine


def _in_conflict(error: OperationalError) -> bool:
    """Whether PostgreSQL ended one of two transactions that met (serialization, deadlock)."""
    return getattr(error.orig, "sqlstate", None) in ("40001", "40P01")


def _failed(error: SQLAlchemyError) -> StorageError:
    # The error's own words hold the statement and its values.
    kind = type(getattr(error, "orig", None) or error).__name__
    return StorageError(f"the database failed ({kind}); see whether it runs, and try again")
