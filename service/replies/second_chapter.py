"""A second chapter: joining it after a yes, leaving one of several, coming back to one after a STOP."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlmodel import Session, and_, col, select

from service.chapters.tables import Chapter
from service.inbox.threads import numbers_of
from service.outbox.enqueue import Outbox
from service.outbox.tables import Delivery
from service.outbox.withdraw import withdraw
from service.people.members import chapters_of, leave_chapter
from service.people.register import make_volunteer
from service.people.tables import Consent, Membership, Person
from service.replies.gone import tell_of_a_lead_who_left
from service.replies.holds import offer_places
from service.replies.lexicon import bare
from service.replies.talks.sure import Told
from service.rsvps.ask import close_asks
from service.rsvps.commitments import coming_to
from service.rsvps.respond import Answer, respond
from service.rsvps.tables import Ask, Seat, SeatRole

if TYPE_CHECKING:
    from service.replies.converse import Conversation

TEXTS_PER_WEEK = 4
LEFT = "left_chapter"


def keyword_chapter(session: Session, body: str, chapter_id: UUID) -> UUID | None:
    """Return whose poster's word this is, rather the chapter's that they wrote to; None: no one's."""
    said = bare(body.strip(" .!¡\"'"))
    chapters = session.exec(select(Chapter).where(Chapter.keyword != "")).all()
    found = [one.id for one in chapters if bare(one.keyword) == said]
    return chapter_id if chapter_id in found else next(iter(found), None)


def was_invited(session: Session, person: Person, chapter_id: UUID) -> bool:
    """Return whether this chapter has asked them to join, so that JOIN is the yes."""
    found = session.get(Membership, (person.id, chapter_id))
    return found is not None and found.invited_at is not None


def join_second(talk: Conversation, chapter_id: UUID) -> None:
    """Make somebody a volunteer of one more chapter: what they told us once is not asked again."""
    make_volunteer(talk.session, talk.person, chapter_id, now=talk.now, how="text")
    membership = talk.session.get(Membership, (talk.person.id, chapter_id))
    if membership is not None:
        membership.invited_at = None
        talk.session.add(membership)
    talk.speak_as(chapter_id)
    talk.answer("joined_second", {"count": str(TEXTS_PER_WEEK)})


def take_answer(talk: Conversation, told: Told) -> None:
    """Take the yes or no to whether they want to join one more chapter."""
    if told.is_yes:
        join_second(talk, UUID(told.about))
    else:
        talk.answer("joined_second_not")


def leave_by_text(talk: Conversation) -> bool:
    """Leave the chapter that they wrote to; False where it is their only one: that is a STOP."""
    theirs = chapters_of(talk.session, talk.person)
    if talk.chapter_id not in theirs or len(theirs) == 1:
        return False
    leave_one(talk.session, talk.outbox, talk.person, talk.chapter_id, now=talk.now)
    talk.answer("left_one")
    return True


def leave_one(
    session: Session, outbox: Outbox, person: Person, chapter_id: UUID, *, now: datetime
) -> None:
    """End what a chapter asks of somebody, and what they promised it: others take their places."""
    if not leave_chapter(session, person, chapter_id, now=now):
        return
    for rsvp in coming_to(session, person.id, now=now):
        seat = session.get(Seat, rsvp.seat_id)
        if seat is None or seat.chapter_id != chapter_id:
            continue
        was_lead = rsvp.role is SeatRole.LEAD
        response = respond(session, person.id, rsvp.subject, Answer.NO, now=now)
        if was_lead:
            tell_of_a_lead_who_left(session, outbox, rsvp.subject, now=now)
        if response.freed_seat_id is not None:
            offer_places(session, outbox, response.freed_seat_id, now=now)
    _close_questions(session, person, chapter_id, now)
    theirs = and_(
        col(Delivery.person_id) == person.id,
        col(Delivery.sender_id).in_(numbers_of(chapter_id)),
        col(Delivery.gate_id).is_not(
            None
        ),  # calls and waves; what concerns a promise is gone above
    )
    withdraw(session, theirs, reason=LEFT, now=now)


def come_back_to(talk: Conversation) -> None:
    """After a STOP, come back to the chapter that they wrote to and to no other.

    The carrier still blocks the other numbers: a text from one would end everything again.
    """
    theirs = chapters_of(talk.session, talk.person)
    if talk.person.consent is not Consent.OPTED_OUT or talk.chapter_id not in theirs:
        return
    for each in theirs:
        if each != talk.chapter_id:
            leave_chapter(talk.session, talk.person, each, now=talk.now)


def stop_template(session: Session, person: Person) -> str:
    """Return which text confirms an opt-out: in several chapters it says that it ends them all."""
    return "opt_out_all" if len(chapters_of(session, person)) > 1 else "opt_out"


def _close_questions(session: Session, person: Person, chapter_id: UUID, now: datetime) -> None:
    of_chapter = select(Seat.subject).where(Seat.chapter_id == chapter_id)
    subjects = session.exec(
        select(Ask.subject)
        .where(
            Ask.person_id == person.id,
            col(Ask.closed_at).is_(None),
            col(Ask.subject).in_(of_chapter),
        )
        .distinct()
    ).all()
    for subject in subjects:
        close_asks(session, subject, person_id=person.id, now=now)
