"""Twilio's HTTP: create, list, fetch, blank and delete messages."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service.sandbox.accept import accept
from service.sandbox.carrier import Carrier
from service.sandbox.cut import Hang, Reset
from service.sandbox.faults import ANSWER, Rule, UnreadableFault, read_header
from service.sandbox.listing import Listing
from service.sandbox.messages import API_VERSION, Message
from service.sandbox.origin import Handler
from service.sandbox.refusals import Refused

LIST_503 = frozenset({"list-503"})


def carrier_of(request: Request) -> Carrier:
    """Return the carrier that this app plays."""
    carrier: Carrier = request.app.state.carrier
    return carrier


def refusal(refused: Refused) -> JSONResponse:
    """Return Twilio's error answer."""
    headers = {"Retry-After": "1"} if refused.http_status == 429 else None
    if refused.http_status == 401:
        headers = {"WWW-Authenticate": 'Basic realm="Twilio API"'}
    return JSONResponse(refused.as_json(), refused.http_status, headers)


def guarded(handler: Handler) -> Handler:
    """Let only the account in, and turn refusals into Twilio's answers."""

    async def guard(request: Request) -> Response:
        try:
            _check_account(request)
            return await handler(request)
        except Refused as refused:
            return refusal(refused)
        except UnreadableFault as error:
            return JSONResponse({"detail": str(error)}, 422)

    return guard


def _check_account(request: Request) -> None:
    config = carrier_of(request).config
    wanted = config.basic_auth
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic" or not hmac.compare_digest(given.strip(), wanted):
        raise Refused(20003)
    if request.path_params["account"] != config.account_sid:
        raise Refused(20404)


async def read_form(request: Request) -> dict[str, str]:
    """Return the form's fields; of a repeated one the last."""
    body = (await request.body()).decode("utf-8", "replace")
    return dict(parse_qsl(body, keep_blank_values=True))


async def create(request: Request) -> Response:
    """Take on a message, with whatever goes wrong on request."""
    carrier = carrier_of(request)
    arrived_at = carrier.clock.now()
    form = await read_form(request)
    own = read_header(request.headers.get("x-sandbox-fault"))
    fault = carrier.faults.draw(ANSWER, to=form.get("To"), own=own)
    if fault is not None:
        carrier.ledger.note("fault", fault=fault.fault, to=form.get("To"))
        if fault.fault == "slow-then-accept":
            await wait(carrier, fault)
        elif not fault.fault.startswith("accept-"):
            return await misbehave(carrier, fault, Refused(20500))
    try:
        message = await accept(carrier, form, arrived_at=arrived_at, own=own)
        answer: Response = _created(carrier, message)
    except Refused as refused:
        answer = refusal(refused)
    if fault is not None and fault.fault.startswith("accept-"):
        return await misbehave(carrier, fault, answer)
    return answer


def _created(carrier: Carrier, message: Message) -> Response:
    body = to_json(message.as_json(carrier.config.account_sid))
    return Response(body, 201, media_type="application/json")


async def wait(carrier: Carrier, fault: Rule) -> None:
    seconds = carrier.faults.seconds(fault)
    await carrier.agenda.wait_until(carrier.clock.now() + timedelta(seconds=seconds))


async def misbehave(carrier: Carrier, fault: Rule, otherwise: Response | Refused) -> Response:
    """Answer as the fault says; `otherwise` is what a merely slow one says in the end."""
    if fault.fault == "429":
        return refusal(Refused(20429))
    how = fault.fault.rpartition("-")[2]
    if how == "reset":
        return Reset()
    if how == "hang":
        return Hang(carrier.stopping)
    if how == "500":
        return refusal(Refused(20500))
    await wait(carrier, fault)
    return refusal(otherwise) if isinstance(otherwise, Refused) else otherwise


async def list_messages(request: Request) -> Response:
    """List what is visible by now, newest first, a page at a time."""
    carrier = carrier_of(request)
    if carrier.faults.draw(LIST_503, to=request.query_params.get("To")):
        carrier.ledger.note("fault", fault="list-503", to=request.query_params.get("To"))
        raise Refused(20503)
    listing = Listing.read(request.query_params)
    found, has_more = listing.page_of(carrier.messages, carrier.clock.now())
    path = request.url.path
    account_sid = carrier.config.account_sid

    def page_uri(page: int, token: str | None = None) -> str:
        pairs = listing.pairs(page) + ([("PageToken", token)] if token else [])
        return f"{path}?{urlencode(pairs)}"

    body: dict[str, Any] = {
        "end": listing.start + max(len(found) - 1, 0),
        "first_page_uri": page_uri(0),
        "messages": [message.as_json(account_sid) for message in found],
        "next_page_uri": page_uri(listing.page + 1, f"PA{found[-1].order}") if has_more else None,
        "page": listing.page,
        "page_size": listing.page_size,
        "previous_page_uri": page_uri(listing.page - 1) if listing.page else None,
        "start": listing.start,
        "uri": f"{path}?{request.url.query}" if request.url.query else path,
    }
    return JSONResponse(body)


def _find(request: Request) -> Message:
    message = carrier_of(request).messages.get(request.path_params["sid"])
    if message is None:
        raise Refused(20404)
    return message


async def fetch(request: Request) -> Response:
    """Show one message."""
    carrier = carrier_of(request)
    return JSONResponse(_find(request).as_json(carrier.config.account_sid))


async def update(request: Request) -> Response:
    """Blank a finished message: the only change that the sandbox knows."""
    carrier, message = carrier_of(request), _find(request)
    form = await read_form(request)
    if form.get("Body") != "":
        raise Refused(20001)
    if not message.is_final:
        raise Refused(20009)
    message.is_blanked = True
    message.updated_at = carrier.clock.now()
    await carrier.ledger.keep("blanked", sid=message.sid, to=message.to)
    return JSONResponse(message.as_json(carrier.config.account_sid))


async def delete(request: Request) -> Response:
    """Remove a finished message. The phone keeps its copy, as phones do."""
    carrier, message = carrier_of(request), _find(request)
    if not message.is_final:
        raise Refused(20009)
    carrier.messages.remove(message)
    await carrier.ledger.keep("deleted", sid=message.sid, to=message.to)
    return Response(status_code=204)


async def missing(_: Request) -> Response:
    """Any other path of the API."""
    raise Refused(20404)


BASE = f"/{API_VERSION}/Accounts/{{account}}"

ROUTES = [
    Route(f"{BASE}/Messages.json", guarded(create), methods=["POST"]),
    Route(f"{BASE}/Messages.json", guarded(list_messages), methods=["GET"]),
    Route(f"{BASE}/Messages/{{sid}}.json", guarded(fetch), methods=["GET"]),
    Route(f"{BASE}/Messages/{{sid}}.json", guarded(update), methods=["POST"]),
    Route(f"{BASE}/Messages/{{sid}}.json", guarded(delete), methods=["DELETE"]),
    Route(f"{BASE}/{{rest:path}}", guarded(missing), methods=["GET", "POST", "DELETE"]),
]
