"""People: a masked list, found by name, number or what they offer; one more; a name, on the record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.find import get_chapter
from service.errors import InvalidValue, NotFound
from service.outbox.invite import Offer, invite_volunteer
from service.people.find import get_volunteer
from service.people.members import standing_of
from service.people.phone import read_phone
from service.people.register import LANGUAGES, ROLES, Card, alias_words, check_card
from service.people.search import Search, search
from service.people.tables import LEAD_LEVEL, Family, Person, Volunteer
from service.people.vet import set_vetting
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.who import Confirmed
from service.web.forms import Answers, Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

A_PAGE = 50
KINDS = ("volunteer", "family", "all")
FILTERS = ("kind", "area", "language", "role", "vetting")
REASONS = ("call", "check", "trouble")


@dataclass(frozen=True)
class PersonCard:
    """One person, masked."""

    person: Person
    volunteer: Volunteer | None
    family: Family | None
    alias: str
    phone: str


@router.get("/people")
def people(session: Read, desk: AtDesk, after: UUID | None = None) -> HTMLResponse:
    """List people, a page at a time: volunteers, or whoever the filters of the address let through."""
    sent = Sent(dict(desk.request.query_params))
    return _list(session, desk, sent, _filters(sent), after=after)


@router.post("/people/find")
def find(session: Read, desk: AtDesk, form: Form) -> HTMLResponse:
    """Find people by words of a name or an exact number: by a form, so that no address holds either."""
    who = form["who"]
    try:
        wanted = Search(phone=read_phone(who, desk.wiring.settings.countries, field="who"))
    except InvalidValue as problem:
        wanted = Search(name=who)
        if not alias_words(who) or not re.search(r"[^\W\d_]", who):
            return _list(
                session, desk, form, Search(kind="volunteer"), status=422,
                problems=desk.tell([problem if who else InvalidValue("who", "missing")]),
            )  # fmt: skip
    return _list(session, desk, form, wanted, is_search=True)


@router.post("/people/{person_id}/vetting")
def vet(session: Write, desk: AtDesk, person_id: UUID, form: Form) -> Response:
    """Say how far a volunteer is trusted."""
    person, volunteer = get_volunteer(session, desk.chapter_id, person_id)
    standing = standing_of(session, person.id, desk.chapter_id) or volunteer
    if not re.fullmatch(r"\d", form["vetting"], re.ASCII):
        raise InvalidValue("vetting", "vetting_out_of_range")
    set_vetting(session, standing, int(form["vetting"]), by=desk.viewer, now=desk.now)
    return go_to(f"/people/{person_id}")


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
    if person is None or not person.is_known_to(desk.chapter_id):
        raise NotFound(None, f"no person {person_id}")
    if form["reason"] not in REASONS:
        raise InvalidValue("reason", "invalid")
    return desk.page("person.html", back=_way_back(form), **_whole(session, desk, person, form))


def _filters(sent: Sent) -> Search:
    """Return what the address asks for; what it can't mean is let be."""
    vetting = sent["vetting"]
    return Search(
        area=sent["area"],
        language=sent["language"] if sent["language"] in LANGUAGES else "",
        role=sent["role"] if sent["role"] in ROLES else "",
        vetting=int(vetting) if vetting in ("0", "1", "2", "3") else None,
        kind=sent["kind"] if sent["kind"] in KINDS else KINDS[0],
    )


def _list(
    session: Session, desk: Desk, sent: Sent, wanted: Search, *, after: UUID | None = None,
    problems: Mapping[str, str] | None = None, status: int = 200, is_search: bool = False,
) -> HTMLResponse:  # fmt: skip
    rows = search(
        session, desk.wiring.keyring, desk.chapter_id, wanted, after=after, limit=A_PAGE + 1
    )
    shown, reader = rows[:A_PAGE], desk.reader()
    reader.fetch_keys([row.person.sealed_phone() for row in shown])
    cards = [
        PersonCard(
            row.person, row.volunteer, row.family, reader.show(row.person.sealed_alias()),
            reader.show(row.person.sealed_phone()),
        )
        for row in shown
    ]  # fmt: skip
    more = {"after": str(shown[-1].person.id)} if len(rows) > A_PAGE else None
    kept = {name: sent[name] for name in FILTERS if sent[name]}
    return desk.page(
        "people.html", status=status, cards=cards, typed=sent.typed, problems=problems or {},
        levels=range(LEAD_LEVEL + 1), roles=ROLES, languages=LANGUAGES, kinds=KINDS,
        kind=wanted.kind, is_search=is_search, is_first=after is None, is_filtered=bool(kept),
        more="/people?" + urlencode(more | kept) if more and not is_search else "",
        is_cut=more is not None and is_search,
    )  # fmt: skip


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
