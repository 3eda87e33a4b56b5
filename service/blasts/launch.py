"""Launch a blast: fix its audience, write its copies in chunks, then open its gate.

Each chunk is a transaction of its own with a high-water mark, and nothing leaves before the last
one: a STOP never waits behind a long launch, and a launch that was cut off goes on where it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from service.blasts.tables import Blast, BlastKind, BlastState
from service.chapters.find import get_chapter, sender_of
from service.errors import InvalidValue
from service.messages.catalog import load_catalog
from service.messages.segments import LONGEST_BODY
from service.outbox.drill import in_front
from service.outbox.enqueue import Text, enqueue_copies
from service.outbox.gate import get_wordings, make_gate, set_gate
from service.outbox.tables import GateState, Priority
from service.people.audience import Audience, next_people
from service.people.register import LANGUAGES

CHUNK = 1000


@dataclass(frozen=True)
class Plan:
    """What is to be sent, to whom, and when.

    id: made by whoever composes, so that the same plan sent twice is one blast.
    bodies: language -> text; every language that the network speaks. at: None means now.
    resends: an urgent text that would rather come twice than not at all ("at least once").
    asks: recipients are asked; their bare Y or N is about `subject`.
    """

    id: UUID
    subject: str
    kind: BlastKind
    audience: Audience
    bodies: Mapping[str, str]
    priority: Priority
    not_after: datetime
    created_by: str
    asks: bool = False
    quiet_exempt: bool = False
    resends: bool = False
    at: datetime | None = None


def launch(session: Session, plan: Plan, *, now: datetime) -> Blast:
    """Schedule the plan (now, or at its time) and return its blast. Safe to run twice: by `plan.id`.

    Raises InvalidValue on `text_en` or `text_es` when a language is missing, or too long for the
    carrier.
    """
    existing = session.get(Blast, plan.id)
    if existing is not None:
        return existing
    bodies = {
        each: in_front(load_catalog(), plan.subject, each, _body(plan.bodies, each))
        for each in LANGUAGES
    }
    for problem in too_long(bodies):
        raise problem
    make_gate(session, plan.id, bodies)
    blast = Blast(
        id=plan.id,
        chapter_id=plan.audience.chapter_id,
        sender_id=sender_of(session, plan.audience.chapter_id).id,
        subject=plan.subject,
        kind=plan.kind,
        state=BlastState.SCHEDULED,
        priority=plan.priority,
        audience=plan.audience.to_json(),
        asks=plan.asks,
        quiet_exempt=plan.quiet_exempt,
        resends=plan.resends,
        scheduled_at=plan.at or now,
        not_after=plan.not_after,
        created_by=plan.created_by,
        created_at=now,
    )
    session.add(blast)
    session.flush()
    return blast


def due_blasts(session: Session, *, now: datetime) -> Sequence[UUID]:
    """Return the blasts whose copies are to be written now, oldest first."""
    return session.exec(
        select(Blast.id)
        .where(
            col(Blast.state).in_([BlastState.SCHEDULED, BlastState.PLANNING]),
            col(Blast.scheduled_at) <= now,
        )
        .order_by(col(Blast.scheduled_at), col(Blast.id))
    ).all()


def write_chunk(session: Session, blast_id: UUID, *, now: datetime) -> tuple[Blast, list[UUID]]:
    """Write the next copies of a blast that is due; return it and the people of this chunk.

    When nobody is left, the gate opens and the blast is SENDING.
    """
    blast = session.get_one(Blast, blast_id, with_for_update=True)
    if blast.state not in (BlastState.SCHEDULED, BlastState.PLANNING):
        return blast, []
    if blast.state is BlastState.SCHEDULED:
        blast.state, blast.launched_at = BlastState.PLANNING, now
    audience = Audience.from_json(blast.audience)
    people = next_people(
        session, audience, after=blast.planned_through, limit=CHUNK, now=blast.launched_at or now
    )
    text = Text(
        template="blast",
        once_key=f"blast:{blast.id.hex}",
        subject=blast.subject,
        priority=blast.priority,
        quiet_exempt=blast.quiet_exempt,
        resends=blast.resends,
        not_after=blast.not_after,
    )
    if people:
        enqueue_copies(
            session, people, get_wordings(session, blast.id), text, sender_id=blast.sender_id,
            chapter=get_chapter(session, blast.chapter_id), now=now,
        )  # fmt: skip
        blast.planned_through = people[-1].id
    if len(people) < CHUNK:
        set_gate(session, blast.id, GateState.OPEN)
        blast.state = BlastState.SENDING
    session.add(blast)
    session.flush()
    return blast, [person.id for person in people]


def too_long(bodies: Mapping[str, str]) -> list[InvalidValue]:
    """Return which of these whole texts, by language, no carrier takes."""
    return [
        InvalidValue(f"text_{language}", "too_long_whole", limit=LONGEST_BODY, count=len(body))
        for language, body in bodies.items()
        if len(body) > LONGEST_BODY
    ]


def _body(bodies: Mapping[str, str], language: str) -> str:
    body = bodies.get(language, "").strip()
    if not body:
        raise InvalidValue(f"text_{language}", "language_missing")
    return body
