"""Slow down whoever sends public forms again and again from one address. In memory only, for an hour."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from fastapi import Request
from starlette.responses import Response

from service.errors import InvalidValue, TooMany
from service.web.pages import FormRejected, Tell
from service.web.session import Now
from service.web.tries import Tries

A_MINUTE, AN_HOUR = 20, 120  # forms of one address; a library or a shelter shares one
HOUR = timedelta(hours=1)


def not_too_often(request: Request, now: Now) -> None:
    """Raise TooMany when this address has sent too many public forms. Runs before the database."""
    address = request.client.host if request.client else ""
    tries: Tries = request.app.state.public_tries
    if not tries.note(f"minute {address}", A_MINUTE, now=now):
        raise TooMany
    if not tries.note(f"hour {address}", AN_HOUR, now=now, window=HOUR):
        raise TooMany("too_many_forms")


@contextmanager
def refused_as_too_many(
    field: str, write: Callable[[Mapping[str, str], int], Response], tell: Tell
) -> Iterator[None]:
    """Turn TooMany, raised inside, into the same form with its message beside `field`, as a 429."""
    try:
        yield
    except TooMany as error:
        problems = [InvalidValue(field, error.code)]
        raise FormRejected(problems, write(tell(problems), 429)) from error
