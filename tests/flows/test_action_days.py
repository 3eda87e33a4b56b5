"""An action over several days: what a stop, a pause and another name do to the days that follow."""

from __future__ import annotations

from sqlmodel import select

from service.blasts.stop import pause, resume, stop
from service.blasts.tables import Blast
from service.chapters.tables import Chapter
from service.rallies.actions.count import count_asked
from service.rallies.actions.tables import Action
from tests.flows.test_actions import ENGLISH, announced, drafted
from tests.flows.town import Town


def test_who_stops_the_call_of_a_day_stops_the_days_that_follow(town: Town) -> None:
    for number in (101, 102, 103):
        town.volunteer(number)
    action = announced(town, drafted(town, days=3))
    with town.wiring.database.write() as session:
        stop(session, session.exec(select(Blast)).one(), reason="stopped", now=town.clock.now())
    town.tick(days=1)
    town.tick(days=1)
    assert town.got(101) == town.got(102) == town.got(103) == []
    with town.session() as session:
        assert session.get_one(Action, action.id).next_send_at is None
        assert count_asked(session, [action.id])[action.id] == 1


def test_while_the_call_of_a_day_is_paused_the_days_that_follow_wait(town: Town) -> None:
    for number in (101, 102, 103):
        town.volunteer(number)
    announced(town, drafted(town, days=3))

    def asked() -> int:
        return sum(bool(town.got(number)) for number in (101, 102, 103))

    assert asked() == 1
    with town.wiring.database.write() as session:
        pause(session, session.exec(select(Blast)).one())
    town.tick(days=1)
    assert asked() == 1
    with town.wiring.database.write() as session:
        resume(session, session.exec(select(Blast)).one())
    town.tick(minutes=1)
    assert asked() == 2
    town.tick(days=1)
    assert asked() == 3


def test_later_days_get_the_words_that_were_looked_at(town: Town) -> None:
    """Whatever the network is called by then: with a longer name they might not even leave."""
    for number in (101, 102):
        town.volunteer(number)
    announced(town, drafted(town, days=2))
    with town.wiring.database.write() as session:
        chapter = session.get_one(Chapter, town.chapter.id)
        chapter.network_name = "A network of another name " * 60
        session.add(chapter)
    town.tick(days=1)
    assert town.got(101) == town.got(102) == [f"{ENGLISH} STOP to stop."]
