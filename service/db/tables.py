"""The root of every table: one MetaData, constraints named by rule, UTC-only times."""

from __future__ import annotations

from typing import cast

import sqlalchemy as sa
from sqlmodel import SQLModel

# SQLite can't drop a constraint without a name: every one gets its name by rule.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING


class Table(SQLModel):
    """What each room's tables derive from (with `table=True`).

    A `datetime` field is `sqlmodel.UTCDateTime`: it refuses a time without a zone and gives back
    UTC on both databases. Rooms hold each other's ids as plain UUIDs with a foreign key by name;
    no ORM relationship crosses rooms.
    """


def table_of(model: type[Table]) -> sa.Table:
    """Return the table behind a model, for statements that never make objects of its rows."""
    return cast("sa.Table", sa.inspect(model).local_table)
