"""Send what was drafted, once: by one person, with a second one's yes where it goes to many."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from service.accounts.sign_in import viewer_of
from service.accounts.tables import Organizer
from service.blasts.drafts import OPEN, audience_of, hold
from service.blasts.launch import Plan, launch, too_long
from service.blasts.second import (
    WAIT_ALONE,
    ask_second,
    is_approved,
    needs_second,
    others_able,
    tell_alone,
)
from service.blasts.tables import Blast, BlastKind, DraftState, MessageDraft
from service.chapters.find import get_chapter
from service.errors import InvalidForm, WrongState
from service.messages import dates
from service.messages.catalog import Catalog
from service.outbox.enqueue import Outbox
from service.outbox.tables import Priority
from service.people.audience import Audience
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rallies.actions.announce import announce_action
from service.rallies.announce import announce
from service.rallies.letter import Letter, count_letter, letter_of
from service.rallies.more import call_more
from service.rallies.tables import RallyState
from service.rsvps.choose import choose_people

UNDO = timedelta(seconds=15)


def send(
    session: Session, outbox: Outbox, draft_id: UUID, *, by: Organizer, now: datetime
) -> Blast | None:
    """Launch a draft, now or at its time; return its blast, or None while a second person is asked.

    Safe to run twice and at once: a draft is launched once, under its own id. A chapter's only
    organizer waits ten minutes, and is texted how to take it back. Raises WrongState, InvalidForm,
    InvalidValue.
    """
    draft = hold(session, draft_id)
    if draft.state is DraftState.LAUNCHED:
        return session.get_one(Blast, draft.id)
    letter = _whole(session, outbox, draft, now)
    people = count_letter(session, letter, now=now).people
    chapter = get_chapter(session, draft.chapter_id)
    soonest = now + UNDO
    if needs_second(chapter, people) and not is_approved(draft):
        if others_able(session, draft, by.id):
            ask_second(session, outbox, draft, letter.bodies, by=by, people=people, now=now)
            return None
        soonest = now + WAIT_ALONE
        at = max(soonest, draft.send_at or soonest)
        clock = dates.time(at, ZoneInfo(chapter.time_zone))
        tell_alone(session, outbox, draft, by=by, people=people, time=clock, now=now)
    at = max(soonest, draft.send_at or soonest)
    return _launch(session, outbox.catalog, letter, at, viewer_of(by), now)


def send_approved(
    session: Session, outbox: Outbox, draft_id: UUID, *, by: Organizer, now: datetime
) -> Blast:
    """Launch a draft that a second person has just approved. Safe to run twice and at once."""
    draft = hold(session, draft_id)
    if draft.state is DraftState.LAUNCHED:
        return session.get_one(Blast, draft.id)
    if not is_approved(draft):
        raise WrongState("draft_changed", f"draft {draft.id} is not approved as it is")
    letter = _whole(session, outbox, draft, now)
    at = max(now + UNDO, draft.send_at or now)
    return _launch(session, outbox.catalog, letter, at, viewer_of(by), now)


def _whole(session: Session, outbox: Outbox, draft: MessageDraft, now: datetime) -> Letter:
    if draft.state not in OPEN:
        raise WrongState("draft_is_gone", f"draft {draft.id} is {draft.state}")
    letter = letter_of(session, outbox.catalog, draft, now=now)
    if draft.typed.get("unfinished") or not all(letter.bodies.values()):
        raise WrongState("draft_unfinished", f"draft {draft.id} lacks something")
    if problems := too_long(letter.bodies):
        raise InvalidForm(problems)
    return letter


def _launch(
    session: Session, catalog: Catalog, letter: Letter, at: datetime, by: Viewer, now: datetime
) -> Blast:
    draft = letter.draft
    audience = choose_people(
        session, audience_of(draft), draft.id, calls_to=letter.calls_to, now=now
    )
    rally, action = letter.rally, letter.action
    if action is not None and draft.kind is BlastKind.ACTION:
        blast = announce_action(
            session, catalog, action, blast_id=draft.id, by=by, now=now, at=at, audience=audience,
            is_seconded=True,
        )  # fmt: skip
    elif letter.is_call and rally is not None and rally.state is not RallyState.DRAFT:
        blast = call_more(
            session, rally, audience, letter.bodies, blast_id=draft.id, by=by, now=now, at=at,
            is_seconded=True,
        )  # fmt: skip
    elif letter.is_call and rally is not None:
        blast = announce(
            session, rally, blast_id=draft.id, by=by, now=now, at=at, audience=audience,
            bodies=letter.bodies, is_seconded=True,
        )  # fmt: skip
    else:
        blast = launch(session, _note(letter, audience, at, by), now=now)
        subject = f"message:{draft.id.hex}"
        audit.record(session, actor=by, action="message.send", subject=subject, now=now)
    draft.state = DraftState.LAUNCHED
    session.add(draft)
    session.flush()
    return blast


def _note(letter: Letter, audience: Audience, at: datetime, by: Viewer) -> Plan:
    draft = letter.draft
    return Plan(
        id=draft.id,
        subject=draft.subject,
        kind=draft.kind,
        audience=audience,
        bodies=letter.bodies,
        priority=Priority.BULK,
        not_after=letter.not_after,
        created_by=draft.asked_by or by.name,
        at=at,
    )
