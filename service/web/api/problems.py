"""Errors as RFC 9457 problem documents: every wrong field at once, and nothing of what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from service.errors import AcompanaError, InvalidForm, InvalidValue
from service.messages.catalog import Catalog
from service.web.api.shapes import Shape
from service.web.errors import code_of, fields_of
from service.web.pages import reader_language

MEDIA_TYPE = "application/problem+json"
TYPES = "/api/v1/problems/"

# What a framework's refusal means. An HTTP status that is not here says "invalid".
CODE_OF_STATUS = {
    400: "bad_json",
    401: "no_token",
    403: "not_allowed",
    404: "not_found",
    405: "wrong_method",
    413: "body_too_big",
    415: "not_json",
    503: "unavailable",
}
# pydantic's type of error -> code in messages/*.toml. The longest beginning that fits counts.
CODE_OF_TYPE = {
    "bad_phone": "bad_phone",
    "bad_time": "bad_time",
    "bool_": "not_yes_or_no",
    "datetime_": "bad_time",
    "dict_type": "not_an_object",
    "enum": "not_in_list",
    "extra_forbidden": "unknown_field",
    "float_": "not_a_number",
    "greater_than_equal": "too_small",
    "int_": "not_a_number",
    "less_than_equal": "too_big",
    "list_type": "not_a_list",
    "literal_error": "not_in_list",
    "missing": "missing",
    "model_": "not_an_object",
    "never_kept": "never_kept",
    "no_time_zone": "no_time_zone",
    "not_text": "not_text",
    "string_": "not_text",
    "string_pattern_mismatch": "bad_language_code",
    "string_too_long": "too_long",
    "string_too_short": "missing",
    "too_long": "too_many",
    "too_short": "missing",
    "uuid_": "bad_id",
}
# Which of pydantic's facts fills which placeholder.
VALUE_OF_FACT = {"max_length": "limit", "ge": "least", "le": "most", "expected": "choices"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]{0,63}")
_LONG_NUMBER = re.compile(r"\d{5}")


class FieldProblem(Shape):
    """One field that needs another look."""

    field: str = Field(examples=["starts_at"])
    code: str = Field(examples=["no_time_zone"])
    detail: str = Field(description="What is right, in the caller's language.")


class Problem(Shape):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=[f"{TYPES}no_time_zone"])
    title: str
    status: int
    detail: str = Field(description="What happened and what helps, in the caller's language.")
    code: str = Field(examples=["no_time_zone"])
    errors: list[FieldProblem]


class Gathered:
    """Gather the fields that are wrong, so that all of them are told at once.

    `with gathered:` around each check, then `gathered.tell()`.
    """

    def __init__(self) -> None:
        self._problems: list[InvalidValue] = []

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if isinstance(error, InvalidValue):
            self._problems.append(error)
            return True
        return False

    def tell(self) -> None:
        """Raise InvalidForm if anything was wrong."""
        if self._problems:
            raise InvalidForm(self._problems)


def answer_error(request: Request, status: int, error: Exception) -> Response:
    """Return the problem document for an error, in the caller's language."""
    headers: dict[str, str] = {}
    values: Mapping[str, object] = {}
    fields: list[InvalidValue] = []
    if isinstance(error, RequestValidationError):
        status, fields = _read(error)
        code = CODE_OF_STATUS.get(status, "check_fields")
    elif isinstance(error, AcompanaError):
        code, fields = code_of(error), fields_of(error)
        values = getattr(error, "values", {})
    elif isinstance(error, HTTPException):
        headers = dict(error.headers or {})
        code = CODE_OF_STATUS.get(status, "invalid")
    else:
        code = "unexpected"
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="acompana"'
    if len(fields) == 1:
        code, values = fields[0].code, fields[0].values
    return _write(request, status, code, values, fields, headers)


def _write(
    request: Request,
    status: int,
    code: str,
    values: Mapping[str, object],
    fields: list[InvalidValue],
    headers: dict[str, str],
) -> Response:
    catalog: Catalog = request.app.state.wiring.catalog
    language = reader_language(request)

    def say(code: str, values: Mapping[str, object]) -> str:
        return catalog.error(code, language, **{name: _value(v) for name, v in values.items()})

    problem = Problem(
        type=f"{TYPES}{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=say(code, values),
        code=code,
        errors=[
            FieldProblem(field=field.field, code=field.code, detail=say(field.code, field.values))
            for field in fields
        ],
    )
    headers["Content-Language"] = language
    return JSONResponse(problem.model_dump(), status, headers, media_type=MEDIA_TYPE)


def _read(error: RequestValidationError) -> tuple[int, list[InvalidValue]]:
    """Return the status and the fields. Only types, places and limits are read, never the input."""
    found = error.errors()
    if any(each["loc"][:1] == ("path",) for each in found):
        return 404, []  # what is no id is nobody's id
    if any(each["type"] == "json_invalid" for each in found):
        return 400, []
    fields: dict[str, InvalidValue] = {}
    for each in found:
        name = _field(each["loc"])
        facts: Mapping[str, Any] = each.get("ctx") or {}
        values = {VALUE_OF_FACT[k]: _choices(v) for k, v in facts.items() if k in VALUE_OF_FACT}
        fields.setdefault(name, InvalidValue(name, code_of_type(each["type"]), **values))
    return 422, list(fields.values())


def code_of_type(kind: str) -> str:
    """Return which words tell pydantic's error of this type."""
    fitting = [start for start in CODE_OF_TYPE if kind.startswith(start)]
    return CODE_OF_TYPE[max(fitting, key=len)] if fitting else "invalid"


def _field(loc: tuple[str | int, ...]) -> str:
    """Return where in the body or query it was. A made-up name that may hold a number is not told."""
    parts = [part for part in loc[1:] if part != "[key]"]
    return ".".join(_told(part) for part in parts) or str(loc[0])


def _told(part: str | int) -> str:
    if isinstance(part, int):
        return str(part)
    return part if _NAME.fullmatch(part) and not _LONG_NUMBER.search(part) else "?"


def _choices(fact: object) -> object:
    return fact.replace("'", "").replace(" or ", ", ") if isinstance(fact, str) else fact


def _value(value: object) -> str | int:
    return value if isinstance(value, int) else str(value)
