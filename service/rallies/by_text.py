"""A rally that an organizer texts in: nothing of it exists before a code has come back from their phone.

A number identifies and never authenticates. The code goes to the phone of the account: whoever only
forged the sender never sees it. And whoever texted a rally in can't send it: a second person does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from service.accounts.secrets import new_spoken_code
from service.accounts.sign_in import viewer_of
from service.accounts.tables import Organizer
from service.chapters.find import get_chapter
from service.chapters.voice import voice_of
from service.messages import dates
from service.messages.catalog import Catalog
from service.people.register import LANGUAGES
from service.privacy import audit
from service.privacy.keyring import Keyring
from service.rallies.draft import LONGEST_PLACE, LONGEST_TITLE, Draft, save_draft
from service.rallies.tables import Rally, RallyKind, TextedDraft
from service.rallies.words import first_call

LASTS = timedelta(minutes=10)
MOST_WRONG = 5


@dataclass(frozen=True)
class Told:
    """What was texted: what, where, and when (aware)."""

    kind: RallyKind
    place: str
    starts_at: datetime


def keep_texted(
    session: Session, keyring: Keyring, organizer: Organizer, person_id: UUID, told: Told, *,
    now: datetime,
) -> str:  # fmt: skip
    """Keep what was texted until its code comes back; return the code. A newer one replaces it."""
    code = new_spoken_code()
    row = session.get(TextedDraft, person_id) or TextedDraft(
        person_id=person_id, organizer_id=organizer.id, kind=told.kind, place="",
        starts_at=told.starts_at, code_key=b"", expires_at=now,
    )  # fmt: skip
    row.organizer_id, row.kind, row.starts_at = organizer.id, told.kind, told.starts_at
    row.place, row.wrong, row.expires_at = told.place[:LONGEST_PLACE], 0, now + LASTS
    row.code_key = _key(keyring, person_id, code)
    session.add(row)
    return code


def waiting_draft(session: Session, person_id: UUID, *, now: datetime) -> TextedDraft | None:
    """Return what waits for this person's code; None when there is nothing, or no longer."""
    row = session.get(TextedDraft, person_id)
    if row is None or row.expires_at <= now or row.wrong >= MOST_WRONG:
        return None
    return row


def confirm_texted(
    session: Session, catalog: Catalog, keyring: Keyring, waiting: TextedDraft, digits: str, *,
    now: datetime,
) -> Rally | None:  # fmt: skip
    """Make the draft when the code is right; None when it is wrong, which is counted.

    The draft has a first text in both languages and waits on the board. Raises InvalidForm when its
    time has passed meanwhile.
    """
    organizer = session.get_one(Organizer, waiting.organizer_id)
    if waiting.code_key != _key(keyring, waiting.person_id, digits):
        waiting.wrong += 1
        session.add(waiting)
        audit.record(
            session, actor=viewer_of(organizer), action="rally.wrong_code", subject="organizer",
            now=now,
        )  # fmt: skip
        return None
    rally = save_draft(
        session, get_chapter(session, organizer.chapter_id),
        _draft(session, catalog, organizer, waiting), by=organizer.name, now=now,
    )  # fmt: skip
    rally.texted_by = organizer.id
    session.add(rally)
    session.delete(waiting)
    audit.record(
        session, actor=viewer_of(organizer), action="rally.by_text", subject=rally.subject, now=now
    )
    return rally


def _draft(session: Session, catalog: Catalog, organizer: Organizer, waiting: TextedDraft) -> Draft:
    chapter = get_chapter(session, organizer.chapter_id)
    zone, at = ZoneInfo(chapter.time_zone), waiting.starts_at
    speaking = voice_of(session, catalog, chapter)
    texts = {
        each: first_call(
            speaking, waiting.kind, each, network=chapter.network_name,
            day=dates.day(at, zone, each), time=dates.time(at, zone), place=waiting.place,
        )
        for each in LANGUAGES
    }  # fmt: skip
    return Draft(
        title=waiting.place[:LONGEST_TITLE], place=waiting.place, starts_at=at,
        text_en=texts["en"], text_es=texts["es"], kind=waiting.kind,
    )  # fmt: skip


def _key(keyring: Keyring, person_id: UUID, digits: str) -> bytes:
    return keyring.word_key(f"rally {person_id.hex} {digits}")
