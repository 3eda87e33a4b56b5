"""Run the migrations on SQLite or PostgreSQL; the caller or the environment says where."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, event, pool
from sqlalchemy.engine import make_url
from sqlmodel import AutoString, SQLModel, UTCDateTime

import service.wiring  # noqa: F401  (imports every table)
from service.db.types import Words
from service.settings import Settings


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Write our column types into a migration as what the database stores."""
    if kind == "type" and isinstance(item, Words):
        return f"sa.String({item.impl_instance.length})"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sqlmodel.UTCDateTime()"
    return False


def run() -> None:
    url = make_url(context.config.attributes.get("url") or Settings().database_url)
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    engine = create_engine(url, poolclass=pool.NullPool, hide_parameters=True)
    if url.get_backend_name() == "sqlite":
        # With foreign keys on, a batch change of a referenced table empties what cascades from it.
        event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA foreign_keys=OFF"))
    try:
        with engine.connect() as connection:
            context.configure(
                connection=connection,
                target_metadata=SQLModel.metadata,
                render_as_batch=url.get_backend_name() == "sqlite",
                render_item=render_item,
                compare_type=True,
                compare_server_default=True,
                transaction_per_migration=True,
            )
            with context.begin_transaction():
                context.run_migrations()
    finally:
        engine.dispose()


run()
