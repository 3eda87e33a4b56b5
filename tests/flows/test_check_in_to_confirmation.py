"""Check-in, ask, answer, confirmation, reminders: as the texts on people's phones."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.outbox.tables import State
from service.people.tables import Consent
from tests.flows.town import Town


def last(texts: list[str]) -> str:
    assert texts, "no text"
    return texts[-1]


def test_a_family_hears_at_once_who_will_call(town: Town) -> None:
    town.checkin(is_approved=False)
    assert town.told(120) == "family_registered"
    assert "413-555-0142" in last(town.got(120))
    assert "9:00 am" in last(town.got(120))
    assert "ICE" not in last(town.got(120))


def test_nobody_hears_of_a_check_in_before_it_is_approved(town: Town) -> None:
    town.volunteer(101)
    town.checkin(is_approved=False)
    town.tick()
    assert town.got(101) == []


def test_only_the_vetted_are_asked_each_in_their_language(town: Town) -> None:
    town.volunteer(101, language="en", vetting=2)
    town.volunteer(102, language="es", vetting=3)
    town.volunteer(103, language="en", vetting=1)
    town.volunteer(104, language="en", vetting=2, consent=Consent.OPTED_OUT)
    town.family(121, language="en")
    town.checkin()
    town.tick()
    town.tick()
    assert len(town.got(101)) == len(town.got(102)) == 1
    assert "Reply Y or N" in last(town.got(101))
    assert "Responda S o N" in last(town.got(102))
    assert town.got(103) == town.got(104) == town.got(121) == []


def test_an_ask_says_area_and_part_of_day_never_hour_place_or_name(town: Town) -> None:
    town.volunteer(101)
    town.checkin()
    town.tick()
    ask = last(town.got(101))
    assert "Hartford" in ask
    assert "in the morning" in ask
    assert "1 lead, 3 companions" in ask
    for secret in ("9:00", "Café Sol", "Azucena", "ICE"):
        assert secret not in ask


def test_a_yes_in_spanish_is_confirmed_in_spanish(town: Town) -> None:
    town.volunteer(102, language="es")
    town.checkin()
    town.tick()
    town.text(102, "sí, claro que sí")
    assert town.told(102) == "confirmed"
    assert "Gracias" in last(town.got(102))


def test_the_one_who_may_lead_leads_and_the_fifth_waits(town: Town) -> None:
    for number in (101, 102, 103, 105):
        town.volunteer(number)
    town.volunteer(104, vetting=3, name="Rosa")
    town.checkin()
    town.tick()
    for number in (101, 102, 103, 104):
        town.text(number, "Y")
    assert town.told(104) == "confirmed_lead"
    town.text(105, "count me in")
    assert town.told(105) == "standby"


def test_changing_ones_mind_works_at_any_time(town: Town) -> None:
    town.volunteer(101)
    town.checkin()
    town.tick()
    for body, told in (
        ("no", "no_noted"), ("yes", "confirmed"), ("Y", "already_yes"),
        ("not sure", "maybe_noted"), ("N", "no_noted"), ("N", "already_no"),
    ):  # fmt: skip
        town.text(101, body)
        assert town.told(101) == told, body


def test_the_same_message_twice_has_one_effect_and_one_answer(town: Town) -> None:
    town.volunteer(101)
    town.checkin()
    town.tick()
    town.text(101, "Y", sid="SM1")
    town.text(101, "Y", sid="SM1")
    assert len(town.got(101)) == 2


def test_the_day_before_only_the_vetted_who_come_hear_the_place(town: Town) -> None:
    lead = town.volunteer(104, vetting=3, name="Rosa Maria", language="es")
    town.volunteer(101)
    town.volunteer(102)
    checkin = town.checkin()
    town.tick()
    town.text(104, "si")
    town.text(101, "Y")
    town.clock.at = checkin.starts_at - timedelta(hours=23)
    town.tick()
    town.tick()
    assert "Café Sol" in last(town.got(101))
    assert "Rosa" in last(town.got(101))
    assert "Maria" not in last(town.got(101))
    assert "Café Sol" in last(town.got(104))
    assert all("Café Sol" not in text for text in town.got(102) + town.got(120))
    assert "Rosa" in last(town.got(120))
    town.text(101, "Y")
    assert town.told(101) == "already_yes"
    assert lead.id


def test_a_late_yes_hears_the_place_at_the_next_tick(town: Town) -> None:
    town.volunteer(101)
    checkin = town.checkin(starts_at=town.clock.now() + timedelta(hours=20))
    town.tick()
    town.text(101, "Y")
    town.tick()
    assert "Café Sol" in last(town.got(101))
    assert sum("Café Sol" in text for text in town.got(101)) == 1
    town.tick(minutes=1)
    assert sum("Café Sol" in text for text in town.got(101)) == 1
    assert checkin.id


def test_each_reminder_goes_once_over_a_whole_week(town: Town) -> None:
    town.volunteer(101)
    town.checkin(starts_at=town.clock.now() + timedelta(days=9, hours=-1))
    town.tick()
    town.text(101, "Y")
    for _ in range(9 * 24):
        town.tick(hours=1)
    everything = (State.PLANNED, State.EXPIRED, State.SUPPRESSED)
    family = [text for text in town.got(120, states=everything) if "su cita" in text]
    assert len(family) == len(set(family)) == 5  # registered, approved, 7 days, 1 day, 3 hours
    companion = town.got(101, states=everything)
    assert sum("Café Sol" in text for text in companion) == 2  # the day before, two hours before


def test_a_cancelled_check_in_withdraws_what_waits_and_tells_those_concerned(town: Town) -> None:
    from service.checkins.cancel import cancel
    from service.checkins.find import get_checkin
    from service.privacy.policy import SYSTEM

    town.volunteer(101)
    town.volunteer(102)
    checkin = town.checkin()
    town.tick()
    town.text(101, "Y")
    with town.wiring.database.write() as session:
        found = get_checkin(session, town.chapter.id, checkin.id)
        cancel(session, town.wiring.outbox, found, by=SYSTEM, now=town.clock.now())
    assert town.got(102) == []
    assert town.told(101) == "checkin_cancelled"
    assert len(town.got(101)) == 1
    assert town.told(120) == "family_cancelled"
    town.text(102, "Y")
    assert town.told(102) == "closed_cancelled"


@pytest.mark.parametrize(
    ("body", "told"),
    [("gracias", "blast"), ("👍", "confirmed"), ("Liked “Reply Y or N”", "confirmed")],
)
def test_small_signs(town: Town, body: str, told: str) -> None:
    town.volunteer(101)
    town.checkin()
    town.tick()
    town.text(101, body)
    assert town.told(101) == told
