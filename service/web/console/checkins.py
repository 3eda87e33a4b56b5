"""Check-ins: registered by an organizer, looked at, approved, cancelled; each on a page of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.find import get_chapter, list_offices
from service.chapters.voice import voice_of
from service.checkins.approve import USUAL_PLACES, Approval, approve
from service.checkins.cancel import cancel
from service.checkins.find import LIVE, get_checkin_or_drill
from service.checkins.follow import follower_of
from service.checkins.move import MOVABLE
from service.checkins.outcome.rules import BEGUN, GRAVE
from service.checkins.register import MOST_PEOPLE, register
from service.checkins.ride import LONGEST_PICKUP, MOST_SEATS, save_ride
from service.checkins.safety.arrive import BEFORE_START
from service.checkins.safety.find import safety_of_checkin
from service.checkins.tables import CheckIn, CheckInState
from service.checkins.waves import ask_text, audience_of
from service.errors import InvalidForm, WrongState
from service.people.audience import count_audience
from service.people.find import people_by_id
from service.people.register import LANGUAGES
from service.people.tables import Consent, Person
from service.rsvps.respond import rsvps_of
from service.rsvps.tables import COMING, CONCERNED, IN_LINE, Rsvp, SeatRole
from service.web.console.asking import asked_cards
from service.web.console.cards import CheckInCard, checkin_cards
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.previews import Bubble, bubbles
from service.web.console.quiet import quiet_until
from service.web.console.relays import passed_on
from service.web.forms import Answers, Form, Sent, odd_in, read_registration
from service.web.pages import form_again
from service.web.rides import read_ride, ride_as_typed
from service.web.session import Read, Write

router = APIRouter()

MOST_AT_ONCE = 8  # of who was asked, before the rest is folded away
ROLES = tuple(role for role in SeatRole if role is not SeatRole.CROWD)


@dataclass(frozen=True)
class Companion:
    """Somebody who answered, masked."""

    person: Person
    rsvp: Rsvp
    alias: str


@router.get("/checkins/new")
def new_checkin(session: Read, desk: AtDesk) -> HTMLResponse:
    """Show the form."""
    return _form(session, desk, {})


@router.post("/checkins/new")
def register_checkin(session: Write, desk: AtDesk, form: Form) -> Response:
    """Register what a family told an organizer."""

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _form(session, desk, form.typed, problems=problems, status=status)

    chapter = get_chapter(session, desk.chapter_id)
    with form_again(again, desk.tell):
        countries = desk.wiring.settings.countries
        told = read_registration(session, chapter, form, countries, how="console", now=desk.now)
        checkin = register(session, desk.outbox, chapter, told, now=desk.now)
    return go_to(f"/checkins/{checkin.id}")


@router.get("/checkins/{checkin_id}")
def show(session: Read, desk: AtDesk, checkin_id: UUID) -> HTMLResponse:
    """Show one check-in: what we know, who comes, what can be done."""
    checkin, context = _context(session, desk, checkin_id)
    companions = _companions(session, desk, checkin)
    answers = {c.person.id: c.rsvp.state for c in companions}
    asked, answered_how = asked_cards(session, desk, checkin, answers)
    return desk.page(
        "checkin.html",
        asked=asked,
        most_at_once=MOST_AT_ONCE,
        answered_how=answered_how,
        coming=[c for c in companions if c.rsvp.state in COMING],
        waiting=[c for c in companions if c.rsvp.state in IN_LINE],
        note=desk.reader().show(checkin.sealed_note()),
        can_cancel=checkin.state in LIVE,
        can_move=checkin.state in MOVABLE and checkin.starts_at > desk.now,
        safety=safety_of_checkin(session, checkin.id),
        outcome_is_open=checkin.state in BEGUN and checkin.starts_at <= desk.now,
        grave=GRAVE,
        legal_has_it=_legal_name(session, desk, checkin),
        can_miss=_may_be_missed(checkin, desk.now),
        following=follower_of(session, checkin.id),
        passed_on=passed_on(session, desk, checkin),
        **context,
    )


@router.get("/checkins/{checkin_id}/approve")
def confirm_approval(session: Read, desk: AtDesk, checkin_id: UUID) -> HTMLResponse:
    """Show the very text that volunteers will get, for the places chosen in the address."""
    sent = Sent(dict(desk.request.query_params))
    return _approval(session, desk, checkin_id, sent)


@router.post("/checkins/{checkin_id}/approve")
def approve_checkin(session: Write, desk: AtDesk, checkin_id: UUID, form: Form) -> Response:
    """Open the places; volunteers are asked at the clock's next tick."""

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _approval(session, desk, checkin_id, form, problems=problems, status=status)

    checkin = get_checkin_or_drill(session, desk.chapter_id, checkin_id)
    with form_again(again, desk.tell):
        approval = Approval(_read_places(form), agreed_to_texts=form.is_ticked("agreed"))
        if form["pickup"]:
            wish = read_ride(session, form, checkin)
            save_ride(session, desk.wiring.keyring, checkin, wish, now=desk.now)
        approve(session, desk.outbox, checkin, approval, by=desk.viewer, now=desk.now)
    return go_to(f"/checkins/{checkin_id}")


@router.get("/checkins/{checkin_id}/cancel")
def confirm_cancel(session: Read, desk: AtDesk, checkin_id: UUID) -> HTMLResponse:
    """Say who will be told, before it is cancelled."""
    checkin, context = _context(session, desk, checkin_id)
    if checkin.state not in LIVE:
        raise WrongState("checkin_not_in_state", f"check-in {checkin.id} is {checkin.state}")
    told = [c for c in _companions(session, desk, checkin) if c.rsvp.state in CONCERNED]
    return desk.page("checkin_cancel.html", told=told, **context)


@router.post("/checkins/{checkin_id}/cancel")
def cancel_checkin(session: Write, desk: AtDesk, checkin_id: UUID) -> Response:
    """Cancel it; those who said yes and the family are told."""
    checkin = get_checkin_or_drill(session, desk.chapter_id, checkin_id)
    cancel(session, desk.outbox, checkin, by=desk.viewer, now=desk.now)
    return go_to(f"/checkins/{checkin_id}")


def _form(
    session: Session, desk: Desk, typed: Mapping[str, str], *, status: int = 200,
    problems: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    return desk.page(
        "checkin_new.html", status=status, typed=typed, problems=problems or {},
        offices=list_offices(session, desk.chapter_id), most_people=MOST_PEOPLE,
        today=desk.now.date(), odd=odd_in(typed, desk.wiring.settings.countries[0]),
    )  # fmt: skip


def _context(session: Session, desk: Desk, checkin_id: UUID) -> tuple[CheckIn, dict[str, Any]]:
    checkin = get_checkin_or_drill(session, desk.chapter_id, checkin_id)
    card: CheckInCard = checkin_cards(session, desk, [checkin])[0]
    family = session.get_one(Person, checkin.family_id)
    return checkin, {
        "card": card,
        "family": family,
        "has_agreed": family.consent is Consent.ACTIVE,
        "has_left": family.consent is Consent.OPTED_OUT,
    }


def _companions(session: Session, desk: Desk, checkin: CheckIn) -> list[Companion]:
    answers = rsvps_of(session, [checkin.subject])[checkin.subject]
    people = people_by_id(session, (rsvp.person_id for rsvp in answers))
    reader = desk.reader()
    reader.fetch_keys([person.sealed_alias() for person in people.values()])
    return [
        Companion(people[r.person_id], r, reader.show(people[r.person_id].sealed_alias()))
        for r in answers
    ]


def _may_be_missed(checkin: CheckIn, now: datetime) -> bool:
    """Return whether somebody can be missing by now."""
    return checkin.state in BEGUN and checkin.starts_at - BEFORE_START <= now


def _legal_name(session: Session, desk: Desk, checkin: CheckIn) -> str:
    """Return which legal contact took it, masked, or ""."""
    if checkin.legal_person_id is None:
        return ""
    person = session.get_one(Person, checkin.legal_person_id)
    return desk.reader().show(person.sealed_alias()) or desk.reader().show(person.sealed_phone())


def _approval(
    session: Session, desk: Desk, checkin_id: UUID, sent: Sent, *, status: int = 200,
    problems: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    checkin, context = _context(session, desk, checkin_id)
    if checkin.state is not CheckInState.SUBMITTED:
        raise WrongState("checkin_not_in_state", f"check-in {checkin.id} is {checkin.state}")
    chapter = get_chapter(session, desk.chapter_id)
    try:
        places = _read_places(sent)
    except InvalidForm:
        places = dict(USUAL_PLACES)
    asked = count_audience(session, audience_of(checkin), now=desk.now)
    typed = ride_as_typed(session, desk.reader(), checkin) | dict(sent.typed)
    return desk.page(
        "checkin_approve.html", status=status, problems=problems or {}, typed=typed,
        roles=ROLES, places=places, is_ticked=sent.is_ticked("agreed"), asked=asked,
        bubbles=_ask_bubbles(session, desk, checkin, places, asked.by_language),
        quiet_until=quiet_until(chapter, desk.now), longest_pickup=LONGEST_PICKUP,
        most_seats=MOST_SEATS, **context,
    )  # fmt: skip


def _ask_bubbles(
    session: Session, desk: Desk, checkin: CheckIn, places: Mapping[SeatRole, int],
    people: Mapping[str, int],
) -> list[Bubble]:  # fmt: skip
    chapter = get_chapter(session, desk.chapter_id)
    office = checkin_cards(session, desk, [checkin])[0].office
    speaking = voice_of(session, desk.wiring.catalog, chapter)
    bodies = {
        language: ask_text(speaking, chapter, office, checkin, places, language)
        for language in LANGUAGES
    }
    return bubbles(bodies, people)


def _read_places(sent: Sent) -> dict[SeatRole, int]:
    """Read how many places each role has; the usual ones when the form says nothing."""
    if not any(f"places_{role.value}" in sent.typed for role in ROLES):
        return dict(USUAL_PLACES)
    answers = Answers(sent)
    found = {role: answers.number(f"places_{role.value}", 0) or 0 for role in ROLES}
    answers.done()
    return {role: count for role, count in found.items() if count}
