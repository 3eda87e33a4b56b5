"""Rows that can never be sent, first in line: the others finish, and these are parked with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select, update

from service.chapters.tables import Chapter, Sender
from service.db import new_id
from service.outbox.tables import Delivery, Notice, Priority, State, Wording
from service.people.tables import Person
from service.privacy.keyring import KeyKind
from tests.faults import tweaks
from tests.faults.grounds import Grounds, Stage
from tests.faults.parts import Tweak, until
from tests.faults.people import add_people, blast, seed
from tests.faults.report import Found, Trial, fault

KINDS = (
    "key destroyed",
    "number damaged",
    "number cut short",
    "text empty",
    "sender without number",
)
PATIENCE_SECONDS = 90.0
SHORT_PATIENCE_SECONDS = 12.0


@fault("texts that can never be sent, first in line", short=("postgresql",))
def poison(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial)


@fault("the same, not parked", databases=("sqlite",), is_control=True)
def poison_not_parked(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial, tweaks.no_parking)


def _try(grounds: Grounds, trial: Trial, tweak: Tweak | None = None) -> Found:
    each, people = trial.size(2, 20), trial.size(60, 2_000)
    with grounds.stage(trial.database) as stage:
        chapter = seed(stage.wiring, 0)
        spoilt = add_people(stage.wiring, chapter, each * len(KINDS))
        parts = [spoilt[at * each : (at + 1) * each] for at in range(len(KINDS))]
        blast(stage.wiring, chapter, "spoilt call")
        _spoil(stage, chapter, parts)
        add_people(stage.wiring, chapter, people, first=len(spoilt))
        with stage.wiring.database.write() as session:  # of the next message they get no copy
            session.execute(
                update(Person).where(col(Person.id).in_(spoilt)).values(is_unreachable=True)
            )
        blast(stage.wiring, chapter, "first call")
        with stage.wiring.database.write() as session:
            session.execute(
                update(Person).where(col(Person.id).in_(spoilt)).values(is_unreachable=False)
            )
        stage.parts.start("worker", tweak)
        _wait(stage, SHORT_PATIENCE_SECONDS if tweak else PATIENCE_SECONDS)
        return _judge(stage, spoilt, parts)


def _spoil(stage: Stage, chapter: Chapter, parts: Sequence[list[UUID]]) -> None:
    keyless, damaged, short, empty, senderless = parts
    stage.wiring.keyring.destroy(KeyKind.PERSON, keyless)
    with stage.wiring.database.write() as session:
        first = update(Delivery).values(priority=Priority.URGENT)
        session.execute(first)
        for id_ in damaged:
            person = session.get_one(Person, id_)
            person.phone_sealed = person.phone_sealed[:-1] + bytes([person.phone_sealed[-1] ^ 1])
        for id_ in short:
            session.get_one(Person, id_).phone_sealed = b"\x01"
        gate_id = session.exec(select(Delivery.gate_id)).first()
        assert gate_id is not None
        blank = Wording(id=new_id(), gate_id=gate_id, language="xx", body="  ", segments=1)
        nobody = Sender(id=new_id(), chapter_id=chapter.id, number="", segments_per_second=0)
        session.add(blank)
        session.add(nobody)
        session.flush()
        for people, values in (
            (empty, {"wording_id": blank.id}),
            (senderless, {"sender_id": nobody.id}),
        ):
            session.execute(
                update(Delivery).where(col(Delivery.person_id).in_(people)).values(**values)
            )


def _wait(stage: Stage, seconds: float) -> None:
    """Wait until nothing is under way, or until patience is over: then the judge sees what waits."""
    try:
        for _ in until("every text came to its end", seconds=seconds, pause=0.2):
            with stage.wiring.database.read() as session:
                ends = (State.PLANNED, State.SUBMITTING, State.IN_DOUBT)
                open_ = select(Delivery.id).where(col(Delivery.state).in_(ends))
                if session.exec(open_.limit(1)).first() is None:
                    return
    except AssertionError:
        return


def _judge(stage: Stage, spoilt: list[UUID], parts: Sequence[list[UUID]]) -> Found:
    """The spoilt failed with a reason, and somebody is told; everybody else has the message."""
    found = Found(len(spoilt))
    with stage.wiring.database.read() as session:
        rows = session.exec(select(Delivery)).all()
        told = session.exec(select(col(Notice.subject))).all()
    by_person: dict[UUID, list[Delivery]] = {}
    for row in rows:
        by_person.setdefault(row.person_id, []).append(row)
    for kind, people in zip(KINDS, parts, strict=True):
        for person_id in people:
            for row in by_person.pop(person_id):
                is_parked = row.state in (State.FAILED, State.SUPPRESSED) and row.reason
                if not is_parked:
                    found.lose(f"{kind}: {row.state} ({row.reason}) after {row.tries} tries")
        words = {row.reason for row in rows if row.person_id in people}
        found.notes.append(f"{kind}: {', '.join(sorted(words))};")
    if not told:
        found.lose("nobody is told")
    for row in (row for rows_ in by_person.values() for row in rows_):
        if row.state not in (State.ACCEPTED, State.SENT, State.DELIVERED):
            found.lose(f"a sound text is {row.state} ({row.reason})")
    repeated = stage.sandbox.get("/summary")["repeated"]
    found.twice += len(repeated)
    return found
