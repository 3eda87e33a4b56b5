"""Change what a chapter is made of: its words and numbers, its offices, its senders. On the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import Session, col, select

from service.chapters.tables import NO_LIST, Chapter, Office, OfficeKind, Sender
from service.db import Table, new_id
from service.errors import InvalidForm, InvalidValue, NotFound
from service.privacy import audit
from service.privacy.policy import Viewer

LONGEST = 40  # of what is put into texts: more, and they cost two
LONGEST_ADDRESS = 80
FASTEST = 300.0  # segments a second
DEAREST = 100.0  # cents a part
MOST_WAIT_MINUTES = 24 * 60

# Column of a chapter -> the least and the most that it may be.
WAITS: dict[str, tuple[int, int]] = {
    "safety_again_minutes": (1, 120),
    "safety_rung_minutes": (1, 60),
    "safety_call_minutes": (1, 30),
    "list_weekday": (NO_LIST, 6),
    "list_minute": (0, 24 * 60 - 1),
    "wave_minutes": (0, 48 * 60),
    "people_per_place": (1, 50),
    "most_asks": (1, 50),
    "second_over": (1, 5_000),
    "keep_days": (1, 365),
}


@dataclass(frozen=True)
class OfficeCard:
    """What an organizer says about an office."""

    name: str
    kind: str
    area: str
    address: str
    meeting_point: str
    time_zone: str
    usual_wait_minutes: int
    is_verified: bool = False


def change_chapter(
    session: Session, chapter: Chapter, told: Mapping[str, object], *, by: Viewer, now: datetime
) -> None:
    """Change these columns of the chapter. Raises InvalidForm."""
    _check_words(told, [name for name in told if not name.startswith("quiet_")])
    _change(session, chapter, told, f"chapter:{chapter.id.hex}", by, now)


def change_waits(
    session: Session, chapter: Chapter, told: Mapping[str, int], *, by: Viewer, now: datetime
) -> None:
    """Change how long the chapter waits and keeps, and how many it asks: columns of WAITS.

    Raises InvalidForm.
    """
    problems = []
    for name, value in told.items():
        least, most = WAITS[name]
        if value < least:
            problems.append(InvalidValue(name, "too_small", least=least))
        elif value > most:
            problems.append(InvalidValue(name, "too_big", most=most))
    if problems:
        raise InvalidForm(problems)
    _change(session, chapter, told, f"chapter:{chapter.id.hex}", by, now)


def save_office(
    session: Session, chapter: Chapter, office: Office | None, card: OfficeCard, *, by: Viewer,
    now: datetime,
) -> Office:  # fmt: skip
    """Change an office, or add one. `is_verified`: somebody has just seen that all of it is right.

    Raises InvalidForm.
    """
    told = {name: value for name, value in vars(card).items() if name != "is_verified"}
    _check_words(told, ["name", "area", "address", "meeting_point"])
    if card.kind not in list(OfficeKind):
        raise InvalidForm([InvalidValue("kind", "missing")])
    if not 0 < card.usual_wait_minutes <= MOST_WAIT_MINUTES:
        raise InvalidForm([InvalidValue("usual_wait_minutes", "bad_number")])
    check_zone(card.time_zone)
    if office is None:
        office = Office(id=new_id(), chapter_id=chapter.id, **told)
        session.add(office)
        _record(session, by, f"office:{office.id.hex}", now, "added")
    if card.is_verified:
        told["verified_on"] = now.astimezone(ZoneInfo(chapter.time_zone)).date()
    _change(session, office, told, f"office:{office.id.hex}", by, now)
    return office


def change_sender(
    session: Session, sender: Sender, *, segments_per_second: float, daily_cap: int | None,
    by: Viewer, now: datetime,
) -> None:  # fmt: skip
    """Change how fast and how much may be sent. Raises InvalidForm."""
    if not 0 < segments_per_second <= FASTEST:
        raise InvalidForm([InvalidValue("segments_per_second", "bad_rate", most=int(FASTEST))])
    told = {"segments_per_second": segments_per_second, "daily_cap_segments": daily_cap}
    _change(session, sender, told, f"sender:{sender.id.hex}", by, now)


def change_price(
    session: Session, chapter: Chapter, cents_per_part: float, *, by: Viewer, now: datetime
) -> None:
    """Change what a part costs, as all counts before a send reckon it. Raises InvalidForm."""
    if not 0 <= cents_per_part <= DEAREST:
        raise InvalidForm([InvalidValue("cents_per_part", "bad_price", most=int(DEAREST))])
    told = {"cents_per_part": cents_per_part}
    _change(session, chapter, told, f"chapter:{chapter.id.hex}", by, now)


def list_senders(session: Session, chapter_id: UUID) -> list[Sender]:
    """Return the chapter's senders, oldest first."""
    query = select(Sender).where(Sender.chapter_id == chapter_id).order_by(col(Sender.id))
    return list(session.exec(query))


def get_sender(session: Session, chapter_id: UUID, sender_id: UUID) -> Sender:
    """Return one of the chapter's senders. Raises NotFound."""
    sender = session.get(Sender, sender_id)
    if sender is None or sender.chapter_id != chapter_id:
        raise NotFound(None, f"no sender {sender_id}")
    return sender


def check_zone(zone: str) -> None:
    """Raise InvalidForm for a time zone that does not exist."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidForm([InvalidValue("time_zone", "bad_time_zone")]) from None


def _check_words(told: Mapping[str, object], names: list[str]) -> None:
    problems = []
    for name in names:
        longest = LONGEST_ADDRESS if name == "address" else LONGEST
        if not told[name]:
            problems.append(InvalidValue(name, "missing"))
        elif len(str(told[name])) > longest:
            problems.append(InvalidValue(name, "too_long", limit=longest))
    if problems:
        raise InvalidForm(problems)


def _change(
    session: Session, row: Table, told: Mapping[str, object], subject: str, by: Viewer,
    now: datetime,
) -> None:  # fmt: skip
    """Write what differs, and which columns those were: not their values."""
    changed = sorted(name for name, value in told.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, told[name])
    session.add(row)
    if changed:
        _record(session, by, subject, now, ", ".join(changed))


def _record(session: Session, by: Viewer, subject: str, now: datetime, detail: str) -> None:
    audit.record(
        session, actor=by, action="settings.change", subject=subject, now=now, detail=detail
    )
