"""A site with one of everything, and the address of every page on it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlmodel import col, select

from schedules.jobs import run_all
from service.accounts.tables import Organizer
from service.blasts.tables import Blast
from service.chapters.tables import Office, Sender
from service.checkins.approve import USUAL_PLACES, Approval, approve
from service.checkins.register import Registration, register
from service.checkins.safety.tables import SafetyCheck
from service.checkins.tables import CheckIn
from service.db import new_id
from service.people.import_.keep import keep_list
from service.people.register import Card
from service.people.tables import Person, UploadedList
from service.privacy.policy import SYSTEM, Role
from service.rallies.announce import announce
from service.rallies.draft import Draft, save_draft
from service.rallies.tables import Rally, RallyKind, RallyState
from service.replies.receive import Reception, act_on, take_in
from service.sms.inbound import InboundText
from tests.browser.site import Site
from tests.factories import make_volunteer

NAMES = ("Rosa", "Beto", "Alma", "Tomás")


def furnish(site: Site) -> None:
    """Volunteers, a waiting and an approved appointment, a draft and an announced rally, texts, a list."""
    wiring, now = site.wiring, site.clock.now()
    with wiring.database.write() as session:
        session.get_one(Organizer, site.organizer.id).role = Role.ADMIN
        for place, name in enumerate(NAMES):
            make_volunteer(
                session, wiring.keyring, site.chapter, 101 + place, now=now, name=name,
                vetting=place, language=("en", "es")[place % 2],
            )  # fmt: skip
    for place, days in enumerate((5, 3)):
        told = Registration(
            Card(f"+1413555012{place}", alias="Azucena", language="es"), site.office.id,
            now + timedelta(days=days), how="web", note="Viene con su hija.",
        )  # fmt: skip
        with wiring.database.write() as session:
            made = register(session, wiring.outbox, site.chapter, told, now=now)
            if place:
                approval = Approval(USUAL_PLACES, agreed_to_texts=True)
                approve(session, wiring.outbox, made, approval, by=SYSTEM, now=now)
    for title in ("Vigil", "March"):
        draft = Draft(
            title, "90 Main St", now + timedelta(days=6), "March on Sunday. Come?",
            "Marcha el domingo. ¿Viene?", RallyKind.RALLY,
        )  # fmt: skip
        with wiring.database.write() as session:
            rally = save_draft(session, site.chapter, draft, by="Marta", now=now)
            if title == "March":
                announce(session, rally, blast_id=new_id(), by=SYSTEM, now=now)
    run_all(wiring, now=now)
    _text(site, 102, "ICE is at the library, what should I do?")
    with wiring.database.write() as session:
        rows = [["name", "phone"], ["Luz", "413-555-0150"], ["", "nonsense"]]
        keep_list(session, wiring.keyring, site.chapter.id, rows, by=SYSTEM, now=now)


def _text(site: Site, number: int, body: str) -> None:
    reception = Reception(site.wiring.outbox, ("US",))
    with site.wiring.database.write() as session:
        to = session.exec(select(Sender.number)).first() or ""
        text = InboundText(f"SM{new_id().hex}", f"+1413555{number:04}", to, body, "", 0)
        inbound_id = take_in(session, reception, text, now=site.clock.now())
        assert inbound_id is not None
    with site.wiring.database.write() as session:
        act_on(session, reception, inbound_id, now=site.clock.now())


def pages_of(site: Site) -> list[str]:
    """Return the address of every page: of one that needs a thing, with the thing we have."""
    with site.wiring.database.read() as session:

        def the(table: type, *where: object) -> UUID:
            query = select(col(table.id)).where(*where).order_by(col(table.id))  # type: ignore[attr-defined,arg-type]
            return session.exec(query).first()  # type: ignore[return-value]

        waiting, approved = session.exec(select(CheckIn.id).order_by(col(CheckIn.id))).all()
        draft = the(Rally, Rally.state == RallyState.DRAFT)
        rally = the(Rally, Rally.state == RallyState.ANNOUNCED)
        blast, office, sender = the(Blast), the(Office), the(Sender)
        safety, uploaded = the(SafetyCheck), the(UploadedList)
        person = the(Person)
    return [
        "/", "/account", "/account/setup", "/halt", "/shifts", "/signin", "/checkin", "/privacy",
        "/checkins", "/checkins/month", "/checkins/new", f"/checkins/{waiting}",
        f"/checkins/{approved}", f"/checkins/{waiting}/approve", f"/checkins/{approved}/cancel",
        f"/checkins/{approved}/move",
        "/rallies/new", f"/rallies/{rally}", f"/rallies/{draft}", f"/rallies/{draft}/edit",
        f"/rallies/{rally}/cancel", f"/messages/{blast}", f"/messages/{blast}/stop",
        f"/safety/{safety}", "/people", "/people/new", f"/people/{person}/invite",
        "/settings", "/settings/offices/new", f"/settings/offices/{office}",
        f"/settings/senders/{sender}", "/organizers", "/organizers/new", "/lists/new",
        f"/lists/{uploaded}", "/export",
    ]  # fmt: skip
