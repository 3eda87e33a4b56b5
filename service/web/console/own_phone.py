"""One's own phone on one's account: for tests, for approvals by text, for alarms."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Depends
from starlette.responses import HTMLResponse, Response

from service.accounts.tables import Organizer
from service.chapters.find import get_chapter
from service.db import new_id
from service.errors import InvalidValue
from service.outbox.enqueue import Text
from service.outbox.own_phone import begin_phone, finish_phone
from service.outbox.tables import ConsentNeeded, Priority
from service.people.consent import invite
from service.people.phone import read_phone
from service.people.register import Card, find_person, register_person
from service.people.tables import Person
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.who import Confirmed, limit_tries
from service.web.forms import Answers, Form
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()
limited = [Depends(limit_tries)]


@router.get("/account/phone")
def own_phone(session: Read, desk: AtDesk) -> HTMLResponse:
    """Show which phone is on the account, masked, and the form for another one."""
    person_id = desk.organizer.person_id
    person = None if person_id is None else session.get(Person, person_id)
    shown = "" if person is None else desk.reader().show(person.sealed_phone())
    return desk.page("own_phone.html", typed={}, shown=shown, is_code_asked=False)


@router.post("/account/phone", dependencies=limited)
def ask(session: Write, desk: AtDesk, form: Form, _now: Confirmed) -> Response:
    """Text a code to that phone."""

    def again(problems: Mapping[str, str], status: int) -> Response:
        return desk.page(
            "own_phone.html", status=status, typed=form.typed, problems=problems, shown="",
            is_code_asked=False,
        )  # fmt: skip

    with form_again(again, desk.tell):
        Answers(form).done()
        phone = read_phone(form["phone"], desk.wiring.settings.countries)
        chapter = get_chapter(session, desk.chapter_id)
        card = Card(phone, language=desk.language)
        person = register_person(session, desk.wiring.keyring, chapter, card, now=desk.now)
        organizer = session.get_one(Organizer, desk.organizer.id)
        digits = begin_phone(session, organizer, person, now=desk.now)
        invite(session, person, how=f"organizer: {organizer.name}", now=desk.now)
        code = Text(
            "one_time_code", f"code:{organizer.id.hex}:{new_id().hex}", f"person:{person.id.hex}",
            {"code": digits}, priority=Priority.URGENT, consent_needed=ConsentNeeded.ANSWER,
            quiet_exempt=True,
        )  # fmt: skip
        desk.outbox.text(session, person, code, now=desk.now)
    return desk.page("own_phone.html", typed={"phone": phone}, shown="", is_code_asked=True)


@router.post("/account/phone/code", dependencies=limited)
def check(session: Write, desk: AtDesk, form: Form, _now: Confirmed) -> Response:
    """Take the code that came to that phone: from now on it is theirs."""
    try:
        phone = read_phone(form["phone"], desk.wiring.settings.countries)
    except InvalidValue:
        return go_to("/account/phone")
    person = find_person(session, desk.wiring.keyring, phone)
    organizer = session.get_one(Organizer, desk.organizer.id)
    if person is not None and finish_phone(
        session, organizer, person, form["code"].replace(" ", ""), now=desk.now
    ):
        return go_to("/account/phone")
    return _wrong(desk, phone)


def _wrong(desk: Desk, phone: str) -> HTMLResponse:
    """Return the page with its message: no exception, for a try that is rolled back does not count."""
    problems = desk.tell([InvalidValue("code", "sms_code_wrong")])
    return desk.page(
        "own_phone.html", status=422, typed={"phone": phone}, problems=problems, shown="",
        is_code_asked=True,
    )  # fmt: skip
