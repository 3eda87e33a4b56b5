"""Announce an action: each volunteer is asked on one day of several, day after day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid5

from sqlmodel import Session, col, delete, select

from service.blasts.drafts import drop_others
from service.blasts.launch import Plan, launch
from service.blasts.second import needs_second
from service.blasts.stop import stop
from service.blasts.tables import Blast, BlastKind, BlastState
from service.chapters.find import get_chapter
from service.db.insert import insert_new
from service.errors import InvalidValue, WrongState
from service.messages.catalog import Catalog
from service.outbox.gate import wordings_of
from service.outbox.tables import Priority
from service.people.audience import Audience, count_audience, next_people
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rallies.actions.rules import deal, latest_start, send_at
from service.rallies.actions.tables import Action, ActionState, ActionTurn
from service.rallies.actions.words import bodies_of

CHUNK = 1000


def announce_action(
    session: Session, catalog: Catalog, action: Action, *, blast_id: UUID, by: Viewer, now: datetime,
    at: datetime | None = None, audience: Audience | None = None, is_seconded: bool = False,
) -> Blast:  # fmt: skip
    """Deal people to the days and send the first day's call, now or at a time; return its blast.

    Safe to send twice: by `blast_id`. The calls of later days leave at the same local time.
    audience: every volunteer of the chapter by default. is_seconded: a second person has said yes, or
    need not: without it a call to more people than the chapter's limit is refused.
    Raises WrongState when it has been announced with another id or is closed, its deadline comes before
    the last day's call, nobody would get it or it needs a second person; InvalidValue on `blast_id`
    when something else was sent under it.
    """
    session.refresh(action, with_for_update=True)  # two organizers at once take turns
    existing = session.get(Blast, blast_id)
    if existing is not None:
        if existing.subject != action.subject:
            raise InvalidValue("blast_id", "id_taken")
        return existing
    if action.state is not ActionState.DRAFT:
        raise WrongState("action_not_in_state", f"action {action.id} is {action.state}")
    first = at or now
    _check_days(session, action, first)
    everyone = Audience(action.chapter_id)
    if not is_seconded:
        _refuse_many(session, audience or everyone, now)
    if not _deal(session, action, audience or everyone, now):
        raise WrongState("nobody_gets_it", f"action {action.id} is for nobody")
    bodies = bodies_of(catalog, get_chapter(session, action.chapter_id), action)
    plan = plan_of_day(session, action, 0, bodies, blast_id=blast_id, by=by.name, at=at)
    blast = launch(session, plan, now=now)
    action.state, action.announced_at, action.next_send_at = ActionState.ANNOUNCED, now, first
    session.add(action)
    drop_others(session, action.subject, BlastKind.ACTION, but=blast_id)
    audit.record(session, actor=by, action="action.announce", subject=action.subject, now=now)
    return blast


def take_action_back(session: Session, blast: Blast, *, by: Viewer, now: datetime) -> Action:
    """Stop the first call of an action, which was only scheduled; return the action, a draft again.

    Raises WrongState once its copies are being written: from then on it can only be stopped.
    """
    action = session.get_one(Action, UUID(blast.subject.partition(":")[2]), with_for_update=True)
    session.refresh(blast, with_for_update=True)  # the clock may be launching it at this moment
    if blast.state is not BlastState.SCHEDULED or action.days_sent:
        raise WrongState("message_not_in_state", f"blast {blast.id} is {blast.state}")
    stop(session, blast, reason="taken_back", now=now)
    session.exec(delete(ActionTurn).where(col(ActionTurn.action_id) == action.id))
    action.state, action.announced_at, action.next_send_at = ActionState.DRAFT, None, None
    session.add(action)
    session.flush()
    audit.record(session, actor=by, action="action.take_back", subject=action.subject, now=now)
    return action


def send_due_actions(session: Session, *, now: datetime) -> int:
    """Launch the call of each action whose next day has come; return how many. Safe to run twice.

    Later days get the very words of the first, which were looked at, whatever the chapter is called
    by then. While the call of a day is paused those that follow wait with it.
    """
    due = session.exec(
        select(Action)
        .where(Action.state == ActionState.ANNOUNCED, col(Action.next_send_at) <= now)
        .with_for_update()
    ).all()
    return sum(_next_day(session, action, now) for action in due)


def _newest_call(session: Session, action: Action) -> Blast:
    newest = (
        select(Blast)
        .where(Blast.subject == action.subject, Blast.kind == BlastKind.ACTION)
        .order_by(col(Blast.created_at).desc(), col(Blast.id).desc())
    )
    return session.exec(newest.limit(1)).one()


def _check_days(session: Session, action: Action, first: datetime) -> None:
    """Raise WrongState when not all days fit in between the first call (aware) and the deadline."""
    zone = get_chapter(session, action.chapter_id).time_zone
    if first >= latest_start(action.deadline, action.days, zone):
        raise WrongState("action_over", f"action {action.id} ends at {action.deadline}")


def _next_day(session: Session, action: Action, now: datetime) -> int:
    """The first day's call was launched as it was announced; it counts from now on.

    Whoever stopped the call of one day meant those of the days that follow too.
    """
    day, zone = action.days_sent, get_chapter(session, action.chapter_id).time_zone
    call = _newest_call(session, action)
    if day and call.state is BlastState.PAUSED and action.deadline > now:
        return 0
    if day and call.state is BlastState.STOPPED:
        action.next_send_at = None
        session.add(action)
        return 0
    is_sent = day > 0 and action.deadline > now and bool(_people_of(session, action, day))
    if is_sent:
        bodies = wordings_of(session, [call.id])[call.id]
        blast_id = uuid5(action.id, f"day {day}")
        plan = plan_of_day(session, action, day, bodies, blast_id=blast_id, by=action.created_by)
        launch(session, plan, now=now)
    action.days_sent += 1
    due = action.next_send_at or now
    is_last = action.days_sent >= action.days
    action.next_send_at = None if is_last else send_at(due, 1, zone)
    session.add(action)
    return int(is_sent)


def plan_of_day(
    session: Session, action: Action, day: int, bodies: Mapping[str, str], *, blast_id: UUID,
    by: str, at: datetime | None = None,
) -> Plan:  # fmt: skip
    """Return the call to those who are asked on this day, from 0. bodies: as they arrive, by language."""
    return Plan(
        id=blast_id,
        subject=action.subject,
        kind=BlastKind.ACTION,
        audience=Audience(action.chapter_id, only=_people_of(session, action, day)),
        bodies=bodies,
        priority=Priority.BULK,
        not_after=action.deadline,
        created_by=by,
        at=at,
    )


def _people_of(session: Session, action: Action, day: int) -> tuple[UUID, ...]:
    return tuple(
        session.exec(
            select(ActionTurn.person_id).where(
                ActionTurn.action_id == action.id, ActionTurn.day == day
            )
        ).all()
    )


def _deal(session: Session, action: Action, audience: Audience, now: datetime) -> int:
    """Write down who is asked on which day; return how many people."""
    people: list[UUID] = []
    after = None
    while chunk := next_people(session, audience, after=after, limit=CHUNK, now=now):
        people += [person.id for person in chunk]
        after = chunk[-1].id
    turns = [
        {"action_id": action.id, "person_id": person_id, "day": day}
        for person_id, day in deal(action.id, people, action.days).items()
    ]
    for at in range(0, len(turns), CHUNK):
        session.execute(insert_new(session, ActionTurn), turns[at : at + CHUNK])
    return len(people)


def _refuse_many(session: Session, audience: Audience, now: datetime) -> None:
    chapter = get_chapter(session, audience.chapter_id)
    people = count_audience(session, audience, now=now).people
    if needs_second(chapter, people):
        raise WrongState("second_needed", limit=chapter.second_over, people=people)
