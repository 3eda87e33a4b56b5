"""Messages as they are written: kept, changed, found. What is changed has to be approved again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select, update

from service.accounts.tables import CodeFor
from service.accounts.text_codes import drop_codes
from service.blasts.tables import BlastKind, DraftState, MessageDraft
from service.db import new_id
from service.errors import NotFound, WrongState
from service.people.audience import Audience

OPEN = (DraftState.DRAFT, DraftState.AWAITING_SECOND)


@dataclass(frozen=True)
class Author:
    """Who writes: an organizer, or a program in the name of one."""

    name: str
    id: UUID | None = None


@dataclass(frozen=True)
class Words:
    """What a message says. `typed`: the rest of its form, as it was left; it may not be whole."""

    title: str = ""
    text_en: str = ""
    text_es: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)


def new_draft(
    session: Session, chapter_id: UUID, draft_id: UUID, kind: BlastKind, subject: str, *,
    audience: Audience, by: Author, now: datetime,
) -> MessageDraft:  # fmt: skip
    """Return a new draft, or the one with this id. Raises NotFound for another chapter's."""
    found = session.get(MessageDraft, draft_id)
    if found is not None:
        return get_draft(session, chapter_id, draft_id)
    draft = MessageDraft(
        id=draft_id, chapter_id=chapter_id, subject=subject, kind=kind,
        audience=audience.to_json(), made_by=by.name, made_at=now, changed_by_id=by.id,
        changed_at=now,
    )  # fmt: skip
    session.add(draft)
    session.flush()
    return draft


def write(
    session: Session, draft: MessageDraft, words: Words, *, by: Author, now: datetime
) -> None:
    """Change what a draft says. Raises WrongState once it is launched."""
    told = {
        "title": words.title.strip(),
        "text_en": words.text_en.strip(),
        "text_es": words.text_es.strip(),
        "typed": dict(words.typed),
    }
    _change(session, draft, told, by, now)


def aim(
    session: Session, draft: MessageDraft, audience: Audience, *, by: Author, now: datetime
) -> None:
    """Change whom a draft is for. Raises WrongState once it is launched."""
    _change(session, draft, {"audience": audience.to_json()}, by, now)


def set_time(
    session: Session, draft: MessageDraft, at: datetime | None, *, by: Author, now: datetime
) -> None:
    """Change when a draft is to leave; None: at once. Raises WrongState once it is launched."""
    _change(session, draft, {"send_at": at}, by, now)


def drop(session: Session, draft: MessageDraft, *, by: Author, now: datetime) -> None:
    """Put a draft away. Safe to run twice. Raises WrongState once it is launched."""
    if draft.state is DraftState.DROPPED:
        return
    _change(session, draft, {"state": DraftState.DROPPED}, by, now)
    draft.state = DraftState.DROPPED


def drop_others(
    session: Session, subject: str, kind: BlastKind, *, but: UUID | None = None,
    chapter_id: UUID | None = None,
) -> None:  # fmt: skip
    """Put the unsent drafts of this kind about an event away, all `but` one; `chapter_id`: only its."""
    which = update(MessageDraft).where(
        col(MessageDraft.subject) == subject,
        col(MessageDraft.kind) == kind,
        col(MessageDraft.state).in_(OPEN),
    )
    if but is not None:
        which = which.where(col(MessageDraft.id) != but)
    if chapter_id is not None:
        which = which.where(col(MessageDraft.chapter_id) == chapter_id)
    session.exec(which.values(state=DraftState.DROPPED))


def again(session: Session, draft: MessageDraft, *, by: Author, now: datetime) -> MessageDraft:
    """Return a new draft that says the same to the same people: the first was taken back."""
    copied = new_draft(
        session, draft.chapter_id, new_id(), draft.kind, draft.subject,
        audience=audience_of(draft), by=by, now=now,
    )  # fmt: skip
    copied.title, copied.text_en, copied.text_es = draft.title, draft.text_en, draft.text_es
    copied.typed = dict(draft.typed)
    session.add(copied)
    session.flush()
    return copied


def audience_of(draft: MessageDraft) -> Audience:
    """Return whom a draft is for: every volunteer of its chapter where nobody has chosen."""
    return Audience.from_json(Audience(draft.chapter_id).to_json() | (draft.audience or {}))


def get_draft(session: Session, chapter_id: UUID, draft_id: UUID) -> MessageDraft:
    """Return one of the chapter's drafts. Raises NotFound."""
    draft = session.get(MessageDraft, draft_id)
    if draft is None or draft.chapter_id != chapter_id:
        raise NotFound(None, f"no draft {draft_id}")
    return draft


def hold(session: Session, draft_id: UUID) -> MessageDraft:
    """Return the draft as it is now, held until the end of this transaction: organizers take turns."""
    return session.get_one(MessageDraft, draft_id, with_for_update=True, populate_existing=True)


def open_draft_about(
    session: Session, subject: str, kind: BlastKind, *, chapter_id: UUID | None = None
) -> MessageDraft | None:
    """Return the newest unsent draft of this kind about an event; `chapter_id`: only its."""
    query = select(MessageDraft).where(
        MessageDraft.subject == subject,
        MessageDraft.kind == kind,
        col(MessageDraft.state).in_(OPEN),
    )
    if chapter_id is not None:
        query = query.where(MessageDraft.chapter_id == chapter_id)
    newest = query.order_by(col(MessageDraft.made_at).desc(), col(MessageDraft.id).desc())
    return session.exec(newest.limit(1)).first()


def open_drafts(session: Session, chapter_id: UUID) -> Sequence[MessageDraft]:
    """Return what is written and not sent, the newest change first."""
    return session.exec(
        select(MessageDraft)
        .where(MessageDraft.chapter_id == chapter_id, col(MessageDraft.state).in_(OPEN))
        .order_by(col(MessageDraft.changed_at).desc())
    ).all()


def fingerprint(draft: MessageDraft) -> str:
    """Return what changes with anything that a second person approves: words, people, time."""
    at = None if draft.send_at is None else draft.send_at.isoformat()
    whole = [draft.text_en, draft.text_es, draft.typed, audience_of(draft).to_json(), at]
    return sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _change(
    session: Session, draft: MessageDraft, told: Mapping[str, Any], by: Author, now: datetime
) -> None:
    if draft.state not in OPEN:
        raise WrongState("draft_is_gone", f"draft {draft.id} is {draft.state}")
    changed = [name for name, value in told.items() if getattr(draft, name) != value]
    if not changed:
        return
    for name in changed:
        setattr(draft, name, told[name])
    draft.changed_by_id, draft.changed_at = by.id, now
    _void(session, draft)
    session.add(draft)
    session.flush()


def _void(session: Session, draft: MessageDraft) -> None:
    """What was asked or approved was about other words: it counts no more."""
    if draft.state is DraftState.AWAITING_SECOND:
        draft.state = DraftState.DRAFT
    draft.asked_at, draft.asked_about = None, ""
    draft.approved_by, draft.approved_by_id, draft.approved_at = "", None, None
    drop_codes(session, CodeFor.APPROVE, draft.id.hex)
