"""Where a family registers an appointment. It answers the same, whether it knows the phone or not.

Nothing is kept but sealed, and for half an hour, until the code is typed that was texted to the
phone: nobody registers somebody else's. The pages carry what was typed, so that it is never lost.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.find import first_chapter, get_office, list_offices
from service.chapters.tables import Chapter
from service.checkins.register import MOST_PEOPLE, Registration, call_by, register
from service.checkins.tables import CheckIn
from service.errors import InvalidValue
from service.messages.catalog import LANGUAGES
from service.outbox.ask_phone import ask_by_code, ask_by_code_again
from service.people.pending import MOST_SENDS, check_code, find_form, typed_in
from service.people.register import Card
from service.people.tables import FormKind, PendingForm
from service.web.forms import Form, Sent, odd_in, read_registration
from service.web.pages import KEPT, form_again, page, reader_language, teller
from service.web.public.often import not_too_often, refused_as_too_many
from service.web.session import Now, Parts, Read, Write, get_wiring
from service.wiring import Wiring

router = APIRouter()
limited = [Depends(not_too_often)]

# What people may call themselves: a flower, a tree, a bird; it says nothing about anybody.
ALIASES = {
    "es": ("Azucena", "Jacaranda", "Colibrí", "Girasol", "Ceiba", "Gaviota", "Laurel", "Bugambilia",
           "Quetzal", "Amapola", "Cenzontle", "Nopal", "Jilguero", "Manzanilla", "Golondrina"),
    "en": ("Juniper", "Marigold", "Sparrow", "Willow", "Robin", "Clover", "Cedar", "Lark",
           "Poppy", "Aspen", "Wren", "Laurel", "Heron", "Maple", "Finch"),
}  # fmt: skip


@router.get("/checkin")
def show(request: Request, session: Read, now: Now) -> HTMLResponse:
    """Show the form, with a name that they may keep."""
    language = reader_language(request)
    typed = {"language": language, "alias": secrets.choice(ALIASES[language])}
    return _form(request, session, language, typed, today=now.date())


@router.post("/checkin", dependencies=limited)
def send(request: Request, session: Write, wiring: Parts, now: Now, form: Form) -> Response:
    """Look the form over, and text a code to the phone that it names."""
    language = _language(request, form)
    chapter = first_chapter(session)
    typed = {name: value for name, value in form.typed.items() if name != "page"}

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _form(
            request, session, language, form.typed, problems=problems, status=status,
            today=now.date(),
        )  # fmt: skip

    with form_again(again, teller(request, language)):
        told = _read(session, chapter, form, wiring, now)
    card = Card(told.card.phone, language=told.card.language)
    with refused_as_too_many("phone", again, teller(request, language)):
        secret = ask_by_code(session, wiring.outbox, chapter, card, typed, now=now)
    return _code(request, chapter, language, secret, typed)


@router.post("/checkin/code", dependencies=limited)
def confirm(request: Request, session: Write, wiring: Parts, now: Now, form: Form) -> Response:
    """Take the code, write the appointment down and say who will call, from where, by when."""
    language = _language(request, form)
    chapter = first_chapter(session)
    pending = find_form(session, form["form"], FormKind.CHECKIN, now=now)
    if pending is None:
        return _begin_again(request, session, language, form, now)
    if pending.subject:
        return _thanks(request, session, language, pending)
    try:
        check_code(session, wiring.keyring, pending, form["code"], now=now)
    except InvalidValue as problem:
        return _code_again(request, chapter, language, form, pending, problem)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _form(
            request, session, language, typed_in(wiring.keyring, pending), problems=problems,
            status=status, today=now.date(),
        )  # fmt: skip

    with form_again(again, teller(request, language)):
        told = _read(session, chapter, Sent(typed_in(wiring.keyring, pending)), wiring, now)
    checkin = register(session, wiring.outbox, chapter, told, now=now)
    pending.subject = checkin.subject
    session.add(pending)
    return _thanks(request, session, language, pending)


@router.post("/checkin/code/again", dependencies=limited)
def send_again(request: Request, session: Write, wiring: Parts, now: Now, form: Form) -> Response:
    """Text another code for the same form."""
    language = _language(request, form)
    chapter = first_chapter(session)
    pending = find_form(session, form["form"], FormKind.CHECKIN, now=now)
    if pending is None or pending.subject:
        return _begin_again(request, session, language, form, now)
    told = _read(session, chapter, Sent(typed_in(wiring.keyring, pending)), wiring, now)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _code(
            request, chapter, language, form["form"], _kept(form), typed=form["code"],
            problems=problems, status=status, may_send=pending.sends < MOST_SENDS,
        )  # fmt: skip

    tell = teller(request, language)
    with refused_as_too_many("code", again, tell), form_again(again, tell):
        ask_by_code_again(session, wiring.outbox, chapter, pending, told.card.phone, now=now)
    return _code(request, chapter, language, form["form"], _kept(form), is_again=True)


@router.post("/checkin/edit")
def edit(request: Request, session: Read, now: Now, form: Form) -> Response:
    """Go back to the form as it was filled in, to put something right."""
    language = _language(request, form)
    return _form(request, session, language, _kept(form), today=now.date())


def _read(
    session: Session, chapter: Chapter, form: Sent, wiring: Wiring, now: datetime
) -> Registration:
    return read_registration(session, chapter, form, wiring.settings.countries, how="web", now=now)


def _language(request: Request, form: Sent) -> str:
    return form["page"] if form["page"] in LANGUAGES else reader_language(request)


def _kept(form: Sent) -> dict[str, str]:
    """Return what the page with the code carried of the form before it."""
    kept = {name: value for name, value in form.typed.items() if name.startswith(KEPT)}
    return {name.removeprefix(KEPT): value for name, value in kept.items()}


def _form(
    request: Request, session: Session, language: str, typed: Mapping[str, str], *,
    today: object, status: int = 200, problems: Mapping[str, str] | None = None, notice: str = "",
) -> HTMLResponse:  # fmt: skip
    chapter = first_chapter(session)
    return page(
        request, "public/checkin.html", language=language, status=status, typed=typed,
        problems=problems or {}, chapter=chapter, offices=list_offices(session, chapter.id),
        most_people=MOST_PEOPLE, today=today, notice=notice, path="/checkin",
        odd=odd_in(typed, get_wiring(request).settings.countries[0]),
    )  # fmt: skip


def _begin_again(
    request: Request, session: Session, language: str, form: Sent, now: datetime
) -> HTMLResponse:
    """Show the form as it was filled in: the code came too late for it."""
    typed = _kept(form) or {"language": language}
    return _form(
        request, session, language, typed, today=now.date(), status=410, notice="form_old"
    )  # fmt: skip


def _code(
    request: Request, chapter: Chapter, language: str, secret: str, kept: Mapping[str, str], *,
    typed: str = "", problems: Mapping[str, str] | None = None, status: int = 200,
    is_again: bool = False, may_send: bool = True,
) -> HTMLResponse:  # fmt: skip
    return page(
        request, "public/checkin_code.html", language=language, status=status, chapter=chapter,
        secret=secret, kept=kept, prefix=KEPT, typed={"code": typed}, problems=problems or {},
        is_again=is_again, may_send=may_send,
    )  # fmt: skip


def _code_again(
    request: Request, chapter: Chapter, language: str, form: Sent, pending: PendingForm,
    problem: InvalidValue,
) -> HTMLResponse:  # fmt: skip
    """Return the page with its message: no exception, for a wrong try that is rolled back is free."""
    said = teller(request, language)([problem])
    return _code(
        request, chapter, language, form["form"], _kept(form), typed=form["code"], problems=said,
        status=422, may_send=pending.sends < MOST_SENDS,
    )  # fmt: skip


def _thanks(
    request: Request, session: Session, language: str, pending: PendingForm
) -> HTMLResponse:
    chapter = first_chapter(session)
    checkin = session.get_one(CheckIn, UUID(pending.subject.partition(":")[2]))
    return page(
        request, "public/thanks.html", language=language, chapter=chapter, checkin=checkin,
        office=get_office(session, chapter.id, checkin.office_id), call_by=call_by(checkin),
    )  # fmt: skip
