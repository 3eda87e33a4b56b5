"""Set up a way to sign in: a passkey, or an app that shows codes; recovery codes with the first."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import segno
from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.accounts import codes, passkeys, sessions
from service.accounts.organizers import give_sign_in_name
from service.accounts.tables import CodeApp, How, Organizer, SignedIn
from service.chapters.find import get_chapter
from service.errors import InvalidValue, WrongState
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.device import device_of
from service.web.console.place import place_of
from service.web.console.who import Here, must_be_confirmed, set_cookie
from service.web.forms import Form
from service.web.pages import form_again, page
from service.web.session import Read, Write

router = APIRouter()


@router.get("/account/setup")
def set_up(session: Read, desk: AtDesk, here: Here) -> Response:
    """Offer a passkey, and an app with codes beside it."""
    _may_add(here, desk)
    return _choose(desk, session)


@router.post("/account/passkeys/ask")
def ask_passkey(session: Write, desk: AtDesk, here: Here, request: Request) -> Response:
    """Return what the browser needs to make a passkey."""
    _may_add(here, desk)
    organizer = session.get_one(Organizer, desk.organizer.id)
    give_sign_in_name(session, organizer)
    place = place_of(request, desk.wiring)
    asked = passkeys.ask_to_set_up(session, place, organizer, now=desk.now)
    return Response(asked, media_type="application/json")


@router.post("/account/passkeys")
def add_passkey(session: Write, desk: AtDesk, here: Here, request: Request, form: Form) -> Response:
    """Keep the passkey that the browser made."""
    _may_add(here, desk)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _choose(desk, session, problems=problems, status=status)

    with form_again(again, desk.tell):
        label = form["label"] or device_of(request) or ""
        passkeys.add(
            session, place_of(request, desk.wiring), desk.organizer, form["credential"], label,
            now=desk.now,
        )  # fmt: skip
    return _done(session, desk, here, How.PASSKEY)


@router.post("/account/app/new")
def begin_code_app(session: Write, desk: AtDesk, here: Here) -> Response:
    """Make the secret that the app will count with."""
    _may_add(here, desk)
    organizer = session.get_one(Organizer, desk.organizer.id)
    give_sign_in_name(session, organizer)
    codes.begin_app(session, desk.wiring.keyring, organizer, now=desk.now)
    return go_to("/account/app")


@router.get("/account/app")
def show_code_app(session: Read, desk: AtDesk, here: Here) -> Response:
    """Show the secret, as a picture and as letters, and ask for the first code."""
    _may_add(here, desk)
    row = session.get(CodeApp, desk.organizer.id)
    if row is None or row.confirmed_at is not None:
        return go_to("/account/setup")
    return _app(desk, session, {})


@router.post("/account/app")
def finish_code_app(session: Write, desk: AtDesk, here: Here, form: Form) -> Response:
    """Let the app count, now that it shows the right code."""
    _may_add(here, desk)
    row = session.get(CodeApp, desk.organizer.id)
    if row is None or row.confirmed_at is not None:
        return go_to("/account/setup")

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _app(desk, session, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        if not form["code"]:
            raise InvalidValue("code", "missing")
        codes.finish_app(session, desk.wiring.keyring, desk.organizer, form["code"], now=desk.now)
    return _done(session, desk, here, How.CODE)


def show_recovery_codes(desk: Desk, shown: Sequence[str]) -> HTMLResponse:
    """Return the page that shows codes for paper, this once."""
    return page(
        desk.request, "recovery_codes.html", language=desk.language, codes=shown,
        who=desk.organizer.sign_in_name,
    )  # fmt: skip


def _done(session: Session, desk: Desk, here: SignedIn, how: How) -> Response:
    """Go on signed in, in a new session: the invitation's ends. Codes for paper come with the first."""
    organizer = session.get_one(Organizer, desk.organizer.id)
    answer: Response = go_to("/account")
    if codes.recovery_codes_left(session, organizer.id) == 0:
        shown = codes.new_recovery_codes(session, organizer, now=desk.now)
        answer = page(
            desk.request, "recovery_codes.html", language=desk.language, codes=shown,
            who=give_sign_in_name(session, organizer),
        )  # fmt: skip
    if here.how is How.INVITATION:
        sessions.end(session, organizer, here.id, now=desk.now)
        secret = sessions.begin(
            session, organizer, how, now=desk.now, device=device_of(desk.request)
        )
        set_cookie(answer, desk.wiring, secret)
    else:
        sessions.confirm(session, here.id, now=desk.now)
    return answer


def _may_add(here: SignedIn, desk: Desk) -> None:
    """Let in who came by an invitation, and who has shown just now that they are still there.

    Raises ConfirmNeeded: with a browser left open nobody adds a way of their own. In the demo there
    is nothing to set up: WrongState.
    """
    if here.how is How.DEMO:
        raise WrongState("demo_has_no_keys")
    if here.how is not How.INVITATION:
        must_be_confirmed(here, now=desk.now)


def _choose(
    desk: Desk, session: Session, *, problems: Mapping[str, str] | None = None, status: int = 200
) -> HTMLResponse:
    return page(
        desk.request, "set_up.html", language=desk.language, status=status, me=desk.organizer,
        network=get_chapter(session, desk.chapter_id).network_name, problems=problems or {},
        typed={}, has_app=codes.has_app(session, desk.organizer.id),
    )  # fmt: skip


def _app(
    desk: Desk, session: Session, typed: Mapping[str, str], *, status: int = 200,
    problems: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    secret = codes.secret_of(session, desk.wiring.keyring, desk.organizer.id)
    network = get_chapter(session, desk.chapter_id).network_name
    return page(
        desk.request, "code_app.html", language=desk.language, status=status, typed=typed,
        problems=problems or {}, picture=_picture(codes.address(secret, desk.organizer, network)),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        who=desk.organizer.sign_in_name,
    )  # fmt: skip


def _picture(address: str) -> str:
    """Return a QR code as SVG, without a style of its own: our pages allow none."""
    out = io.BytesIO()
    segno.make(address, error="m").save(
        out, kind="svg", xmldecl=False, svgns=True, nl=False, border=3, light="#fff", dark="#000",
        svgclass="qr", lineclass=None, omitsize=True,
    )  # fmt: skip
    return out.getvalue().decode()
