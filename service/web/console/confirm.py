"""Show once more that it is you, and go on where you were: nothing typed is lost."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from service.accounts import passkeys, sessions
from service.accounts.organizers import give_sign_in_name
from service.accounts.sign_in import viewer_of
from service.accounts.tables import Organizer, Purpose
from service.errors import InvalidValue
from service.privacy import audit
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.place import place_of
from service.web.console.sign_in import check_code, kept_of, way_to
from service.web.console.who import Here, limit_tries
from service.web.forms import Form, Sent
from service.web.pages import confirm_page, page
from service.web.session import Write

router = APIRouter()
limited = [Depends(limit_tries)]


@router.post("/confirm/ask", dependencies=limited)
def ask_passkey(session: Write, desk: AtDesk, request: Request) -> Response:
    """Return what the browser needs to sign with one of the organizer's own passkeys."""
    place = place_of(request, desk.wiring)
    asked = passkeys.ask(session, place, Purpose.CONFIRM, desk.organizer.id, now=desk.now)
    return Response(asked, media_type="application/json")


@router.post("/confirm", dependencies=limited)
def confirm(session: Write, desk: AtDesk, here: Here, form: Form) -> Response:
    """Take a passkey or a code, and go on."""
    organizer = session.get_one(Organizer, desk.organizer.id)
    try:
        if form["credential"]:
            passkeys.check(
                session, place_of(desk.request, desk.wiring), form["credential"], Purpose.CONFIRM,
                organizer.id, now=desk.now,
            )  # fmt: skip
        else:
            name = give_sign_in_name(session, organizer)
            check_code(session, desk.wiring, organizer, name, form["code"], desk.now)
    except InvalidValue as problem:
        _record(session, desk, "sign_in.failed")
        return _again(desk, form, problem)
    sessions.confirm(session, here.id, now=desk.now)
    _record(session, desk, "sign_in.confirmed")
    return _go_on(desk, form)


def _record(session: Write, desk: Desk, action: str) -> None:
    audit.record(
        session, actor=viewer_of(desk.organizer), action=action, subject="organizer",
        now=desk.now, detail="confirm",
    )  # fmt: skip


def _again(desk: Desk, form: Sent, problem: InvalidValue) -> HTMLResponse:
    """Return the page with its message: no exception, for a failure that is rolled back is forgotten."""
    return confirm_page(
        desk.request, desk.language, to=way_to(form["to"]), typed=kept_of(form),
        method=form["method"], problems=desk.tell([problem]), status=422,
    )  # fmt: skip


def _go_on(desk: Desk, form: Sent) -> Response:
    to = way_to(form["to"])
    if form["method"] != "POST":
        return go_to(to)
    return page(desk.request, "confirmed.html", language=desk.language, to=to, typed=kept_of(form))
