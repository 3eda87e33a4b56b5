"""A site with one of everything, and the address of every page on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from schedules.jobs import run_all
from service.accounts.tables import Organizer
from service.blasts.drafts import Author, Words, new_draft, write
from service.blasts.tables import Blast, BlastKind, MessageDraft
from service.chapters.tables import Chapter, Office, Sender
from service.checkins.approve import USUAL_PLACES, Approval, approve
from service.checkins.register import Registration, register
from service.checkins.safety.tables import SafetyCheck
from service.checkins.tables import CheckIn
from service.db import new_id
from service.inbox.tables import Inbound, Thread
from service.outbox.tables import DrillGuest
from service.people.audience import Audience
from service.people.import_.keep import keep_list
from service.people.register import Card
from service.people.register import make_volunteer as belong
from service.people.register import make_volunteer as register_volunteer
from service.people.tables import Consent, Person, UploadedList, Volunteer
from service.people.visits import make_link
from service.privacy.policy import SYSTEM, Role
from service.rallies.actions.announce import announce_action
from service.rallies.actions.draft import ActionDraft, save_action
from service.rallies.actions.drill import start_action_drill
from service.rallies.actions.tables import Action, ActionKind
from service.rallies.announce import announce
from service.rallies.draft import Draft, save_draft
from service.rallies.drill import start_drill
from service.rallies.tables import Rally, RallyKind, RallyState
from service.rallies.together import open_to_chapters
from service.replies.receive import Reception, act_on, take_in
from service.rsvps.respond import Answer, respond
from service.rsvps.tables import Rsvp
from service.sms.inbound import InboundText
from tests.browser.site import Site
from tests.factories import make_chapter, make_sender, make_volunteer

NAMES = ("Rosa", "Beto", "Alma", "Tomás")


BAY = "Bay"  # a second chapter: whoever has a page of their own belongs to it too

# Whoever has a date and has also promised to come somewhere: their own page shows everything.
WITH_BOTH = (
    select(Person)
    .join(Rsvp, col(Rsvp.person_id) == Person.id)
    .join(CheckIn, col(CheckIn.family_id) == Person.id)
)


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
    _act(site)
    run_all(wiring, now=now)
    _text(site, 102, "ICE is at the library, what should I do?")
    with wiring.database.write() as session:
        rows = [["name", "phone"], ["Luz", "413-555-0150"], ["", "nonsense"]]
        keep_list(session, wiring.keyring, site.chapter.id, rows, by=SYSTEM, now=now)
        bay = make_chapter(session, BAY)
        make_sender(session, bay, "+14155550100")
        coming = session.exec(WITH_BOTH).first()
        if coming is not None:
            belong(session, coming, bay.id, now=now)
        invited = ("Come on Sunday?", "¿Viene el domingo?")
        shared = save_draft(
            session, bay, Draft("Vigil of Bay", "Pier 1", now + timedelta(days=7), *invited), by="Ana",
            now=now,
        )  # fmt: skip
        announce(session, shared, blast_id=new_id(), by=SYSTEM, now=now)
        open_to_chapters(session, shared, is_open=True, by=SYSTEM, now=now)


def _act(site: Site) -> None:
    """A draft to everybody, an action that runs, a drill, and a volunteer who also has a date."""
    wiring, now = site.wiring, site.clock.now()
    author, id_ = Author("Marta", site.organizer.id), new_id()
    with wiring.database.write() as session:
        draft = new_draft(
            session, site.chapter.id, id_, BlastKind.NOTE, f"message:{id_.hex}", by=author, now=now,
            audience=Audience(site.chapter.id),
        )  # fmt: skip
        said = Words("News", "We meet on Friday.", "Nos vemos el viernes.")
        write(session, draft, said, by=author, now=now)
        action = save_action(
            session, site.chapter,
            ActionDraft(
                ActionKind.CALL, "Stay", "the director", now + timedelta(days=4),
                "Please call 860-555-0170. Done? Text CALLED.",
                "Por favor llame al 860-555-0170. Luego escriba LLAME.",
                target_phone="860-555-0170",
            ),
            by=SYSTEM, now=now,
        )  # fmt: skip
        announce_action(session, wiring.catalog, action, blast_id=new_id(), by=SYSTEM, now=now)
        signing = ActionDraft(
            ActionKind.SIGN, "Sign", "the senator", now + timedelta(days=4), "Please sign.",
            "Por favor firme.", link="https://example.org/sign",
        )  # fmt: skip
        save_action(session, site.chapter, signing, by=SYSTEM, now=now)
        guest = make_volunteer(session, wiring.keyring, site.chapter, 110, now=now, name="Noor")
        session.add(
            DrillGuest(
                person_id=guest.id, chapter_id=site.chapter.id, added_by="Marta", agreed_at=now
            )
        )
    with wiring.database.write() as session:
        practice = Draft("Practice", "90 Main St", now + timedelta(days=2), "Come?", "¿Viene?")
        start_drill(session, site.chapter, practice, by=SYSTEM, now=now)
        running = session.get_one(Action, action.id)
        start_action_drill(session, wiring.catalog, running, drill_id=new_id(), by=SYSTEM, now=now)
        family = session.exec(
            select(Person)
            .join(CheckIn, col(CheckIn.family_id) == Person.id)
            .order_by(col(CheckIn.id))
            .limit(1)
        ).one()
        family.consent = Consent.ACTIVE
        session.add(family)
        register_volunteer(session, family, now=now, vetting=2)
        rally = session.exec(select(Rally).where(Rally.title == "March")).one()
        respond(session, family.id, rally.subject, Answer.YES, now=now)


def _text(site: Site, number: int, body: str) -> None:
    reception = Reception(site.wiring.outbox, ("US",))
    with site.wiring.database.write() as session:
        to = session.exec(select(Sender.number)).first() or ""
        text = InboundText(f"SM{new_id().hex}", f"+1413555{number:04}", to, body, "", 0)
        inbound_id = take_in(session, reception, text, now=site.clock.now())
        assert inbound_id is not None
    with site.wiring.database.write() as session:
        act_on(session, reception, inbound_id, now=site.clock.now())


def own_page_link(site: Site) -> str:
    """The address of a link to the page of somebody with a date and a promise."""
    with site.wiring.database.write() as session:
        person = session.exec(WITH_BOTH).one()
        return f"{site.url}/m/{make_link(session, person, now=site.clock.now())}"


def pages_of(site: Site) -> list[str]:
    """Return the address of every page: of one that needs a thing, with the thing we have."""
    with site.wiring.database.read() as session:

        def the(table: Any, *where: Any) -> UUID:
            return UUID(
                str(session.exec(select(table.id).where(*where).order_by(table.id)).first())
            )

        waiting, approved = session.exec(select(CheckIn.id).order_by(col(CheckIn.id))).all()
        draft = the(Rally, Rally.state == RallyState.DRAFT)
        rally = the(Rally, Rally.title == "March")
        shared = the(Rally, Rally.title == "Vigil of Bay")
        drill, note = the(Rally, col(Rally.is_drill)), the(MessageDraft)
        asking = the(MessageDraft, MessageDraft.title == "Sign")
        action = the(Action, Action.title == "Stay", ~col(Action.is_drill))
        planned, practised = the(Action, Action.title == "Sign"), the(Action, col(Action.is_drill))
        blast, office, sender = the(Blast), the(Office), the(Sender)
        safety, uploaded, text = the(SafetyCheck), the(UploadedList), the(Inbound)
        thread = the(Thread)
        volunteer = session.exec(
            select(Volunteer.person_id).order_by(col(Volunteer.person_id))
        ).first()
        with_both = session.exec(WITH_BOTH).one()
        promise = session.exec(select(Rsvp.subject).where(Rsvp.person_id == with_both.id)).one()
        bay = the(Chapter, Chapter.name == BAY)
    kind, _, event = promise.partition(":")
    return [
        "/", "/account", "/account/setup", "/account/app", "/account/phone", "/account/calendar",
        "/halt", "/shifts", "/signin", "/signin/nothing", "/organizers", "/organizers/new",
        "/checkins", "/checkins/month", "/checkins/new",
        f"/checkins/{waiting}", f"/checkins/{approved}", f"/checkins/{waiting}/approve",
        f"/checkins/{approved}/cancel", f"/checkins/{approved}/move", f"/checkins/{approved}/ride",
        f"/checkins/{approved}/outcome", f"/checkins/{approved}/sheet",
        "/rallies/new", f"/rallies/{rally}", f"/rallies/{draft}", f"/rallies/{draft}/edit",
        f"/rallies/{rally}/cancel", f"/rallies/{rally}/move", f"/rallies/{rally}/all-clear",
        f"/rallies/{rally}/close", f"/rallies/{draft}/send", f"/rallies/{shared}",
        "/messages/new", f"/messages/{blast}", f"/messages/{blast}/stop", f"/drafts/{note}/edit",
        f"/drafts/{note}/people", f"/drafts/{note}/send",
        "/actions", "/actions/new", f"/actions/{action}", f"/actions/{planned}/edit",
        f"/drafts/{asking}/people", f"/drafts/{asking}/send", f"/actions/{action}/close",
        "/drills", "/drills/new", "/drills/appointments/new", f"/drills/{drill}",
        f"/actions/{planned}/practise", f"/drills/actions/{practised}", f"/safety/{safety}",
        "/inbox", f"/inbox/{thread}", f"/inbox/texts/{text}/correct?meant=yes",
        "/people", "/people/new", f"/people/{volunteer}", f"/people/{volunteer}/edit",
        f"/people/{volunteer}/erase", f"/people/{volunteer}/opt-out", "/people/export",
        "/people/lists/new", f"/people/lists/{uploaded}", f"/people/lists/{uploaded}/columns",
        "/settings", "/settings/waits", "/settings/replies", "/settings/replies/new",
        "/settings/replies/thanks", "/settings/replies/history", "/settings/texts",
        "/settings/texts?group=before", "/settings/texts?q=llegue", "/settings/texts/two_hours",
        "/settings/texts/help",
        "/settings/texts/safety_ask", "/settings/offices/new", f"/settings/offices/{office}",
        f"/settings/senders/{sender}", "/posters",
        "/checkin", "/join", "/privacy", "/terms", "/mine/link", "/m/nothing", "/s/nothing",
        "/mine", "/mine/calendar", "/mine/leave", "/mine/erase", f"/mine/groups/{bay}/leave",
        f"/mine/dates/{waiting}/ride", f"/mine/dates/{waiting}/change",
        f"/mine/dates/{waiting}/delete",
        f"/mine/promises/{kind}/{UUID(event)}/decline",
        "/away",  # last, as it closes one's own page
    ]  # fmt: skip
