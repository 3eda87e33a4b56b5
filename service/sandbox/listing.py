"""Read what a list request asks for, and pick that page. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from service.sandbox.messages import Message, Messages
from service.sandbox.refusals import Refused

FILTERS = ("To", "From", "DateSent", "DateSent<", "DateSent>")
USUAL_PAGE = 50
LARGEST_PAGE = 1000


@dataclass(frozen=True)
class Listing:
    """Which messages, and which page of them.

    before: only messages older than this order (from the page token), so that texts that come in
    between two pages shift nothing.
    """

    filters: Mapping[str, str] = field(default_factory=dict)
    page: int = 0
    page_size: int = USUAL_PAGE
    before: int | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Listing:
        """Return the listing that the query asks for. Raises Refused when it can't be read."""
        try:
            token = query.get("PageToken", "").removeprefix("PA")
            return cls(
                filters={name: query[name] for name in FILTERS if query.get(name)},
                page=int(query.get("Page", 0)),
                page_size=max(1, min(int(query.get("PageSize", USUAL_PAGE)), LARGEST_PAGE)),
                before=int(token) if token else None,
            )
        except ValueError as error:
            raise Refused(20001) from error

    @property
    def start(self) -> int:
        return self.page * self.page_size

    def pairs(self, page: int) -> list[tuple[str, str]]:
        """Return the query of another page, without its token."""
        sizes = [("PageSize", str(self.page_size)), ("Page", str(page))]
        return [*self.filters.items(), *sizes]

    def page_of(self, messages: Messages, now: datetime) -> tuple[list[Message], bool]:
        """Return this page's messages and whether more follow."""
        found = messages.newest_first(
            to=self.filters.get("To"), fits=lambda message: self._fits(message, now)
        )
        skip = self.start if self.before is None else 0
        taken = list(itertools.islice(found, skip, skip + self.page_size + 1))
        return taken[: self.page_size], len(taken) > self.page_size

    def _fits(self, message: Message, now: datetime) -> bool:
        if message.visible_at > now or (self.before is not None and message.order >= self.before):
            return False
        if "From" in self.filters and message.sender != self.filters["From"]:
            return False
        return self._fits_dates(message)

    def _fits_dates(self, message: Message) -> bool:
        wanted = {name: self.filters[name] for name in FILTERS[2:] if name in self.filters}
        if not wanted:
            return True
        sent_at = message.sent_at
        if sent_at is None:
            return False
        return all(_compare(name, sent_at, value) for name, value in wanted.items())


def _compare(name: str, sent_at: datetime, value: str) -> bool:
    try:
        bound = datetime.fromisoformat(value)
    except ValueError as error:
        raise Refused(20001) from error
    bound = bound if bound.tzinfo else bound.replace(tzinfo=UTC)
    if name == "DateSent":
        return sent_at.date() == bound.date()
    return sent_at <= bound if name == "DateSent<" else sent_at >= bound
