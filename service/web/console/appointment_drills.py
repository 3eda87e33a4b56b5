"""An appointment is practised: who plays whom, what the guests will get, and its end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.find import get_chapter, get_office, list_offices
from service.chapters.tables import Chapter
from service.chapters.voice import voice_of
from service.checkins.drill import (
    Practice,
    check_practice,
    end_appointment_drill,
    start_appointment_drill,
)
from service.checkins.find import get_checkin_or_drill
from service.checkins.tables import CheckIn
from service.checkins.waves import ask_text
from service.db import new_id
from service.errors import InvalidValue
from service.outbox.drill import guests_of, in_front
from service.people.find import people_by_id
from service.people.register import LANGUAGES
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.previews import Bubble, bubbles
from service.web.forms import Answers, Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

SEND = "send"  # the buttons of the check page
CHANGE = "change"


@router.get("/drills/appointments/new")
def new_appointment_drill(session: Read, desk: AtDesk) -> HTMLResponse:
    """Ask who plays whom, where and when."""
    zone = ZoneInfo(get_chapter(session, desk.chapter_id).time_zone)
    tomorrow = (desk.now + timedelta(days=1)).astimezone(zone)
    typed = {"id": str(new_id()), "clock": "09:00", "day": tomorrow.date().isoformat()}
    return _form(session, desk, typed)


@router.post("/drills/appointments/new")
def start_new_appointment_drill(session: Write, desk: AtDesk, form: Form) -> Response:
    """Show what the guests will get; then start."""

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _form(session, desk, form.typed, problems=problems, status=status)

    if form["action"] == CHANGE:
        return _form(session, desk, form.typed)
    with form_again(again, desk.tell):
        chapter = get_chapter(session, desk.chapter_id)
        told = _read(session, desk, form, chapter)
        if form["action"] != SEND:
            return _check(session, desk, form, chapter, told)
        drill = start_appointment_drill(
            session, desk.outbox, chapter, told, by=desk.viewer, now=desk.now
        )
    return go_to(f"/checkins/{drill.id}")


@router.post("/drills/appointments/{checkin_id}/end")
def finish_appointment_drill(session: Write, desk: AtDesk, checkin_id: UUID) -> Response:
    """End it, tell the guests, and sweep it away."""
    drill = get_checkin_or_drill(session, desk.chapter_id, checkin_id)
    end_appointment_drill(session, desk.outbox, drill, by=desk.viewer, now=desk.now)
    return go_to("/drills")


def _read(session: Session, desk: Desk, form: Sent, chapter: Chapter) -> Practice:
    """Read the form. Raises InvalidForm, and WrongState where nobody could go along."""
    answers = Answers(form)
    office_id = answers.id("office_id")
    zone = chapter.time_zone
    if answers.needed("office_id") and office_id is not None:
        zone = get_office(session, chapter.id, office_id).time_zone
    answers.needed("family")
    starts_at = answers.moment("day", "clock", zone)
    told = Practice(
        family_id=answers.id("family") or UUID(int=0),
        office_id=office_id or UUID(int=0),
        starts_at=(starts_at or desk.now + timedelta(days=1)).astimezone(desk.now.tzinfo),
        stand_in_id=answers.id("stand_in"),
        id=answers.id("id") or new_id(),
    )
    answers.done()
    if session.get(CheckIn, told.id) is None:
        answers.read(lambda: _may_be(session, desk, chapter, told), None)
        answers.done()
    return told


def _may_be(session: Session, desk: Desk, chapter: Chapter, told: Practice) -> None:
    try:
        check_practice(session, chapter, told, now=desk.now)
    except InvalidValue as problem:
        if problem.field != "starts_at":
            raise
        raise InvalidValue("day", problem.code) from problem


def _check(
    session: Session, desk: Desk, form: Sent, chapter: Chapter, told: Practice
) -> HTMLResponse:
    names = dict(_guests(session, desk))
    return desk.page(
        "appointment_drill_check.html", typed=form.typed,
        bubbles=_bubbles(session, desk, chapter, told), family=names[str(told.family_id)],
        stand_in=names.get(str(told.stand_in_id), ""),
    )  # fmt: skip


def _bubbles(session: Session, desk: Desk, chapter: Chapter, told: Practice) -> list[Bubble]:
    office = get_office(session, chapter.id, told.office_id)
    drill = CheckIn(
        id=told.id, chapter_id=chapter.id, family_id=told.family_id, office_id=office.id,
        starts_at=told.starts_at, registered_how="drill", created_at=desk.now, is_drill=True,
    )  # fmt: skip
    speaking = voice_of(session, desk.wiring.catalog, chapter)
    texts = {
        each: ask_text(speaking, chapter, office, drill, told.places, each) for each in LANGUAGES
    }
    catalog = desk.wiring.catalog
    return bubbles(
        {each: in_front(catalog, drill.subject, each, text) for each, text in texts.items()}
    )


def _guests(session: Session, desk: Desk) -> list[tuple[str, str]]:
    """Return the guests as a form's choices: their ids, and their masked names and numbers."""
    people = people_by_id(session, guests_of(session, desk.chapter_id))
    reader = desk.reader()
    reader.fetch_keys([person.sealed_phone() for person in people.values()])
    return [
        (
            str(person.id),
            f"{reader.show(person.sealed_alias())} {reader.show(person.sealed_phone())}".strip(),
        )
        for person in people.values()
    ]


def _form(
    session: Session, desk: Desk, typed: Mapping[str, str], *, status: int = 200,
    problems: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    zone = ZoneInfo(get_chapter(session, desk.chapter_id).time_zone)
    return desk.page(
        "appointment_drill_form.html", status=status, typed=typed, problems=problems or {},
        guests=_guests(session, desk), offices=list_offices(session, desk.chapter_id),
        today=desk.now.astimezone(zone).date(),
    )  # fmt: skip
