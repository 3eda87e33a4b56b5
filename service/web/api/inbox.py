"""The inbox: texts that somebody should see to, a thread a person; misreadings put right."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field
from sqlmodel import Session

from service.inbox.answer import LONGEST_ANSWER, answer
from service.inbox.history import Said, history
from service.inbox.tables import Thread, ThreadState
from service.inbox.threads import assign, finish, get_thread, list_threads, reopen
from service.inbox.waiting import get_text
from service.outbox.tables import State
from service.people.tables import Consent, Person
from service.privacy.read import Reader
from service.replies.correct import Correction, Meant, correct
from service.rsvps.tables import RsvpState
from service.web.api.auth import Who
from service.web.api.blasts import About, about
from service.web.api.paging import Page, Paging, cut
from service.web.api.people import Reveal, Revealed, fetch_keys, reveal
from service.web.api.shapes import NEVER_KEPT, PLAIN, Language, Shape, up_to
from service.web.session import Now, Parts, Read, Write

router = APIRouter(tags=["inbox"])

TEXTS_SHOWN = 50
MOST_IN_A_PARTY = 50


class Direction(StrEnum):
    """Who wrote."""

    IN = "in"
    OUT = "out"


class Did(Shape):
    """What a text did: the answer that counts, and what had been said before (null: nothing)."""

    about: About
    answer: str = Field(examples=["yes"])
    before: RsvpState | None


class ShownText(Shape):
    """One text. `understood_as`, `why`, `did` and what follows are about texts that came in."""

    id: UUID
    direction: Direction
    at: datetime
    text: str
    state: State | None = Field(description="How far a text of ours has come.")
    understood_as: str = Field(examples=["yes"])
    read_as: str = Field(description="Before anybody corrected it.", examples=["no"])
    certainty: str = Field(
        description="How surely it was read; empty where the carrier acted.", examples=["sure"]
    )
    why: str = Field(description="Which step of the reader said so.")
    did: list[Did]
    corrected_by: str
    needs_person: bool
    handled_by: str


class ShownThread(Shape):
    """One person's thread. `opened_at`: since when it waits."""

    id: UUID
    person_id: UUID
    alias: str = Field(examples=["A•••"])
    phone: str = Field(examples=["+1•••0142"])
    language: Language
    consent: Consent
    state: ThreadState
    assigned_to: UUID | None
    opened_at: datetime
    done_by: str
    done_at: datetime | None


class WholeThread(ShownThread):
    """A thread with its newest texts, oldest of them first."""

    texts: list[ShownText]


class ThreadPaging(Paging):
    """Which threads, and which page of them."""

    state: ThreadState | None = Field(None, description="Only those that stand like this.")


class Assignment(Shape):
    """Who sees to it."""

    organizer_id: UUID | None = Field(None, description="Null: the caller.")


class OwnWords(Shape):
    """What an organizer answers. The network's name is put before it."""

    id: UUID = Field(description="Your own id of this answer: sent twice, it leaves once.")
    text: Annotated[str, up_to(LONGEST_ANSWER, least=1), PLAIN, NEVER_KEPT]


class MeantSo(Shape):
    """What a text meant. `about` is needed where several events are possible."""

    meant: Meant
    about: About | None = None
    party: Annotated[int, Field(ge=1, le=MOST_IN_A_PARTY)] | None = None


@router.get("/threads")
def find_threads(
    paging: Annotated[ThreadPaging, Query()], session: Read, who: Who
) -> Page[ShownThread]:
    """List the chapter's threads, oldest first."""
    rows = list_threads(
        session, who.chapter_id, state=paging.state, after=paging.after, limit=paging.wanted
    )
    shown, following = cut(rows, paging, lambda row: row[0].id)
    fetch_keys(who.reader, [person for _, person in shown])
    items = [ShownThread.model_validate(_facts(who.reader, *row)) for row in shown]
    return Page(items=items, next=following)


@router.get("/threads/{thread_id}")
def see_thread(thread_id: UUID, session: Read, who: Who) -> WholeThread:
    """Return one thread with its newest texts."""
    return _show(session, who.reader, *get_thread(session, who.chapter_id, thread_id))


@router.post("/threads/{thread_id}/assign")
def assign_thread(
    thread_id: UUID, told: Assignment, session: Write, who: Who, now: Now
) -> WholeThread:
    """Say who sees to it. Safe to send twice."""
    thread, person = get_thread(session, who.chapter_id, thread_id)
    assign(session, thread, told.organizer_id or who.organizer.id, by=who.viewer, now=now)
    return _show(session, who.reader, thread, person)


@router.post("/threads/{thread_id}/done")
def finish_thread(thread_id: UUID, session: Write, who: Who, now: Now) -> WholeThread:
    """Say that it is seen to. Safe to send twice."""
    thread, person = get_thread(session, who.chapter_id, thread_id)
    finish(session, thread, by=who.viewer, now=now)
    return _show(session, who.reader, thread, person)


@router.post("/threads/{thread_id}/reopen")
def reopen_thread(thread_id: UUID, session: Write, who: Who, now: Now) -> WholeThread:
    """Say that it is to be seen to after all. Safe to send twice."""
    thread, person = get_thread(session, who.chapter_id, thread_id)
    reopen(session, thread, by=who.viewer, now=now)
    return _show(session, who.reader, thread, person)


@router.post("/threads/{thread_id}/answer")
def answer_thread(
    thread_id: UUID, told: OwnWords, session: Write, wiring: Parts, who: Who, now: Now
) -> WholeThread:
    """Text the person in your own words; an open thread is yours from then on."""
    thread, person = get_thread(session, who.chapter_id, thread_id)
    answer(session, wiring.outbox, thread, told.text, answer_id=told.id, by=who.viewer, now=now)
    return _show(session, who.reader, thread, person)


@router.post("/threads/{thread_id}/reveal")
def reveal_thread(thread_id: UUID, asked: Reveal, session: Write, who: Who, now: Now) -> Revealed:
    """See the person's phone or alias whole. On the record."""
    _, person = get_thread(session, who.chapter_id, thread_id)
    return reveal(session, who.reader, person, asked, now=now)


@router.post("/texts/{text_id}/correct")
def correct_text(
    text_id: UUID, told: MeantSo, session: Write, wiring: Parts, who: Who, now: Now
) -> ShownText:
    """Say what a text meant. It counts as that from now on, and the person is told. On the record."""
    text = get_text(session, who.chapter_id, text_id)
    subject = f"{told.about.kind}:{told.about.id.hex}" if told.about else None
    correction = Correction(told.meant, subject, told.party)
    correct(session, wiring.outbox, text, correction, by=who.viewer, now=now)
    body = who.reader.show(text.sealed_text(who.chapter_id))
    return _show_text(Said(text.id, text.received_at, body, inbound=text))


def _show(session: Session, reader: Reader, thread: Thread, person: Person) -> WholeThread:
    said = history(session, reader, person, thread.chapter_id, limit=TEXTS_SHOWN)
    return WholeThread.model_validate(
        _facts(reader, thread, person) | {"texts": [_show_text(one) for one in said]}
    )


def _facts(reader: Reader, thread: Thread, person: Person) -> dict[str, object]:
    return {
        "id": thread.id,
        "person_id": person.id,
        "alias": reader.show(person.sealed_alias()),
        "phone": reader.show(person.sealed_phone()),
        "language": person.language,
        "consent": person.consent,
        "state": thread.state,
        "assigned_to": thread.assigned_to,
        "opened_at": thread.opened_at,
        "done_by": thread.done_by,
        "done_at": thread.done_at,
    }


def _show_text(said: Said) -> ShownText:
    came = said.inbound
    return ShownText(
        id=said.id,
        direction=Direction.IN if came else Direction.OUT,
        at=said.at,
        text=said.text,
        state=said.delivery.state if said.delivery else None,
        understood_as=came.understood_as if came else "",
        read_as=came.intent if came else "",
        certainty=came.certainty if came else "",
        why=came.why if came else "",
        did=[
            Did(
                about=about(one["subject"]),
                answer=one["answer"],
                before=RsvpState(one["before"]) if one["before"] else None,
            )
            for one in (came.effects if came else [])
        ],
        corrected_by=came.corrected_by if came else "",
        needs_person=bool(came and came.needs_person and came.handled_at is None),
        handled_by=came.handled_by if came else "",
    )
