"""A message as it arrives: an organizer's words with the event's, the network's and a way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from service.blasts.compose import ALWAYS, OF_AN_EVENT, fill, whole_text
from service.blasts.drafts import audience_of
from service.blasts.tables import BlastKind, MessageDraft
from service.chapters.find import get_chapter
from service.chapters.tables import Chapter
from service.messages.catalog import Catalog
from service.people.audience import Count
from service.people.register import LANGUAGES
from service.rallies.actions.rules import latest_start
from service.rallies.actions.tables import Action
from service.rallies.actions.words import PLACES as OF_ACTIONS
from service.rallies.actions.words import bodies_of
from service.rallies.tables import Rally
from service.rallies.together import event_of
from service.rallies.words import words
from service.rsvps.choose import Event, count_people

LIFE = timedelta(hours=36)  # of a message that is about no event


@dataclass(frozen=True)
class Letter:
    """What a draft becomes when it is launched now. `calls_to`: only where it asks people to come.

    rally, action: what it is about, if anything. leaves_before: its latest time, aware: a rally has
    begun then, or an action's last day would come too late.
    """

    draft: MessageDraft
    rally: Rally | None
    action: Action | None
    bodies: Mapping[str, str]
    calls_to: Event | None
    not_after: datetime
    leaves_before: datetime | None = None

    @property
    def is_call(self) -> bool:
        """Whether recipients are asked to come."""
        return self.draft.kind is BlastKind.CALL


def letter_of(session: Session, catalog: Catalog, draft: MessageDraft, *, now: datetime) -> Letter:
    """Return the draft as it would arrive. What is missing is empty."""
    chapter = get_chapter(session, draft.chapter_id)
    rally, action = rally_of(session, draft.subject), action_of(session, draft.subject)
    drafted = {"en": draft.text_en, "es": draft.text_es}
    bodies: Mapping[str, str] = (
        {
            language: arrives(session, catalog, chapter, rally, body, language)
            for language, body in drafted.items()
        }
        if action is None
        else bodies_of(catalog, chapter, action)
    )
    calls_to = None
    if rally is not None and draft.kind is BlastKind.CALL:
        calls_to = event_of(session, rally)
    leaves_at = max(now, draft.send_at or now)
    is_ahead = rally is not None and rally.starts_at > leaves_at
    not_after = rally.starts_at if rally is not None and is_ahead else leaves_at + LIFE
    leaves_before = None if calls_to is None else calls_to.starts_at
    if action is not None:
        leaves_before = latest_start(action.deadline, action.days, chapter.time_zone)
    return Letter(draft, rally, action, bodies, calls_to, not_after, leaves_before)


def count_letter(session: Session, letter: Letter, *, now: datetime) -> Count:
    """Count who gets it, and who does not and why."""
    return count_people(session, audience_of(letter.draft), calls_to=letter.calls_to, now=now)


def call_bodies(
    session: Session, catalog: Catalog, chapter: Chapter, rally: Rally
) -> dict[str, str]:
    """Return the texts of a rally's call as they arrive from this chapter, by language."""
    drafted = call_words(session, rally, chapter.id)
    return {
        language: arrives(session, catalog, chapter, rally, drafted[language], language)
        for language in LANGUAGES
    }


def call_words(session: Session, rally: Rally, chapter_id: UUID) -> dict[str, str]:
    """Return the words that call to a rally; another chapter says them in its own name."""
    drafted = {"en": rally.text_en, "es": rally.text_es}
    if chapter_id == rally.chapter_id:
        return drafted
    theirs = f"{get_chapter(session, rally.chapter_id).network_name}:"
    ours = f"{get_chapter(session, chapter_id).network_name}:"
    return {
        language: ours + body.removeprefix(theirs) if body.startswith(theirs) else body
        for language, body in drafted.items()
    }


def arrives(
    session: Session, catalog: Catalog, chapter: Chapter, rally: Rally | None, body: str,
    language: str,
) -> str:  # fmt: skip
    """Return one text as it arrives. Times are local where the rally is held."""
    values = {"network": chapter.network_name, "phone": chapter.contact_phone}
    if rally is not None:
        zone = get_chapter(session, rally.chapter_id).time_zone
        said = words(rally, zone, language, catalog)
        values |= {name: str(getattr(said, name)) for name in OF_AN_EVENT}
    way_out = catalog.word("way_out", "line", language)
    return whole_text(fill(body, values), chapter.network_name, way_out)


def places_of(subject: str) -> tuple[str, ...]:
    """Return what may stand in braces in a message about this."""
    if subject.startswith("action:"):
        return OF_ACTIONS
    return (*ALWAYS, *OF_AN_EVENT) if subject.startswith("rally:") else ALWAYS


def rally_of(session: Session, subject: str) -> Rally | None:
    """Return the rally that a subject names, if it names one that is written down."""
    kind, _, hex_id = subject.partition(":")
    return session.get(Rally, UUID(hex_id)) if kind == "rally" else None


def action_of(session: Session, subject: str) -> Action | None:
    """Return the action that a subject names, if it names one that is written down."""
    kind, _, hex_id = subject.partition(":")
    return session.get(Action, UUID(hex_id)) if kind == "action" else None
