"""Weeks and months of appointments, and an appointment that is moved with its texts before one's eyes."""

from __future__ import annotations

from datetime import timedelta

from fastapi.testclient import TestClient
from sqlmodel import select

from service.checkins.cancel import cancel
from service.checkins.tables import CheckIn
from service.outbox.tables import Delivery
from service.privacy.policy import SYSTEM
from service.rsvps.respond import Answer, respond
from service.wiring import Wiring
from tests.factories import make_volunteer
from tests.web.conftest import Group
from tests.web.console.conftest import text_of
from tests.web.console.test_board import approved, registered


def test_a_week_shows_its_days_and_what_is_on(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    registered(wiring, group, days=8)
    page = text_of(marta.get("/checkins"))
    assert "Week of Mon 2 Mar" in page
    assert "0 appointments" in page
    assert page.count("Nothing") == 7
    page = text_of(marta.get("/checkins?week=2026-03-10"))
    assert "Week of Mon 9 Mar · 1 appointment " in page
    assert "11:00 am" in page
    assert "Waiting for our call" in page


def test_a_month_marks_the_days_that_need_somebody(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    registered(wiring, group, days=8)
    page = marta.get("/checkins/month?month=2026-03")
    assert "March 2026" in text_of(page)
    assert page.text.count('href="/checkins?week=2026-03-10"') == 1
    assert "1 appointment, Waiting for our call" in text_of(page)
    assert 'href="/checkins/month?month=2026-02"' in page.text
    assert 'href="/checkins/month?month=2026-04"' in page.text


def test_what_was_cancelled_is_in_the_week_but_not_counted(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin = approved(wiring, group, days=8)
    with wiring.database.write() as session:
        found = session.get_one(CheckIn, checkin.id)
        cancel(session, wiring.outbox, found, by=SYSTEM, now=wiring.clock.now())
    page = text_of(marta.get("/checkins?week=2026-03-10"))
    assert "0 appointments" in page
    assert "Cancelled" in page
    assert "week=2026-03-10" not in marta.get("/checkins/month?month=2026-03").text


def test_an_address_that_names_no_day_shows_now(marta: TestClient) -> None:
    for path in (
        "/checkins?week=nonsense",
        "/checkins?week=0001-01-01",
        "/checkins?week=9999-12-31",
    ):
        assert "Week of Mon 2 Mar" in text_of(marta.get(path)), path
    for path in ("/checkins/month?month=13", "/checkins/month?month=2026-00"):
        assert "March 2026" in text_of(marta.get(path)), path


def test_every_text_is_seen_before_an_appointment_moves(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin = approved(wiring, group, days=8)
    with wiring.database.write() as session:
        rosa = make_volunteer(
            session, wiring.keyring, group.chapter, 101, now=wiring.clock.now(), vetting=3
        )
        respond(session, rosa.id, checkin.subject, Answer.YES, now=wiring.clock.now())
    assert "Move to another time" in text_of(marta.get(f"/checkins/{checkin.id}"))
    new = {"day": "2026-03-12", "clock": "09:30"}
    shown = text_of(marta.post(f"/checkins/{checkin.id}/move", data=new))
    assert "1 volunteer reads" in shown
    assert "Move it and tell 2 people" in shown
    assert "jueves 12 de marzo" in shown
    with wiring.database.read() as session:
        assert session.get_one(CheckIn, checkin.id).starts_at == checkin.starts_at
    done = marta.post(f"/checkins/{checkin.id}/move", data=new | {"sure": "yes"})
    assert "Thu 12 Mar, 9:30 am" in text_of(done)
    with wiring.database.read() as session:
        sent = session.exec(select(Delivery.template)).all()
    assert {"checkin_moved", "family_moved"} <= set(sent)


def test_a_time_that_is_past_or_the_same_is_told_beside_the_field_and_kept(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin = approved(wiring, group, days=8)
    at = checkin.starts_at - timedelta(hours=4)  # New York
    for typed, says in (
        ({"day": "2026-03-01", "clock": "09:00"}, "has passed"),
        ({"day": at.date().isoformat(), "clock": f"{at:%H:%M}"}, "is the time it has now"),
        ({"day": "soon", "clock": "09:00"}, "date"),
        ({"day": "", "clock": "9ish"}, "missing"),
    ):
        page = marta.post(f"/checkins/{checkin.id}/move", data=typed)
        assert page.status_code == 422
        assert says in text_of(page).replace("&#39;", "'"), typed
        assert f'value="{typed["clock"]}"' in page.text


def test_a_move_to_a_weekend_is_asked_about_once(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin = approved(wiring, group, days=8)
    saturday = {"day": "2026-03-14", "clock": "09:30"}
    asked = marta.post(f"/checkins/{checkin.id}/move", data=saturday | {"sure": "yes"})
    assert asked.status_code == 422
    assert "Saturday" in asked.text.split('id="day-wrong"')[1].split("</p>")[0]
    box = {"day_is_right": "2026-03-14"}
    assert f'name="day_is_right" value="{box["day_is_right"]}"' in asked.text
    other = {"day": "2026-03-15", "clock": "09:30"}  # another day wants its own box ticked
    assert marta.post(f"/checkins/{checkin.id}/move", data=other | box).status_code == 422
    shown = marta.post(f"/checkins/{checkin.id}/move", data=saturday | box)
    assert '<input type="hidden" name="day_is_right" value="2026-03-14">' in shown.text
    done = marta.post(f"/checkins/{checkin.id}/move", data=saturday | box | {"sure": "yes"})
    assert "Sat 14 Mar, 9:30 am" in text_of(done)


def test_a_move_into_the_night_is_asked_about_once(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin = approved(wiring, group, days=8)
    night = {"day": "2026-03-12", "clock": "2:30 am"}
    asked = marta.post(f"/checkins/{checkin.id}/move", data=night | {"sure": "yes"})
    assert asked.status_code == 422
    assert "2:30 am: offices are closed then." in asked.text.split('id="clock-wrong"')[1]
    box = {"clock_is_right": "02:30"}
    shown = marta.post(f"/checkins/{checkin.id}/move", data=night | box)
    assert '<input type="hidden" name="clock_is_right" value="02:30">' in shown.text
    done = marta.post(f"/checkins/{checkin.id}/move", data=night | box | {"sure": "yes"})
    assert "Thu 12 Mar, 2:30 am" in text_of(done)


def test_what_is_over_cannot_be_moved(marta: TestClient, wiring: Wiring, group: Group) -> None:
    checkin = approved(wiring, group, days=8)
    with wiring.database.write() as session:
        found = session.get_one(CheckIn, checkin.id)
        cancel(session, wiring.outbox, found, by=SYSTEM, now=wiring.clock.now())
    assert "Move to another time" not in text_of(marta.get(f"/checkins/{checkin.id}"))
    assert marta.get(f"/checkins/{checkin.id}/move").status_code == 409
