"""Volunteers: a masked list, how far each is trusted, one more; and anybody's name, on the record."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.find import get_chapter
from service.errors import InvalidValue, NotFound
from service.outbox.invite import Offer, invite_volunteer
from service.people.find import get_volunteer, list_volunteers
from service.people.phone import read_phone
from service.people.register import ROLES, Card, check_card
from service.people.tables import LEAD_LEVEL, Person, Volunteer
from service.people.vet import set_vetting
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.who import Confirmed
from service.web.forms import Answers, Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

A_PAGE = 50
REASONS = ("call", "check", "trouble")


@dataclass(frozen=True)
class VolunteerCard:
    """One volunteer, masked."""

    person: Person
    volunteer: Volunteer
    alias: str
    phone: str


@router.get("/people")
def people(session: Read, desk: AtDesk, after: UUID | None = None) -> HTMLResponse:
    """List the volunteers, a page at a time."""
    found = list_volunteers(session, desk.chapter_id, after=after, limit=A_PAGE + 1)
    reader = desk.reader()
    shown = found[:A_PAGE]
    reader.fetch_keys([person.sealed_phone() for person, _ in shown])
    cards = [
        VolunteerCard(
            person,
            volunteer,
            reader.show(person.sealed_alias()),
            reader.show(person.sealed_phone()),
        )
        for person, volunteer in shown
    ]
    return desk.page(
        "people.html",
        cards=cards,
        levels=range(LEAD_LEVEL + 1),
        is_first=after is None,
        next_after=shown[-1][0].id if len(found) > A_PAGE else None,
    )


@router.post("/people/{person_id}/vetting")
def vet(session: Write, desk: AtDesk, person_id: UUID, form: Form) -> Response:
    """Say how far a volunteer is trusted."""
    _, volunteer = get_volunteer(session, desk.chapter_id, person_id)
    if not re.fullmatch(r"\d", form["vetting"], re.ASCII):
        raise InvalidValue("vetting", "vetting_out_of_range")
    set_vetting(session, volunteer, int(form["vetting"]), by=desk.viewer, now=desk.now)
    return go_to("/people")


@router.get("/people/new")
def new_person(desk: AtDesk) -> HTMLResponse:
    """Show the form that invites a volunteer."""
    return _form(desk, {})


@router.post("/people/new")
def invite(session: Write, desk: AtDesk, form: Form) -> Response:
    """Invite a volunteer: one text, and no more until they answer."""

    def again(problems: object, status: int) -> Response:
        return _form(desk, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        card, offer = _read(desk, form)
        chapter = get_chapter(session, desk.chapter_id)
        invite_volunteer(
            session, desk.outbox, chapter, card, offer, how="console", by=desk.viewer, now=desk.now
        )
    return desk.page("person_invited.html")


@router.post("/people/{person_id}/reveal")
def reveal(
    session: Write, desk: AtDesk, _now: Confirmed, person_id: UUID, form: Form
) -> HTMLResponse:
    """Show a name and a number whole, this once; who looked and why is written down."""
    person = session.get(Person, person_id)
    if person is None or person.chapter_id != desk.chapter_id:
        raise NotFound(None, f"no person {person_id}")
    if form["reason"] not in REASONS:
        raise InvalidValue("reason", "invalid")
    return desk.page("person.html", back=_way_back(form), **_whole(session, desk, person, form))


def _whole(session: Session, desk: Desk, person: Person, form: Sent) -> dict[str, Any]:
    reader, reason = desk.reader(), form["reason"]
    return {
        "alias": reader.reveal(session, person.sealed_alias(), reason=reason, now=desk.now),
        "number": reader.reveal(session, person.sealed_phone(), reason=reason, now=desk.now),
        "person": person,
        "reason": reason,
    }


def _way_back(form: Sent) -> str:
    """Return the page they came from, if it is one of ours."""
    return form["back"] if re.fullmatch(r"/([a-z0-9-]+/?)*", form["back"], re.ASCII) else "/"


def _read(desk: Desk, form: Sent) -> tuple[Card, Offer]:
    answers = Answers(form)
    alias, typed = answers.needed("alias"), answers.needed("phone")
    phone = ""
    if typed:
        phone = answers.read(lambda: read_phone(typed, desk.wiring.settings.countries), "")
    card = Card(phone, alias=alias, language=form["language"], area=form["area"][:40])
    answers.read(lambda: check_card(card), None)
    met_at = answers.needed("met_at")
    roles = tuple(role for role in ROLES if form.is_ticked(f"role_{role}"))
    answers.done()
    return card, Offer(met_at=met_at, roles=roles)


def _form(desk: Desk, typed: object, *, status: int = 200, problems: object = None) -> HTMLResponse:
    return desk.page(
        "person_new.html", status=status, typed=typed, problems=problems or {}, roles=ROLES
    )
