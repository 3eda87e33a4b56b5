"""Write a page: templates, the reader's language, and what a page says when something went wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from service.errors import (
    AcompanaError,
    ConfirmNeeded,
    InvalidForm,
    InvalidValue,
    LinkNeeded,
    SetUpNeeded,
)
from service.messages import dates
from service.messages.catalog import LANGUAGES, Catalog
from service.messages.pages import grouped, load_pages
from service.people.phone import as_printed
from service.web.errors import code_of, fields_of

STATIC = Path(__file__).parent / "static" / "dist"
KEPT = "kept:"  # before the names of fields that a page carries for another one
# Pages for everybody: who reads an error there has no board to go back to.
PUBLIC = {"checkin", "join", "mine", "m", "s", "privacy", "terms", "away", "calendar"}
Tell = Callable[[list[InvalidValue]], Mapping[str, str]]


_PHONE = re.compile(r"(\+?\d[\d-]*\d{3}-\d{4})")


class FormRejected(InvalidForm):
    """A form that comes back: written while its data was at hand, sent after the rollback."""

    def __init__(self, problems: list[InvalidValue], response: Response) -> None:
        super().__init__(problems)
        self.response = response


def page(
    request: Request, name: str, *, language: str, status: int = 200, **context: Any
) -> HTMLResponse:
    """Return the template `name` in `language`.

    Every template has `t` (words by key), `when`, `day`, `date`, `time`, `phone`, and `problems`
    (field -> what to say beside it).
    """
    catalog = catalog_of(request)
    tools: dict[str, Any] = {
        "t": _teller(language),
        "when": partial(_when, language=language),
        "day": partial(_day, language=language),
        "date": partial(_date, language=language),
        "full_day": partial(_full_day, language=language),
        "month_name": partial(_month_name, language=language),
        "weekday": partial(_weekday, language=language),
        "time": _time,
        "phone": as_printed,
        "word": partial(_word, catalog, language),
        "count": partial(_count, catalog, language),
        "language": language,
        "other_language": _other(language),
        "problems": {},
        "path": request.url.path,
    }
    body = _templates().get_template(name).render(tools | context)
    return HTMLResponse(body, status, headers={"Content-Language": language})


@contextmanager
def form_again(write: Callable[[Mapping[str, str], int], Response], tell: Tell) -> Iterator[None]:
    """Turn InvalidForm and InvalidValue, raised inside, into the same form with its messages.

    write: writes the page, given field -> message and the status. The page is written at once,
    while the session is open, and sent after the transaction was rolled back.
    """
    try:
        yield
    except (InvalidForm, InvalidValue) as error:
        problems = fields_of(error)
        raise FormRejected(problems, write(tell(problems), 422)) from error


def teller(request: Request, language: str) -> Tell:
    """Return what puts problems into words: field -> message."""
    catalog = catalog_of(request)

    def tell(problems: list[InvalidValue]) -> Mapping[str, str]:
        return {p.field: catalog.error(p.code, language, **_plain(p.values)) for p in problems}

    return tell


def answer_error(request: Request, status: int, error: Exception) -> Response:
    """Tell a person what went wrong and what helps, in their language; keep what they typed."""
    if isinstance(error, FormRejected):
        return error.response
    if request.headers.get("hx-request"):
        headers = {"HX-Redirect": "/signin"} if status == 401 else {}
        return Response(status_code=status, headers=headers)
    if isinstance(error, RequestValidationError):
        status = 404 if any(e["loc"][:1] == ("path",) for e in error.errors()) else 422
    language = reader_language(request)
    if isinstance(error, SetUpNeeded):
        return RedirectResponse("/account/setup", status_code=303)
    if isinstance(error, ConfirmNeeded):
        typed = typed_of(request) if request.method == "POST" else {}
        return confirm_page(
            request, language, to=request.url.path, typed=typed, method=request.method,
            problems={}, status=status,
        )  # fmt: skip
    code = _code(status, error)
    values = _plain(getattr(error, "values", {}))
    told = catalog_of(request).error(code, language, **values)
    template = "signin_needed.html" if status == 401 else "error.html"
    if isinstance(error, LinkNeeded):
        template = "public/link_needed.html"
    typed = typed_of(request) if request.method == "POST" else {}
    return page(
        request, template, language=language, status=status, told=told, typed=typed, prefix=KEPT,
        is_public=request.url.path.split("/")[1] in PUBLIC,
    )  # fmt: skip


def confirm_page(
    request: Request, language: str, *, to: str, typed: Mapping[str, str], method: str,
    problems: Mapping[str, str], status: int,
) -> HTMLResponse:  # fmt: skip
    """Return the page that asks for a passkey or a code, and carries what was typed for `to`."""
    return page(
        request, "confirm.html", language=language, status=status, to=to, kept=typed,
        method=method, problems=problems, typed={}, prefix=KEPT,
    )  # fmt: skip


def reader_language(request: Request) -> str:
    """Return the reader's language: the signed-in one's, the one chosen, or the browser's."""
    known = getattr(request.state, "language", None) or request.query_params.get("lang")
    if known in LANGUAGES:
        return str(known)
    return _accepted(request.headers.get("accept-language", ""))


async def remember_typed(request: Request) -> dict[str, str]:
    """Read the form of a POST and keep it at hand, so that no error loses what was typed."""
    if request.method != "POST":
        return {}
    form: FormData = await request.form()
    request.state.typed = {name: value for name, value in form.items() if isinstance(value, str)}
    return typed_of(request)


def typed_of(request: Request) -> dict[str, str]:
    """Return what was typed into the form of this request."""
    typed: dict[str, str] = getattr(request.state, "typed", {})
    return typed


def catalog_of(request: Request) -> Catalog:
    """Return the catalog of this process."""
    catalog: Catalog = request.app.state.wiring.catalog
    return catalog


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("service.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static"] = _static
    made.filters["grouped"] = grouped
    return made


@cache
def _static(name: str) -> str:
    """Return the address of a static file with its hash, so that it can be kept for good."""
    path = STATIC / name
    mark = sha256(path.read_bytes()).hexdigest()[:12] if path.exists() else "missing"
    return f"/static/{name}?v={mark}"


def _teller(language: str) -> Callable[..., str]:
    words = load_pages()

    def t(key: str, **values: object) -> str:
        return _unbroken(words.say(key, language, **values))

    return t


def _unbroken(said: str) -> str:
    """Return words for a page with each phone number in them kept on one line.

    In an attribute such words need `striptags`.
    """
    pieces = _PHONE.split(said)
    if len(pieces) == 1:
        return said
    number = Markup('<span class="phone">{}</span>')
    return Markup("").join(
        number.format(piece) if at % 2 else piece for at, piece in enumerate(pieces)
    )


def _when(at: datetime, now: datetime, zone: str, *, language: str) -> str:
    return dates.when(at, now, ZoneInfo(zone), language)


def _day(at: datetime, zone: str, *, language: str) -> str:
    return dates.page_day(at, ZoneInfo(zone), language)


def _date(on: date, *, language: str) -> str:
    """Return a day with its year, which may be another one: "Mar 1, 2026", "1 mar 2026"."""
    return format_date(on, {"en": "MMM d, y", "es": "d MMM y"}[language], locale=language)


def _full_day(at: datetime, zone: str, *, language: str) -> str:
    """Return the day in whole words: "mar 3 mar" is hard to read on a day that matters."""
    pattern = {"en": "EEEE, MMMM d", "es": "EEEE d 'de' MMMM"}[language]
    return format_datetime(at.astimezone(ZoneInfo(zone)), pattern, locale=language)


def _month_name(at: datetime, zone: str, *, language: str) -> str:
    pattern = {"en": "MMMM y", "es": "MMMM 'de' y"}[language]
    written: str = format_datetime(at.astimezone(ZoneInfo(zone)), pattern, locale=language)
    return written[0].upper() + written[1:]


def _weekday(at: datetime, zone: str, *, language: str) -> str:
    """Return the day of the week in three letters or so."""
    return format_datetime(at.astimezone(ZoneInfo(zone)), "EEE", locale=language)


def _time(at: datetime, zone: str) -> str:
    return dates.time(at, ZoneInfo(zone))


def _word(catalog: Catalog, language: str, group: str, name: str) -> str:
    return catalog.word(group, name, language)


def _count(catalog: Catalog, language: str, thing: str, number: int) -> str:
    return catalog.count(thing, number, language)


def _other(language: str) -> str:
    return next(each for each in LANGUAGES if each != language)


_REFUSALS = {404: "not_found", 405: "not_found", 413: "body_too_big"}


def _plain(values: Mapping[str, object]) -> dict[str, str | int]:
    return {name: value if isinstance(value, int) else str(value) for name, value in values.items()}


def _code(status: int, error: Exception) -> str:
    if isinstance(error, AcompanaError):
        return code_of(error)
    if isinstance(error, HTTPException | RequestValidationError):
        return _REFUSALS.get(status, "invalid")
    return "unexpected"


def _accepted(header: str) -> str:
    """Return the first of our languages that the browser prefers; English if it names none."""
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")):
        tag, _, parameters = part.strip().partition(";")
        try:
            quality = float(parameters.partition("q=")[2] or 1)
        except ValueError:
            quality = 0.0
        name = tag.partition("-")[0].lower()
        if name in LANGUAGES and quality > 0:
            ranked.append((-quality, place, name))
    return min(ranked)[2] if ranked else "en"
