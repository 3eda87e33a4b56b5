"""A drill reaches its guests and nobody else, says so in every text, and counts for nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from service.chapters.tables import Sender
from service.checkins.candidates import busy_people, with_open_question
from service.errors import NotFound, WrongState
from service.outbox import claim as claiming
from service.outbox.claim import claim
from service.outbox.drill import remove_guest
from service.outbox.enqueue import Text
from service.people.tables import Person
from service.privacy.policy import SYSTEM
from service.rallies.close import note_attendance, trained
from service.rallies.draft import Draft
from service.rallies.drill import end_drill, learned, start_drill, usual_time
from service.rallies.find import coming_up, get_rally, list_rallies
from service.rallies.tables import Rally, RallyKind, RallyState
from service.rsvps.tables import RsvpState
from tests.flows.town import Town

ENGLISH = "Acompaña: rally Tue Mar 3, 10:00 am, 90 Main St. Can you come? Reply Y or N."
SPANISH = "Acompaña: martes 3 de marzo, 10:00 am, 90 Main St: mitin. ¿Viene? Responda S o N."


def started(town: Town, kind: RallyKind = RallyKind.RALLY) -> Rally:
    now = town.clock.now()
    draft = Draft("Drill", "90 Main St", now + timedelta(days=1), ENGLISH, SPANISH, kind)
    with town.wiring.database.write() as session:
        drill = start_drill(session, town.chapter, draft, by=SYSTEM, now=now)
        assert start_drill(session, town.chapter, draft, by=SYSTEM, now=now).id == drill.id
    town.tick(seconds=1)
    return drill


def claimed(town: Town) -> set[str]:
    """Who would be texted now, whatever waits in the outbox."""
    with town.wiring.database.write() as session:
        sender = session.exec(select(Sender)).one()
        sender.segments_per_second = 0
        return {
            str(one.person_id) for one in claim(session, sender, limit=100, now=town.clock.now())
        }


def test_every_text_says_drill_and_only_guests_get_one(
    town: Town, guests: tuple[Person, Person]
) -> None:
    started(town)
    assert town.got(101) == [f"DRILL: {ENGLISH}"]
    assert town.got(102) == [f"SIMULACRO: {SPANISH}"]
    assert town.got(103) == []
    town.deliver()
    town.text(101, "Y 2")
    town.text(102, "N")
    assert town.got(101)[0].startswith("DRILL: Thank you! We noted 2 people")
    assert town.got(102)[0].startswith("SIMULACRO: ")
    town.deliver()
    town.tick(hours=22)  # two hours before
    assert [text[:20] for text in town.got(101)] == ["DRILL: Acompaña: tod"]


def stray(town: Town, drill: Rally, number: int) -> Person:
    """A mistake somewhere: a text of the drill to somebody who is no guest."""
    with town.wiring.database.write() as session:
        key = town.wiring.keyring.phone_key(f"+1413555{number:04}")
        person = session.exec(select(Person).where(Person.phone_key == key)).one()
        text = Text("drill_over", once_key="stray", subject=drill.subject)
        assert town.wiring.outbox.text(session, person, text, now=town.clock.now())
    return person


def test_the_claim_passes_by_whoever_is_no_guest(town: Town, guests: tuple[Person, Person]) -> None:
    carmen = stray(town, started(town), 103)
    assert claimed(town) == {str(one.id) for one in guests}
    assert str(carmen.id) not in claimed(town)


def test_without_the_claims_condition_a_stranger_would_be_reached(
    town: Town, guests: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    carmen = stray(town, started(town), 103)
    without = claiming._CHOICE.replace("substr(d.subject, 1, 6) <> 'drill:'", "1 = 1")
    assert without != claiming._CHOICE
    monkeypatch.setattr(claiming, "_CHOICE", without)
    claiming._choice.cache_clear()
    try:
        assert str(carmen.id) in claimed(town)
    finally:
        claiming._choice.cache_clear()


def test_who_is_taken_off_the_list_is_reached_no_more(
    town: Town, guests: tuple[Person, Person]
) -> None:
    alma, beto = guests
    started(town)
    with town.wiring.database.write() as session:
        remove_guest(session, town.chapter.id, alma.id, by=SYSTEM, now=town.clock.now())
    assert claimed(town) == {str(beto.id)}


def test_a_drill_counts_for_nothing(town: Town, guests: tuple[Person, Person]) -> None:
    alma, _ = guests
    drill = started(town, RallyKind.TRAINING)
    with town.session() as session:
        assert with_open_question(session, now=town.clock.now()) == set()
    town.text(101, "Y")
    now = town.clock.now()
    with town.wiring.database.write() as session:
        note_attendance(session, session.get_one(Rally, drill.id), [alma.id], by=SYSTEM, now=now)
    with town.session() as session:
        assert coming_up(session, town.chapter.id, now=now) == []
        assert list_rallies(session, town.chapter.id, limit=10) == []
        assert busy_people(session, drill.starts_at, drill.ends_at) == {}
        assert trained(session, [alma.id]) == {}
        with pytest.raises(NotFound):
            get_rally(session, town.chapter.id, drill.id)
    town.deliver()
    town.text(103, "EVENTS")
    assert town.told(103) == "events_none"


def test_its_end_is_told_and_what_was_learned_stays(
    town: Town, guests: tuple[Person, Person]
) -> None:
    drill = started(town)
    town.clock.tick(minutes=3)
    town.text(102, "S")
    town.deliver()
    for _ in range(2):
        with town.wiring.database.write() as session:
            end_drill(
                session, town.wiring.outbox, session.get_one(Rally, drill.id), by=SYSTEM,
                now=town.clock.now(),
            )  # fmt: skip
    assert town.got(101) == [
        "DRILL: Acompaña: this drill is over; nothing of it was real. Thank you for practicing with us!"
    ]
    with town.session() as session:
        drill = session.get_one(Rally, drill.id)
        lines = learned(session, drill)
    assert drill.state is RallyState.CLOSED
    assert [(line.state, line.after is None) for line in lines] == [
        (RsvpState.YES, False), ("", True),
    ]  # fmt: skip
    half = usual_time(lines)
    assert half is not None
    assert timedelta(minutes=3) <= half < timedelta(minutes=4)
    town.deliver()
    town.text(101, "Y")
    assert town.got(101)[0].startswith("DRILL: ")
    assert town.told(101) == "closed_past"


def test_a_drill_needs_somebody_to_take_part(town: Town) -> None:
    town.volunteer(101)
    with pytest.raises(WrongState) as caught:
        started(town)
    assert caught.value.code == "drill_needs_guests"


def test_no_text_of_a_drill_lacks_its_word(town: Town, guests: tuple[Person, Person]) -> None:
    """Whatever is written about a drill, through whichever door, begins with the word."""
    drill = started(town)
    town.text(101, "not sure")
    town.text(101, "Y but late")
    town.text(102, "no puedo")
    town.tick(hours=22)
    with town.wiring.database.write() as session:
        end_drill(
            session, town.wiring.outbox, session.get_one(Rally, drill.id), by=SYSTEM,
            now=town.clock.now(),
        )  # fmt: skip
    for number, word in ((101, "DRILL: "), (102, "SIMULACRO: ")):
        texts = [text for text in town.got(number) if text]
        assert texts
        assert all(text.startswith(word) for text in texts), texts
