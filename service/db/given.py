"""Values as rows of a statement: one parameter for a whole batch, the same on both databases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session

Column = tuple[Any, Sequence[UUID] | Sequence[str]]  # its type, its values


def given(session: Session, name: str, **columns: Column) -> sa.Subquery:
    """Return `columns`, all of one length, as a table `name`; `place` counts its rows from 1.

    For ids and strings. SQLite gets them as JSON, PostgreSQL as arrays.
    """
    dialect = session.get_bind().dialect.name
    return (_as_json if dialect == "sqlite" else _as_arrays)(name, columns)


def _as_json(name: str, columns: dict[str, Column]) -> sa.Subquery:
    """Return one JSON array of values, or of rows where there are several columns."""
    plain = [_plain(values) for _, values in columns.values()]
    rows = plain[0] if len(plain) == 1 else list(zip(*plain, strict=True))
    each = sa.func.json_each(sa.bindparam(f"{name}_rows", json.dumps(rows))).table_valued(
        sa.column("key", sa.Integer), sa.column("value", sa.String)
    )
    made = [(each.c.key + 1).label("place")]
    for at, (column, (kind, _)) in enumerate(columns.items()):
        value = each.c.value if len(plain) == 1 else sa.func.json_extract(each.c.value, f"$[{at}]")
        made.append(sa.type_coerce(value, kind).label(column))
    return sa.select(*made).subquery(name)


def _plain(values: Sequence[UUID] | Sequence[str]) -> list[str]:
    return [value if isinstance(value, str) else value.hex for value in values]


def _as_arrays(name: str, columns: dict[str, Column]) -> sa.Subquery:
    arrays = [
        sa.cast(
            sa.bindparam(f"{name}_{column}", list(values), type_=sa.types.NullType()), ARRAY(kind)
        )
        for column, (kind, values) in columns.items()
    ]
    names = [sa.column(column, kind) for column, (kind, _) in columns.items()]
    rows = (
        sa.func.unnest(*arrays)
        .table_valued(*names, with_ordinality="place", name=f"{name}_given")
        .render_derived()
    )
    return sa.select(rows.c.place, *(rows.c[column] for column in columns)).subquery(name)
