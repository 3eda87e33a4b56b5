"""How many statements an answer costs: each is a trip to the database on the busiest way there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import select

from service.chapters.find import get_chapter
from service.chapters.own_texts import TEXT, say
from service.chapters.voice import own_words
from service.db import Database, new_id
from service.privacy.policy import SYSTEM
from service.replies.receive import act_on, take_in
from service.rsvps.respond import Answer, respond
from service.rsvps.tables import Ask
from service.sms.inbound import InboundText
from tests.flows.conftest import town
from tests.flows.town import SENDER, Town

__all__ = ["town"]


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Note every statement of the writer, but for those that open and end a transaction."""
    said: list[str] = []

    def note(*args: Any) -> None:
        if not args[2].startswith("BEGIN"):
            said.append(args[2])

    event.listen(database.writer, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(database.writer, "before_cursor_execute", note)


def rewords(town: Town) -> None:
    """The chapter puts what confirms a yes into its own words; the process has looked at them once."""
    database = town.wiring.database
    with database.write() as session:
        chapter = get_chapter(session, town.chapter.id)
        says = {"en": "See you {day}, {time}, {area}. Reply N if not.", "es": ""}
        say(session, chapter, f"{TEXT}confirmed", says, by=SYSTEM, now=town.clock.now())
    with database.read() as session:
        own_words(session, town.wiring.catalog, get_chapter(session, town.chapter.id))


@pytest.fixture
def asked(town: Town) -> Town:
    """Alma, on 101, was asked about a check-in five days on."""
    town.volunteer(101)
    town.checkin()
    town.tick()
    return town


def test_an_answer_takes_its_seat_in_few_statements(asked: Town) -> None:
    with asked.session() as session:
        ask = session.exec(select(Ask)).one()
    with counted(asked.wiring.database) as said, asked.wiring.database.write() as session:
        respond(session, ask.person_id, ask.subject, Answer.YES, now=asked.clock.now())
    assert len(said) <= 8, said


@pytest.mark.parametrize("is_reworded", [False, True], ids=["usual words", "own words"])
def test_a_text_with_a_yes_is_answered_in_few_statements(asked: Town, is_reworded: bool) -> None:
    if is_reworded:
        rewords(asked)
    database, now = asked.wiring.database, asked.clock.now()
    text = InboundText(f"SM{new_id().hex}", "+14135550101", SENDER, "Y", "", 0)
    with counted(database) as writing, database.write() as session:
        text_id = take_in(session, asked.reception, text, now=now)
    assert text_id is not None
    assert len(writing) <= 3, writing
    with counted(database) as acting, database.write() as session:
        act_on(session, asked.reception, text_id, now=now)
    wakes_workers = 0 if database.is_sqlite else 1
    assert len(acting) <= 21 + wakes_workers, acting
    assert asked.told(101) == "confirmed"
    assert ("See you" in asked.got(101)[-1]) is is_reworded
