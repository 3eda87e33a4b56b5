"""A family registers an appointment by text, with slips on the way, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from service.checkins.tables import CheckIn, Ride
from service.inbox.tables import Inbound
from service.outbox.tables import State
from service.people.tables import Consent, Family, Person
from service.privacy.keyring import KeyKind
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.replies.tables import Talk
from tests.factories import make_office
from tests.flows.town import Town


@pytest.fixture
def two_offices(town: Town) -> Town:
    with town.wiring.database.write() as session:
        make_office(
            session, town.chapter, name="Springfield office", area="Springfield",
            address="12 Made-up Ave, Springfield",
        )  # fmt: skip
    return town


def checkins(town: Town) -> list[CheckIn]:
    with town.session() as session:
        return list(session.exec(select(CheckIn).order_by(col(CheckIn.id))).all())


def person(town: Town, number: int) -> Person:
    key = town.wiring.keyring.phone_key(f"+1413555{number:04}")
    with town.session() as session:
        return session.exec(select(Person).where(Person.phone_key == key)).one()


def says(town: Town, number: int, *lines: tuple[str, str]) -> None:
    """Each line: what they write, and the text of messages/*.toml that answers it."""
    for body, answer in lines:
        town.text(number, body)
        assert town.told(number) == answer, body


def newest_inbound(town: Town) -> Inbound:
    with town.session() as session:
        return session.exec(select(Inbound).order_by(col(Inbound.id).desc())).all()[0]


def test_in_spanish_with_mistakes_in_the_middle(two_offices: Town) -> None:
    town = two_offices
    says(
        town, 130,
        ("CITA", "intake_when"),
        ("el 5/4 a las 9", "intake_day_or_month"),
        ("lunes 10 de marzo", "intake_weekday_differs"),
        ("martes 10 de marzo", "intake_time"),
        ("a las 9 y media", "family_read_back"),
        ("no, a las 8 y media", "family_read_back"),
    )  # fmt: skip
    assert "martes 10 de marzo, 8:30 am" in town.got(130)[-1]
    assert checkins(town) == []
    says(
        town, 130,
        ("si", "intake_office"),
        ("la de springfield", "intake_people"),
        ("somos tres", "intake_ride"),
        ("no gracias", "intake_speaks"),
        ("mam", "family_registered"),
    )  # fmt: skip
    (made,) = checkins(town)
    assert made.starts_at == datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
    assert (made.people, made.needs_ride, made.registered_how) == (3, False, "text")
    assert made.registered_by is None
    with town.session() as session:
        assert session.get_one(Family, made.family_id).speaks == "mam"
        assert session.exec(select(Talk)).all() == []
    assert "413-555-0142" in town.got(130)[-1]
    assert person(town, 130).consent is Consent.ACTIVE
    assert newest_inbound(town).needs_person  # nobody of ours may speak Mam


def test_in_english_with_everything_in_the_first_text(town: Town) -> None:
    says(
        town, 131,
        ("I have an appointment on Tuesday March 10 at 9am", "family_read_back"),
        ("no its march 17", "family_read_back"),
        ("yes thats right", "intake_people"),
        ("me and my daughter", "intake_ride"),
        ("yes please", "intake_pickup"),
        ("corner of Elm and 3rd", "intake_speaks"),
        ("english", "family_registered"),
    )  # fmt: skip
    (made,) = checkins(town)
    assert made.starts_at == datetime(2026, 3, 17, 13, 0, tzinfo=UTC)  # summer time by then
    assert (made.people, made.needs_ride) == (2, True)
    with town.session() as session:
        ride = session.get_one(Ride, made.id)
        texts = session.exec(select(Inbound)).all()
    reader = Reader(town.wiring.keyring, SYSTEM)
    assert reader.show(ride.sealed_pickup(town.chapter.id)) == "corner of Elm and 3rd"
    assert (ride.seats, made.starts_at - ride.leaves_at) == (2, timedelta(hours=1))
    shown = [reader.show(text.sealed_text(town.chapter.id)) for text in texts]
    assert [one for one in shown if "Elm" in one] == []  # it lies in no thread
    assert "(pick-up point, kept with the ride)" in shown


def test_what_is_odd_about_a_date_is_asked_once(town: Town) -> None:
    says(
        town, 132,
        ("CITA", "intake_when"),
        ("el sabado 14 de marzo de 8 a 4", "intake_window"),
        ("8 a 4", "intake_when_sure"),
        ("si", "intake_people"),
    )  # fmt: skip
    says(
        town, 133,
        ("DATE", "intake_when"),
        ("February 10 at 9", "intake_past"),
        ("march 10 2029 at 9", "intake_far"),
        ("next tuesday at 9", "intake_which_day"),
        ("Feb 10 at 9 I said", "intake_person"),
    )  # fmt: skip
    assert newest_inbound(town).needs_person
    says(town, 133, ("tue mar 10 9am", "family_read_back"))
    assert checkins(town) == []


def test_who_does_not_know_the_date_or_the_place_is_called(two_offices: Town) -> None:
    town = two_offices
    says(town, 134, ("CITA", "intake_when"), ("no se todavia", "intake_person"))
    assert newest_inbound(town).needs_person
    says(
        town, 135,
        ("CITA", "intake_when"),
        ("martes 10 de marzo 9am", "family_read_back"),
        ("S", "intake_office"),
        ("otro", "intake_person"),
    )  # fmt: skip
    assert newest_inbound(town).needs_person
    assert checkins(town) == []


def test_it_can_be_left_with_a_word_and_taken_up_again(town: Town) -> None:
    says(
        town, 136,
        ("CITA", "intake_when"),
        ("martes 10 de marzo 9am", "family_read_back"),
        ("luego", "talk_later"),
    )  # fmt: skip
    town.clock.tick(days=2)
    says(town, 136, ("CITA", "family_read_back"), ("olvidelo", "talk_forgotten"))
    says(town, 136, ("CITA", "intake_when"))


def test_it_times_out_and_a_person_hears_of_it(town: Town) -> None:
    town.text(136, "CITA")
    town.text(136, "martes 10 de marzo 9am")
    assert not newest_inbound(town).needs_person
    town.tick(hours=25)
    assert newest_inbound(town).needs_person
    town.text(136, "hola?")
    assert town.told(136) != "family_read_back"
    says(town, 136, ("CITA", "family_read_back"))
    town.tick(days=9)
    with town.session() as session:
        assert session.exec(select(Talk)).all() == []


def test_danger_and_leaving_come_before_any_question(town: Town) -> None:
    says(town, 137, ("CITA", "intake_when"), ("lo agarraron", "distress_heard"))
    assert newest_inbound(town).needs_person
    says(town, 137, ("martes 10 de marzo 9am", "family_read_back"), ("alto", "opt_out"))
    assert person(town, 137).consent is Consent.OPTED_OUT


def test_help_and_language_may_be_asked_for_in_between(town: Town) -> None:
    says(
        town, 138,
        ("DATE", "intake_when"),
        ("AYUDA", "intake_when"),
        ("espanol", "intake_when"),
        ("martes 10 de marzo 9am", "family_read_back"),
    )  # fmt: skip
    assert "Responda S o N" in town.got(138)[-1]


def test_a_sponsor_registers_for_somebody_else(town: Town) -> None:
    says(
        town, 139,
        ("quiero registrar una cita para mi prima", "intake_whose"),
        ("555-0177", "intake_whose"),
        ("413 555 0177", "intake_when"),
        ("martes 10 de marzo 9am", "family_read_back"),
        ("si", "intake_people"),
        ("2", "intake_ride"),
        ("si", "intake_pickup"),
        ("no", "intake_speaks"),
        ("1", "intake_for_other"),
    )  # fmt: skip
    (made,) = checkins(town)
    family, sponsor = person(town, 177), person(town, 139)
    assert (made.family_id, made.registered_by) == (family.id, sponsor.id)
    assert family.consent is Consent.INVITED  # only they can say that we may text them
    assert town.told(177) == "family_registered"
    with town.session() as session:
        texts = session.exec(select(Inbound)).all()
    reader = Reader(town.wiring.keyring, SYSTEM)
    shown = [reader.show(text.sealed_text(town.chapter.id)) for text in texts]
    assert [one for one in shown if "0177" in one] == ["555-0177"]  # what was no number yet
    assert "(un teléfono, guardado con esa familia)" in shown


def test_the_same_appointment_twice_is_one(town: Town) -> None:
    for answer in ("family_registered", "intake_known"):
        says(
            town, 140,
            ("CITA martes 10 de marzo 9am", "family_read_back"), ("S", "intake_people"),
            ("1", "intake_ride"), ("N", "intake_speaks"), ("1", answer),
        )  # fmt: skip
    assert len(checkins(town)) == 1


def test_a_date_that_has_gone_by_meanwhile_is_asked_again(town: Town) -> None:
    says(
        town, 141,
        ("CITA hoy a las 11", "family_read_back"), ("S", "intake_people"),
        ("1", "intake_ride"), ("N", "intake_speaks"),
    )  # fmt: skip
    town.clock.tick(hours=3)
    says(town, 141, ("1", "intake_past"), ("manana a las 11", "family_read_back"))


def test_a_chapter_without_offices_hands_over_to_a_person(town: Town) -> None:
    with town.wiring.database.write() as session:
        session.delete(session.merge(town.office))
    says(
        town, 142,
        ("CITA martes 10 de marzo 9am", "family_read_back"), ("S", "intake_person"),
    )  # fmt: skip
    assert newest_inbound(town).needs_person


def test_a_family_sees_its_own_dates(town: Town) -> None:
    says(town, 120, ("CITAS", "own_dates_none"))
    town.checkin()
    says(town, 120, ("CITAS", "own_dates"), ("¿Cuándo es mi cita?", "own_dates"))
    says(town, 120, ("a que hora me toca por favor", "own_dates"))
    says(town, 120, ("CAMBIO", "family_change_heard"))
    assert newest_inbound(town).needs_person


def test_erasing_is_asked_twice_and_then_nothing_can_be_read(town: Town) -> None:
    town.volunteer(101)
    town.checkin()
    town.tick()
    town.text(101, "Y")
    says(town, 120, ("BORRAR", "erase_sure"), ("N", "erase_not"))
    says(town, 120, ("BORRAR", "erase_sure"), ("S", "erased"))
    assert town.told(101) == "checkin_cancelled"
    was = person(town, 120)
    town.tick(hours=1)
    assert person(town, 120).id == was.id  # the answer has not left yet
    town.tick(days=1, hours=1)
    with town.session() as session:
        row = session.get_one(Person, was.id)
        texts = session.exec(select(Inbound).where(Inbound.person_id == was.id)).all()
        kept = Reader(town.wiring.keyring, SYSTEM)
        assert kept.show(row.sealed_phone()) == kept.show(row.sealed_alias()) == ""
        assert {kept.show(one.sealed_text(row.chapter_id)) for one in texts} == {""}
        assert row.consent is Consent.ERASED
        assert row.phone_key != was.phone_key
    assert town.wiring.keyring.keys(KeyKind.PERSON, [was.id]) == {}  # no backup can be read either
    assert town.got(120, states=tuple(State)) == []
    town.text(120, "CITA")  # whoever comes back is somebody new
    assert person(town, 120).id != was.id
    assert town.told(120) == "intake_when"
