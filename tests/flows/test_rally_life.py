"""A rally from its call to who came: moved, reminded, called off, closed; and answers that tell the truth."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from service.blasts.tables import Blast, BlastKind, BlastState
from service.db import new_id
from service.errors import InvalidForm, WrongState
from service.people.tables import Person
from service.privacy.policy import SYSTEM
from service.rallies.announce import announce
from service.rallies.cancel import cancel, stand_down
from service.rallies.close import close, note_attendance, trained, who_came
from service.rallies.draft import Draft, save_draft
from service.rallies.move import Where, move
from service.rallies.tables import Rally, RallyKind, RallyState
from service.rallies.tell import Whom
from service.rsvps.respond import rsvps_of
from service.rsvps.tables import Rsvp, RsvpState
from tests.flows.town import Town

ENGLISH = "Acompaña: rally Sat Mar 7, 10:00 am, 90 Main St. Can you come? Reply Y or N."
SPANISH = "Acompaña: 7 de marzo, 10:00 am, 90 Main St. ¿Viene? Responda S o N."


def called(town: Town, *, days: float = 5, **more: object) -> Rally:
    """A rally whose call has reached everybody."""
    now = town.clock.now()
    with town.wiring.database.write() as session:
        draft = Draft("Friday", "90 Main St", now + timedelta(days=days), ENGLISH, SPANISH, **more)  # type: ignore[arg-type]  # by name
        rally = save_draft(session, town.chapter, draft, by="Marta", now=now)
        announce(session, rally, blast_id=new_id(), by=SYSTEM, now=now)
    town.tick()
    town.deliver()
    town.tick(seconds=20)
    return rally


def fresh(town: Town, rally: Rally) -> Rally:
    with town.session() as session:
        return session.get_one(Rally, rally.id)


def moved(
    town: Town, rally: Rally, *, hours: float = 0, place: str = "90 Main St",
    whom: Whom = Whom.ASKED,
) -> Blast | None:  # fmt: skip
    """It is held so many hours later, or elsewhere; everything that follows has been sent."""
    with town.wiring.database.write() as session:
        rally = session.get_one(Rally, rally.id)
        later = timedelta(hours=hours)
        where = Where(rally.starts_at + later, rally.ends_at + later, place)
        blast = move(
            session, town.wiring.catalog, rally, where, whom=whom, blast_id=new_id(), by=SYSTEM,
            now=town.clock.now(),
        )  # fmt: skip
    town.tick(seconds=1)
    return blast


def answer_of(town: Town, rally: Rally, person: Person) -> Rsvp:
    with town.session() as session:
        query = select(Rsvp).where(Rsvp.person_id == person.id, Rsvp.subject == rally.subject)
        return session.exec(query).one()


# --- moved -----------------------------------------------------------------------------------------


def test_a_new_time_is_told_to_all_who_were_asked_and_every_answer_stays(town: Town) -> None:
    alma, beto = town.volunteer(101), town.volunteer(102, name="Beto", language="es")
    town.volunteer(103, name="Carmen")
    rally = called(town)
    town.text(101, "Y 3")
    town.text(102, "N")
    town.deliver()
    moved(town, rally, hours=2)
    assert (
        town.got(101)
        == town.got(103)
        == [
            "Acompaña: NEW TIME for the rally: Sat Mar 7, 12:00 pm. Same place, 90 Main St. "
            "Can you come? Reply Y or N."
        ]
    )
    assert town.got(102) == [
        "Acompaña: NUEVA HORA para el mitin: sabado 7 de marzo, 12:00 pm. Mismo lugar: 90 Main St. "
        "¿Viene? Responda S o N."
    ]
    assert answer_of(town, rally, alma).state is RsvpState.YES
    assert answer_of(town, rally, alma).party_size == 3
    assert answer_of(town, rally, beto).state is RsvpState.NO


def test_only_who_said_yes_or_maybe_is_told_if_the_organizer_says_so(town: Town) -> None:
    for number in (101, 102, 103, 104):
        town.volunteer(number)
    rally = called(town)
    for number, answer in ((101, "Y"), (102, "N"), (103, "not sure")):
        town.text(number, answer)
    town.deliver()
    moved(town, rally, place="South Green", whom=Whom.COMING)
    told = {number for number in (101, 102, 103, 104) if town.got(number)}
    assert told == {101, 103}
    assert "NEW PLACE for Sat Mar 7: South Green. Same time" in town.got(101)[0]
    assert "No longer at 90 Main St" in town.got(101)[0]


def test_a_yes_is_asked_again_and_confirms_the_new_time(town: Town) -> None:
    alma = town.volunteer(101)
    rally = called(town)
    town.text(101, "Y")
    moved(town, rally, hours=3, place="South Green")
    town.deliver()
    town.text(101, "Y")
    assert answer_of(town, rally, alma).state is RsvpState.CONFIRMED
    assert "Sat Mar 7, 1:00 pm, South Green" in town.got(101)[0]
    moved(town, rally, hours=1, place="South Green")
    assert answer_of(town, rally, alma).state is RsvpState.YES, "that was the time before"
    town.deliver()
    town.text(101, "N")
    assert answer_of(town, rally, alma).state is RsvpState.WITHDRAWN


def test_a_no_may_become_a_yes_to_the_new_time(town: Town) -> None:
    alma = town.volunteer(101)
    rally = called(town)
    town.text(101, "N")
    moved(town, rally, hours=2)
    town.deliver()
    town.text(101, "Y")
    assert answer_of(town, rally, alma).state is RsvpState.YES
    assert "12:00 pm, 90 Main St" in town.got(101)[0]


def test_reminders_follow_the_new_time_and_come_once(town: Town) -> None:
    town.volunteer(101)
    rally = called(town, days=2)
    town.text(101, "Y")
    town.deliver()
    town.tick(days=1, minutes=1)
    assert "tomorrow, Wednesday, 10:00 am" in town.got(101)[0]
    moved(town, rally, hours=24)
    assert all("10:00 am, 90 Main St. See you" not in text for text in town.got(101))
    town.deliver()
    town.tick(days=1, minutes=1)
    assert ["tomorrow, Thursday" in text for text in town.got(101)] == [True]
    town.deliver()
    town.tick(hours=21, minutes=59)
    assert ["today, Thursday, 10:00 am" in text for text in town.got(101)] == [True]
    town.deliver()
    town.tick()
    assert town.got(101) == []


def test_texts_that_say_the_old_time_are_taken_back(town: Town) -> None:
    town.volunteer(101)
    now = town.clock.now()
    with town.wiring.database.write() as session:
        draft = Draft("Friday", "90 Main St", now + timedelta(days=5), ENGLISH, SPANISH)
        rally = save_draft(session, town.chapter, draft, by="Marta", now=now)
        announce(session, rally, blast_id=new_id(), by=SYSTEM, now=now)
    with pytest.raises(WrongState) as caught:
        moved(town, rally, hours=1)
    assert caught.value.code == "rally_call_waiting"
    town.tick()
    assert town.got(101) == [ENGLISH]
    moved(town, rally, hours=1)
    assert [text.startswith("Acompaña: NEW TIME") for text in town.got(101)] == [True]
    with town.session() as session:
        call = session.exec(select(Blast).where(Blast.kind == BlastKind.CALL)).one()
    assert (call.state, call.stop_reason) == (BlastState.STOPPED, "moved")


def test_what_makes_no_sense_is_refused(town: Town) -> None:
    rally = called(town)
    for hours, place, code in (
        (0, "90 Main St", "nothing_changed"),
        (0, " ", "missing"),
        (-200, "90 Main St", "past_date"),
        (0, "x" * 81, "too_long"),
        (24 * 600, "90 Main St", "too_far_off"),
    ):
        with pytest.raises(InvalidForm) as caught:
            moved(town, rally, hours=hours, place=place)
        assert code in [problem.code for problem in caught.value.problems]
    town.tick(days=5, minutes=1)
    with pytest.raises(InvalidForm) as begun:
        moved(town, rally, hours=1)
    assert [problem.code for problem in begun.value.problems] == ["has_begun"]
    moved(town, rally, place="South Green")
    assert fresh(town, rally).place == "South Green"


# --- its end ---------------------------------------------------------------------------------------


def test_all_clear_reaches_those_who_were_asked_and_a_late_yes_hears_it(town: Town) -> None:
    town.volunteer(101)
    town.volunteer(102, language="es")
    rally = called(town)
    town.text(101, "Y")
    town.deliver()
    with town.wiring.database.write() as session:
        stand_down(
            session, town.wiring.catalog, session.get_one(Rally, rally.id), by=SYSTEM,
            now=town.clock.now(),
        )  # fmt: skip
    town.tick()
    assert town.got(101) == [
        "Acompaña: all clear for Sat Mar 7, 90 Main St. You can stand down. Thank you for being ready."
    ]
    assert "todo tranquilo" in town.got(102)[0]
    town.deliver()
    town.text(102, "S")
    assert town.told(102) == "closed_all_clear"
    assert fresh(town, rally).state is RallyState.ALL_CLEAR


@pytest.mark.parametrize("kind", RallyKind)
def test_whatever_it_is_it_can_be_called_off_in_its_own_words(town: Town, kind: RallyKind) -> None:
    town.volunteer(101)
    town.volunteer(102, language="es")
    rally = called(town, kind=kind)
    with town.wiring.database.write() as session:
        cancel(
            session, town.wiring.catalog, session.get_one(Rally, rally.id), by=SYSTEM,
            now=town.clock.now(),
        )  # fmt: skip
    town.tick()
    catalog = town.wiring.catalog
    assert f"the {catalog.word('event', kind, 'en')} Sat Mar 7" in town.got(101)[0]
    assert f"SE CANCELA {catalog.word('event', kind, 'es')} del" in town.got(102)[0]
    town.deliver()
    town.text(101, "Y")
    assert town.told(101) == "closed_cancelled"


def test_answers_tell_where_it_stands(town: Town) -> None:
    for number in (101, 102, 103):
        town.volunteer(number)
    rally = called(town, people_limit=1)
    town.text(101, "Y")
    town.text(102, "Y")
    assert town.told(102) == "standby"
    town.text(101, "N")  # the place is kept for the one who waits
    town.tick(days=5, minutes=1)
    assert fresh(town, rally).state is RallyState.UNDERWAY
    town.tick(hours=2)
    assert fresh(town, rally).state is RallyState.CLOSED
    town.deliver()
    town.text(103, "Y")
    assert town.told(103) == "closed_past"


def test_somebody_may_still_say_yes_and_here_while_it_goes_on(town: Town) -> None:
    alma = town.volunteer(101)
    rally = called(town)
    town.tick(days=5, minutes=10)
    town.text(101, "Y")
    assert town.told(101) == "party_confirmed"
    town.text(101, "HERE")
    assert answer_of(town, rally, alma).state is RsvpState.ARRIVED


# --- who came --------------------------------------------------------------------------------------


def ended(
    town: Town, rally: Rally, *, count: int | None = None, came: tuple[Person, ...] = ()
) -> None:
    with town.wiring.database.write() as session:
        close(
            session, session.get_one(Rally, rally.id), people_came=count,
            came=[person.id for person in came], by=SYSTEM, now=town.clock.now(),
        )  # fmt: skip


def test_how_many_came_is_written_down_and_can_be_put_right(town: Town) -> None:
    rally = called(town)
    with pytest.raises(WrongState) as early:
        ended(town, rally, count=40)
    assert early.value.code == "rally_not_begun"
    town.tick(days=5, minutes=1)
    ended(town, rally, count=40)
    assert (fresh(town, rally).state, fresh(town, rally).people_came) == (RallyState.CLOSED, 40)
    ended(town, rally, count=45)
    ended(town, rally)
    assert fresh(town, rally).people_came == 45


def test_a_training_knows_who_was_there_answered_or_not(town: Town) -> None:
    alma, beto = town.volunteer(101), town.volunteer(102)
    training = called(town, kind=RallyKind.TRAINING)
    town.text(101, "Y")
    town.tick(days=5, minutes=1)
    ended(town, training, came=(alma, beto))
    ended(town, training, came=(alma,))
    with town.session() as session:
        assert who_came(session, training.id) == {alma.id, beto.id}
        states = [r.state for r in rsvps_of(session, [training.subject])[training.subject]]
        assert states == [RsvpState.ARRIVED]
        since = trained(session, [alma.id, beto.id, new_id()])
    assert since == {alma.id: training.starts_at, beto.id: training.starts_at}


def test_a_rally_is_no_training(town: Town) -> None:
    alma = town.volunteer(101)
    rally = called(town)
    with town.wiring.database.write() as session:
        rally = session.get_one(Rally, rally.id)
        note_attendance(session, rally, [alma.id], by=SYSTEM, now=town.clock.now())
    with town.session() as session:
        assert trained(session, [alma.id]) == {}
