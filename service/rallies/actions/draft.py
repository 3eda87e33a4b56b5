"""Draft an action: what to do, to whom, by when, in which words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from service.blasts.compose import check_places
from service.blasts.drafts import Author, Words, new_draft, open_draft_about, write
from service.blasts.tables import BlastKind
from service.chapters.tables import Chapter
from service.db import new_id
from service.errors import InvalidForm, InvalidValue, WrongState
from service.messages.segments import LONGEST_BODY
from service.people.audience import Audience
from service.people.register import LANGUAGES
from service.privacy.policy import Viewer
from service.rallies.actions.rules import MOST_DAYS, latest_start
from service.rallies.actions.tables import Action, ActionKind, ActionState
from service.rallies.actions.words import PLACES
from service.rallies.draft import FURTHEST, LONGEST_TITLE

LONGEST_TARGET = 80
LONGEST_LINK = 200
LONGEST_SCRIPT = 600


@dataclass(frozen=True)
class ActionDraft:
    """What an organizer writes. `deadline` is aware; `id` lets the same draft be saved twice."""

    kind: ActionKind
    title: str
    target: str
    deadline: datetime
    text_en: str
    text_es: str
    target_phone: str = ""
    link: str = ""
    script_en: str = ""
    script_es: str = ""
    days: int = 1
    id: UUID = field(default_factory=new_id)


def save_action(
    session: Session, chapter: Chapter, draft: ActionDraft, *, by: Viewer, now: datetime
) -> Action:
    """Save a new draft or change an old one. Raises InvalidForm naming every field, WrongState."""
    problems = problems_of(draft, chapter.time_zone, now)
    if problems:
        raise InvalidForm(problems)
    action = session.get(Action, draft.id)
    if action is None:
        action = Action(
            id=draft.id, chapter_id=chapter.id, created_by=by.name, created_at=now, kind=draft.kind,
            title="", target="", deadline=draft.deadline, text_en="", text_es="",
        )  # fmt: skip
    if action.chapter_id != chapter.id or action.state is not ActionState.DRAFT:
        raise WrongState("action_not_in_state", f"action {action.id} is {action.state}")
    action.kind, action.deadline, action.days = draft.kind, draft.deadline, draft.days
    for name in WORDS:
        setattr(action, name, getattr(draft, name).strip())
    session.add(action)
    session.flush()
    _keep_call(session, action, Author(by.name, by.id), now)
    return action


def _keep_call(session: Session, action: Action, by: Author, now: datetime) -> None:
    """The message that asks people says what the action says: an approval was about it."""
    call = open_draft_about(session, action.subject, BlastKind.ACTION)
    if call is None:
        everyone = Audience(action.chapter_id)
        call = new_draft(
            session, action.chapter_id, new_id(), BlastKind.ACTION, action.subject,
            audience=everyone, by=by, now=now,
        )  # fmt: skip
    said = ("target", "target_phone", "link", "script_en", "script_es")
    facts = {name: getattr(action, name) for name in said} | {
        "kind": action.kind.value,
        "deadline": action.deadline.isoformat(),
        "days": str(action.days),
    }
    words = Words(action.title, action.text_en, action.text_es, facts)
    write(session, call, words, by=by, now=now)


WORDS = (
    "title", "target", "target_phone", "link", "text_en", "text_es", "script_en", "script_es",
)  # fmt: skip


def problems_of(draft: ActionDraft, zone: str, now: datetime) -> list[InvalidValue]:
    """Return what is wrong with a draft: at most one problem a field."""
    checks = [
        _short("title", draft.title, LONGEST_TITLE),
        _short("target", draft.target, LONGEST_TARGET),
        _deadline(draft, zone, now),
        *(_text(draft, f"text_{each}") for each in LANGUAGES),
        *_scripts(draft),
    ]
    if draft.kind is ActionKind.CALL and not draft.target_phone.strip():
        checks.append(InvalidValue("target_phone", "missing"))
    if len(draft.target_phone) > LONGEST_TARGET:
        checks.append(InvalidValue("target_phone", "too_long", limit=LONGEST_TARGET))
    if draft.link.strip() and not draft.link.strip().startswith("https://"):
        checks.append(InvalidValue("link", "bad_link"))
    elif draft.kind is ActionKind.SIGN and not draft.link.strip():
        checks.append(InvalidValue("link", "missing"))
    elif len(draft.link) > LONGEST_LINK:
        checks.append(InvalidValue("link", "too_long", limit=LONGEST_LINK))
    if not 1 <= draft.days <= MOST_DAYS:
        checks.append(InvalidValue("days", "days_out_of_range", limit=MOST_DAYS))
    return [problem for problem in checks if problem is not None]


def _short(name: str, value: str, limit: int) -> InvalidValue | None:
    if not value.strip():
        return InvalidValue(name, "missing")
    return InvalidValue(name, "too_long", limit=limit) if len(value) > limit else None


def _text(draft: ActionDraft, name: str) -> InvalidValue | None:
    text = getattr(draft, name)
    if not text.strip():
        return InvalidValue(name, "language_missing")
    limit = LONGEST_BODY - LONGEST_SCRIPT - 1
    if len(text) > limit:
        return InvalidValue(name, "too_long", limit=limit)
    return _braces(draft, name)


def _braces(draft: ActionDraft, name: str) -> InvalidValue | None:
    """Only what is known can be filled in: a number or a link that was typed above."""
    empty = {each for each in ("target_phone", "link") if not getattr(draft, each).strip()}
    return check_places(name, getattr(draft, name), set(PLACES) - empty)


def _scripts(draft: ActionDraft) -> list[InvalidValue]:
    """A script is for everybody or for nobody."""
    scripts = {each: getattr(draft, f"script_{each}") for each in LANGUAGES}
    is_any = any(script.strip() for script in scripts.values())
    found = []
    for each, script in scripts.items():
        if is_any and not script.strip():
            found.append(InvalidValue(f"script_{each}", "language_missing"))
        elif len(script) > LONGEST_SCRIPT:
            found.append(InvalidValue(f"script_{each}", "too_long", limit=LONGEST_SCRIPT))
        elif problem := _braces(draft, f"script_{each}"):
            found.append(problem)
    return found


def _deadline(draft: ActionDraft, zone: str, now: datetime) -> InvalidValue | None:
    if draft.deadline <= now:
        return InvalidValue("deadline", "past_date")
    if draft.deadline > now + FURTHEST:
        return InvalidValue("deadline", "too_far_off")
    if 1 <= draft.days <= MOST_DAYS and now >= latest_start(draft.deadline, draft.days, zone):
        return InvalidValue("days", "days_after_deadline")
    return None
