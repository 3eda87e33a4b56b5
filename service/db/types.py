"""Column types of the house."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import Dialect, String, TypeDecorator
from sqlalchemy.types import TypeEngine


class Words(TypeDecorator[StrEnum]):
    """A StrEnum stored as its value in a VARCHAR: readable in SQL, and new words need no migration."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__(length=32)
        self.words = words

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.words(value)

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        return self


def since(value: str | int) -> dict[str, str]:
    """Return what rows get that were there before their column: `Field(sa_column_kwargs=since(0))`."""
    return {"server_default": str(value)}


def words(kind: type[StrEnum]) -> Any:
    """Return the column type for a StrEnum field: `Field(sa_type=words(State))`."""
    return Words(kind)
