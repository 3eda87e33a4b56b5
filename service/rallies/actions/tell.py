"""Tell those who took part how far it has come, at round numbers; and everybody's result, at the end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, or_, select

from service.blasts.compose import ALWAYS, check_places, fill
from service.blasts.launch import Plan, launch
from service.blasts.stop import NOT_YET_OUT, stop
from service.blasts.tables import Blast, BlastKind
from service.chapters.find import get_chapter
from service.chapters.tables import Chapter
from service.chapters.voice import voice_of
from service.errors import InvalidForm, InvalidValue, WrongState
from service.messages.catalog import Catalog
from service.messages.dates import deadline as deadline_of
from service.messages.segments import LONGEST_BODY
from service.outbox.tables import Priority
from service.people.audience import Audience
from service.people.register import LANGUAGES
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rallies.actions.count import count_done, who_did
from service.rallies.actions.rules import BETWEEN, worth_telling
from service.rallies.actions.tables import Action, ActionState, ActionTurn
from service.rallies.actions.words import named

RESULT_FOR = timedelta(days=2)  # a result that comes later than this has lost its use


def tell_progress(session: Session, catalog: Catalog, *, now: datetime) -> int:
    """Tell those who took part of a round number that was reached; return in how many actions.

    A number is told once, and at most one a day; past the deadline there is only the result.
    """
    running = session.exec(
        select(Action).where(
            Action.state == ActionState.ANNOUNCED,
            ~col(Action.is_drill),
            Action.deadline > now,
            or_(col(Action.progress_at).is_(None), col(Action.progress_at) <= now - BETWEEN),
        )
    ).all()
    counts = count_done(session, [action.id for action in running])
    told = 0
    for action in running:
        number = worth_telling(counts[action.id], action.people_told)
        if number is None:
            continue
        bodies = {each: _progress(session, catalog, action, number, each) for each in LANGUAGES}
        people = who_did(session, action.id)
        _launch(session, action, f"told {number}", people, bodies, action.deadline, "acompana", now)
        action.people_told, action.progress_at = number, now
        session.add(action)
        told += 1
    return told


def check_result(result: Mapping[str, str]) -> None:
    """Raise InvalidForm where a result is there in one language only, or too long. None at all is fine."""
    is_any = any(words.strip() for words in result.values())
    problems = []
    for each in LANGUAGES:
        words = result.get(each, "")
        if is_any and not words.strip():
            problems.append(InvalidValue(f"result_{each}", "language_missing"))
        elif len(words) > LONGEST_BODY:
            problems.append(InvalidValue(f"result_{each}", "too_long", limit=LONGEST_BODY))
        elif problem := check_places(f"result_{each}", words, ALWAYS):
            problems.append(problem)
    if problems:
        raise InvalidForm(problems)


def close_action(
    session: Session, catalog: Catalog, action: Action, result: Mapping[str, str], *,
    all_asked: bool, by: Viewer, now: datetime,
) -> Blast | None:  # fmt: skip
    """End an action and tell its result; return that blast, or None where there is nobody to tell.

    result: language -> the text, to which our name and a way out are put; empty texts tell nobody.
    all_asked: who was asked hears it too, and not only who took part. What has not been sent is not
    sent any more.
    Raises WrongState, InvalidForm.
    """
    session.refresh(action, with_for_update=True)
    if action.state is not ActionState.ANNOUNCED:
        raise WrongState("action_not_in_state", f"action {action.id} is {action.state}")
    check_result(result)
    running = select(Blast).where(
        Blast.subject == action.subject, col(Blast.state).in_(NOT_YET_OUT)
    )
    for blast in session.exec(running).all():
        stop(session, blast, reason="over", now=now)
    action.state, action.ended_at, action.next_send_at = ActionState.CLOSED, now, None
    action.result_en, action.result_es = (result.get(each, "").strip() for each in LANGUAGES)
    session.add(action)
    audit.record(session, actor=by, action="action.close", subject=action.subject, now=now)
    people = people_to_tell(session, action, all_asked=all_asked)
    if not people or not action.result_en:
        return None
    chapter = get_chapter(session, action.chapter_id)
    bodies = result_bodies(catalog, chapter, {"en": action.result_en, "es": action.result_es})
    return _launch(session, action, "result", people, bodies, now + RESULT_FOR, by.name, now)


def result_bodies(catalog: Catalog, chapter: Chapter, result: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of a result as they arrive, by language; "" where there is none."""
    values = {"network": chapter.network_name, "phone": chapter.contact_phone}
    return {
        each: named(catalog, chapter, fill(result.get(each, ""), values), each)
        for each in LANGUAGES
    }


def people_to_tell(session: Session, action: Action, *, all_asked: bool) -> tuple[UUID, ...]:
    """Return who hears the result: who took part, and on request who was asked."""
    took_part = who_did(session, action.id)
    if not all_asked:
        return took_part
    asked = session.exec(
        select(ActionTurn.person_id).where(
            ActionTurn.action_id == action.id, ActionTurn.day < action.days_sent
        )
    ).all()
    return tuple(sorted({*took_part, *asked}))


def first_result(session: Session, catalog: Catalog, action: Action, language: str) -> str:
    """Return a first text of the result; "..." is the organizer's to fill in."""
    chapter = get_chapter(session, action.chapter_id)
    speaking = voice_of(session, catalog, chapter)
    did = catalog.word("action_did", action.kind.value, language)
    count = count_done(session, [action.id])[action.id]
    return speaking.text("action_result", language, count=str(count), did=did, result="...")


def _progress(
    session: Session, catalog: Catalog, action: Action, number: int, language: str
) -> str:
    chapter = get_chapter(session, action.chapter_id)
    speaking = voice_of(session, catalog, chapter)
    until = deadline_of(action.deadline, ZoneInfo(chapter.time_zone), language)
    did = catalog.word("action_did", action.kind.value, language)
    return speaking.text("action_progress", language, count=str(number), did=did, deadline=until)


def _launch(
    session: Session, action: Action, name: str, people: tuple[UUID, ...],
    bodies: Mapping[str, str], not_after: datetime, by: str, now: datetime,
) -> Blast:  # fmt: skip
    plan = Plan(
        id=uuid5(action.id, name),
        subject=action.subject,
        kind=BlastKind.RESULT,
        audience=Audience(action.chapter_id, only=people),
        bodies=bodies,
        priority=Priority.BULK,
        not_after=not_after,
        created_by=by,
    )
    return launch(session, plan, now=now)
