"""The judge: the carrier's ledger against our own books. A text is lost, sent twice, or neither."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, func, select

from service.outbox.tables import REACHED_CARRIER, Attempt, Delivery, State, Wording
from service.people.tables import Person
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from tests.faults.grounds import SCALE, Stage
from tests.faults.parts import until

DRAIN_SECONDS = 600.0
STEP_SECONDS = 20 * SCALE  # what the clock is moved at once while nothing is under way
UNFINISHED = (State.SUBMITTING, State.IN_DOUBT)


@dataclass
class Verdict:
    """What the judge found. problems: the first few, for a person."""

    lost: int = 0
    twice: int = 0
    texts: int = 0
    problems: list[str] = field(default_factory=list)

    def note(self, problem: str) -> None:
        """Keep a problem, if there are not too many."""
        if len(self.problems) < 8:
            self.problems.append(problem)


def drain(stage: Stage, *, seconds: float = DRAIN_SECONDS, moves_clock: bool = True) -> None:
    """Wait until every text has come to its end. Once none is under way, time is moved ahead."""
    for _ in until("every text came to its end", seconds=seconds, pause=0.1):
        counts, due = _counts(stage)
        if not due and not any(counts[state] for state in UNFINISHED) and not counts[State.PLANNED]:
            return
        if moves_clock and not due and not counts[State.SUBMITTING]:
            stage.sandbox.advance(STEP_SECONDS)


def _counts(stage: Stage) -> tuple[Counter[State], int]:
    """Return how many deliveries are in each state, and how many may go now.

    What waits for another text to the same number cannot, however long nobody moves the clock.
    """
    now = stage.wiring.clock.now()
    is_blocked = (
        select(Attempt.id).where(Attempt.is_open, Attempt.to_key == Delivery.to_key).exists()
    )
    with stage.wiring.database.read() as session:
        rows = session.exec(
            select(col(Delivery.state), func.count()).group_by(col(Delivery.state))
        ).all()
        due = session.exec(
            select(func.count())
            .select_from(Delivery)
            .where(Delivery.state == State.PLANNED, Delivery.not_before <= now, ~is_blocked)
        ).one()
    return Counter({State(state): count for state, count in rows}), due


def judge(stage: Stage, *, excused: frozenset[str] = frozenset()) -> Verdict:
    """Compare every delivery with what the carrier accepted: each is due once.

    excused: numbers to which a text need not go. Lost: due to somebody and never accepted, or
    accepted and unknown to us. Twice: accepted more than once.
    """
    accepted: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for entry in stage.sandbox.ledger("created"):
        accepted[entry["to"], entry["body"]].append(entry)
    verdict = Verdict(texts=sum(map(len, accepted.values())))
    wanted: Counter[tuple[str, str]] = Counter()
    for delivery, text in opened_deliveries(stage):
        reached = State(delivery.state) in REACHED_CARRIER
        is_due = text[0] not in excused and delivery.state is not State.SUPPRESSED
        sids = {entry["sid"] for entry in accepted.get(text, [])}
        if reached or is_due:
            wanted[text] += 1
        if reached and delivery.sid not in sids:
            verdict.lost += 1
            verdict.note(f"{text[0]}: {delivery.state} under an id that the carrier doesn't know")
        elif is_due and not reached:
            verdict.lost += 1
            verdict.note(f"{text[0]}: {delivery.state} ({delivery.reason}), accepted {len(sids)}")
    for text, entries in accepted.items():
        if len(entries) > wanted[text]:
            verdict.twice += len(entries) - wanted[text]
            verdict.note(f"{text[0]}: accepted {len(entries)} times, due {wanted[text]}")
    return verdict


def opened_deliveries(stage: Stage) -> list[tuple[Delivery, tuple[str, str]]]:
    """Return every delivery with its number and words."""
    reader = Reader(stage.wiring.keyring, SYSTEM)
    with stage.wiring.database.read() as session:
        rows = session.exec(
            select(Delivery, Person, Wording)
            .join(Person, col(Person.id) == Delivery.person_id)
            .join(Wording, col(Wording.id) == Delivery.wording_id, isouter=True)
        ).all()
    for at in range(0, len(rows), 1000):
        reader.fetch_keys([person.sealed_phone() for _, person, _ in rows[at : at + 1000]])
    found = []
    for delivery, person, wording in rows:
        body = wording.body if wording else reader.show(delivery.sealed_body(person.chapter_id))
        found.append((delivery, (reader.show(person.sealed_phone()), body)))
    return found


def open_attempts(stage: Stage) -> int:
    """Return how many tries nobody knows the end of."""
    with stage.wiring.database.read() as session:
        return session.exec(select(func.count()).select_from(Attempt).where(Attempt.is_open)).one()
