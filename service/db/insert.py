"""Insert what is not there yet: one statement, the same on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, Table
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, SQLModel


def insert_new(bind: Session | Engine, table: type[SQLModel] | Table) -> Any:
    """Return an INSERT that skips rows which would break a unique rule.

    Use it with `.values(...)` and, to learn what was really new, `.returning(...)`.
    """
    dialect = (bind.get_bind() if isinstance(bind, Session) else bind).dialect.name
    make: Any = sqlite_insert if dialect == "sqlite" else postgresql_insert
    return make(table).on_conflict_do_nothing()


def insert_or_lock(
    bind: Session | Engine, table: type[SQLModel] | Table, values: dict[str, Any], *unique: str
) -> Any:
    """Return an INSERT that gives back the row, new or there already, and holds it: one statement.

    unique: the columns of the rule that the row would break. Whoever else asks for it waits.
    """
    dialect = (bind.get_bind() if isinstance(bind, Session) else bind).dialect.name
    make: Any = sqlite_insert if dialect == "sqlite" else postgresql_insert
    same = {unique[0]: values[unique[0]]}  # changes nothing
    new = make(table).values(**values).on_conflict_do_update(index_elements=unique, set_=same)
    return new.returning(table)


def insert_or_add(
    bind: Session | Engine, table: type[SQLModel], values: dict[str, Any], unique: str, count: str
) -> Any:
    """Return an INSERT that adds to `count` of the row that is there already, and gives back `count`."""
    dialect = (bind.get_bind() if isinstance(bind, Session) else bind).dialect.name
    make: Any = sqlite_insert if dialect == "sqlite" else postgresql_insert
    counted = getattr(table, count)
    new = make(table).values(**values)
    more = {count: counted + new.excluded[count]}
    return new.on_conflict_do_update(index_elements=[unique], set_=more).returning(counted)
