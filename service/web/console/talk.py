"""One thread as a conversation: every text with what it was read as, what it did, how far it got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from service.inbox.history import Said, history
from service.inbox.tables import Effect, Inbound
from service.outbox.tables import Delivery, State
from service.people.tables import Person
from service.sms.codes import look_up
from service.web.console.about import About, abouts
from service.web.console.desk import Desk

A_PAGE = 40

# What the reader's steps call themselves (service/replies/parse.py), and the words of [read_by].
STEPS = {
    "a reaction to one of our texts": "reaction",
    "words that end our texts": "leaving",
    "words of danger": "danger",
    "a number, as the open question asks": "number",
    "how it ended": "outcome",
    "a command and what it is about": "command_about",
    "a command, and nothing else": "command",
    "a ZIP code or a place": "place",
    "a longer text that says what they want": "wish",
    "an answer as people give it": "answer",
    "thanks, ok or a picture, and nothing else": "courtesy",
    "nothing that the lexicon knows for sure": "nothing",
    "the chapter's keyword": "keyword",
}
DOUBT = "; perhaps an opt-out, so a person is asked"

# Our own words for why a text of ours did not leave or arrive; carriers' codes have theirs.
REASONS = frozenset(
    {
        "opted_out", "number_dead", "no_consent", "cancelled", "moved", "over", "stopped",
        "resolved", "taken_back", "hold_released", "too_late", "waits_for_person", "given_up",
        "cannot_open", "number_changed_hands",
    }
)  # fmt: skip
WELL = (State.SUBMITTING, State.ACCEPTED, State.SENT, State.DELIVERED)


@dataclass(frozen=True)
class Did:
    """What a text did about one event. about None: the event is no longer there."""

    effect: Effect
    about: About | None


@dataclass(frozen=True)
class Line:
    """One text of a conversation. `why`: of STEPS; `reason`: in words, or "" where nothing is wrong."""

    id: UUID
    at: datetime
    text: str
    inbound: Inbound | None = None
    delivery: Delivery | None = None
    why: str = ""
    is_doubtful: bool = False
    did: Sequence[Did] = ()
    reason: str = ""  # one of REASONS
    told: str = ""  # a carrier's reason, in the reader's language

    @property
    def can_be_corrected(self) -> bool:
        """Whether an organizer may say what it meant: it was read, and not by the carrier."""
        text = self.inbound
        return text is not None and text.done_at is not None and not text.opt_out_type

    @property
    def waits(self) -> bool:
        """Whether it waits for a person."""
        text = self.inbound
        return text is not None and text.needs_person and text.handled_at is None


def talk(
    session: Session, desk: Desk, person: Person, *, before: UUID | None = None
) -> tuple[list[Line], UUID | None]:
    """Return the newest texts, oldest first, and the id before which there are older ones."""
    said = history(session, desk.reader(), person, desk.chapter_id, limit=A_PAGE + 1, before=before)
    oldest = min(said, key=lambda one: one.id) if len(said) > A_PAGE else None
    shown = [one for one in said if one is not oldest]
    about = abouts(
        session, desk,
        (effect["subject"] for one in shown if one.inbound for effect in one.inbound.effects),
    )  # fmt: skip
    older = min((one.id for one in shown), default=None) if oldest else None
    return [line_of(one, about, desk.language) for one in shown], older


def line_of(said: Said, about: dict[str, About], language: str) -> Line:
    """Return one text as the page shows it."""
    if said.inbound is not None:
        why = said.inbound.why
        return Line(
            said.id, said.at, said.text, inbound=said.inbound,
            why=STEPS.get(why.removesuffix(DOUBT), ""), is_doubtful=why.endswith(DOUBT),
            did=[Did(one, about.get(one["subject"])) for one in said.inbound.effects],
        )  # fmt: skip
    delivery = said.delivery
    reason = delivery.reason if delivery and delivery.state not in WELL else ""
    return Line(
        said.id, said.at, said.text, delivery=delivery,
        reason=reason if reason in REASONS else "",
        told=look_up(reason).says(language) if reason.isdigit() else "",
    )  # fmt: skip
