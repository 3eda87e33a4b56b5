"""An action that is practised reaches the guests, says so in every text, and counts for nothing."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import col, select

from service.blasts.progress import list_blasts
from service.blasts.stop import stop
from service.blasts.tables import Blast
from service.db import new_id
from service.errors import InvalidValue, NotFound, WrongState
from service.outbox.drill import add_guest
from service.people.tables import Person
from service.privacy.policy import SYSTEM
from service.rallies.actions.count import count_done
from service.rallies.actions.drill import (
    end_action_drill,
    get_action_drill,
    learned_of_action,
    list_action_drills,
    start_action_drill,
)
from service.rallies.actions.find import get_action, list_actions, newest_actions
from service.rallies.actions.tables import Action, ActionState
from service.rallies.take_back import take_back_draft
from tests.flows.test_actions import ENGLISH, SPANISH, announced, done, drafted
from tests.flows.town import Town


def practised(town: Town, action: Action) -> Action:
    drill_id, now = new_id(), town.clock.now()
    with town.wiring.database.write() as session:
        of = session.get_one(Action, action.id)
        drill = start_action_drill(
            session, town.wiring.catalog, of, drill_id=drill_id, by=SYSTEM, now=now
        )
        again = start_action_drill(
            session, town.wiring.catalog, of, drill_id=drill_id, by=SYSTEM, now=now
        )
        assert again.id == drill.id == drill_id
    town.tick(seconds=1)
    return drill


def ended(town: Town, drill: Action) -> None:
    with town.wiring.database.write() as session:
        end_action_drill(
            session, town.wiring.outbox, session.get_one(Action, drill.id), by=SYSTEM,
            now=town.clock.now(),
        )  # fmt: skip


def test_it_reaches_the_guests_at_once_in_the_actions_own_words(
    town: Town, guests: tuple[Person, Person]
) -> None:
    practised(town, drafted(town, days=3, script=("Say: stay.", "Diga: quedarse.")))
    assert town.got(101) == [f"DRILL: {ENGLISH} STOP to stop.\nSay: stay."]
    assert town.got(102) == [f"SIMULACRO: {SPANISH} STOP o ALTO: fin.\nDiga: quedarse."]
    assert town.got(103) == []
    for _ in range(4):
        town.deliver()
        town.tick(days=1)
        assert town.got(101) == town.got(102) == town.got(103) == []


def test_who_did_it_is_counted_in_the_drill_alone(
    town: Town, guests: tuple[Person, Person]
) -> None:
    alma, beto = guests
    action = drafted(town)
    drill = practised(town, action)
    town.clock.tick(minutes=3)
    town.text(102, "LLAME")
    assert town.got(102)[-1] == "SIMULACRO: ¡Gracias! Con usted ya somos 1."
    town.text(102, "LLAME")
    assert town.told(102) == "action_again"
    town.text(103, "CALLED")  # who was not asked knows of no drill
    assert town.told(103) == "unknown_text"
    assert done(town, drill) == 1
    assert done(town, action) == 0
    with town.session() as session:
        lines = learned_of_action(session, session.get_one(Action, drill.id))
    assert [(one.person_id, one.state) for one in lines] == [(beto.id, "done"), (alma.id, "")]
    assert lines[0].after is not None
    assert timedelta(minutes=3) <= lines[0].after < timedelta(minutes=4)


def test_beside_it_the_real_one_goes_on(town: Town, guests: tuple[Person, Person]) -> None:
    """Who was asked for real since then means that."""
    action = drafted(town)
    drill = practised(town, action)
    town.deliver()
    town.clock.tick(minutes=1)
    announced(town, action)
    assert town.got(101) == [f"{ENGLISH} STOP to stop."]
    assert len(town.got(103)) == 1
    town.text(101, "CALLED")
    assert town.got(101)[-1] == "Thank you! With you we are 1."
    town.text(103, "CALLED")
    assert town.got(103)[-1] == "Thank you! With you we are 2."
    town.text(101, "CALLED")  # the one that is left
    assert town.got(101)[-1] == "DRILL: Thank you! With you we are 1."
    with town.session() as session:
        counts = count_done(session, [action.id, drill.id])
    assert counts == {action.id: 2, drill.id: 1}


def test_it_stands_on_no_list_but_its_own(town: Town, guests: tuple[Person, Person]) -> None:
    action = drafted(town)
    drill = practised(town, action)
    with town.session() as session:
        chapter = town.chapter.id
        assert [one.id for one in newest_actions(session, chapter, limit=9)] == [action.id]
        assert [one.id for one in list_actions(session, chapter, limit=9)] == [action.id]
        assert [one.id for one in list_action_drills(session, chapter, limit=9)] == [drill.id]
        assert list_blasts(session, chapter, limit=9) == []
        with pytest.raises(NotFound):
            get_action(session, chapter, drill.id)
        with pytest.raises(NotFound):
            get_action_drill(session, chapter, action.id)


def test_no_round_number_of_a_drill_is_told(
    town: Town, guests: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.rallies.actions.rules.TOLD_AT", (1,))
    practised(town, drafted(town))
    town.text(101, "CALLED")
    town.deliver()
    town.tick(days=1)
    assert town.got(101) == []


def test_its_end_is_told_once_and_ends_what_waits(
    town: Town, guests: tuple[Person, Person]
) -> None:
    drill = practised(town, drafted(town))
    town.deliver()
    for _ in range(2):
        ended(town, drill)
    for number, says in ((101, "DRILL: "), (102, "SIMULACRO: ")):
        (told,) = town.got(number)
        assert told.startswith(says)
        assert town.told(number) == "drill_over"
    town.deliver()
    town.text(101, "CALLED")
    assert town.told(101) == "action_over"
    assert town.got(101)[-1].startswith("DRILL: ")
    assert done(town, drill) == 0


def test_a_call_that_waits_is_withdrawn_with_its_end(
    town: Town, guests: tuple[Person, Person]
) -> None:
    drill = practised(town, drafted(town))
    ended(town, drill)
    assert [town.told(number) for number in (101, 102)] == ["drill_over"] * 2
    with town.session() as session:
        states = [str(one.state) for one in session.exec(select(Blast))]
    assert states == ["stopped"]


def test_it_needs_guests_a_deadline_ahead_and_an_id_of_its_own(town: Town) -> None:
    def start(drill_id: UUID) -> None:
        with town.wiring.database.write() as session:
            start_action_drill(
                session, town.wiring.catalog, session.get_one(Action, action.id),
                drill_id=drill_id, by=SYSTEM, now=town.clock.now(),
            )  # fmt: skip

    alma, action = town.volunteer(101), drafted(town)
    with pytest.raises(WrongState) as caught:
        start(new_id())
    assert caught.value.code == "drill_needs_guests"
    with town.wiring.database.write() as session:
        add_guest(session, alma, by=SYSTEM, now=town.clock.now())
    with pytest.raises(InvalidValue):
        start(action.id)
    town.clock.tick(days=5)
    with pytest.raises(WrongState) as caught:
        start(new_id())
    assert caught.value.code == "action_over"


def test_it_is_ended_and_not_taken_back(town: Town, guests: tuple[Person, Person]) -> None:
    action = drafted(town)
    with town.wiring.database.write() as session:
        drill = start_action_drill(
            session, town.wiring.catalog, session.get_one(Action, action.id), drill_id=new_id(),
            by=SYSTEM, now=town.clock.now(),
        )  # fmt: skip
        blast = session.exec(select(Blast)).one()
        with pytest.raises(WrongState):
            take_back_draft(session, blast, by=SYSTEM, now=town.clock.now())
    with town.session() as session:
        assert session.get_one(Action, drill.id).state is ActionState.ANNOUNCED


def test_a_call_that_was_stopped_can_still_be_ended(
    town: Town, guests: tuple[Person, Person]
) -> None:
    drill = practised(town, drafted(town))
    with town.wiring.database.write() as session:
        blast = session.exec(select(Blast).where(col(Blast.subject) == drill.subject)).one()
        stop(session, blast, reason="stopped", now=town.clock.now())
    ended(town, drill)
    assert town.told(101) == "drill_over"
