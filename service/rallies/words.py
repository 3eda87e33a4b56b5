"""A rally in the words that texts use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from service.chapters.find import get_chapter
from service.chapters.voice import voice_of
from service.messages import dates
from service.messages.catalog import Catalog, Value
from service.people.register import LANGUAGES
from service.rallies.tables import Rally, RallyKind

# A first text for each kind: what people come for differs, and so does what they are asked to do.
CALLS: Mapping[RallyKind, str] = {
    RallyKind.RALLY: "rally_call",
    RallyKind.PRESS: "rally_call_press",
    RallyKind.VIGIL: "rally_call_vigil",
    RallyKind.MARCH: "rally_call_march",
    RallyKind.COURT: "rally_call_court",
    RallyKind.MEETING: "rally_call_meeting",
    RallyKind.TRAINING: "rally_call_training",
}


def first_call(
    catalog: Catalog,
    kind: RallyKind,
    language: str,
    *,
    network: str,
    day: str,
    time: str,
    place: str,
) -> str:
    """Return a first text for a call: organizers may rewrite it. catalog: as the chapter speaks it."""
    values = {"network": network, "day": day, "time": time, "place": place}
    if kind is RallyKind.RALLY:
        values["purpose"] = catalog.word("event", kind.value, language)
    return catalog.text(CALLS[kind], language, **values)


@dataclass(frozen=True)
class RallyWords:
    """One rally, in one language."""

    day: str
    weekday: str
    time: str
    place: str
    event: str


def words(rally: Rally, zone: str, language: str, catalog: Catalog) -> RallyWords:
    """Return the rally's words; times are in the chapter's zone."""
    return words_of(rally.kind, rally.starts_at, rally.place, zone, language, catalog)


def words_of(
    kind: RallyKind, starts_at: datetime, place: str, zone: str, language: str, catalog: Catalog
) -> RallyWords:
    """Return the words of a rally that is held then and there."""
    info = ZoneInfo(zone)
    return RallyWords(
        day=dates.day(starts_at, info, language),
        weekday=dates.weekday(starts_at, info, language),
        time=dates.time(starts_at, info),
        place=place,
        event=catalog.word("event", kind.value, language),
    )


def bodies_after(
    session: Session, catalog: Catalog, rally: Rally, template: str, starts_at: datetime,
    place: str, *, speaker: UUID | None = None,
) -> dict[str, str]:  # fmt: skip
    """Return a text in every language, as if the rally were held then and there.

    speaker: the chapter that says it (None: the rally's own); times are local where it is held.
    """
    chapter = get_chapter(session, rally.chapter_id)
    speaking = voice_of(session, catalog, get_chapter(session, speaker or chapter.id))
    needs = catalog.template(template).placeholders
    made = {}
    for language in LANGUAGES:
        said = words_of(rally.kind, starts_at, place, chapter.time_zone, language, catalog)
        known: dict[str, Value] = asdict(said) | {"area": place, "old_place": rally.place}
        values = {name: value for name, value in known.items() if name in needs}
        made[language] = speaking.text(template, language, **values)
    return made
