"""The wall of phones, for the browser. Reads and replies without scripts; with them it is live."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from service.sandbox.accept import E164
from service.sandbox.carrier import Carrier
from service.sandbox.clock import ClockOutOfRange
from service.sandbox.origin import Handler, own_pages_only
from service.sandbox.phones import Changes, Phone
from service.sandbox.rest import carrier_of, read_form
from service.sandbox.ringing import handle_call
from service.sandbox.texts import last_sender, text_in
from service.sandbox.view import Screen, draw, words_for, write_day, write_shift, write_time

MOST_PHONES = 60
MOST_TEXTS_ON_WALL = 30
MOST_TEXTS = 500
LONGEST_LEAP_SECONDS = 366 * 86_400

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

_templates = Environment(
    loader=PackageLoader("service.sandbox"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def _page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    carrier = carrier_of(request)
    zone = ZoneInfo(carrier.config.time_zone)
    local = carrier.clock.now().astimezone(zone)
    text = _templates.get_template(template).render(
        title=carrier.config.title,
        zone=carrier.config.time_zone,
        offset_ms=carrier.clock.offset_microseconds // 1000,
        shift=write_shift(timedelta(microseconds=carrier.clock.offset_microseconds)),
        clock_long=f"{write_day(local, words_for('en'))} {local.year}, {write_time(local)}",
        clock_short=f"{local.hour % 12 or 12}:{local.minute:02}",
        fault_count=len(carrier.faults.standing()),
        most_phones=MOST_PHONES,
        version=carrier.phones.version,
        **values,
    )
    return HTMLResponse(text, status, HEADERS)


def _screen(carrier: Carrier, phone: Phone, most: int = MOST_TEXTS_ON_WALL) -> Screen:
    peer = last_sender(carrier, phone.number)
    return draw(
        phone,
        peer=peer,
        zone=ZoneInfo(carrier.config.time_zone),
        most=most,
        is_stopped=carrier.opt_outs.has(carrier.pool_of(peer), phone.number),
        calls=carrier.calls.of(phone.number),
    )


async def home(_: Request) -> Response:
    return RedirectResponse("/phones", 307)


async def wall(request: Request, problem: str = "", form: dict[str, str] | None = None) -> Response:
    """Show the phones; the registered ones come first."""
    carrier = carrier_of(request)
    phones = carrier.phones.all()
    wanted = request.query_params.get("q", "").strip()
    found = [each for each in phones if _is_wanted(each, wanted)]
    return _page(
        request,
        "wall.html",
        422 if problem else 200,
        screens=[_screen(carrier, phone) for phone in found[:MOST_PHONES]],
        count=len(phones),
        found=len(found),
        wanted=wanted,
        problem=problem,
        form=form or {},
    )


def _is_wanted(phone: Phone, wanted: str) -> bool:
    digits = "".join(filter(str.isdigit, wanted))
    return wanted.casefold() in phone.name.casefold() or bool(digits and digits in phone.number)


async def one_phone(request: Request) -> Response:
    """Show one phone large, with the others beside it; its texts count as seen."""
    carrier = carrier_of(request)
    phone = carrier.phones.get(request.path_params["number"])
    if phone is None:
        return _page(request, "missing.html", 404)
    carrier.phones.seen(phone.number)
    others = carrier.phones.all()[:MOST_PHONES]
    return _page(
        request,
        "phone.html",
        screen=_screen(carrier, phone, MOST_TEXTS),
        screens=[_screen(carrier, other, 1) for other in others],
    )


async def parts(request: Request) -> Response:
    """Return one phone's row and card, for a page that is open."""
    carrier = carrier_of(request)
    phone = carrier.phones.get(request.path_params["number"])
    if phone is None:
        return HTMLResponse("", 404, HEADERS)
    is_alone = request.query_params.get("alone") == "1"
    screen = _screen(carrier, phone, MOST_TEXTS if is_alone else MOST_TEXTS_ON_WALL)
    return _page(request, "parts.html", screen=screen, is_alone=is_alone)


async def reply(request: Request) -> Response:
    """Have the phone text what was typed or pressed."""
    number = request.path_params["number"]
    form = await read_form(request)
    body = form.get("body", "")
    wants_json = "application/json" in request.headers.get("accept", "")
    if not E164.fullmatch(number) or not 1 <= len(body) <= 1600:
        return JSONResponse({"detail": "write 1 to 1600 letters"}, 422)
    message = await text_in(carrier_of(request), number, body, is_awaited=not wants_json)
    if wants_json:
        return JSONResponse({"sid": message.sid}, 201)
    back = f"/phones/{quote(number)}" if form.get("back") == "phone" else "/phones"
    return RedirectResponse(f"{back}#phone-{number.removeprefix('+')}", 303)


async def call(request: Request) -> Response:
    """Pick up, press a key or hang up on this phone."""
    carrier, form = carrier_of(request), await read_form(request)
    number = request.path_params["number"]
    found = carrier.calls.get(request.path_params["sid"])
    do, _, digit = form.get("do", "").partition(":")
    if found is None or found.to != number or do not in {"answer", "press", "hang-up"}:
        return JSONResponse({"detail": "no such call"}, 404)
    await handle_call(carrier, found, do, digit or "1")
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"status": found.status}, 201)
    back = f"/phones/{quote(number)}" if form.get("back") == "phone" else "/phones"
    return RedirectResponse(f"{back}#phone-{number.removeprefix('+')}", 303)


async def seen(request: Request) -> Response:
    """Note that the phone's texts have been read."""
    carrier_of(request).phones.seen(request.path_params["number"])
    return Response(status_code=204)


async def add_phone(request: Request) -> Response:
    """Register a phone from the wall's form."""
    carrier = carrier_of(request)
    form = await read_form(request)
    name = form.get("name", "").strip()
    number = "".join(sign for sign in form.get("number", "") if sign.isdigit())
    number = f"+1{number}" if len(number) == 10 else f"+{number}"
    if not E164.fullmatch(number):
        problem = "We couldn't read that number. Write it like 413-555-0101."
        return await wall(request, problem, form)
    if not 1 <= len(name) <= 80:
        return await wall(request, "Please give the phone a name.", form)
    language = "es" if form.get("language") == "es" else "en"
    carrier.phones.register(number, name, language)
    return RedirectResponse(f"/phones#phone-{number.removeprefix('+')}", 303)


async def leap(request: Request) -> Response:
    """Move the clock ahead from the wall's buttons."""
    carrier = carrier_of(request)
    seconds = (await read_form(request)).get("seconds", "")
    if not seconds.isdecimal() or int(seconds) > LONGEST_LEAP_SECONDS:
        return PlainTextResponse("seconds must be a whole number up to a year", 422)
    try:
        carrier.clock.advance(int(seconds))
    except ClockOutOfRange as error:
        return PlainTextResponse(str(error), 422)
    carrier.ledger.note("clock", offset_microseconds=carrier.clock.offset_microseconds)
    return RedirectResponse("/phones", 303)


async def events(request: Request) -> Response:
    """Tell an open page what changed since it was made, until it closes or the server stops."""
    carrier = carrier_of(request)
    since = request.headers.get("last-event-id") or request.query_params.get("since", "")
    version = int(since) if since.isdecimal() else carrier.phones.version

    async def stream() -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        async for changes in carrier.phones.watch(version):
            yield _event(carrier, changes)

    return StreamingResponse(stream(), media_type="text/event-stream", headers=HEADERS)


def _event(carrier: Carrier, changes: Changes) -> str:
    offset = timedelta(microseconds=carrier.clock.offset_microseconds)
    data = {
        "offset_ms": carrier.clock.offset_microseconds // 1000,
        "shift": write_shift(offset),
        "numbers": changes.numbers,
        "is_all": changes.is_all,
    }
    return f"id: {changes.version}\ndata: {json.dumps(data)}\n\n"


def _post(path: str, handler: Handler) -> Route:
    return Route(path, own_pages_only(handler), methods=["POST"])


ROUTES: list[BaseRoute] = [
    Route("/", home, methods=["GET"]),
    Route("/phones", wall, methods=["GET"]),
    Route("/phones/events", events, methods=["GET"]),
    Mount("/phones/static", StaticFiles(directory=Path(__file__).parent / "static")),
    Route("/phones/{number}", one_phone, methods=["GET"]),
    Route("/phones/{number}/parts", parts, methods=["GET"]),
    _post("/phones", add_phone),
    _post("/phones/clock", leap),
    _post("/phones/{number}/texts", reply),
    _post("/phones/{number}/calls/{sid}", call),
    _post("/phones/{number}/seen", seen),
]
