"""Sign in: by a passkey, by a code, or (to set one up) by an invitation. Choose a language, sign out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import timedelta

from fastapi import APIRouter, Depends, Request
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.accounts import codes, guesses, passkeys, sessions
from service.accounts.organizers import find_by_sign_in_name
from service.accounts.sign_in import check_spoken, find_link, use_link, viewer_of
from service.accounts.tables import How, LinkKind, Organizer, Purpose, SignInLink
from service.chapters.find import first_chapter
from service.errors import InvalidValue, NotFound
from service.messages.catalog import LANGUAGES
from service.privacy import audit
from service.privacy.policy import SYSTEM
from service.web.console.desk import AtDesk, go_to
from service.web.console.device import device_of
from service.web.console.place import place_of
from service.web.console.who import Here, clear_cookie, limit_tries, set_cookie
from service.web.forms import Form, Sent
from service.web.pages import KEPT, page, reader_language, teller
from service.web.session import Now, Parts, Read, Write
from service.wiring import Wiring

door = APIRouter()  # open to everybody
router = APIRouter()
limited = [Depends(limit_tries)]
TO_BOARD, TO_SET_UP = Sent({"to": "/"}), Sent({"to": "/account/setup"})


@door.get("/signin")
def how_to_sign_in(request: Request, to: str = "/") -> HTMLResponse:
    """Offer a passkey, and a code beside it."""
    return _page(request, {"to": way_to(to)})


@door.post("/signin/passkey/ask", dependencies=limited)
def ask_passkey(request: Request, session: Write, wiring: Parts, now: Now) -> Response:
    """Return what the browser needs to sign with a passkey, whosever it is."""
    asked = passkeys.ask(session, place_of(request, wiring), Purpose.SIGN_IN, None, now=now)
    return Response(asked, media_type="application/json")


@door.post("/signin/passkey", dependencies=limited)
def by_passkey(request: Request, session: Write, wiring: Parts, now: Now, form: Form) -> Response:
    """Sign in by a passkey."""
    try:
        organizer = passkeys.check(
            session, place_of(request, wiring), form["credential"], Purpose.SIGN_IN, None, now=now
        )
    except InvalidValue as problem:
        _note_failure(session, None, How.PASSKEY, now)
        return _again(request, form, problem)
    return _let_in(request, session, wiring, organizer, How.PASSKEY, form, now)


@door.post("/signin/code", dependencies=limited)
def by_code(request: Request, session: Write, wiring: Parts, now: Now, form: Form) -> Response:
    """Sign in by a name and a code: the app's, or one from paper."""
    for field in ("name", "code"):
        if not form[field]:
            return _again(request, form, InvalidValue(field, "missing"))
    name = guesses.plain_name(form["name"])
    organizer = find_by_sign_in_name(session, name)
    try:
        how = check_code(session, wiring, organizer, name, form["code"], now)
    except InvalidValue as problem:
        _note_failure(session, organizer, How.CODE, now)
        return _again(request, form, problem)
    if organizer is None:
        raise AssertionError("a code was good for nobody")
    return _let_in(request, session, wiring, organizer, how, form, now)


@door.get("/signin/{secret}")
def look_at_link(request: Request, session: Read, wiring: Parts, now: Now, secret: str) -> Response:
    """Show one button. Only pressing it uses the link up: a preview of the link does not."""
    link = _good_link(session, wiring, secret, now)
    if link is None:
        return page(request, "link_old.html", language=reader_language(request), status=410)
    return _link_page(request, session, link)


@door.post("/signin/{secret}", dependencies=limited)
def by_link(
    request: Request, session: Write, wiring: Parts, now: Now, secret: str, form: Form
) -> Response:
    """Use the link up. The demo's signs in; an invitation leads to setting up a way to sign in."""
    link = _good_link(session, wiring, secret, now)
    if link is None:
        return page(request, "link_old.html", language=reader_language(request), status=410)
    try:
        check_spoken(session, link, form["spoken"])
    except InvalidValue as problem:
        return _link_page(request, session, link, problem=problem)
    organizer = use_link(session, secret, now=now)
    if link.kind is LinkKind.DEMO:
        return _let_in(request, session, wiring, organizer, How.DEMO, TO_BOARD, now)
    return _let_in(request, session, wiring, organizer, How.INVITATION, TO_SET_UP, now)


@router.post("/signout")
def leave(request: Request, session: Write, wiring: Parts, desk: AtDesk, here: Here) -> Response:
    """End this browser's session."""
    sessions.end(session, desk.organizer, here.id, now=desk.now)
    answer = page(request, "signed_out.html", language=desk.language)
    clear_cookie(answer, wiring)
    return answer


@router.post("/language")
def choose_language(session: Write, desk: AtDesk, form: Form) -> Response:
    """Remember the organizer's language."""
    if form["language"] not in LANGUAGES:
        raise InvalidValue("language", "unknown_language")
    organizer = session.get_one(Organizer, desk.organizer.id)
    organizer.language = form["language"]
    session.add(organizer)
    return go_to(way_to(form["back"]))


def kept_of(form: Sent) -> dict[str, str]:
    """Return what a page carries for another one, while somebody shows who they are."""
    return {
        name.removeprefix(KEPT): value
        for name, value in form.typed.items()
        if name.startswith(KEPT)
    }


def way_to(path: str) -> str:
    """Return a path of ours to go on to, the board for anything else."""
    return path if re.fullmatch(r"/([A-Za-z0-9-]+/?)*", path, re.ASCII) else "/"


def check_code(
    session: Session, wiring: Wiring, organizer: Organizer | None, name: str, typed: str, now: Now
) -> How:
    """Return which kind of code of theirs this is, used up.

    Raises InvalidValue on `code`, the same for a wrong name and a wrong code. The caller commits in
    either case: a wrong try that was rolled back would not count. Codes from paper can't be guessed
    and so never wait.
    """
    is_digits = not re.search(r"[A-Za-z]", typed)
    if is_digits and (pause := guesses.waits(session, name, now=now)):
        raise InvalidValue("code", "codes_wait", minutes=_minutes(pause))
    if organizer is not None:
        if is_digits and codes.use_code(session, wiring.keyring, organizer.id, typed, now=now):
            guesses.forget(session, name)
            return How.CODE
        if not is_digits and codes.use_recovery_code(session, organizer.id, typed, now=now):
            return How.RECOVERY
    if is_digits:
        guesses.note_wrong(session, name, now=now)
    raise InvalidValue("code", "wrong_name_or_code")


def _let_in(
    request: Request, session: Session, wiring: Wiring, organizer: Organizer, how: How, form: Sent,
    now: Now,
) -> Response:  # fmt: skip
    """Sign this browser in and go on: with what was typed, where the session had run out."""
    secret = sessions.begin(session, organizer, how, now=now, device=device_of(request))
    to, kept = way_to(form["to"]), kept_of(form)
    answer: Response
    if kept and how is not How.RECOVERY:
        answer = page(request, "confirmed.html", language=organizer.language, to=to, typed=kept)
    else:
        answer = go_to("/account" if how is How.RECOVERY else to)
    set_cookie(answer, wiring, secret)
    return answer


def _note_failure(session: Session, organizer: Organizer | None, how: How, now: Now) -> None:
    actor = SYSTEM if organizer is None else viewer_of(organizer)
    audit.record(
        session, actor=actor, action="sign_in.failed", subject="organizer", now=now, detail=how
    )


def _again(request: Request, form: Sent, problem: InvalidValue) -> HTMLResponse:
    """Return the page with its message: no exception, for a failure that is rolled back is forgotten."""
    typed = {"name": form["name"], "to": way_to(form["to"])}
    tell = teller(request, reader_language(request))
    return _page(request, typed, problems=tell([problem]), status=422, kept=kept_of(form))


def _page(
    request: Request, typed: Mapping[str, str], *, problems: Mapping[str, str] | None = None,
    status: int = 200, kept: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    return page(
        request, "signin.html", language=reader_language(request), status=status, typed=typed,
        problems=problems or {}, kept=kept or {}, prefix=KEPT,
    )  # fmt: skip


def _link_page(
    request: Request, session: Session, link: SignInLink, *, problem: InvalidValue | None = None
) -> HTMLResponse:
    organizer = session.get_one(Organizer, link.organizer_id)
    language = organizer.language if "lang" not in request.query_params else None
    language = language or reader_language(request)
    try:
        network = first_chapter(session).network_name
    except NotFound:
        network = "Acompaña"
    return page(
        request, "link.html", language=language, network=network, link=link, who=organizer.name,
        typed={}, problems=teller(request, language)([problem] if problem else []),
        status=422 if problem else 200,
    )  # fmt: skip


def _good_link(session: Session, wiring: Wiring, secret: str, now: Now) -> SignInLink | None:
    link = find_link(session, secret, now=now)
    is_for_elsewhere = link is not None and link.kind is LinkKind.DEMO and not wiring.settings.demo
    return None if is_for_elsewhere else link


def _minutes(pause: timedelta) -> int:
    return math.ceil(pause.total_seconds() / 60)
