"""Domain errors as HTTP: one table for all audiences."""

from __future__ import annotations

from service.errors import (
    AcompanaError,
    InvalidForm,
    InvalidValue,
    NotAllowed,
    NotFound,
    SignInNeeded,
    TooMany,
    Unavailable,
    WrongState,
)

STATUS: dict[type[AcompanaError], int] = {
    InvalidValue: 422,
    InvalidForm: 422,
    NotFound: 404,
    WrongState: 409,
    NotAllowed: 403,
    SignInNeeded: 401,
    TooMany: 429,
    Unavailable: 503,
}


def status_of(error: AcompanaError) -> int:
    """Return the HTTP status of an error; 500 for our own mistakes."""
    for kind in type(error).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    return 500


def code_of(error: AcompanaError) -> str:
    """Return which words of [error] in messages/*.toml tell it."""
    code = getattr(error, "code", None)
    if isinstance(code, str):
        return code
    return "unavailable" if isinstance(error, Unavailable) else "unexpected"


def fields_of(error: AcompanaError) -> list[InvalidValue]:
    """Return the fields that are wrong, none for other errors."""
    if isinstance(error, InvalidForm):
        return error.problems
    return [error] if isinstance(error, InvalidValue) else []
