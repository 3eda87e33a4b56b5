"""Who was asked about an appointment and why, in words; masked as everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from service.checkins.tables import CheckIn
from service.people.find import people_by_id
from service.rsvps.ask import LIST, asks_about
from service.rsvps.tables import Ask, RsvpState
from service.web.console.desk import Desk

# Words of a stored reason, and whether they carry a role, a language or a number.
WORDS = (
    "role", "other_role", "speaks", "other_language", "same_area", "near", "farther",
    "area_unknown", "often", "there",
)  # fmt: skip
MOST_SHOWN = 100


@dataclass(frozen=True)
class Because:
    """One word of a reason: `word` of WORDS, and what belongs to it."""

    word: str
    detail: str


@dataclass(frozen=True)
class AskedCard:
    """Somebody who was asked. wave None: by the weekly list. answer: an RSVP's state, or open, silent."""

    person_id: UUID
    alias: str
    wave: int | None
    asked_at: datetime
    because: list[Because]
    answer: str


def asked_cards(
    session: Session, desk: Desk, checkin: CheckIn, answers: Mapping[UUID, RsvpState]
) -> tuple[list[AskedCard], Counter[str]]:
    """Return who was asked, those who answered first, then the newest; and how many said or did what."""
    asks = list(reversed(asks_about(session, checkin.subject)))
    how = Counter(_answer(ask, answers, desk.now) for ask in asks)
    shown = asks[:MOST_SHOWN]
    people = people_by_id(session, (ask.person_id for ask in shown))
    reader = desk.reader()
    reader.fetch_keys([person.sealed_alias() for person in people.values()])
    cards = [
        AskedCard(
            person_id=ask.person_id,
            alias=reader.show(people[ask.person_id].sealed_alias()),
            wave=None if ask.kind == LIST else ask.wave,
            asked_at=ask.asked_at,
            because=list(_because((ask.reason or "").split())),
            answer=_answer(ask, answers, desk.now),
        )
        for ask in shown
    ]
    return sorted(cards, key=lambda card: card.answer in ("open", "silent")), how


def _answer(ask: Ask, answers: Mapping[UUID, RsvpState], now: datetime) -> str:
    if ask.person_id in answers:
        return answers[ask.person_id].value
    is_open = ask.answered_at is None and ask.closed_at is None and ask.expires_at > now
    return "open" if is_open else "silent"


def _because(reason: Sequence[str]) -> Iterator[Because]:
    for part in reason:
        word, _, detail = part.partition(":")
        if word in WORDS:
            yield Because(word, detail)
