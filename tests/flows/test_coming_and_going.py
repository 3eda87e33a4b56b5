"""Joining, leaving, coming back, and what strangers get: consent decides every text."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import col, select

from service.inbox.leave import opt_out_by_hand
from service.inbox.tables import Inbound
from service.outbox.tables import State
from service.people.tables import Consent, ConsentEvent, Person
from service.privacy.policy import SYSTEM
from service.rsvps.ask import open_asks
from tests.flows.town import Town

OUT = ["STOP", "stop please", "alto", "ya no me manden mensajes", "Please stop texting me"]


def consent_of(town: Town, number: int) -> Consent:
    key = town.wiring.keyring.phone_key(f"+1413555{number:04}")
    with town.session() as session:
        return session.exec(select(Person).where(Person.phone_key == key)).one().consent


def newest_inbound(town: Town) -> Inbound:
    with town.session() as session:
        return session.exec(select(Inbound).order_by(col(Inbound.id).desc())).all()[0]


@pytest.mark.parametrize("body", ["JOIN", "unirme", "ola kiero alludar"])
def test_joining_is_welcomed_with_what_the_rules_ask_for(town: Town, body: str) -> None:
    town.text(150, body)
    welcome = town.got(150)[-1]
    assert "Acompaña" in welcome
    assert "STOP" in welcome
    assert "413-555-0142" in welcome
    assert consent_of(town, 150) is Consent.ACTIVE
    town.text(150, "06103")
    assert "06103" in town.got(150)[-1]


@pytest.mark.parametrize("body", OUT)
def test_an_opt_out_withdraws_what_waits_and_is_confirmed_once(town: Town, body: str) -> None:
    town.volunteer(101)
    town.checkin()
    town.tick()
    assert len(town.got(101)) == 1
    town.text(101, body)
    assert consent_of(town, 101) is Consent.OPTED_OUT
    waiting = town.got(101)
    assert len(waiting) == (0 if body == "STOP" else 1)
    town.text(101, "Y")
    town.tick(hours=1)
    assert town.got(101) == waiting


@pytest.mark.parametrize("first", ["stop please", "alto"])
def test_who_says_it_twice_is_told_once_until_they_come_back(town: Town, first: str) -> None:
    town.volunteer(101)
    for body in (first, "please stop texting me", "ya no me manden mensajes"):
        town.text(101, body)
        town.clock.tick(minutes=10)
    assert len(town.got(101)) == 1
    assert newest_inbound(town).needs_person
    town.text(101, "START")
    town.text(101, "ya no me manden mensajes")
    assert town.told(101) == "opt_out"
    town.text(101, "stop please")
    assert len([text for text in town.got(101) if "START" in text]) == 2


def test_what_an_organizer_noted_is_confirmed_once_with_what_they_text_then(town: Town) -> None:
    person = town.volunteer(101)
    with town.wiring.database.write() as session:
        opt_out_by_hand(
            session, town.wiring.outbox, session.get_one(Person, person.id), by=SYSTEM,
            now=town.clock.now(),
        )  # fmt: skip
    assert town.told(101) == "opt_out"
    town.text(101, "ya no me manden mensajes")
    assert len(town.got(101)) == 1


def test_the_carriers_word_wins_and_is_not_answered_again(town: Town) -> None:
    town.volunteer(101)
    town.text(101, "hello there", opt_out_type="STOP")
    assert consent_of(town, 101) is Consent.OPTED_OUT
    assert town.got(101) == []
    town.text(101, "START", opt_out_type="START")
    assert consent_of(town, 101) is Consent.ACTIVE
    assert town.got(101) == []


def test_yes_never_brings_anybody_back(town: Town) -> None:
    town.volunteer(101, consent=Consent.OPTED_OUT)
    town.text(101, "YES")
    assert consent_of(town, 101) is Consent.OPTED_OUT


def test_the_opt_out_of_somebody_who_is_counted_on_reaches_a_person(town: Town) -> None:
    town.volunteer(101)
    town.checkin()
    town.tick()
    town.text(101, "Y")
    town.text(101, "alto")
    assert newest_inbound(town).needs_person


def test_help_is_always_answered(town: Town) -> None:
    town.volunteer(101, language="es", consent=Consent.OPTED_OUT)
    town.text(101, "AYUDA")
    assert "413-555-0142" in town.got(101)[-1]


def test_a_stranger_is_answered_once_a_day_and_read_by_a_person(town: Town) -> None:
    town.text(160, "hello?")
    town.text(160, "anybody?")
    assert len(town.got(160)) == 1
    assert newest_inbound(town).needs_person
    assert consent_of(town, 160) is Consent.NONE
    town.clock.tick(days=1)
    town.text(160, "hello again")
    assert len(town.got(160, states=(State.PLANNED, State.EXPIRED))) == 2


def test_a_familys_no_is_never_a_refusal(town: Town) -> None:
    town.checkin()
    town.text(120, "no tengo carro")
    assert "413-555-0142" in town.got(120)[-1]
    assert newest_inbound(town).needs_person


def test_fear_reaches_a_person_and_is_answered_first(town: Town) -> None:
    town.family(121)
    town.text(121, "lo agarraron")
    assert "413-555-0142" in town.got(121)[-1]
    assert newest_inbound(town).needs_person


def test_two_open_questions_are_told_apart_by_number(town: Town) -> None:
    alma = town.volunteer(101)
    town.checkin()
    town.tick()
    other = town.checkin(starts_at=town.clock.now() + timedelta(days=8))
    with town.wiring.database.write() as session:
        now = town.clock.now()
        open_asks(session, [alma.id], other.subject, now=now, expires_at=other.starts_at)
    town.text(101, "Y")
    assert town.told(101) == "ask_which"
    town.text(101, "2")
    assert town.told(101) == "confirmed"
    town.text(101, "N")
    assert town.told(101) == "no_noted"


def test_every_change_of_consent_is_a_line(town: Town) -> None:
    town.text(150, "JOIN")
    town.text(150, "alto")
    town.text(150, "START")
    with town.session() as session:
        lines = session.exec(select(ConsentEvent).order_by(col(ConsentEvent.id))).all()
    assert [line.consent for line in lines] == ["active", "opted_out", "active"]
    assert {line.how for line in lines} == {"text"}


def test_numbers_that_must_not_be_stored_are_not(town: Town) -> None:
    from service.privacy.policy import SYSTEM
    from service.privacy.read import Reader

    town.family(121)
    town.text(121, "my A number is A123456789")
    inbound = newest_inbound(town)
    kept = Reader(town.wiring.keyring, SYSTEM).show(inbound.sealed_text(town.chapter.id))
    assert "123456789" not in kept
