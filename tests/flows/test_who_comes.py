"""The family hears who comes; whoever leaves keeps no place; nobody is left without a word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import col, select

from service.checkins.companions import set_sign
from service.checkins.tables import CheckIn
from service.outbox.tables import Delivery
from service.people.tables import Volunteer
from service.rsvps.tables import Rsvp, RsvpState
from tests.flows.day import AZUCENA, MARTA, NOOR, ROSA, STARTS, TOM, After
from tests.flows.town import Town

EVENING = STARTS - timedelta(hours=15)  # 18:00 in New York
SAID = ("family_companions", "family_companions_no_lead", "family_companions_none")


def heard(after: After) -> list[str]:
    """What the family was told of who comes, oldest first."""
    key = after.town.wiring.keyring.phone_key(f"+1413555{AZUCENA:04}")
    with after.town.session() as session:
        rows = session.exec(
            select(Delivery.template).where(Delivery.to_key == key).order_by(col(Delivery.id))
        ).all()
    return [row for row in rows if row in SAID]


def body(after: After) -> str:
    return [text for text in after.town.got(AZUCENA) if "van con usted" in text][-1]


def state_of(after: After, person_id: object) -> RsvpState:
    with after.town.session() as session:
        return (
            session.exec(
                select(Rsvp).where(
                    Rsvp.person_id == person_id, Rsvp.subject == after.checkin.subject
                )
            )
            .one()
            .state
        )


def test_the_evening_before_they_hear_first_names_a_language_and_a_scarf(after: After) -> None:
    with after.town.wiring.database.write() as session:
        session.get_one(Volunteer, after.rosa.id).languages = ["en", "es"]
    after.at(EVENING - timedelta(minutes=1))
    assert heard(after) == []
    after.at(EVENING)
    after.town.tick(minutes=1)
    assert heard(after) == ["family_companions"]
    assert "Rosa (habla español) y Tom" in body(after)
    assert "bufanda morada" in body(after)


def test_a_sign_of_its_own_is_said_to_all(after: After) -> None:
    with after.town.wiring.database.write() as session:
        set_sign(session, session.get_one(CheckIn, after.checkin.id), "  gorra   azul ")
    after.at(EVENING)
    assert "gorra azul" in body(after)


def test_they_hear_it_again_only_when_it_changes(after: After) -> None:
    after.at(EVENING)
    after.town.text(TOM, "N")
    after.town.tick(minutes=1)
    after.town.tick(minutes=1)
    assert heard(after) == ["family_companions", "family_companions"]
    assert "Tom" not in body(after)


def test_nobody_is_woken_for_it(after: After) -> None:
    after.at(EVENING)
    after.at(STARTS - timedelta(hours=8))  # 1:00
    after.town.text(TOM, "N")
    after.town.tick(minutes=5)
    assert heard(after) == ["family_companions"]
    after.at(STARTS - timedelta(hours=3))
    assert heard(after) == ["family_companions", "family_companions"]


def test_when_all_have_left_they_hear_the_truth_and_who_calls(after: After) -> None:
    after.at(EVENING)
    for number in (ROSA, TOM):
        after.town.text(number, "N")
    after.town.tick(minutes=1)
    assert heard(after)[-1] == "family_companions_none"


def test_while_nobody_has_said_yes_the_reminder_says_who_calls(town: Town) -> None:
    checkin = town.checkin(starts_at=STARTS)
    assert checkin.companions_told == ""
    town.clock.at = STARTS - timedelta(hours=20)
    town.tick()
    told = [text for text in town.got(AZUCENA) if "Hoy le llamamos" in text]
    assert len(told) == 1


def test_a_lead_who_cannot_come_is_told_to_organizers_and_the_next_one_is_asked(
    after: After,
) -> None:
    after.town.text(NOOR, "Y")
    assert state_of(after, after.noor.id) is RsvpState.STANDBY
    after.town.text(ROSA, "N")
    assert after.texts(MARTA) == ["alert_lead_left"]
    assert state_of(after, after.noor.id) is RsvpState.HELD
    after.town.text(NOOR, "Y")
    after.at(EVENING)
    assert "Noor" in body(after)


@pytest.mark.parametrize("by_carrier", ["STOP", ""])
def test_a_lead_who_opts_out_keeps_no_place(after: After, by_carrier: str) -> None:
    body_ = "STOP" if by_carrier else "ya no me manden mensajes"
    after.town.text(ROSA, body_, opt_out_type=by_carrier)
    assert state_of(after, after.rosa.id) is RsvpState.WITHDRAWN
    assert after.texts(MARTA) == ["alert_lead_left"]
    after.town.tick(minutes=1)
    assert any("Still needed: 1 lead" in text for text in after.town.got(NOOR))


def test_a_family_that_opts_out_half_way_keeps_its_company(after: After) -> None:
    after.at(STARTS + timedelta(hours=1))
    after.town.text(AZUCENA, "STOP", opt_out_type="STOP")
    assert after.texts(MARTA) == ["alert_family_left"]
    assert state_of(after, after.rosa.id) is RsvpState.YES
    after.at(STARTS + timedelta(hours=4))
    assert after.told(ROSA) == ["safety_ask_lead"]  # it goes on, and the family is called


def test_a_family_that_opts_out_before_is_phoned_and_still_accompanied(after: After) -> None:
    after.town.text(AZUCENA, "STOP", opt_out_type="STOP")
    assert after.texts(MARTA) == ["alert_family_left"]
    after.at(EVENING)
    assert heard(after) in ([], ["family_companions"])
    assert after.town.got(AZUCENA) == []
    assert state_of(after, after.rosa.id) in (RsvpState.YES, RsvpState.CONFIRMED)


def test_who_was_there_has_left_once_it_is_over_and_is_there_again_if_it_is_not(
    after: After,
) -> None:
    after.at(STARTS - timedelta(minutes=20))
    after.town.text(ROSA, "HERE")
    after.out()
    after.town.text(ROSA, "1")
    after.town.text(ROSA, "Y")
    assert state_of(after, after.rosa.id) is RsvpState.LEFT
    assert after.texts(ROSA).count("thanks_home") == 1


def test_on_the_way_is_noted_on_the_day_and_then_they_arrive(after: After) -> None:
    after.at(STARTS - timedelta(hours=1))
    after.town.text(TOM, "on my way!")
    assert after.town.told(TOM) == "way_noted"
    assert state_of(after, after.tom.id) is RsvpState.EN_ROUTE
    after.town.text(TOM, "HERE")
    assert state_of(after, after.tom.id) is RsvpState.ARRIVED
    after.town.text(TOM, "on my way home now, bye")
    assert state_of(after, after.tom.id) is RsvpState.ARRIVED


def test_on_the_way_days_before_is_a_yes_like_any_other(after: After) -> None:
    after.town.text(TOM, "on my way!")
    assert state_of(after, after.tom.id) is RsvpState.YES
