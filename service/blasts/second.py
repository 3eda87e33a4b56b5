"""A message to many needs a second person's yes: on the page, or by text with a one-time code.

Who wrote it or asked for it can't be that person. Where a chapter has nobody else, the message waits
ten minutes instead, and its author's phone is told how to take it back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, or_, select

from service.accounts.sign_in import viewer_of
from service.accounts.tables import CodeFor, Organizer, Passkey, SignedIn
from service.accounts.text_codes import drop_codes, make_code
from service.blasts.drafts import fingerprint
from service.blasts.tables import DraftState, MessageDraft
from service.chapters.tables import Chapter
from service.errors import NotAllowed, WrongState
from service.messages.catalog import Value
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import ConsentNeeded, Priority
from service.people.tables import Person
from service.privacy import audit
from service.privacy.policy import LADDER, Role

WAIT_ALONE = timedelta(minutes=10)
ABLE = LADDER[LADDER.index(Role.ORGANIZER) :]


def needs_second(chapter: Chapter, people: int) -> bool:
    """Return whether a message to so many needs a second person's yes."""
    return people > chapter.second_over


def others_able(session: Session, draft: MessageDraft, asking: UUID) -> Sequence[Organizer]:
    """Return who may approve it: organizers who can be reached, other than who wrote or sends it."""
    authors = [id_ for id_ in (asking, draft.changed_by_id) if id_ is not None]
    return able(session, draft.chapter_id, but=authors)


def able(session: Session, chapter_id: UUID, *, but: Sequence[UUID]) -> Sequence[Organizer]:
    """Return the chapter's organizers who may say yes to a message to many and can be reached."""
    can_sign_in = select(SignedIn.organizer_id).union(select(Passkey.organizer_id))
    return session.exec(
        select(Organizer)
        .where(
            Organizer.chapter_id == chapter_id,
            col(Organizer.is_active),
            col(Organizer.role).in_(ABLE),
            col(Organizer.id).not_in(but),
            or_(col(Organizer.person_id).is_not(None), col(Organizer.id).in_(can_sign_in)),
        )
        .order_by(col(Organizer.name))
    ).all()


def ask_second(
    session: Session, outbox: Outbox, draft: MessageDraft, bodies: Mapping[str, str], *,
    by: Organizer, people: int, now: datetime,
) -> None:  # fmt: skip
    """Ask the others to approve what the draft says now; each phone gets a code of its own.

    bodies: the texts as they arrive, by language; people: how many get them.
    Safe to run twice: nobody is asked again about the same words. Raises WrongState.
    """
    if draft.state not in (DraftState.DRAFT, DraftState.AWAITING_SECOND):
        raise WrongState("draft_is_gone", f"draft {draft.id} is {draft.state}")
    about = fingerprint(draft)
    if draft.state is DraftState.AWAITING_SECOND and draft.asked_about == about:
        return
    draft.state, draft.asked_at, draft.asked_about = DraftState.AWAITING_SECOND, now, about
    draft.asked_by, draft.asked_by_id = by.name, by.id
    session.add(draft)
    session.flush()
    for organizer in others_able(session, draft, by.id):
        _text_code(session, outbox, draft, organizer, bodies, people, now)
    audit.record(
        session, actor=viewer_of(by), action="message.ask_second",
        subject=_subject(draft), now=now, detail=f"{people} people",
    )  # fmt: skip


def approve(
    session: Session, draft: MessageDraft, *, by: Organizer, seen: str, now: datetime
) -> None:
    """Write down a second person's yes to what they saw. Safe to run twice.

    seen: the fingerprint of what they were shown or told of.
    Raises NotAllowed for the author, WrongState for what has changed meanwhile or is gone.
    """
    if draft.state is DraftState.LAUNCHED or draft.approved_at is not None:
        return
    if draft.state is not DraftState.AWAITING_SECOND:
        raise WrongState("draft_not_asked", f"draft {draft.id} is {draft.state}")
    if by.id in (draft.asked_by_id, draft.changed_by_id):
        raise NotAllowed("own_draft")
    if by.chapter_id != draft.chapter_id or by.role not in ABLE or not by.is_active:
        raise NotAllowed("role_too_low")
    if seen != fingerprint(draft) or seen != draft.asked_about:
        raise WrongState("draft_changed", f"draft {draft.id} has changed")
    draft.approved_by, draft.approved_by_id, draft.approved_at = by.name, by.id, now
    session.add(draft)
    drop_codes(session, CodeFor.APPROVE, draft.id.hex)
    audit.record(
        session, actor=viewer_of(by), action="message.approve",
        subject=_subject(draft), now=now,
    )  # fmt: skip


def is_approved(draft: MessageDraft) -> bool:
    """Return whether a second person has said yes to just these words, people and time."""
    return draft.approved_at is not None and draft.asked_about == fingerprint(draft)


def refuse(session: Session, draft: MessageDraft, *, by: Organizer, now: datetime) -> None:
    """Give the draft back to its author. Raises WrongState when nobody waits for an answer."""
    if draft.state is not DraftState.AWAITING_SECOND:
        raise WrongState("draft_not_asked", f"draft {draft.id} is {draft.state}")
    draft.state, draft.asked_at, draft.asked_about = DraftState.DRAFT, None, ""
    session.add(draft)
    drop_codes(session, CodeFor.APPROVE, draft.id.hex)
    audit.record(
        session, actor=viewer_of(by), action="message.refuse",
        subject=_subject(draft), now=now,
    )  # fmt: skip


def tell_alone(
    session: Session, outbox: Outbox, draft: MessageDraft, *, by: Organizer, people: int,
    time: str, now: datetime,
) -> None:  # fmt: skip
    """Text the only organizer of a chapter what leaves when, and how to take it back.

    time: as their clock shows it. Raises WrongState when the account has no phone.
    """
    person = None if by.person_id is None else session.get(Person, by.person_id)
    if person is None:
        raise WrongState("own_phone_needed")
    digits = make_code(session, by, person.id, CodeFor.UNDO, about=draft.id.hex, now=now)
    values: dict[str, Value] = {"count": people, "hour": time, "digits": digits}
    text = Text("alone_undo", f"alone:{draft.id.hex}", _subject(draft), values)
    _text(session, outbox.of(draft.chapter_id), person, text, now)


def _text_code(
    session: Session, outbox: Outbox, draft: MessageDraft, organizer: Organizer,
    bodies: Mapping[str, str], people: int, now: datetime,
) -> None:  # fmt: skip
    """Text somebody the very words, and then the code that lets them leave."""
    person = None if organizer.person_id is None else session.get(Person, organizer.person_id)
    if person is None:
        return
    digits = make_code(session, organizer, person.id, CodeFor.APPROVE, about=draft.id.hex, now=now)
    about = f"{draft.asked_about[:16]}:{now.timestamp():.0f}:{organizer.id.hex}"
    prefix = outbox.catalog.text("approve_prefix", person.language)
    values: dict[str, Value] = {"name": draft.asked_by, "count": people, "digits": digits}
    words = (
        Text("approve_prefix", f"preview:{about}", _subject(draft), body=prefix + bodies[person.language]),
        Text("approve_ask", f"approve:{about}", _subject(draft), values),
    )  # fmt: skip
    for text in words:
        _text(session, outbox.of(draft.chapter_id), person, text, now)


def _subject(draft: MessageDraft) -> str:
    return f"message:{draft.id.hex}"


def _text(session: Session, outbox: Outbox, person: Person, text: Text, now: datetime) -> None:
    """An organizer's own phone is texted about what they do themself, at any hour."""
    at_once = replace(
        text, priority=Priority.URGENT, consent_needed=ConsentNeeded.ANSWER, quiet_exempt=True
    )
    outbox.text(session, person, at_once, now=now)
