"""Practise an action: its call goes to the drill list alone, and what they say counts for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from service.blasts.launch import launch
from service.blasts.progress import blasts_about
from service.blasts.stop import NOT_YET_OUT, stop
from service.chapters.find import get_chapter
from service.db.insert import insert_new
from service.errors import InvalidValue, NotFound, WrongState
from service.messages.catalog import Catalog
from service.outbox.drill import guests_of
from service.outbox.enqueue import Outbox
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rallies.actions.announce import plan_of_day
from service.rallies.actions.tables import Action, ActionDone, ActionState, ActionTurn
from service.rallies.actions.words import bodies_of
from service.rallies.drill import Learned, quickest_first, tell_it_is_over

DONE = "done"  # what a guest said, as an RSVP's state is in the drill of a rally
SAME = (
    "kind", "title", "target", "target_phone", "link", "deadline", "text_en", "text_es",
    "script_en", "script_es",
)  # fmt: skip


def start_action_drill(
    session: Session, catalog: Catalog, action: Action, *, drill_id: UUID, by: Viewer, now: datetime
) -> Action:
    """Ask the drill list now, in the words of an action; return the drill, an action of its own.

    Whatever the action's days, every guest is asked at once. Safe to run twice: by `drill_id`.
    Raises WrongState while nobody is on the list or when its deadline is over, InvalidValue on `id`
    where that id is something else's.
    """
    existing = session.get(Action, drill_id)
    if existing is not None:
        if not existing.is_drill or existing.chapter_id != action.chapter_id:
            raise InvalidValue("id", "id_taken")
        return existing
    guests = guests_of(session, action.chapter_id)
    if not guests:
        raise WrongState("drill_needs_guests")
    if action.deadline <= now:
        raise WrongState("action_over", f"action {action.id} ended at {action.deadline}")
    drill = Action(
        id=drill_id, chapter_id=action.chapter_id, is_drill=True, created_by=by.name,
        created_at=now, state=ActionState.ANNOUNCED, announced_at=now, days_sent=1,
        **{name: getattr(action, name) for name in SAME},
    )  # fmt: skip
    session.add(drill)
    session.flush()
    turns = [{"action_id": drill.id, "person_id": one, "day": 0} for one in guests]
    session.execute(insert_new(session, ActionTurn), turns)
    bodies = bodies_of(catalog, get_chapter(session, drill.chapter_id), drill)
    launch(session, plan_of_day(session, drill, 0, bodies, blast_id=drill.id, by=by.name), now=now)
    audit.record(session, actor=by, action="drill.start", subject=drill.subject, now=now)
    return drill


def end_action_drill(
    session: Session, outbox: Outbox, drill: Action, *, by: Viewer, now: datetime
) -> None:
    """End it: what waits is withdrawn, and the guests hear that it is over. Safe to run twice."""
    session.refresh(drill, with_for_update=True)
    if drill.state is not ActionState.ANNOUNCED:
        return
    for blast in blasts_about(session, drill.subject):
        if blast.state in NOT_YET_OUT:
            stop(session, blast, reason="over", now=now)
    drill.state, drill.ended_at = ActionState.CLOSED, now
    session.add(drill)
    tell_it_is_over(session, outbox, drill, now=now)
    audit.record(session, actor=by, action="drill.end", subject=drill.subject, now=now)


def get_action_drill(session: Session, chapter_id: UUID, drill_id: UUID) -> Action:
    """Return one of the chapter's drills of actions. Raises NotFound."""
    drill = session.get(Action, drill_id)
    if drill is None or drill.chapter_id != chapter_id or not drill.is_drill:
        raise NotFound(None, f"no drill {drill_id}")
    return drill


def list_action_drills(session: Session, chapter_id: UUID, *, limit: int) -> Sequence[Action]:
    """Return the chapter's drills of actions, newest first."""
    query = select(Action).where(Action.chapter_id == chapter_id, col(Action.is_drill))
    return session.exec(query.order_by(col(Action.id).desc()).limit(limit)).all()


def learned_of_action(session: Session, drill: Action) -> list[Learned]:
    """Return what each guest who was asked did: the quickest first, the silent last."""
    asked = select(ActionTurn.person_id).where(ActionTurn.action_id == drill.id)
    told = select(ActionDone.person_id, ActionDone.done_at).where(ActionDone.action_id == drill.id)
    done = dict(session.exec(told).all())
    return quickest_first(
        Learned(
            one, DONE if one in done else "", done[one] - drill.created_at if one in done else None
        )
        for one in session.exec(asked).all()
    )
