"""Conversations of several steps, whatever people write: no text raises, no date counts without a yes."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.messages.catalog import load_catalog
from service.replies.talks.intake import Intake, Told
from service.replies.talks.joining import Joining
from service.replies.talks.sure import Sure
from service.replies.talks.turns import Around, Did, Place, Script, Turn

ZONE = "America/New_York"
PLACES = (
    Place(UUID(int=1), "450 Invented St, Hartford", ZONE),
    Place(UUID(int=2), "12 Made-up Ave, Springfield", ZONE),
)
SAID = [
    "CITA", "el 5/4 a las 9", "martes 10 de marzo", "a las 9", "8 a 4", "si", "no", "S", "N", "Y",
    "sabado 14 de marzo 8am", "yes", "nope", "1", "2", "3", "0", "12", "99", "hartford", "otro",
    "somos tres", "me and my daughter", "mam", "español", "english", "no se", "maybe",
    "para mi prima", "413 555 0177", "yo", "March 10 at 9am", "next tuesday", "feb 30",
    "march 10 2031", "ayer a las 9", "06103", "los dos", "manejar", "1 2", "gracias", "?", "🙂", "",
]  # fmt: skip
TEXTS = st.lists(st.one_of(st.sampled_from(SAID), st.text(max_size=40)), min_size=1, max_size=25)
KINDS: list[Script[Any]] = [Intake(), Joining(), Sure("erase_sure")]


def around(language: str = "es", places: tuple[Place, ...] = PLACES) -> Around:
    now = datetime(2026, 3, 2, 10, tzinfo=ZoneInfo(ZONE))
    return Around(now, ZONE, language, "US", ("US", "MX"), load_catalog(), places)


@given(texts=TEXTS, language=st.sampled_from(["en", "es"]), kind=st.sampled_from(KINDS))
def test_whatever_they_write_the_conversation_goes_on(
    texts: list[str], language: str, kind: Script[Any]
) -> None:
    here = around(language)
    turn = kind.begin(texts[0], here)
    for text in texts[1:]:
        if turn.did is Did.DONE:
            return
        assert kind.load(kind.dump(turn.told)) == turn.told
        assert turn.step or turn.did is Did.FOR_PERSON
        if turn.say is not None:
            given_to = {"network": "Acompaña", "phone": "413-555-0142"} | dict(turn.say.values)
            wanted = here.catalog.template(turn.say.template).placeholders
            assert wanted <= given_to.keys()
            assert turn.say.values.keys() <= wanted
        if not turn.step:
            return
        turn = kind.answer(turn.step, turn.told, text, here)


@given(texts=TEXTS, language=st.sampled_from(["en", "es"]))
def test_no_date_counts_before_a_yes_to_exactly_that_date(texts: list[str], language: str) -> None:
    here = around(language)
    turn: Turn[Told] = Intake().begin(texts[0], here)
    read_back: tuple[date | None, time | None] = (None, None)
    for text in texts[1:]:
        if turn.did is Did.DONE or not turn.step:
            break
        was = turn
        if was.step == "read_back" and was.say is not None:
            read_back = was.told.day, was.told.at
        turn = Intake().answer(was.step, was.told, text, here)
        if turn.told.is_sure and not was.told.is_sure:
            assert was.step == "read_back"
        if turn.told.is_sure:
            assert (turn.told.day, turn.told.at) == read_back
    if turn.did is Did.DONE:
        told = turn.told
        assert told.is_sure
        assert told.day is not None
        assert told.day >= date(2026, 3, 2)
        assert told.people
        assert 1 <= told.people <= 12


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("3", 3),
        ("somos tres", 3),
        ("just me", 1),
        ("solo yo", 1),
        ("yo y mi esposo", 2),
        ("13", None),
    ],
)
def test_how_many_go(text: str, people: int | None) -> None:
    told = Told(day=date(2026, 3, 10), at=time(9), is_sure=True, office=PLACES[0].id)
    assert Intake().answer("people", told, text, around()).told.people == people


@pytest.mark.parametrize(
    ("text", "place"),
    [("1", 1), ("la de springfield", 2), ("Invented Street", 1), ("made up ave", 2)],
)
def test_an_office_is_chosen_by_number_or_by_its_name(text: str, place: int) -> None:
    told = Told(day=date(2026, 3, 10), at=time(9), is_sure=True)
    assert Intake().answer("office", told, text, around()).told.office == UUID(int=place)


def test_with_one_office_nobody_is_asked_which() -> None:
    told = Told(day=date(2026, 3, 10), at=time(9))
    turn = Intake().answer("read_back", told, "S", around(places=PLACES[:1]))
    assert turn.step == "people"
