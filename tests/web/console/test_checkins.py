"""A check-in on the console: written down, approved with the very text, cancelled with care."""

from __future__ import annotations

import html

from fastapi.testclient import TestClient
from sqlmodel import col, select

from service.blasts.tables import Blast
from service.checkins.tables import CheckIn, CheckInState, Ride
from service.checkins.waves import ask_for_company
from service.outbox.gate import get_wordings
from service.outbox.tables import Delivery
from service.people.tables import Consent, Person
from service.privacy.audit import AuditLine
from service.rsvps.respond import Answer, respond
from service.rsvps.seats import filling_of
from service.rsvps.tables import Seat, SeatRole
from service.wiring import Wiring
from tests.factories import make_volunteer
from tests.web.conftest import Group
from tests.web.console.conftest import text_of
from tests.web.console.test_board import approved, registered


def form(group: Group, **changes: str) -> dict[str, str]:
    """What Marta types for Azucena."""
    typed = {
        "alias": "Azucena", "phone": "413-555-0120", "language": "es", "people": "2",
        "office_id": str(group.office.id), "day": "2026-03-10", "clock": "08:00", "ride": "yes",
        "note": "Viene con su hija.", "may_text": "yes",
    }  # fmt: skip
    return typed | changes


def all_checkins(wiring: Wiring) -> list[CheckIn]:
    with wiring.database.read() as session:
        return list(session.exec(select(CheckIn)))


def test_an_organizer_registers_what_a_family_told(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    page = text_of(marta.post("/checkins/new", data=form(group)))
    assert "Tue 10 Mar, 8:00 am (in 8 days)" in page
    assert "Viene con su hija." in page
    (checkin,) = all_checkins(wiring)
    assert (checkin.people, checkin.needs_ride, checkin.registered_how) == (2, True, "console")


MISTAKES = [
    ("alias", "", "Something is missing"),
    ("phone", "555", "couldn't read that phone number"),
    ("phone", "+52 55 1234 5678", "can't text numbers in that country"),
    ("day", "the tenth", "couldn't read that date"),
    ("day", "2026-02-30", "couldn't read that date"),
    ("day", "2026-03-01", "has passed"),
    ("day", "2026-03-14", "a Saturday or a Sunday"),
    ("day", "5/25/2026", "a public holiday"),
    ("clock", "morning", "couldn't read that time"),
    ("people", "many", "number"),
    ("people", "40", "12"),
    ("office_id", "", "Something is missing"),
    ("note", "x" * 201, "200"),
]


def test_what_cannot_be_read_is_told_beside_the_field_and_everything_is_kept(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    for field, typed, says in MISTAKES:
        kept = form(group, **{field: typed})
        page = marta.post("/checkins/new", data=kept)
        assert page.status_code == 422, (field, typed)
        told = page.text.split(f'id="{field}-wrong"')[1].split("</p>")[0]
        assert says in html.unescape(told)
        for name in ("alias", "phone", "day", "clock", "note"):
            assert html.escape(kept[name]) in page.text
    assert all_checkins(wiring) == []


def test_a_holiday_that_the_letter_names_is_registered(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    typed = form(group, day="5/25/2026", day_is_right="2026-05-25")
    assert "Mon 25 May, 8:00 am" in text_of(marta.post("/checkins/new", data=typed))
    assert len(all_checkins(wiring)) == 1


def test_every_problem_is_told_at_once(marta: TestClient, group: Group) -> None:
    page = marta.post("/checkins/new", data={})
    assert page.status_code == 422
    assert page.text.count('class="wrong"') >= 5


def test_the_text_that_is_shown_is_the_text_that_is_sent(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin = registered(wiring, group, days=5)
    places = {"places_lead": "1", "places_driver": "1", "places_accompanier": "2"}
    page = text_of(marta.get(f"/checkins/{checkin.id}/approve", params=places))
    assert "Still needed: 1 lead, 1 driver, 2 companions" in page
    marta.post(f"/checkins/{checkin.id}/approve", data=places | {"agreed": "yes"})
    with wiring.database.write() as session:
        make_volunteer(session, wiring.keyring, group.chapter, 101, now=wiring.clock.now())
        ask_for_company(session, wiring.outbox, now=wiring.clock.now())
        blast = session.exec(select(Blast)).one()
        for wording in get_wordings(session, blast.id).values():
            assert wording.body in page
        assert filling_of(session, checkin.subject).missing == {
            SeatRole.LEAD: 1, SeatRole.DRIVER: 1, SeatRole.ACCOMPANIER: 2,
        }  # fmt: skip
        assert session.get_one(Person, checkin.family_id).consent is Consent.ACTIVE


def test_without_the_tick_the_family_is_not_signed_up_for_texts(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin = registered(wiring, group, days=5)
    marta.post(f"/checkins/{checkin.id}/approve", data={"places_accompanier": "2"})
    with wiring.database.read() as session:
        assert session.get_one(Person, checkin.family_id).consent is Consent.INVITED


def test_how_many_will_be_asked_is_said_beforehand(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    now = wiring.clock.now()
    with wiring.database.write() as session:
        for number, vetting in ((101, 2), (102, 3), (103, 1), (104, 0)):
            make_volunteer(session, wiring.keyring, group.chapter, number, now=now, vetting=vetting)
    checkin = registered(wiring, group, days=5)
    page = text_of(marta.get(f"/checkins/{checkin.id}/approve"))
    assert "Approve and ask 2 people" in page


def test_places_that_make_no_sense_come_back(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin = registered(wiring, group, days=5)
    none = {"places_lead": "0", "places_accompanier": "0"}
    for places in (none, {"places_lead": "99"}, {"places_lead": "x"}):
        page = marta.post(f"/checkins/{checkin.id}/approve", data=places)
        assert page.status_code == 422, places
        assert 'class="wrong"' in page.text
    assert all_checkins(wiring)[0].state is CheckInState.SUBMITTED


def test_a_second_approval_changes_nothing(marta: TestClient, wiring: Wiring, group: Group) -> None:
    checkin = approved(wiring, group, days=5)
    path = f"/checkins/{checkin.id}/approve"
    assert marta.post(path, data={"places_lead": "5"}).status_code == 409
    assert marta.get(path).status_code == 409
    with wiring.database.read() as session:
        assert filling_of(session, checkin.subject).capacity == 3


def test_cancelling_first_says_who_will_be_told(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin, now = approved(wiring, group, days=5), wiring.clock.now()
    with wiring.database.write() as session:
        for number, name, answer in ((101, "Rosa", Answer.YES), (102, "Tom", Answer.NO)):
            person = make_volunteer(
                session, wiring.keyring, group.chapter, number, now=now, name=name
            )
            respond(session, person.id, checkin.subject, answer, now=now)
    page = text_of(marta.get(f"/checkins/{checkin.id}/cancel"))
    assert "R••• said yes" in page
    assert "T•••" not in page
    assert "The family (A•••)" in page
    assert all_checkins(wiring)[0].state is CheckInState.APPROVED

    assert "Cancelled" in text_of(marta.post(f"/checkins/{checkin.id}/cancel"))
    with wiring.database.read() as session:
        told = set(session.exec(select(Delivery.template)))
    assert {"checkin_cancelled", "family_cancelled"} <= told
    assert marta.post(f"/checkins/{checkin.id}/cancel").status_code == 409


def test_the_main_action_never_stands_beside_a_destructive_one(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin = approved(wiring, group, days=5)
    page = marta.get(f"/checkins/{checkin.id}/cancel").text
    assert "is-main" not in page
    keep, cancel = page.index("No, keep it"), page.index("Yes, cancel the appointment")
    assert 'class="apart"' in page[keep:cancel]


def test_why_somebody_was_asked_stands_on_the_page(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    with wiring.database.write() as session:
        make_volunteer(session, wiring.keyring, group.chapter, 101, now=wiring.clock.now())
    checkin = approved(wiring, group, days=5)
    assert "Nobody yet" in text_of(marta.get(f"/checkins/{checkin.id}"))
    with wiring.database.write() as session:
        ask_for_company(session, wiring.outbox, now=wiring.clock.now())
    page = text_of(marta.get(f"/checkins/{checkin.id}"))
    assert "wave 1: speaks another language, area not known · no answer yet" in page
    assert "Can still answer: 1. Did not answer: 0." in page


def test_what_family_and_lead_write_is_read_along_and_can_be_switched_off(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin = approved(wiring, group, days=1)
    page = f"/checkins/{checkin.id}"
    assert "passed on through our number" in text_of(marta.get(page))
    for _ in range(2):
        assert "Marta ended it" in text_of(marta.post(f"{page}/relay", data={"turn": "off"}))
    assert "Marta ended it" not in text_of(marta.post(f"{page}/relay", data={"turn": "on"}))
    with wiring.database.read() as session:
        query = select(AuditLine.action).order_by(col(AuditLine.number))
        actions = session.exec(query).all()
    assert [one for one in actions if "relay" in one] == ["checkin.relay_off", "checkin.relay_on"]


def test_the_ride_is_asked_for_on_approval(marta: TestClient, wiring: Wiring, group: Group) -> None:
    checkin = registered(wiring, group, days=5)
    with wiring.database.write() as session:
        session.get_one(CheckIn, checkin.id).needs_ride = True
    path = f"/checkins/{checkin.id}/approve"
    assert "Where they want to be picked up" in text_of(marta.get(path))
    ticked = {"places_driver": "1", "places_lead": "1", "agreed": "yes"}
    wrong = marta.post(path, data=ticked | {"pickup": "Elm and 3rd", "seats": "40"})
    assert (wrong.status_code, "Elm and 3rd" in wrong.text) == (422, True)
    marta.post(path, data=ticked | {"pickup": "Elm and 3rd", "seats": "3"})
    with wiring.database.read() as session:
        assert session.get_one(CheckIn, checkin.id).state is CheckInState.APPROVED
        assert session.get_one(Ride, checkin.id).seats == 3
        driver = session.exec(
            select(Seat).where(Seat.subject == checkin.subject, Seat.role == SeatRole.DRIVER)
        ).one()
    assert driver.car_seats == 3
