"""Safety checks: who was asked when, who has it, and the one tap that says "I have spoken with them"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session, col, select
from starlette.responses import HTMLResponse, Response

from service.calls.tables import CallState, VoiceCall
from service.chapters.find import get_chapter
from service.chapters.tables import Office
from service.checkins.safety.contacts import contacts_of, name_contact
from service.checkins.safety.find import get_safety_or_drill, steps_of
from service.checkins.safety.report import resolve, take_on_page
from service.checkins.safety.tables import OVER, SafetyCheck, SafetyState, SafetyStep
from service.checkins.tables import CheckIn
from service.people.find import people_by_id
from service.people.phone import read_phone
from service.people.register import Card, check_card
from service.people.tables import EmergencyContact, Person
from service.privacy.read import Reader
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.forms import Answers, Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

CALM = (SafetyState.ARMED, *OVER)
SAID = "said_"


@dataclass(frozen=True)
class SafetyCard:
    """One safety check as the board shows it, masked. office: "" for an alarm without appointment."""

    check: SafetyCheck
    alias: str
    phone: str
    taken_by: str
    resolved_by: str
    office: str
    zone: str

    @property
    def is_alarm(self) -> bool:
        """Whether somebody must act now."""
        return self.check.state is SafetyState.ESCALATED


@dataclass(frozen=True)
class StepLine:
    """One step, in the order in which it was taken. who: masked, or an organizer's name."""

    step: SafetyStep
    who: str
    said: str
    call: CallState | None


@dataclass(frozen=True)
class ContactLine:
    """Somebody whom the family named, masked."""

    contact: EmergencyContact
    alias: str
    phone: str


def safety_cards(session: Session, desk: Desk, checks: Sequence[SafetyCheck]) -> list[SafetyCard]:
    """Return the cards of these safety checks: a few queries, however many there are."""
    ids = {
        person_id
        for check in checks
        for person_id in (check.person_id, check.taken_person_id, check.resolved_person_id)
        if person_id is not None
    }
    people = people_by_id(session, ids)
    places = _places(session, checks)
    chapter, reader = get_chapter(session, desk.chapter_id), desk.reader()
    reader.fetch_keys([person.sealed_phone() for person in people.values()])

    def name(person_id: UUID | None, otherwise: str) -> str:
        return reader.show(people[person_id].sealed_alias()) if person_id else otherwise

    return [
        SafetyCard(
            check,
            reader.show(people[check.person_id].sealed_alias()),
            reader.show(people[check.person_id].sealed_phone()),
            name(check.taken_person_id, check.taken_by),
            name(check.resolved_person_id, check.resolved_by),
            *places.get(check.id, ("", chapter.time_zone)),
        )
        for check in checks
    ]


@router.get("/safety/{safety_id}")
def show(session: Read, desk: AtDesk, safety_id: UUID) -> HTMLResponse:
    """Show one safety check."""
    return _page(session, desk, get_safety_or_drill(session, desk.chapter_id, safety_id), {})


@router.post("/safety/{safety_id}/spoken")
def spoken(session: Write, desk: AtDesk, safety_id: UUID) -> Response:
    """End it: this organizer has spoken with them."""
    check = get_safety_or_drill(session, desk.chapter_id, safety_id)
    resolve(session, desk.outbox, check, by=desk.viewer, now=desk.now)
    return go_to(f"/safety/{safety_id}")


@router.post("/safety/{safety_id}/take")
def take(session: Write, desk: AtDesk, safety_id: UUID) -> Response:
    """Give it to this organizer for a while: nobody is called meanwhile."""
    check = get_safety_or_drill(session, desk.chapter_id, safety_id)
    take_on_page(session, desk.outbox, check, by=desk.viewer, now=desk.now)
    return go_to(f"/safety/{safety_id}")


@router.post("/safety/{safety_id}/contacts")
def add_contact(session: Write, desk: AtDesk, safety_id: UUID, form: Form) -> Response:
    """Write down whom the family named; they are asked by text and told of nothing."""
    check = get_safety_or_drill(session, desk.chapter_id, safety_id)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _page(session, desk, check, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        card = _read(desk, form)
        chapter = get_chapter(session, desk.chapter_id)
        family = session.get_one(Person, check.person_id)
        name_contact(session, desk.outbox, chapter, family, card, now=desk.now)
    return go_to(f"/safety/{safety_id}")


def _read(desk: Desk, form: Sent) -> Card:
    answers = Answers(form)
    typed = answers.needed("phone")
    countries = desk.wiring.settings.countries
    phone = answers.read(lambda: read_phone(typed, countries), "") if typed else ""
    card = Card(phone, alias=form["alias"], language=form["language"])
    answers.read(lambda: check_card(card), None)
    answers.done()
    return card


def _page(
    session: Session, desk: Desk, check: SafetyCheck, typed: Mapping[str, str], *,
    problems: Mapping[str, str] | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    return desk.page(
        "safety.html",
        status=status,
        card=safety_cards(session, desk, [check])[0],
        steps=_steps(session, desk, check),
        contacts=_contacts(session, desk.reader(), check),
        is_open=check.state not in CALM,
        can_take=check.state is SafetyState.ESCALATED,
        typed=typed,
        problems=problems or {},
    )


def _steps(session: Session, desk: Desk, check: SafetyCheck) -> list[StepLine]:
    steps = steps_of(session, check.id)
    people = people_by_id(session, (step.person_id for step in steps if step.person_id))
    calls = _calls(session, check)
    reader = desk.reader()
    lines = []
    for step in steps:
        person = people.get(step.person_id) if step.person_id else None
        lines.append(
            StepLine(
                step=step,
                who=step.who or (reader.show(person.sealed_alias()) if person else ""),
                said=step.did.removeprefix(SAID) if step.did.startswith(SAID) else "",
                call=calls.get(step.once_key),
            )
        )
    return lines


def _calls(session: Session, check: SafetyCheck) -> dict[str, CallState]:
    """Return what became of the calls about it, by the key of the step that planned them."""
    rows = session.exec(
        select(VoiceCall.once_key, VoiceCall.state).where(VoiceCall.subject == check.own_subject)
    )
    return {key: CallState(state) for key, state in rows}


def _contacts(session: Session, reader: Reader, check: SafetyCheck) -> list[ContactLine]:
    contacts = contacts_of(session, check.person_id)
    people = people_by_id(session, (contact.person_id for contact in contacts))
    return [
        ContactLine(
            contact,
            reader.show(people[contact.person_id].sealed_alias()),
            reader.show(people[contact.person_id].sealed_phone()),
        )
        for contact in contacts
    ]


def _places(session: Session, checks: Iterable[SafetyCheck]) -> dict[UUID, tuple[str, str]]:
    """Return the office's name and zone of each check that has an appointment, one query."""
    rows = session.exec(
        select(SafetyCheck.id, Office.name, Office.time_zone)
        .join(CheckIn, col(CheckIn.id) == SafetyCheck.checkin_id)
        .join(Office, col(Office.id) == CheckIn.office_id)
        .where(col(SafetyCheck.id).in_([check.id for check in checks]))
    )
    return {safety_id: (name, zone) for safety_id, name, zone in rows}
