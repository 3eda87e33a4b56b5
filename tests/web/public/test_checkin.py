"""The page where a family registers: in their language, with nothing kept that need not be."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import col, select

from service.checkins.tables import CheckIn, Ride
from service.outbox.tables import Delivery
from service.people.tables import Consent, Person
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.wiring import Wiring
from tests.factories import StillClock, make_volunteer
from tests.web.conftest import PUBLIC_URL, Group


@pytest.fixture
def family(app: FastAPI, group: Group) -> Iterator[TestClient]:
    """A family's phone."""
    with TestClient(
        app, base_url=PUBLIC_URL, headers={"Origin": PUBLIC_URL}, raise_server_exceptions=False
    ) as opened:
        yield opened


def form(group: Group, **changes: str) -> dict[str, str]:
    typed = {
        "page": "es", "alias": "Azucena", "phone": "(413) 555-0120", "language": "es",
        "office_id": str(group.office.id), "day": "2026-03-10", "clock": "08:00", "people": "2",
        "ride": "yes", "note": "Viene con su hija.", "may_text": "yes",
    }  # fmt: skip
    return typed | changes


def hidden(page: str) -> dict[str, str]:
    """What the page with the code carries."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found}


def codes(wiring: Wiring) -> list[str]:
    """The codes that were texted, in order."""
    reader = Reader(wiring.keyring, SYSTEM)
    with wiring.database.read() as session:
        query = select(Delivery).where(Delivery.template == "one_time_code")
        sent = session.exec(query.order_by(col(Delivery.id))).all()
        bodies = [reader.show(text.sealed_body(None)) for text in sent]
    return [re.findall(r"\d{3} \d{3}", body)[0] for body in bodies]


def register(family: TestClient, wiring: Wiring, typed: dict[str, str]) -> Response:
    """Send the form and type the code that comes."""
    page = family.post("/checkin", data=typed)
    assert page.status_code == 200, page.text
    sent = hidden(page.text) | {"code": codes(wiring)[-1]}
    return family.post("/checkin/code", data=sent)


def count(wiring: Wiring, what: type) -> int:
    with wiring.database.read() as session:
        return len(session.exec(select(what)).all())


def test_the_page_speaks_the_browsers_language_and_can_be_switched(family: TestClient) -> None:
    spanish = family.get("/checkin", headers={"Accept-Language": "fr, es-GT;q=0.9, en;q=0.8"})
    assert "Cuéntenos de su cita" in spanish.text
    assert 'href="/checkin?lang=en"' in spanish.text
    assert "Tell us about your appointment" in family.get("/checkin?lang=en").text
    assert "Tell us" in family.get("/checkin", headers={"Accept-Language": "ht"}).text


def test_a_phone_on_a_table_tells_nothing(family: TestClient) -> None:
    for language in ("en", "es"):
        page = family.get(f"/checkin?lang={language}").text
        title = page.split("<title>")[1].split("</title>")[0]
        assert title in ("Your appointment", "Su cita")


def test_the_page_says_what_is_kept_and_what_is_never_asked(family: TestClient) -> None:
    page = html.unescape(family.get("/checkin?lang=en").text)
    assert "not a phone or app that the agency gave you" in page
    assert "Your A-number, your status" in page
    asked = page.split("<form")[1]
    for name in ("a_number", "status", "address", "birth", "surname"):
        assert f'name="{name}"' not in asked


def test_after_sending_they_know_who_calls_from_where_by_when(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    page = register(family, wiring, form(group))
    assert page.status_code == 200
    assert 'Marta le llama del <span class="phone">413-555-0142</span>.' in page.text
    assert "martes 3 de marzo, 10:00 am" in page.text
    assert "martes 10 de marzo, 8:00 am" in page.text
    with wiring.database.read() as session:
        (checkin,) = session.exec(select(CheckIn)).all()
        (person,) = session.exec(select(Person)).all()
        code, text = session.exec(select(Delivery).order_by(col(Delivery.id))).all()
    assert code.template == "one_time_code"
    assert (checkin.people, checkin.needs_ride, checkin.registered_how) == (2, True, "web")
    assert (person.language, person.consent) == ("es", Consent.INVITED)
    assert text.template == "family_registered"


def test_without_the_tick_nothing_is_texted(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    typed = form(group)
    del typed["may_text"]
    assert register(family, wiring, typed).status_code == 200
    with wiring.database.read() as session:
        (only,) = session.exec(select(Delivery)).all()
    assert only.template == "one_time_code"


def test_sending_twice_is_one_appointment(family: TestClient, wiring: Wiring, group: Group) -> None:
    first, second = (register(family, wiring, form(group)) for _ in range(2))
    assert first.text == second.text
    assert count(wiring, CheckIn) == 1
    assert count(wiring, Delivery) == 3  # two codes, one text about it


def test_a_known_phone_gets_the_same_answer_as_an_unknown_one(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    with wiring.database.write() as session:
        make_volunteer(
            session, wiring.keyring, group.chapter, 101, now=wiring.clock.now(), name="Rosa"
        )
    known = family.post("/checkin", data=form(group, phone="413-555-0101"))
    unknown = family.post("/checkin", data=form(group, phone="413-555-0199"))
    assert known.status_code == unknown.status_code == 200

    def said(page: Response) -> str:
        secret = hidden(page.text)["form"]
        return re.sub(r"413-555-01\d\d|" + re.escape(secret), "", page.text)

    assert said(known) == said(unknown)


MISTAKES = [
    ("alias", "", "falta"),
    ("phone", "hola", "número de teléfono"),
    ("office_id", "", "falta"),
    ("day", "mañana", "fecha"),
    ("day", "2026-02-01", "pas"),
    ("clock", "temprano", "hora"),
    ("people", "0", "12"),
]


def test_what_cannot_be_read_is_said_in_their_language_and_all_is_kept(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    for field, typed, says in MISTAKES:
        page = family.post("/checkin", data=form(group, **{field: typed}))
        assert page.status_code == 422, (field, typed)
        told = page.text.split(f'id="{field}-wrong"')[1].split("</p>")[0]
        assert says in html.unescape(told)
        assert "Viene con su hija." in page.text
    with wiring.database.read() as session:
        assert session.exec(select(Person)).all() == []


BOX = '<input id="day_is_right" type="checkbox" name="day_is_right" value="{}"{}>'


def test_a_weekend_or_a_holiday_is_asked_about_once(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    assert "day_is_right" not in family.get("/checkin").text
    saturday = family.post("/checkin", data=form(group, day="2026-03-14"))
    assert saturday.status_code == 422
    assert "si así dice, marque la casilla" in saturday.text.split('id="day-wrong"')[1]
    assert BOX.format("2026-03-14", "") in saturday.text
    assert "Viene con su hija." in saturday.text
    other = form(group, day="2026-05-25", day_is_right="2026-03-14")
    holiday = family.post("/checkin", data=other)  # the box was ticked for another day
    assert (holiday.status_code, BOX.format("2026-05-25", "") in holiday.text) == (422, True)
    assert codes(wiring) == []
    page = register(family, wiring, form(group, day="2026-03-14", day_is_right="2026-03-14"))
    assert "sábado 14 de marzo, 8:00 am" in page.text
    assert count(wiring, CheckIn) == 1


def test_an_hour_of_the_night_is_asked_about_once(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    """Three in the morning: most likely the afternoon of whoever forgot to turn the wheel."""
    assert "clock_is_right" not in family.get("/checkin").text
    asked = family.post("/checkin", data=form(group, clock="03:00"))
    assert asked.status_code == 422
    said = html.unescape(asked.text.split('id="clock-wrong"')[1].split("</p>")[0])
    assert "3:00 am: a esa hora las oficinas están cerradas." in said
    box = '<input id="clock_is_right" type="checkbox" name="clock_is_right" value="03:00">'
    assert box in asked.text
    assert "Viene con su hija." in asked.text
    other = form(group, clock="19:30", clock_is_right="03:00")  # ticked for another hour
    assert family.post("/checkin", data=other).status_code == 422
    both = family.post("/checkin", data=form(group, day="2026-03-14", clock="3 am"))
    assert 'id="day_is_right"' in both.text
    assert box in both.text
    page = register(family, wiring, form(group, clock="03:00", clock_is_right="03:00"))
    assert "martes 10 de marzo, 3:00 am" in page.text
    assert count(wiring, CheckIn) == 1


@pytest.mark.parametrize("at", ["06:00", "12:00", "19:00"])
def test_an_hour_of_the_day_is_not_asked_about(family: TestClient, group: Group, at: str) -> None:
    assert family.post("/checkin", data=form(group, clock=at)).status_code == 200


def test_an_old_phone_without_date_fields_can_type_them(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    page = register(family, wiring, form(group, day="3/10/2026", clock="8 a.m."))
    assert "martes 10 de marzo, 8:00 am" in page.text


def test_an_a_number_in_the_note_is_not_kept(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    register(family, wiring, form(group, note="mi A 123-456-789"))
    with wiring.database.read() as session:
        checkin = session.exec(select(CheckIn)).one()
    assert Reader(wiring.keyring, SYSTEM).show(checkin.sealed_note()) == "mi [removed]"


def test_markup_in_what_they_write_stays_text(family: TestClient, group: Group) -> None:
    page = family.post("/checkin", data=form(group, alias="<script>x</script>", phone="1"))
    assert "<script>x" not in page.text
    assert "&lt;script&gt;x" in page.text


def test_another_site_cannot_send_the_form(family: TestClient, group: Group) -> None:
    answer = family.post("/checkin", data=form(group), headers={"Origin": "https://x.example"})
    assert answer.status_code == 403


def test_the_time_is_the_offices_own(
    family: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    with wiring.database.write() as session:
        group.office.time_zone = "America/Chicago"
        session.add(group.office)
    register(family, wiring, form(group))
    with wiring.database.read() as session:
        checkin = session.exec(select(CheckIn)).one()
    assert f"{checkin.starts_at:%H:%M}" == "13:00"


def test_a_ride_is_asked_for_with_as_little_as_a_corner(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    typed = form(group, ride="yes", pickup="Elm y la 3", child_seats="1", people="2")
    assert register(family, wiring, typed).status_code == 200
    with wiring.database.read() as session:
        ride = session.exec(select(Ride)).one()
    assert (ride.seats, ride.child_seats) == (2, 1)
    assert b"Elm" not in (ride.pickup_sealed or b"")
    page = family.post("/checkin", data=form(group, ride="yes", pickup="x" * 61))
    assert (page.status_code, 'id="pickup-wrong"' in page.text) == (422, True)


def test_whoever_needs_no_ride_leaves_no_place(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    register(family, wiring, form(group, ride="no", pickup="Elm y la 3"))
    assert count(wiring, Ride) == 0
