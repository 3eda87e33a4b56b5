"""Who is on call: now, next, and from when on nobody is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.find import get_chapter
from service.chapters.shifts import (
    LONGEST_HOURS,
    add_shift,
    coming_shifts,
    gap_in_cover,
    on_shift,
    remove_shift,
)
from service.chapters.tables import Shift
from service.errors import InvalidValue
from service.people.consent import opt_in
from service.people.find import people_by_id
from service.people.phone import read_phone
from service.people.register import Card, check_card, register_person
from service.privacy import audit
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.forms import Answers, Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

LOOKS_AHEAD = timedelta(days=7)
USUAL_HOURS = 12


@dataclass(frozen=True)
class ShiftLine:
    """One shift, its holder masked."""

    shift: Shift
    alias: str
    phone: str
    is_now: bool


def lines_of(session: Session, desk: Desk, shifts: list[Shift]) -> list[ShiftLine]:
    """Return these shifts as a page shows them."""
    people = people_by_id(session, (shift.person_id for shift in shifts))
    reader = desk.reader()
    reader.fetch_keys([person.sealed_phone() for person in people.values()])
    return [
        ShiftLine(
            shift,
            reader.show(people[shift.person_id].sealed_alias()),
            reader.show(people[shift.person_id].sealed_phone()),
            is_now=shift.starts_at <= desk.now,
        )
        for shift in shifts
    ]


def on_call_now(session: Session, desk: Desk) -> list[ShiftLine]:
    """Return who is on call now."""
    return lines_of(session, desk, list(on_shift(session, desk.chapter_id, now=desk.now)))


@router.get("/shifts")
def shifts(session: Read, desk: AtDesk) -> HTMLResponse:
    """Show who is on call and coming."""
    return _page(session, desk, {})


@router.post("/shifts")
def add(session: Write, desk: AtDesk, form: Form) -> Response:
    """Put somebody on call."""

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _page(session, desk, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        _add(session, desk, form)
    return go_to("/shifts")


@router.post("/shifts/{shift_id}/remove")
def remove(session: Write, desk: AtDesk, shift_id: UUID) -> Response:
    """Take somebody off call."""
    remove_shift(session, desk.chapter_id, shift_id)
    _note(session, desk, "shift.remove", shift_id)
    return go_to("/shifts")


def _add(session: Session, desk: Desk, form: Sent) -> None:
    chapter = get_chapter(session, desk.chapter_id)
    answers = Answers(form)
    typed = answers.needed("phone")
    countries = desk.wiring.settings.countries
    phone = answers.read(lambda: read_phone(typed, countries), "") if typed else ""
    card = Card(phone, alias=form["alias"], language=form["language"])
    answers.read(lambda: check_card(card), None)
    starts_at = answers.moment("day", "clock", chapter.time_zone)
    hours = answers.number("hours", USUAL_HOURS) or 0
    if not form.is_ticked("agreed"):
        answers.wrong(InvalidValue("agreed", "missing"))
    answers.done()
    if starts_at is None:
        raise InvalidValue("day", "missing")
    person = register_person(session, desk.outbox.keyring, chapter, card, now=desk.now)
    opt_in(session, person, how="organizer", now=desk.now)
    try:
        made = add_shift(
            session, chapter.id, person.id, starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=hours), by=desk.viewer.name, now=desk.now,
        )  # fmt: skip
    except InvalidValue as problem:
        raise InvalidValue("hours", problem.code, **problem.values) from problem
    _note(session, desk, "shift.add", made.id)


def _note(session: Session, desk: Desk, action: str, shift_id: UUID) -> None:
    subject = f"shift:{shift_id.hex}"
    audit.record(session, actor=desk.viewer, action=action, subject=subject, now=desk.now)


def _page(
    session: Session, desk: Desk, typed: Mapping[str, str], *,
    problems: Mapping[str, str] | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    chapter = get_chapter(session, desk.chapter_id)
    coming = list(coming_shifts(session, chapter.id, now=desk.now))
    local = desk.now.astimezone(ZoneInfo(chapter.time_zone))
    return desk.page(
        "shifts.html",
        status=status,
        lines=lines_of(session, desk, coming),
        gap=gap_in_cover(session, chapter.id, since=desk.now, until=desk.now + LOOKS_AHEAD),
        chapter=chapter,
        today=local.date(),
        usual_hours=USUAL_HOURS,
        most_hours=LONGEST_HOURS,
        typed=typed,
        problems=problems or {},
    )
