"""Twilio's HTTP for calls: create, list, fetch, end."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service.sandbox.accept import E164
from service.sandbox.calls import Call
from service.sandbox.carrier import Carrier
from service.sandbox.faults import ANSWER, Rule, read_header
from service.sandbox.messages import new_sid
from service.sandbox.refusals import Refused
from service.sandbox.rest import BASE, carrier_of, guarded, misbehave, read_form, refusal, wait

OUTCOME = frozenset({"call-outcome"})
EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})
MOST_LISTED = 50


async def create(request: Request) -> Response:
    """Take on a call, with whatever goes wrong on request."""
    carrier = carrier_of(request)
    body = (await request.body()).decode("utf-8", "replace")
    pairs = parse_qsl(body, keep_blank_values=True)
    form = dict(pairs)
    events = frozenset(value for name, value in pairs if name == "StatusCallbackEvent") & EVENTS
    own = read_header(request.headers.get("x-sandbox-fault"))
    fault = carrier.faults.draw(ANSWER, to=form.get("To"), own=own)
    if fault is not None:
        carrier.ledger.note("fault", fault=fault.fault, to=form.get("To"))
        if fault.fault == "slow-then-accept":
            await wait(carrier, fault)
        elif not fault.fault.startswith("accept-"):
            return await misbehave(carrier, fault, Refused(20500))
    try:
        call = await _accept(carrier, form, events or frozenset({"completed"}), own)
        made = to_json(call.as_json(carrier.config.account_sid))
        answer: Response = Response(made, 201, media_type="application/json")
    except Refused as refused:
        answer = refusal(refused)
    if fault is not None and fault.fault.startswith("accept-"):
        return await misbehave(carrier, fault, answer)
    return answer


async def _accept(
    carrier: Carrier, form: dict[str, str], events: frozenset[str], own: tuple[Rule, ...]
) -> Call:
    """Take on the call and return it once the ledger has it on disk. Raises Refused.

    An opt-out from texts does not hold a call.
    """
    try:
        _check(carrier, form)
    except Refused as refused:
        carrier.ledger.note("call-refused", code=refused.code, to=form.get("To", ""))
        raise
    now = carrier.clock.now()
    rule = carrier.faults.draw(OUTCOME, to=form["To"], own=own)
    call = Call(
        sid=new_sid("CA"),
        to=form["To"],
        sender=form["From"],
        url=form["Url"],
        status_callback=form.get("StatusCallback") or None,
        events=events,
        ring_seconds=int(form.get("Timeout") or 60),
        created_at=now,
        updated_at=now,
        outcome=rule.status if rule is not None else None,
    )
    carrier.calls.add(call)
    carrier.ringing.begin(call)
    await carrier.ledger.keep("call-created", sid=call.sid, to=call.to, **{"from": call.sender})
    return call


def _check(carrier: Carrier, form: dict[str, str]) -> None:
    if not form.get("To"):
        raise Refused(21201)
    if not E164.fullmatch(form["To"]):
        raise Refused(21211)
    if not form.get("From"):
        raise Refused(21213)
    if form["From"] not in carrier.config.numbers:
        raise Refused(21210)
    address = urlsplit(form.get("Url", ""))
    if address.scheme not in {"http", "https"} or not address.netloc:
        raise Refused(21205)
    if not form.get("Timeout", "60").isdecimal():
        raise Refused(20001)


async def list_calls(request: Request) -> Response:
    """List calls, newest first, one page."""
    carrier = carrier_of(request)
    found = list(carrier.calls.newest_first(request.query_params.get("To")))[:MOST_LISTED]
    account_sid = carrier.config.account_sid
    return JSONResponse(
        {
            "calls": [call.as_json(account_sid) for call in found],
            "page": 0,
            "page_size": MOST_LISTED,
            "next_page_uri": None,
            "uri": request.url.path,
        }
    )


def _find(request: Request) -> Call:
    call = carrier_of(request).calls.get(request.path_params["sid"])
    if call is None:
        raise Refused(20404)
    return call


async def fetch(request: Request) -> Response:
    """Show one call."""
    return JSONResponse(_find(request).as_json(carrier_of(request).config.account_sid))


async def update(request: Request) -> Response:
    """End a call: the only change that the sandbox knows."""
    carrier, call = carrier_of(request), _find(request)
    wanted = (await read_form(request)).get("Status")
    if wanted not in {"completed", "canceled"}:
        raise Refused(20001)
    if not await carrier.ringing.hang_up(call, wanted):
        raise Refused(21220)
    return JSONResponse(call.as_json(carrier.config.account_sid))


ROUTES = [
    Route(f"{BASE}/Calls.json", guarded(create), methods=["POST"]),
    Route(f"{BASE}/Calls.json", guarded(list_calls), methods=["GET"]),
    Route(f"{BASE}/Calls/{{sid}}.json", guarded(fetch), methods=["GET"]),
    Route(f"{BASE}/Calls/{{sid}}.json", guarded(update), methods=["POST"]),
]
