"""Where each person's conversation stands. One at a time; it times out, and can be taken up again."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, delete, select

from service.db import new_id
from service.db.insert import insert_new
from service.inbox.tables import Inbound
from service.inbox.threads import need_person
from service.outbox.advance import notice
from service.privacy.keyring import KeyKind, Keyring
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.privacy.seal import seal
from service.replies.tables import Talk, TalkKind

LASTS = timedelta(hours=24)  # somebody answers after their shift
DATES = (TalkKind.INTAKE, TalkKind.NEXT)  # a date is to come of it
KEPT = timedelta(days=7)  # so long it can be taken up where it stopped


def find_talk(session: Session, person_id: UUID) -> Talk | None:
    """Return the conversation with this person, running or stopped; two texts at once take turns."""
    query = select(Talk).where(Talk.person_id == person_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).first()


def is_running(talk: Talk | None, now: datetime) -> bool:
    """Return whether a text of theirs may be an answer to its question."""
    return talk is not None and talk.expires_at > now


def open_talk(session: Session, person_id: UUID, kind: TalkKind, *, now: datetime) -> Talk:
    """Return a new conversation in the place of any other. Safe at once: one a person."""
    session.exec(delete(Talk).where(col(Talk.person_id) == person_id))
    row = {
        "id": new_id(), "person_id": person_id, "kind": kind, "step": "", "told_sealed": b"",
        "asked_again": "", "asked_at": now, "expires_at": now + LASTS,
    }  # fmt: skip
    session.execute(insert_new(session, Talk).values(**row))
    query = select(Talk).where(Talk.person_id == person_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()


def keep(
    session: Session, keyring: Keyring, talk: Talk, *, step: str, told: str, asked_again: str,
    now: datetime,
) -> None:  # fmt: skip
    """Write down where it stands and what was told."""
    key = keyring.key(KeyKind.PERSON, talk.person_id)
    talk.step, talk.asked_again, talk.seen_at = step, asked_again, None
    talk.told_sealed = seal(key, "talk", talk.id, "told", told)
    talk.asked_at, talk.expires_at = now, now + LASTS
    session.add(talk)
    session.flush()


def told_in(keyring: Keyring, talk: Talk, chapter_id: UUID) -> str:
    """Return what was told so far."""
    return Reader(keyring, SYSTEM).show(talk.sealed_told(chapter_id))


def stop(session: Session, talk: Talk, *, now: datetime) -> None:
    """Stop it for now: it can be taken up for a week."""
    talk.expires_at = talk.seen_at = now
    session.add(talk)
    session.flush()


def forget(session: Session, talk: Talk) -> None:
    """End it: what was told is gone."""
    session.delete(talk)
    session.flush()


def look_after_stopped(session: Session, *, now: datetime) -> int:
    """Show a person every date that stopped half way, a first or a next one, once; forget old ones.

    Returns how many there were of both. Safe to repeat.
    """
    stopped = session.exec(
        select(Talk).where(Talk.expires_at <= now, col(Talk.seen_at).is_(None))
    ).all()
    for talk in stopped:
        talk.seen_at = now
        session.add(talk)
        if talk.kind in DATES:
            _show_last_text(session, talk.person_id, now)
    old = session.exec(delete(Talk).where(col(Talk.expires_at) <= now - KEPT))
    return len(stopped) + int(old.rowcount)


def _show_last_text(session: Session, person_id: UUID, now: datetime) -> None:
    last = session.exec(
        select(Inbound)
        .where(Inbound.person_id == person_id)
        .order_by(col(Inbound.id).desc())
        .limit(1)
    ).first()
    if last is None:  # we asked, and they have never written
        notice(session, "next_date", 0, f"person:{person_id.hex}", now)
        return
    last.needs_person = True
    need_person(session, last, now=now)
