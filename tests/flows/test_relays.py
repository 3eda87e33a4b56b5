"""Texts between a family and whoever leads: through our number, once, and only what is for them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import col, select

from service.checkins.approve import Approval, approve
from service.checkins.register import Registration, register
from service.checkins.relay import switch
from service.checkins.tables import CheckIn, Relay
from service.erasure.erase import erase
from service.inbox.tables import Inbound
from service.outbox.tables import Delivery, Priority
from service.people.register import Card
from service.people.tables import Family, Person, Volunteer
from service.privacy.policy import SYSTEM
from service.replies.intents import Intent
from service.rsvps.respond import Answer, respond
from service.rsvps.tables import SeatRole
from tests.flows.day import AZUCENA, NOOR, ROSA, STARTS, TOM, After
from tests.flows.test_who_comes import EVENING

MORNING = STARTS - timedelta(hours=1)
WORDS = "Estoy junto a la puerta verde, traigo un abrigo gris"


@pytest.fixture
def morning(after: After) -> After:
    """An hour before, Rosa having confirmed that she comes, and speaking Spanish."""
    with after.town.wiring.database.write() as session:
        session.get_one(Volunteer, after.rosa.id).languages = ["en", "es"]
    after.at(STARTS - timedelta(hours=23))
    after.town.text(ROSA, "Y")
    after.at(MORNING)
    return after


def templates(after: After, number: int) -> list[str]:
    key = after.town.wiring.keyring.phone_key(f"+1413555{number:04}")
    with after.town.session() as session:
        query = select(Delivery.template).where(Delivery.to_key == key)
        return [one for one in session.exec(query.order_by(col(Delivery.id))) if "relay" in one]


def bodies(after: After, number: int) -> list[str]:
    return [body for body in after.town.got(number) if ", from " in body or ", de " in body]


def last_inbound(after: After) -> Inbound:
    with after.town.session() as session:
        return session.exec(select(Inbound).order_by(col(Inbound.id).desc()).limit(1)).one()


def test_the_first_is_passed_on_with_how_it_works_and_the_next_alone(morning: After) -> None:
    morning.town.text(AZUCENA, WORDS)
    assert bodies(morning, ROSA) == [f"Acompaña, from Azucena: {WORDS}"]
    assert templates(morning, ROSA) == ["relay", "relay_how"]
    assert templates(morning, AZUCENA) == ["relay_first"]
    morning.town.text(ROSA, "Ya casi llego, deme cinco minutos mas")
    assert (
        bodies(morning, AZUCENA)[-1] == "Acompaña, de Rosa: Ya casi llego, deme cinco minutos mas"
    )
    assert templates(morning, AZUCENA) == ["relay_first", "relay"]
    morning.town.text(AZUCENA, "traigo tambien una bolsa azul grande")
    assert templates(morning, ROSA) == ["relay", "relay_how", "relay_passed", "relay"]
    assert "413555" not in "".join(bodies(morning, ROSA) + bodies(morning, AZUCENA))
    assert (last_inbound(morning).intent, last_inbound(morning).needs_person) == ("relay", False)


def test_it_begins_at_six_the_evening_before_and_ends_when_it_is_resolved(after: After) -> None:
    after.at(EVENING - timedelta(minutes=2))
    after.town.text(AZUCENA, WORDS)
    assert templates(after, ROSA) == []
    after.at(EVENING)
    after.town.text(AZUCENA, WORDS)
    assert "relay" in " ".join(templates(after, ROSA))
    after.out()  # one of us has spoken with them
    count = len(templates(after, ROSA))
    after.town.text(AZUCENA, "muchas cosas que contar sobre la oficina")
    assert len(templates(after, ROSA)) == count


def test_a_text_that_comes_five_times_is_passed_on_once(morning: After) -> None:
    for _ in range(5):
        morning.town.text(AZUCENA, WORDS, sid="SM" + "7" * 32)
    assert len(bodies(morning, ROSA)) == 1


@pytest.mark.parametrize(
    ("body", "intent"),
    [
        ("STOP", Intent.STOP), ("ya no me manden mensajes", Intent.STOP), ("AYUDA", Intent.HELP),
        ("lo agarraron", Intent.DISTRESS), ("me detuvieron, esta verde la puerta", Intent.DISTRESS),
        ("CAMBIO", Intent.CHANGE), ("ENGLISH", Intent.LANGUAGE), ("BORRAR", Intent.ERASE),
        ("AFUERA", Intent.OUT), ("CITA", Intent.CHECKIN), ("ice is on main st", Intent.REPORT),
        ("SILENCIO", Intent.MUTE),
    ],
)  # fmt: skip
def test_what_means_something_to_us_is_not_passed_on(
    morning: After, body: str, intent: Intent
) -> None:
    morning.town.text(AZUCENA, body)
    assert last_inbound(morning).intent == intent
    assert templates(morning, ROSA) == []


def test_here_and_in_from_the_lead_are_ours(morning: After) -> None:
    for body in ("HERE", "IN", "OUT"):
        morning.town.text(ROSA, body)
    assert templates(morning, AZUCENA) == []


def test_a_step_of_a_conversation_is_no_relay(morning: After) -> None:
    morning.town.text(AZUCENA, "CITA")
    morning.town.text(AZUCENA, "que puerta verde dice usted")
    assert templates(morning, ROSA) == []


def test_digits_come_first_and_other_words_are_heard_by_both(morning: After) -> None:
    morning.at(STARTS + timedelta(hours=4))
    morning.town.text(AZUCENA, "2")
    assert templates(morning, ROSA) == []
    morning.at(STARTS + timedelta(hours=5))
    morning.town.text(AZUCENA, WORDS)
    assert bodies(morning, ROSA) == [f"Acompaña, from Azucena: {WORDS}"]
    assert morning.town.told(AZUCENA) == "safety_digit"
    assert last_inbound(morning).needs_person


def test_an_answer_to_us_binds_to_the_question(after: After) -> None:
    after.at(EVENING)  # Rosa is asked whether she still comes
    after.town.text(ROSA, "Y")
    after.town.text(ROSA, "yes I am coming with my neighbor")
    assert [one for one in templates(after, AZUCENA) if one == "relay"] == []


def test_an_unclear_answer_to_an_open_question_goes_to_nobody_but_us(after: After) -> None:
    after.at(EVENING)
    after.town.text(ROSA, "purple umbrella weather")
    assert templates(after, AZUCENA) == []
    assert after.town.told(ROSA) == "ask_again"


def test_a_bare_yes_or_thanks_goes_on_only_as_an_answer_to_the_other(morning: After) -> None:
    morning.town.text(AZUCENA, "gracias")
    assert templates(morning, ROSA) == []
    morning.town.text(ROSA, "Trae usted su paraguas rojo")
    morning.town.text(AZUCENA, "si")
    morning.town.text(AZUCENA, "gracias")
    assert [body.split(": ")[1] for body in bodies(morning, ROSA)] == ["si"]
    morning.town.text(ROSA, "Perfecto, nos vemos junto al arbol")
    morning.town.text(AZUCENA, "gracias")
    assert [body.split(": ")[1] for body in bodies(morning, ROSA)] == ["si", "gracias"]


def test_a_familys_no_is_passed_on_and_a_person_calls_too(morning: After) -> None:
    morning.town.text(ROSA, "Quiere que vaya por usted a la parada")
    morning.town.text(AZUCENA, "no")
    assert bodies(morning, ROSA)[-1].endswith(": no")
    assert last_inbound(morning).needs_person


def test_another_language_is_said_and_seen_by_a_person(morning: After) -> None:
    with morning.town.wiring.database.write() as session:
        session.get_one(Volunteer, morning.rosa.id).languages = ["en"]
    morning.town.text(AZUCENA, WORDS)
    assert bodies(morning, ROSA) == [f"Acompaña, from Azucena, in Spanish: {WORDS}"]
    assert last_inbound(morning).needs_person
    with morning.town.wiring.database.write() as session:
        session.get_one(Family, morning.checkin.family_id).speaks = "ht"
    morning.town.text(AZUCENA, "mwen nan pot la")
    assert bodies(morning, ROSA)[-1].startswith("Acompaña, from Azucena, in another language: ")


def test_numbers_that_must_not_be_stored_are_taken_out_and_long_words_are_whole(
    morning: After,
) -> None:
    long = " ".join(f"palabra{n}" for n in range(200))
    morning.town.text(AZUCENA, f"mi numero es A123456789 {long}")
    sent = bodies(morning, ROSA)
    assert len(sent) == 2
    assert max(map(len, sent)) <= 1500
    words = " ".join(body.partition(": ")[2] for body in sent)
    assert words == f"mi numero es [removed] {long}"


def test_on_the_day_it_is_urgent_at_any_hour_and_the_night_before_nobody_is_woken(
    after: After,
) -> None:
    after.at(EVENING)
    after.town.text(ROSA, "Y")
    with after.town.wiring.database.write() as session:
        session.get_one(Person, after.rosa.id)
    after.at(STARTS - timedelta(hours=10))  # 23:00
    after.town.text(AZUCENA, WORDS)
    after.at(STARTS - timedelta(hours=6))  # 3:00 of the day
    after.town.text(AZUCENA, WORDS)
    with after.town.session() as session:
        found = session.exec(
            select(Delivery)
            .where(col(Delivery.template).in_(["relay", "relay_tongue"]))
            .order_by(col(Delivery.id))
        ).all()
    assert [one.not_before for one in found] == [
        STARTS - timedelta(hours=3, minutes=30),
        after.town.clock.now(),
    ]
    assert {one.priority for one in found} == {Priority.URGENT}


def test_mute_ends_it_for_both_and_then_a_person_reads(morning: After) -> None:
    morning.town.text(AZUCENA, WORDS)
    morning.town.text(ROSA, "MUTE")
    assert morning.town.told(ROSA) == "relay_ended"
    morning.town.text(AZUCENA, WORDS)
    assert len(bodies(morning, ROSA)) == 1
    assert last_inbound(morning).needs_person
    with morning.town.session() as session:
        assert session.get_one(CheckIn, morning.checkin.id).relay_off_by == "lead"


def test_an_organizer_switches_it_off_and_on(morning: After) -> None:
    for is_on in (False, True):
        with morning.town.wiring.database.write() as session:
            checkin = session.get_one(CheckIn, morning.checkin.id)
            switch(session, checkin, is_on=is_on, by=SYSTEM, now=morning.town.clock.now())
        morning.town.text(AZUCENA, WORDS)
        assert len(bodies(morning, ROSA)) == is_on


def test_who_gets_no_texts_is_said_to_the_other(morning: After) -> None:
    morning.town.text(AZUCENA, "STOP")
    morning.town.text(ROSA, "Estoy junto al arbol grande de la esquina")
    assert templates(morning, ROSA) == ["relay_gone"]
    assert last_inbound(morning).needs_person


def test_without_a_lead_a_person_reads_as_ever(morning: After) -> None:
    morning.town.text(ROSA, "N")
    morning.town.text(AZUCENA, WORDS)
    assert templates(morning, ROSA) == templates(morning, NOOR) == templates(morning, TOM) == []
    assert last_inbound(morning).needs_person


def test_whoever_is_erased_leaves_nothing_in_the_others_thread(morning: After) -> None:
    morning.town.text(AZUCENA, WORDS)
    morning.town.text(ROSA, "Ya casi llego, deme cinco minutos mas")
    wiring = morning.town.wiring
    erase(wiring.database, wiring.keyring, morning.checkin.family_id, now=morning.town.clock.now())
    with morning.town.session() as session:
        relays = session.exec(select(Relay)).all()
        left = session.exec(
            select(Delivery.body_sealed).where(
                col(Delivery.subject).in_([relay.subject for relay in relays])
            )
        ).all()
    assert len(relays) == 2
    assert set(left) == {None}


def test_two_machines_that_answer_each_other_come_to_an_end(morning: After) -> None:
    for _ in range(20):
        morning.town.text(AZUCENA, "contestador: estoy manejando, vuelvo luego")
        morning.town.text(ROSA, "contestador: estoy en una reunion, vuelvo luego")
    with morning.town.session() as session:
        assert len(session.exec(select(Relay)).all()) == 30


def test_a_lead_of_two_families_names_one_and_nothing_goes_to_the_other(morning: After) -> None:
    town, now = morning.town, morning.town.clock.now()
    told = Registration(
        Card("+14135550121", alias="Lirio", language="es"), town.office.id, STARTS, how="web"
    )
    with town.wiring.database.write() as session:
        second = register(session, town.wiring.outbox, town.chapter, told, now=now)
        approval = Approval({SeatRole.LEAD: 1}, agreed_to_texts=True)
        approve(session, town.wiring.outbox, second, approval, by=SYSTEM, now=now)
        respond(session, morning.rosa.id, second.subject, Answer.YES, now=now)
    town.text(ROSA, "I am standing next to the big tree")
    assert town.told(ROSA) == "relay_which"
    assert templates(morning, AZUCENA) == templates(morning, 121) == []
    town.text(ROSA, "Lirio, I am standing next to the big tree")
    assert len(bodies(morning, 121)) == 1
    assert templates(morning, AZUCENA) == []
    town.text(AZUCENA, WORDS)
    assert bodies(morning, ROSA) == [f"Acompaña, from Azucena: {WORDS}"]
