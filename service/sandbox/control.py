"""What tests and demos ask of the sandbox itself: clock, ledger, phones, faults. All JSON."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service.sandbox.asked import CallMove, ClockMove, NewPhone, Number, PhoneText, ResetWish
from service.sandbox.carrier import Carrier
from service.sandbox.clock import ClockOutOfRange
from service.sandbox.faults import RuleSet
from service.sandbox.origin import Handler, own_pages_only
from service.sandbox.phones import Phone, bubble_as_json
from service.sandbox.rest import carrier_of
from service.sandbox.ringing import handle_call
from service.sandbox.texts import text_in


def answering(handler: Handler) -> Handler:
    """Turn what pydantic refuses into 422."""

    async def guard(request: Request) -> Response:
        try:
            return await handler(request)
        except ValidationError as error:
            return JSONResponse(
                {"detail": error.errors(include_url=False, include_context=False)}, 422
            )
        except ClockOutOfRange as error:
            return JSONResponse({"detail": str(error)}, 422)

    return guard


async def health(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def show_clock(request: Request) -> Response:
    return JSONResponse(_clock(carrier_of(request)))


async def move_clock(request: Request) -> Response:
    """Set or advance the clock; what is due by then starts at once."""
    carrier = carrier_of(request)
    move = ClockMove.model_validate_json(await request.body())
    if move.at is not None:
        carrier.clock.move_to(move.at)
    else:
        carrier.clock.advance(move.advance_seconds or 0.0)
    carrier.ledger.note("clock", offset_microseconds=carrier.clock.offset_microseconds)
    return JSONResponse(_clock(carrier))


def _clock(carrier: Carrier) -> dict[str, Any]:
    return {
        "now": carrier.clock.now().isoformat(),
        "offset_microseconds": carrier.clock.offset_microseconds,
    }


async def idle(request: Request) -> Response:
    """Say whether anything is pending, and when the next thing is due."""
    carrier = carrier_of(request)
    load = carrier.agenda.load()
    now, next_due_at = carrier.clock.now(), load.next_due_at
    return JSONResponse(
        {
            "idle": not load.waiting and not load.running,
            "settled": not load.running and (next_due_at is None or next_due_at > now),
            "pending": load.waiting + load.running,
            "running": load.running,
            "next_due_at": next_due_at.isoformat() if next_due_at else None,
        }
    )


async def ledger(request: Request) -> Response:
    """Return this run's entries; ?kind=created,refused&to=+1...&since=SEQ narrow them."""
    query = request.query_params
    since = TypeAdapter(int).validate_python(query.get("since", 0))
    entries = carrier_of(request).ledger.entries(
        kind=query.get("kind"), to=_plus(query.get("to")), since=since
    )
    return JSONResponse({"entries": entries})


def _plus(number: str | None) -> str | None:
    """Return a number whose + came through as a space, as it does in a query."""
    return f"+{number.strip()}" if number and number.startswith(" ") else number


async def summary(request: Request) -> Response:
    """Count, for each phone, what was accepted and refused, and which texts came twice."""
    carrier = carrier_of(request)
    by_to: dict[str, Counter[str]] = defaultdict(Counter)
    sids: dict[tuple[str, str], list[str]] = defaultdict(list)
    for entry in carrier.ledger.entries(kind="created,refused,carrier-reply"):
        by_to[entry["to"]][entry["kind"]] += 1
        if entry["kind"] == "created":
            sids[entry["to"], entry["body"]].append(entry["sid"])
    for entry in carrier.ledger.entries(kind="inbound"):
        by_to[entry["from"]]["inbound"] += 1
    total: Counter[str] = sum(by_to.values(), Counter())
    return JSONResponse(
        {
            "total": total,
            "by_status": carrier.messages.count_by_status(),
            "by_to": by_to,
            "repeated": [
                {"to": to, "body": body, "sids": found}
                for (to, body), found in sids.items()
                if len(found) > 1
            ],
        }
    )


async def reset(request: Request) -> Response:
    """Forget messages, phones, opt-outs and faults; {"clock": true} sets the clock right, too."""
    body = await request.body()
    wish = ResetWish.model_validate_json(body) if body else ResetWish()
    await carrier_of(request).reset(with_clock=wish.clock)
    return JSONResponse({"status": "reset"})


async def list_phones(request: Request) -> Response:
    carrier = carrier_of(request)
    return JSONResponse({"phones": [_phone(carrier, each) for each in carrier.phones.all()]})


async def register_phones(request: Request) -> Response:
    """Register a phone, or a list of them."""
    carrier = carrier_of(request)
    adapter: TypeAdapter[NewPhone | list[NewPhone]] = TypeAdapter(NewPhone | list[NewPhone])
    given = adapter.validate_json(await request.body())
    for new in given if isinstance(given, list) else [given]:
        carrier.phones.register(new.number, new.name, new.language)
    return JSONResponse({"registered": len(given) if isinstance(given, list) else 1}, 201)


async def show_phone(request: Request) -> Response:
    """Return one phone with its thread; a number never seen is an empty phone's 404."""
    carrier = carrier_of(request)
    phone = carrier.phones.get(request.path_params["number"])
    if phone is None:
        return JSONResponse({"detail": "no such phone; register it or text it first"}, 404)
    thread = [bubble_as_json(message) for message in phone.thread]
    return JSONResponse({**_phone(carrier, phone), "thread": thread})


def _phone(carrier: Carrier, phone: Phone) -> dict[str, Any]:
    pools = {carrier.pool_of(number) for number in carrier.config.numbers}
    is_out = any(carrier.opt_outs.has(pool, phone.number) for pool in pools)
    return {**phone.as_json(), "is_opted_out": is_out}


async def text_from_phone(request: Request) -> Response:
    """Have a phone text in, and say what our webhook answered."""
    carrier = carrier_of(request)
    number = TypeAdapter(Number).validate_python(request.path_params["number"])
    text = PhoneText.model_validate_json(await request.body())
    message = await text_in(carrier, number, text.body, to=text.to)
    return JSONResponse(
        {
            "sid": message.sid,
            "from": number,
            "to": message.to,
            "webhook": message.answer,
            "opt_out_type": message.opt_out_type,
        },
        201,
    )


async def list_calls(request: Request) -> Response:
    """Return the calls to a phone, oldest first."""
    calls = carrier_of(request).calls.of(request.path_params["number"])
    return JSONResponse({"calls": [call.as_shown() for call in calls]})


async def move_call(request: Request) -> Response:
    """Pick up, press a key or hang up; 409 when the call is not there for it."""
    carrier = carrier_of(request)
    move = CallMove.model_validate_json(await request.body())
    call = carrier.calls.get(request.path_params["sid"])
    if call is None or call.to != request.path_params["number"]:
        return JSONResponse({"detail": "no such call"}, 404)
    if not await handle_call(carrier, call, move.do, move.digit):
        return JSONResponse({"detail": f"the call is {call.status}"}, 409)
    return JSONResponse(call.as_shown())


async def show_faults(request: Request) -> Response:
    return JSONResponse({"rules": carrier_of(request).faults.standing()})


async def add_faults(request: Request) -> Response:
    """Add standing rules: {"rules": [...], "seed": n}, or the list alone."""
    carrier = carrier_of(request)
    body = await request.body()
    if body.lstrip().startswith(b"["):
        body = b'{"rules":' + body + b"}"
    carrier.faults.add(RuleSet.model_validate_json(body))
    carrier.ledger.note("faults", rules=carrier.faults.standing())
    return JSONResponse({"rules": carrier.faults.standing()}, 201)


async def clear_faults(request: Request) -> Response:
    carrier = carrier_of(request)
    carrier.faults.clear()
    carrier.ledger.note("faults", rules=[])
    return Response(status_code=204)


def _route(path: str, method: str, handler: Handler) -> Route:
    return Route(f"/_sandbox{path}", own_pages_only(answering(handler)), methods=[method])


ROUTES = [
    _route("/health", "GET", health),
    _route("/clock", "GET", show_clock),
    _route("/clock", "POST", move_clock),
    _route("/idle", "GET", idle),
    _route("/ledger", "GET", ledger),
    _route("/summary", "GET", summary),
    _route("/reset", "POST", reset),
    _route("/phones", "GET", list_phones),
    _route("/phones", "POST", register_phones),
    _route("/phones/{number}", "GET", show_phone),
    _route("/phones/{number}/texts", "POST", text_from_phone),
    _route("/phones/{number}/calls", "GET", list_calls),
    _route("/phones/{number}/calls/{sid}", "POST", move_call),
    _route("/faults", "GET", show_faults),
    _route("/faults", "POST", add_faults),
    _route("/faults", "DELETE", clear_faults),
]
