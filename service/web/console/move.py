"""Move a check-in: the new time first, then the very texts, and only then is anybody told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.find import get_chapter
from service.chapters.tables import Office
from service.chapters.voice import voice_of
from service.checkins.find import get_checkin_or_drill
from service.checkins.move import MOVABLE, TO_COMPANIONS, TO_FAMILY, TOLD, move, moved_text
from service.checkins.rules import check_start
from service.checkins.tables import CheckIn
from service.errors import InvalidValue, WrongState
from service.people.register import LANGUAGES
from service.people.tables import Person
from service.rsvps.respond import rsvps_of
from service.web.console.cards import checkin_cards
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.previews import bubbles
from service.web.forms import Answers, Form, Sent, check_oddness, odd_in
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()


@router.get("/checkins/{checkin_id}/move")
def choose_time(session: Read, desk: AtDesk, checkin_id: UUID) -> HTMLResponse:
    """Ask for the new day and time."""
    typed = desk.request.query_params  # of who looked at the texts and wants another time
    return _page(session, desk, _movable(session, desk, checkin_id), typed)


@router.post("/checkins/{checkin_id}/move")
def move_checkin(session: Write, desk: AtDesk, checkin_id: UUID, form: Form) -> Response:
    """Show what everybody would read; move it once that was seen."""
    checkin = _movable(session, desk, checkin_id)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _page(session, desk, checkin, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        starts_at = _read(session, desk, checkin, form)
        if form["sure"] != "yes":
            return _page(session, desk, checkin, form.typed, starts_at=starts_at)
        move(session, desk.outbox, checkin, starts_at, by=desk.viewer, now=desk.now)
    return go_to(f"/checkins/{checkin_id}")


def _movable(session: Session, desk: Desk, checkin_id: UUID) -> CheckIn:
    checkin = get_checkin_or_drill(session, desk.chapter_id, checkin_id)
    if checkin.state not in MOVABLE or checkin.starts_at <= desk.now:
        raise WrongState("checkin_not_in_state", f"check-in {checkin.id} is {checkin.state}")
    return checkin


def _read(session: Session, desk: Desk, checkin: CheckIn, sent: Sent) -> datetime:
    """Return the new start (aware UTC). Raises InvalidForm."""
    office = session.get_one(Office, checkin.office_id)
    answers = Answers(sent)
    found = answers.moment("day", "clock", office.time_zone)
    starts_at = found.astimezone(UTC) if found else desk.now
    if found:
        answers.read(lambda: _check(checkin, starts_at, desk.now), None)
        if not checkin.is_drill:
            country = desk.wiring.settings.countries[0]
            check_oddness(answers, found, country)
    answers.done()
    return starts_at


def _check(checkin: CheckIn, starts_at: datetime, now: datetime) -> None:
    try:
        check_start(starts_at, now)
    except InvalidValue as problem:
        raise InvalidValue("day", problem.code) from problem
    if starts_at == checkin.starts_at:
        raise InvalidValue("day", "same_time")


def _page(
    session: Session, desk: Desk, checkin: CheckIn, typed: Mapping[str, str], *, status: int = 200,
    problems: Mapping[str, str] | None = None, starts_at: datetime | None = None,
) -> HTMLResponse:  # fmt: skip
    """Show the form; with `starts_at` the texts about it instead."""
    answers = rsvps_of(session, [checkin.subject])[checkin.subject]
    odd = {} if checkin.is_drill else odd_in(typed, desk.wiring.settings.countries[0])
    told = sum(rsvp.state in TOLD for rsvp in answers)
    return desk.page(
        "checkin_move.html", status=status, typed=typed, problems=problems or {}, told=told,
        card=checkin_cards(session, desk, [checkin])[0], starts_at=starts_at, today=desk.now.date(),
        odd=odd, texts=_texts(session, desk, checkin, starts_at, told) if starts_at else {},
    )  # fmt: skip


def _texts(
    session: Session, desk: Desk, checkin: CheckIn, starts_at: datetime, told: int
) -> dict[str, object]:
    """Return what the family reads, and what those read who come along, in each language."""
    chapter = get_chapter(session, desk.chapter_id)
    office = session.get_one(Office, checkin.office_id)
    family = session.get_one(Person, checkin.family_id)
    speaking = voice_of(session, desk.wiring.catalog, chapter)

    def shown(template: str, languages: tuple[str, ...]) -> object:
        return bubbles({
            language: moved_text(
                speaking, chapter, office, checkin, template, language,
                starts_at=starts_at,
            )
            for language in languages
        })  # fmt: skip

    return {
        "family": shown(TO_FAMILY, (family.language,)),
        "companions": shown(TO_COMPANIONS, tuple(LANGUAGES)) if told else [],
    }
