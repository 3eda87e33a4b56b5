"""Draft a rally call: what, where, when, and the words in both languages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from service.blasts.compose import ALWAYS, OF_AN_EVENT, check_places
from service.blasts.drafts import Author, Words, new_draft, open_draft_about, write
from service.blasts.tables import BlastKind
from service.chapters.tables import Chapter
from service.db import new_id
from service.errors import InvalidForm, InvalidValue, WrongState
from service.messages.segments import LONGEST_BODY
from service.people.audience import Audience
from service.rallies.tables import Rally, RallyKind, RallyState

USUAL_LENGTH = timedelta(hours=2)
LONGEST = timedelta(days=3)
LONGEST_TITLE = 80
LONGEST_PLACE = 80
MOST_PEOPLE = 100_000
FURTHEST = timedelta(days=550)


@dataclass(frozen=True)
class Draft:
    """What an organizer writes. Times are aware; `id` lets the same draft be saved twice."""

    title: str
    place: str
    starts_at: datetime
    text_en: str
    text_es: str
    kind: RallyKind = RallyKind.RALLY
    ends_at: datetime | None = None
    people_limit: int | None = None
    id: UUID = field(default_factory=new_id)


def save_draft(
    session: Session, chapter: Chapter, draft: Draft, *, by: str, now: datetime,
    by_id: UUID | None = None,
) -> Rally:  # fmt: skip
    """Save a new draft or change an old one, with the message that calls people to it.

    by_id: the organizer who writes. Raises InvalidForm naming every field, WrongState.
    """
    problems = problems_of(draft, now)
    if problems:
        raise InvalidForm(problems)
    rally = session.get(Rally, draft.id)
    if rally is None:
        rally = Rally(
            id=draft.id, chapter_id=chapter.id, created_by=by, created_at=now,
            kind=draft.kind, title="", place="", starts_at=draft.starts_at,
            ends_at=draft.starts_at, text_en="", text_es="",
        )  # fmt: skip
    if rally.chapter_id != chapter.id or rally.state is not RallyState.DRAFT:
        raise WrongState("rally_not_in_state", f"rally {rally.id} is {rally.state}")
    rally.kind = draft.kind
    rally.title, rally.place = draft.title.strip(), draft.place.strip()
    rally.starts_at = draft.starts_at
    rally.ends_at = draft.ends_at or draft.starts_at + USUAL_LENGTH
    rally.text_en, rally.text_es = draft.text_en.strip(), draft.text_es.strip()
    rally.people_limit = draft.people_limit
    session.add(rally)
    session.flush()
    _keep_call(session, rally, Author(by, by_id), now)
    return rally


def _keep_call(session: Session, rally: Rally, by: Author, now: datetime) -> None:
    """The message that calls people to a rally says what the rally says: an approval was about it."""
    call = open_draft_about(session, rally.subject, BlastKind.CALL, chapter_id=rally.chapter_id)
    if call is None:
        everyone = Audience(rally.chapter_id)
        call = new_draft(
            session, rally.chapter_id, new_id(), BlastKind.CALL, rally.subject, audience=everyone,
            by=by, now=now,
        )  # fmt: skip
    facts = {
        "kind": rally.kind.value,
        "place": rally.place,
        "starts_at": rally.starts_at.isoformat(),
        "ends_at": rally.ends_at.isoformat(),
    }
    words = Words(rally.title, rally.text_en, rally.text_es, facts)
    write(session, call, words, by=by, now=now)


def problems_of(draft: Draft, now: datetime) -> list[InvalidValue]:
    """Return what is wrong with a draft: at most one problem a field."""
    checks = (
        _short("title", draft.title, LONGEST_TITLE),
        _short("place", draft.place, LONGEST_PLACE),
        _time(draft, now),
        _text("text_en", draft.text_en),
        _text("text_es", draft.text_es),
        _limit(draft.people_limit),
    )
    return [problem for problem in checks if problem is not None]


def _short(name: str, value: str, limit: int) -> InvalidValue | None:
    if not value.strip():
        return InvalidValue(name, "missing")
    return InvalidValue(name, "too_long", limit=limit) if len(value) > limit else None


def _text(name: str, value: str) -> InvalidValue | None:
    if not value.strip():
        return InvalidValue(name, "language_missing")
    if len(value) > LONGEST_BODY:
        return InvalidValue(name, "too_long", limit=LONGEST_BODY)
    return check_places(name, value, (*ALWAYS, *OF_AN_EVENT))


def _time(draft: Draft, now: datetime) -> InvalidValue | None:
    if draft.starts_at <= now:
        return InvalidValue("starts_at", "past_date")
    if draft.starts_at > now + FURTHEST:
        return InvalidValue("starts_at", "too_far_off")
    ends_at = draft.ends_at or draft.starts_at + USUAL_LENGTH
    if not draft.starts_at < ends_at <= draft.starts_at + LONGEST:
        return InvalidValue("ends_at", "ends_before_start")
    return None


def _limit(limit: int | None) -> InvalidValue | None:
    if limit is not None and not 1 <= limit <= MOST_PEOPLE:
        return InvalidValue("people_limit", "people_out_of_range", limit=MOST_PEOPLE)
    return None
