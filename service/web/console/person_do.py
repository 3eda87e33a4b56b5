"""Change what we know of a person, let them take a break, have them forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.find import get_chapter
from service.checkins.find import all_of_family
from service.erasure.contacts import known_through
from service.errors import InvalidValue
from service.messages.catalog import LANGUAGES
from service.people.change import LONGEST_AREA, MOST_SEATS, SPOKEN, About, change_person
from service.people.members import as_seen
from service.people.register import LONGEST_ALIAS, ROLES
from service.people.tables import Person, Training, Volunteer
from service.replies.forget import forget_by_hand
from service.rsvps.commitments import coming_to
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.person import own_person
from service.web.console.who import Confirmed
from service.web.forms import Answers, Form, Sent, read_day
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

TRAININGS = 3  # lines in the form beyond those that are filled in
MOST_TRAININGS = 12


@router.get("/people/{person_id}/edit")
def edit_person(session: Read, desk: AtDesk, person_id: UUID) -> HTMLResponse:
    """Show what we know, to change it. The name is not shown: a new one may be typed."""
    found = own_person(session, desk, person_id)
    volunteer = as_seen(session, found, desk.chapter_id)
    return _form(session, desk, found, _as_typed(session, desk, found, volunteer))


@router.post("/people/{person_id}/edit")
def save_person(session: Write, desk: AtDesk, person_id: UUID, form: Form) -> Response:
    """Change what we know."""
    found = own_person(session, desk, person_id)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _form(session, desk, found, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        zone = ZoneInfo(get_chapter(session, desk.chapter_id).time_zone)
        told = _read(form, zone)
        change_person(
            session, desk.wiring.keyring, found, told, by=desk.viewer, now=desk.now,
            chapter_id=desk.chapter_id,
        )  # fmt: skip
    return go_to(f"/people/{person_id}")


@router.get("/people/{person_id}/erase")
def confirm_erasure(session: Read, desk: AtDesk, _now: Confirmed, person_id: UUID) -> HTMLResponse:
    """Say what goes and that nothing brings it back."""
    return _erasure(session, desk, own_person(session, desk, person_id))


@router.post("/people/{person_id}/erase")
def erase(session: Write, desk: AtDesk, _now: Confirmed, person_id: UUID, form: Form) -> Response:
    """Have them forgotten, as ERASE by text does."""
    found = own_person(session, desk, person_id)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _erasure(session, desk, found, problems=problems, status=status)

    with form_again(again, desk.tell):
        if not form.is_ticked("asked_us"):
            raise InvalidValue("asked_us", "missing")
    forget_by_hand(session, desk.outbox, found, by=desk.viewer, now=desk.now)
    return go_to(f"/people/{person_id}")


def _read(form: Sent, zone: ZoneInfo) -> About:
    answers = Answers(form)
    told = About(
        alias=form["alias"],
        language=form["language"],
        area=form["area"],
        roles=[role for role in ROLES if form.is_ticked(f"role_{role}")],
        languages=[language for language in SPOKEN if form.is_ticked(f"speaks_{language}")],
        car_seats=answers.number("car_seats", 0) or 0,
        trainings=_trainings(answers),
        paused_until=_paused_until(answers, zone),
    )
    answers.done()
    return told


def _trainings(answers: Answers) -> list[Training]:
    found: list[Training] = []
    for number in range(MOST_TRAININGS):
        name, until = answers.sent[f"training_{number}"], answers.sent[f"until_{number}"]
        day = read_day(until) if until else None
        if until and day is None:
            answers.wrong(InvalidValue(f"until_{number}", "bad_date"))
        elif until and not name:
            answers.wrong(InvalidValue(f"training_{number}", "missing"))
        elif name:
            found.append(Training(name=name, until=day.isoformat() if day else ""))
    return found


def _paused_until(answers: Answers, zone: ZoneInfo) -> datetime | None:
    """Return the end of the last day of a break, where the chapter is."""
    typed = answers.sent["paused_until"]
    if not typed:
        return None
    day = read_day(typed)
    if day is None:
        answers.wrong(InvalidValue("paused_until", "bad_date"))
        return None
    return datetime.combine(day + timedelta(days=1), time(), zone)


def _as_typed(
    session: Session, desk: Desk, found: Person, volunteer: Volunteer | None
) -> dict[str, str]:
    typed = {"language": found.language, "area": found.area}
    if volunteer is None:
        return typed
    zone = ZoneInfo(get_chapter(session, desk.chapter_id).time_zone)
    typed |= {f"role_{role}": "yes" for role in volunteer.roles}
    typed |= {f"speaks_{language}": "yes" for language in volunteer.languages}
    typed["car_seats"] = str(volunteer.car_seats)
    if volunteer.paused_until is not None and volunteer.paused_until > desk.now:
        last = volunteer.paused_until.astimezone(zone) - timedelta(days=1)
        typed["paused_until"] = last.date().isoformat()
    for number, training in enumerate(volunteer.trainings or []):
        typed |= {f"training_{number}": training["name"], f"until_{number}": training["until"]}
    return typed


def _form(
    session: Session, desk: Desk, found: Person, typed: Mapping[str, str], *,
    problems: Mapping[str, str] | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    filled = sum(bool(typed.get(f"training_{number}")) for number in range(MOST_TRAININGS))
    reader = desk.reader()
    return desk.page(
        "person_edit.html", status=status, typed=typed, problems=problems or {}, person=found,
        alias=reader.show(found.sealed_alias()), phone_shown=reader.show(found.sealed_phone()),
        is_volunteer=as_seen(session, found, desk.chapter_id) is not None, roles=ROLES, spoken=SPOKEN,
        languages=LANGUAGES, lines=min(filled + TRAININGS, MOST_TRAININGS),
        longest_alias=LONGEST_ALIAS, longest_area=LONGEST_AREA, most_seats=MOST_SEATS,
        today=desk.now.date(),
    )  # fmt: skip


def _erasure(
    session: Session, desk: Desk, found: Person, *, problems: Mapping[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:  # fmt: skip
    reader = desk.reader()
    return desk.page(
        "person_erase.html", status=status, problems=problems or {}, typed={}, person=found,
        alias=reader.show(found.sealed_alias()), phone_shown=reader.show(found.sealed_phone()),
        dates=len(all_of_family(session, found.id, now=desk.now)),
        promises=len(coming_to(session, found.id, now=desk.now)),
        contacts=len(known_through(session, found.id)),
    )  # fmt: skip
