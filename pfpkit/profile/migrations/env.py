"""Alembic's environment: the connection of `Database.migrate`, or `-x url=` in development."""

from alembic import context
from sqlalchemy import create_engine

from pfpkit.profile.records import Record

connection = context.config.attributes.get("connection")
if connection is None:
    connection = create_engine(context.get_x_argument(as_dictionary=True)["url"]).connect()
context.configure(connection=connection, target_metadata=Record.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
