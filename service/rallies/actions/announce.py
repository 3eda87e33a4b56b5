"""Announce an action: each volunteer is asked on one day of several, day after day."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from sqlmodel import Session, col, delete, select

from service.blasts.launch import Plan, launch
from service.blasts.second import WAIT_ALONE, able, needs_second
from service.blasts.tables import BlastKind
from service.chapters.find import get_chapter
from service.db.insert import insert_new
from service.errors import WrongState
from service.outbox.tables import Priority
from service.people.audience import Audience, count_audience, next_people
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rallies.actions.draft import bodies_of
from service.rallies.actions.rules import deal, send_at
from service.rallies.actions.tables import Action, ActionState, ActionTurn

UNDO = timedelta(seconds=10)
CHUNK = 1000


def audience_of(action: Action) -> Audience:
    """Return who is asked to do it, on whichever day: every volunteer of the chapter."""
    return Audience(action.chapter_id)


def announce_action(session: Session, action: Action, *, by: Viewer, now: datetime) -> None:
    """Deal the volunteers to the days; the first day's call leaves after the undo. Safe to run twice.

    Raises WrongState when it is closed, or its deadline comes before the last day's call.
    """
    session.refresh(action, with_for_update=True)  # two organizers at once take turns
    if action.state is ActionState.ANNOUNCED:
        return
    if action.state is not ActionState.DRAFT:
        raise WrongState("action_not_in_state", f"action {action.id} is {action.state}")
    zone = get_chapter(session, action.chapter_id).time_zone
    people = count_audience(session, audience_of(action), now=now).people
    wait = wait_of(session, action, by=by, people=people)
    if wait is None:
        limit = get_chapter(session, action.chapter_id).second_over
        raise WrongState("second_sends", limit=limit, people=people)
    first = now + wait
    if send_at(first, action.days - 1, zone) >= action.deadline:
        raise WrongState("action_over", f"action {action.id} ends at {action.deadline}")
    _deal(session, action, now)
    action.state, action.announced_at, action.next_send_at = ActionState.ANNOUNCED, now, first
    session.add(action)
    audit.record(session, actor=by, action="action.announce", subject=action.subject, now=now)


def wait_of(session: Session, action: Action, *, by: Viewer, people: int) -> timedelta | None:
    """Return how long it can be taken back when `by` sends it; None where somebody else has to.

    Above the chapter's limit two people see what many read: who wrote it last and who sends it. One who
    is alone in their chapter gets ten minutes to think again.
    """
    chapter = get_chapter(session, action.chapter_id)
    if not needs_second(chapter, people) or by.id is None or by.id != action.changed_by:
        return UNDO
    return None if able(session, chapter.id, but=[by.id]) else WAIT_ALONE


def take_action_back(session: Session, action: Action, *, by: Viewer, now: datetime) -> None:
    """Make it a draft again while none of it has left. Raises WrongState."""
    session.refresh(action, with_for_update=True)
    if action.state is not ActionState.ANNOUNCED or action.days_sent:
        raise WrongState("action_not_in_state", f"action {action.id}: {action.days_sent} sent")
    session.exec(delete(ActionTurn).where(col(ActionTurn.action_id) == action.id))
    action.state, action.announced_at, action.next_send_at = ActionState.DRAFT, None, None
    session.add(action)
    audit.record(session, actor=by, action="action.take_back", subject=action.subject, now=now)


def send_due_actions(session: Session, *, now: datetime) -> int:
    """Launch the call of each action whose next day has come; return how many. Safe to run twice."""
    due = session.exec(
        select(Action).where(Action.state == ActionState.ANNOUNCED, col(Action.next_send_at) <= now)
    ).all()
    return sum(_send_day(session, action, now) for action in due)


def _send_day(session: Session, action: Action, now: datetime) -> int:
    day, zone = action.days_sent, get_chapter(session, action.chapter_id).time_zone
    people = session.exec(
        select(ActionTurn.person_id).where(ActionTurn.action_id == action.id, ActionTurn.day == day)
    ).all()
    is_sent = bool(people) and action.deadline > now
    if is_sent:
        launch(session, _plan(action, day, tuple(people)), now=now)
    action.days_sent += 1
    is_last = action.days_sent >= action.days or action.announced_at is None
    first = action.announced_at or now
    action.next_send_at = None if is_last else send_at(first, action.days_sent, zone)
    session.add(action)
    return int(is_sent)


def _plan(action: Action, day: int, people: tuple[UUID, ...]) -> Plan:
    return Plan(
        id=uuid5(action.id, f"day {day}"),
        subject=action.subject,
        kind=BlastKind.ACTION,
        audience=Audience(action.chapter_id, only=people),
        bodies=bodies_of(action),
        priority=Priority.BULK,
        not_after=action.deadline,
        created_by=action.created_by,
    )


def _deal(session: Session, action: Action, now: datetime) -> None:
    people: list[UUID] = []
    after = None
    while chunk := next_people(session, audience_of(action), after=after, limit=CHUNK, now=now):
        people += [person.id for person in chunk]
        after = chunk[-1].id
    turns = [
        {"action_id": action.id, "person_id": person_id, "day": day}
        for person_id, day in deal(action.id, people, action.days).items()
    ]
    for at in range(0, len(turns), CHUNK):
        session.execute(insert_new(session, ActionTurn), turns[at : at + CHUNK])
