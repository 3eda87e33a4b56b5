"""Long lists, a page at a time: what comes after an id, oldest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import Field

from service.web.api.shapes import Shape

USUAL_PAGE = 50
LONGEST_PAGE = 200

T = TypeVar("T")
S = TypeVar("S")


class Paging(Shape):
    """Which page of a list."""

    after: UUID | None = Field(None, description="The `next` of the page before.")
    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE, description="How many at most.")] = (
        USUAL_PAGE
    )

    @property
    def wanted(self) -> int:
        """How many to fetch: one more than are shown tells whether another page follows."""
        return self.limit + 1


class Page(Shape, Generic[T]):
    """One page of a list. `next` goes into `after` for the page that follows; null: the last one."""

    items: list[T]
    next: UUID | None


def cut(
    rows: Sequence[S], paging: Paging, id_of: Callable[[S], UUID]
) -> tuple[Sequence[S], UUID | None]:
    """Return the rows of this page and `next`, from `paging.wanted` rows."""
    shown = rows[: paging.limit]
    return shown, id_of(shown[-1]) if len(rows) > paging.limit else None
