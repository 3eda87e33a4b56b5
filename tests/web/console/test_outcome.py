"""An organizer writes down how it ended: who will be told stands there before it counts."""

from __future__ import annotations

from datetime import timedelta

from fastapi.testclient import TestClient
from sqlmodel import select

from service.checkins.outcome.tell import add_legal_contact
from service.checkins.tables import CheckIn, CheckInState, Outcome, Publicity, Ride
from service.privacy.audit import AuditLine
from service.rallies.tables import Rally
from service.rsvps.respond import Answer, respond
from service.rsvps.tables import Rsvp, RsvpState
from service.wiring import Wiring
from tests.factories import StillClock, make_volunteer
from tests.web.conftest import Group
from tests.web.console.conftest import browser_of, new_link, text_of
from tests.web.console.test_board import approved
from tests.web.console.test_safety import fresh, silent


def begun(wiring: Wiring, group: Group, clock: StillClock) -> CheckIn:
    """An appointment that began a while ago."""
    checkin = approved(wiring, group, days=1)
    clock.at = checkin.starts_at + timedelta(hours=1)
    return checkin


def now_is(wiring: Wiring, checkin: CheckIn) -> CheckIn:
    with wiring.database.read() as session:
        return session.get_one(CheckIn, checkin.id)


def test_it_is_looked_at_then_confirmed_and_everything_follows(
    marta: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    checkin = begun(wiring, group, clock)
    with wiring.database.write() as session:
        lucia = make_volunteer(session, wiring.keyring, group.chapter, 170, now=clock.now())
        add_legal_contact(session, group.chapter, lucia, now=clock.now())
    fresh(marta, wiring, group)
    path = f"/checkins/{checkin.id}/outcome"
    assert "Nobody has said yet how it ended" in text_of(marta.get(f"/checkins/{checkin.id}"))
    assert "How did it end?" in text_of(marta.get(path))
    chosen = {"outcome": "removal_date", "deadline_on": "2026-05-03"}
    page = text_of(marta.get(path, params=chosen))
    assert "The legal contact gets a text and a call" in page
    assert "A call to come is drafted" in page
    assert now_is(wiring, checkin).outcome is None
    page = text_of(marta.post(path, data=chosen))
    assert "A date to leave was given" in page
    assert "No legal contact has taken it yet" in page
    ended = now_is(wiring, checkin)
    assert (ended.outcome, ended.outcome_by) == (Outcome.REMOVAL_DATE, "Marta")
    with wiring.database.read() as session:
        assert session.exec(select(Rally.id)).one() == ended.rally_id
        assert "checkin.outcome" in session.exec(select(AuditLine.action)).all()
    assert marta.post(path, data=chosen).status_code == 200
    assert "Look and send" in text_of(marta.get("/"))
    shown = f"/checkins/{checkin.id}"
    assert 'href="/actions/new"' in marta.get(shown).text  # the day is the family's
    marta.post(f"{shown}/publicity", data={"publicity": "yes"})
    assert 'href="/actions/new?until=2026-05-03"' in marta.get(shown).text
    assert 'value="2026-05-03"' in marta.get("/actions/new?until=2026-05-03").text


def test_what_is_missing_or_cannot_be_is_said_beside_the_field(
    marta: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    checkin = begun(wiring, group, clock)
    fresh(marta, wiring, group)
    path = f"/checkins/{checkin.id}/outcome"
    assert marta.post(path, data={}).status_code == 422
    assert marta.post(path, data={"outcome": "nonsense"}).status_code == 422
    page = marta.get(path, params={"outcome": "removal_date", "deadline_on": "2026-01-01"})
    assert 'id="deadline_on-wrong"' in page.text
    assert now_is(wiring, checkin).outcome is None


def test_before_it_has_begun_there_is_nothing_to_write(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin = approved(wiring, group, days=1)
    path = f"/checkins/{checkin.id}/outcome"
    assert marta.get(path).status_code == 409
    assert marta.post(path, data={"outcome": "came_home"}).status_code == 409
    assert path not in marta.get(f"/checkins/{checkin.id}").text


def test_still_inside_goes_back_to_the_safety_check(
    marta: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    safety_id = silent(wiring, group, clock)
    fresh(marta, wiring, group)
    marta.post(f"/safety/{safety_id}/spoken")
    with wiring.database.read() as session:
        checkin = session.exec(select(CheckIn)).one()
    page = marta.get(f"/checkins/{checkin.id}/outcome", params={"outcome": "still_inside"})
    assert "the safety check goes on from here" in text_of(page)
    marta.post(f"/checkins/{checkin.id}/outcome", data={"outcome": "still_inside"})
    assert now_is(wiring, checkin).state is CheckInState.UNDERWAY
    assert "said that it is not over" in text_of(marta.get(f"/safety/{safety_id}"))


def test_what_the_family_says_to_publicity_is_kept(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin = approved(wiring, group, days=1)
    assert now_is(wiring, checkin).publicity is Publicity.NO
    marta.post(f"/checkins/{checkin.id}/publicity", data={"publicity": "yes"})
    assert now_is(wiring, checkin).publicity is Publicity.YES
    wrong = marta.post(f"/checkins/{checkin.id}/publicity", data={"publicity": "maybe"})
    assert wrong.status_code == 422


def test_another_chapter_writes_nothing(
    marta: TestClient, wiring: Wiring, group: Group, other_group: Group, clock: StillClock
) -> None:
    checkin = begun(wiring, group, clock)
    other = browser_of(marta.app)  # type: ignore[arg-type]
    assert other.post(new_link(wiring, other_group)).status_code == 200
    for what in ("outcome", "publicity"):
        data = {"outcome": "came_home", "publicity": "yes"}
        assert other.post(f"/checkins/{checkin.id}/{what}", data=data).status_code == 404
    assert now_is(wiring, checkin).outcome is None


def test_who_did_not_come_gives_the_place_to_the_next(
    marta: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    checkin = approved(wiring, group, days=1)
    with wiring.database.write() as session:
        rosa = make_volunteer(
            session, wiring.keyring, group.chapter, 101, now=clock.now(), name="Rosa", vetting=3
        )
        respond(session, rosa.id, checkin.subject, Answer.YES, now=clock.now())
    page = f"/checkins/{checkin.id}"
    assert "Did not come?" not in text_of(marta.get(page))
    clock.at = checkin.starts_at
    fresh(marta, wiring, group)
    assert "Did not come?" in text_of(marta.get(page))
    for _ in range(2):
        assert marta.post(f"{page}/missed/{rosa.id}").status_code == 200
    with wiring.database.read() as session:
        missed = session.exec(select(Rsvp)).one()
    assert (missed.state, missed.seat_id) == (RsvpState.NO_SHOW, None)


def test_how_the_lead_is_found_is_kept_short(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin = approved(wiring, group, days=1)
    marta.post(f"/checkins/{checkin.id}/sign", data={"sign": " red cap "})
    assert now_is(wiring, checkin).sign == "red cap"
    assert marta.post(f"/checkins/{checkin.id}/sign", data={"sign": "x" * 21}).status_code == 422


RIDE = {"pickup": "Corner of Elm and 3rd", "leaves": "09:15", "seats": "3", "child_seats": "1"}


def test_a_ride_is_sealed_and_shown_again_to_who_may_see_it(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin = approved(wiring, group, days=1)
    path = f"/checkins/{checkin.id}/ride"
    assert marta.post(path, data=RIDE | {"returns": "yes"}).status_code == 200
    with wiring.database.read() as session:
        ride = session.get_one(Ride, checkin.id)
    assert b"Elm" not in (ride.pickup_sealed or b"")
    assert (ride.seats, ride.child_seats, ride.returns) == (3, 1, True)
    assert "Corner of Elm and 3rd" in marta.get(path).text
    assert "Elm" not in marta.get(f"/checkins/{checkin.id}").text


def test_a_ride_that_cannot_be_comes_back(marta: TestClient, wiring: Wiring, group: Group) -> None:
    checkin = approved(wiring, group, days=1)
    path = f"/checkins/{checkin.id}/ride"
    for field, typed in (
        ("pickup", ""),
        ("leaves", "23:59"),
        ("seats", "40"),
        ("child_seats", "9"),
    ):
        page = marta.post(path, data=RIDE | {field: typed})
        assert page.status_code == 422, field
        assert f'id="{field}-wrong"' in page.text
