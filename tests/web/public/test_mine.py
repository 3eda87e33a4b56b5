"""Somebody's own page: a link to their phone opens it, once; there they see, change and take back."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import col, select

from service.checkins.approve import Approval, approve
from service.checkins.register import Registration, register
from service.checkins.tables import CheckIn, CheckInState, Ride
from service.erasure.erase import erase_who_asked
from service.inbox.tables import Inbound, Thread
from service.outbox.tables import Delivery, State
from service.people.members import chapters_of, standing_of
from service.people.register import Card, find_person
from service.people.register import make_volunteer as belong
from service.people.tables import Consent, Person, PhoneLink, Visit, Volunteer
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.rsvps.respond import Answer, respond
from service.rsvps.tables import Rsvp, RsvpState, SeatRole
from service.wiring import Wiring
from tests.factories import (
    StillClock,
    make_chapter,
    make_family,
    make_sender,
    make_volunteer,
)
from tests.web.conftest import PUBLIC_URL, Group
from tests.web.public.test_checkin import count, family

__all__ = ["family"]  # a fixture

FAMILY, ROSA, ANA = "413-555-0120", "413-555-0101", "413-555-0102"


@pytest.fixture
def visitor(app: FastAPI, people: None) -> Iterator[TestClient]:
    """A browser that follows no link by itself."""
    with TestClient(
        app, base_url=PUBLIC_URL, headers={"Origin": PUBLIC_URL}, raise_server_exceptions=False
    ) as opened:
        yield opened


@pytest.fixture
def people(wiring: Wiring, group: Group) -> None:
    """A family with an appointment in eight days; Rosa goes along, Ana waits in line."""
    now = wiring.clock.now()
    with wiring.database.write() as session:
        make_family(session, wiring.keyring, group.chapter, 120, now=now)
        told = Registration(
            Card("+14135550120", language="es"), group.office.id, now + timedelta(days=8), how="web"
        )
        checkin = register(session, wiring.outbox, group.chapter, told, now=now)
        approve(
            session,
            wiring.outbox,
            checkin,
            Approval({SeatRole.ACCOMPANIER: 1}, True),
            by=SYSTEM,
            now=now,
        )
        for number, name in ((101, "Rosa"), (102, "Ana")):
            person = make_volunteer(
                session, wiring.keyring, group.chapter, number, now=now, name=name
            )
            respond(session, person.id, checkin.subject, Answer.YES, now=now)


def links(wiring: Wiring) -> list[str]:
    """The links that were texted, in order."""
    reader = Reader(wiring.keyring, SYSTEM)
    with wiring.database.read() as session:
        query = select(Delivery).where(Delivery.template == "own_link")
        bodies = [
            reader.show(text.sealed_body(None))
            for text in session.exec(query.order_by(col(Delivery.id)))
        ]
    return [re.findall(r"http://localhost:8000(/m/\S+)", body)[0] for body in bodies]


def come_in(visitor: TestClient, wiring: Wiring, phone: str) -> str:
    """Ask for a link, open it; return the page."""
    assert visitor.post("/mine/link", data={"phone": phone}).status_code == 200
    page = visitor.post(links(wiring)[-1])
    assert page.status_code == 200, page.text
    return html.unescape(page.text)


def one_checkin(wiring: Wiring) -> CheckIn:
    with wiring.database.read() as session:
        return session.exec(select(CheckIn)).one()


def answers(wiring: Wiring) -> dict[str, RsvpState]:
    """The volunteers' answers by the end of their number."""
    with wiring.database.read() as session:
        found = {}
        for number in ("101", "102"):
            person = find_person(session, wiring.keyring, f"+14135550{number}")
            assert person is not None
            rsvp = session.exec(select(Rsvp).where(Rsvp.person_id == person.id)).one()
            found[number] = rsvp.state
        return found


def test_the_answer_is_the_same_for_every_phone_and_only_ours_get_a_link(
    visitor: TestClient, wiring: Wiring
) -> None:
    known = visitor.post("/mine/link", data={"phone": FAMILY, "page": "en"})
    unknown = visitor.post("/mine/link", data={"phone": "413-555-0199", "page": "en"})
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    assert len(links(wiring)) == 1
    refused = [
        visitor.post("/mine/link", data={"phone": "413-555-0199"}).status_code for _ in range(3)
    ]
    assert refused == [200, 200, 429]


def test_a_link_opens_once_and_looking_does_not_use_it_up(
    visitor: TestClient, wiring: Wiring
) -> None:
    visitor.post("/mine/link", data={"phone": FAMILY})
    (link,) = links(wiring)
    assert visitor.get(link).status_code == visitor.get(link).status_code == 200
    assert "Sus citas" in visitor.post(link).text
    visitor.cookies.clear()
    assert visitor.post(link).status_code == 410
    assert visitor.get("/mine").status_code == 401
    assert visitor.post("/m/guessed").status_code == 410


def test_links_and_visits_run_out_and_a_new_link_ends_the_old(
    visitor: TestClient, wiring: Wiring, clock: StillClock
) -> None:
    for _ in range(2):
        visitor.post("/mine/link", data={"phone": FAMILY})
    old, new = links(wiring)
    assert visitor.post(old).status_code == 410
    clock.tick(minutes=31)
    assert visitor.post(new).status_code == 410
    come_in(visitor, wiring, FAMILY)
    clock.tick(minutes=31)
    assert visitor.get("/mine").status_code == 401


def test_a_family_sees_its_dates_in_words_that_tell_nothing(
    visitor: TestClient, wiring: Wiring
) -> None:
    page = come_in(visitor, wiring, FAMILY)
    assert "martes 10 de marzo, 11:00 am" in page
    assert "Buscamos quién le acompañe" in page
    assert not re.search(r"field office|ICE|inmigra|Rosa", page)
    assert visitor.get("/mine").headers["cache-control"] == "no-store"


def test_a_change_goes_to_a_person_and_changes_nothing(visitor: TestClient, wiring: Wiring) -> None:
    come_in(visitor, wiring, FAMILY)
    checkin = one_checkin(wiring)
    path = f"/mine/dates/{checkin.id}/change"
    assert "martes 10 de marzo" in visitor.get(path).text
    page = visitor.post(path, data={"words": "ahora es el jueves, mi A 123-456-789"})
    assert "Una persona le llama" in page.text
    with wiring.database.read() as session:
        inbound, thread = session.exec(select(Inbound)).one(), session.exec(select(Thread)).one()
        words = Reader(wiring.keyring, SYSTEM).show(inbound.sealed_text(checkin.chapter_id))
    assert (words, inbound.needs_person) == ("ahora es el jueves, mi [removed]", True)
    assert thread.person_id == checkin.family_id
    assert one_checkin(wiring).starts_at == checkin.starts_at
    long = visitor.post(path, data={"words": "x" * 301})
    assert long.status_code == 422
    assert "x" * 301 in long.text


def test_deleting_a_date_asks_first_and_tells_who_said_yes(
    visitor: TestClient, wiring: Wiring
) -> None:
    come_in(visitor, wiring, FAMILY)
    path = f"/mine/dates/{one_checkin(wiring).id}/delete"
    assert "¿Borrar esta cita?" in html.unescape(visitor.get(path).text)
    assert one_checkin(wiring).state is CheckInState.APPROVED
    assert visitor.post(path).status_code == 200
    assert one_checkin(wiring).state is CheckInState.CANCELLED
    with wiring.database.read() as session:
        told = session.exec(select(Delivery.template)).all()
    assert told.count("checkin_cancelled") == 2
    assert "family_cancelled" not in told


def test_nobody_reaches_the_dates_of_others(visitor: TestClient, wiring: Wiring) -> None:
    come_in(visitor, wiring, ROSA)
    for path in ("change", "delete"):
        assert visitor.get(f"/mine/dates/{one_checkin(wiring).id}/{path}").status_code == 404
        assert visitor.post(f"/mine/dates/{one_checkin(wiring).id}/{path}").status_code == 404


def test_erasing_closes_the_page_and_forgets_them(
    visitor: TestClient, wiring: Wiring, clock: StillClock
) -> None:
    come_in(visitor, wiring, FAMILY)
    assert "¿Borrar todo?" in html.unescape(visitor.get("/mine/erase").text)
    assert visitor.post("/mine/erase").status_code == 200
    assert visitor.get("/mine").status_code == 401
    assert one_checkin(wiring).state is CheckInState.CANCELLED
    clock.tick(days=2)
    assert erase_who_asked(wiring.database, wiring.keyring, now=clock.now()) == 1
    with wiring.database.read() as session:
        assert find_person(session, wiring.keyring, "+14135550120") is None
    assert (count(wiring, Visit), count(wiring, PhoneLink)) == (0, 0)


def told_the_place(wiring: Wiring, number: str, now: datetime) -> None:
    """The text of the day before has reached the carrier."""
    with wiring.database.write() as session:
        person = find_person(session, wiring.keyring, f"+14135550{number}")
        checkin = session.exec(select(CheckIn)).one()
        some = session.exec(select(Delivery)).first()
        assert person is not None
        assert some is not None
        session.add(
            Delivery(**some.model_dump(warnings=False) | {
                "id": checkin.id, "once_key": "told", "person_id": person.id, "to_key": b"x",
                "subject": checkin.subject, "template": "day_before", "state": State.SENT,
                "created_at": now,
            })
        )  # fmt: skip


def test_a_volunteer_sees_the_place_only_once_a_text_has_told_it(
    visitor: TestClient, wiring: Wiring, clock: StillClock
) -> None:
    page = come_in(visitor, wiring, ROSA)
    assert "Hartford" in page
    assert "the day before" in page
    assert "Café Sol" not in page
    told_the_place(wiring, "101", clock.now())
    assert "Café Sol" in visitor.get("/mine").text
    with wiring.database.write() as session:
        for volunteer in session.exec(select(Volunteer)):
            volunteer.vetting = 1
            session.add(volunteer)
    assert "Café Sol" not in visitor.get("/mine").text


def test_declining_gives_the_place_to_who_waits(visitor: TestClient, wiring: Wiring) -> None:
    come_in(visitor, wiring, ROSA)
    assert answers(wiring) == {"101": RsvpState.YES, "102": RsvpState.STANDBY}
    path = f"/mine/promises/checkin/{one_checkin(wiring).id.hex}/decline"
    assert "Tuesday, March 10" in visitor.get(path).text
    page = visitor.post(path)
    assert "We ask someone else" in page.text
    assert answers(wiring) == {"101": RsvpState.WITHDRAWN, "102": RsvpState.HELD}
    with wiring.database.read() as session:
        assert "promoted_hold" in session.exec(select(Delivery.template)).all()
    assert visitor.post(path).status_code == 404


def test_what_they_offer_is_saved_and_mistakes_keep_what_was_typed(
    visitor: TestClient, wiring: Wiring
) -> None:
    come_in(visitor, wiring, ROSA)
    typed = {
        "language": "es", "area": "01002", "speaks_en": "yes", "speaks_es": "yes",
        "role_driver": "yes", "car_seats": "4",
    }  # fmt: skip
    wrong = visitor.post("/mine/offer", data=typed | {"area": "", "car_seats": "many"})
    assert wrong.status_code == 422
    assert 'value="many"' in wrong.text
    assert visitor.post("/mine/offer", data=typed).status_code == 200
    with wiring.database.read() as session:
        person = find_person(session, wiring.keyring, "+14135550101")
        assert person is not None
        volunteer = session.get_one(Volunteer, person.id)
    assert (person.language, person.area) == ("es", "01002")
    assert (volunteer.languages, volunteer.roles) == (["en", "es"], ["driver"])
    assert volunteer.car_seats == 4
    assert volunteer.vetting == 2


def test_a_break_has_an_end(visitor: TestClient, wiring: Wiring) -> None:
    come_in(visitor, wiring, ROSA)
    assert visitor.post("/mine/pause", data={"until": "2026-01-01"}).status_code == 422
    assert "Sunday, April 5" in visitor.post("/mine/pause", data={"until": "4/5/2026"}).text or (
        "Sunday, April 5" in visitor.get("/mine").text
    )
    visitor.post("/mine/pause", data={"go_on": "yes"})
    with wiring.database.read() as session:
        assert {v.paused_until for v in session.exec(select(Volunteer))} == {None}


def test_leaving_ends_texts_and_promises_and_closes_the_page(
    visitor: TestClient, wiring: Wiring
) -> None:
    come_in(visitor, wiring, ROSA)
    assert "Leave?" in visitor.get("/mine/leave").text
    assert visitor.post("/mine/leave").status_code == 200
    with wiring.database.read() as session:
        person = find_person(session, wiring.keyring, "+14135550101")
        assert person is not None
        assert person.consent is Consent.OPTED_OUT
    assert answers(wiring)["102"] is RsvpState.HELD
    assert visitor.get("/mine").status_code == 401
    visitor.post("/mine/link", data={"phone": ROSA})
    assert len(links(wiring)) == 1


def test_a_page_that_closed_loses_nothing_that_was_typed(
    visitor: TestClient, wiring: Wiring, clock: StillClock
) -> None:
    come_in(visitor, wiring, FAMILY)
    path = f"/mine/dates/{one_checkin(wiring).id}/change"
    clock.tick(minutes=31)
    page = visitor.post(path, data={"words": "ahora es el jueves"})
    assert page.status_code == 401
    assert 'value="ahora es el jueves"' in page.text
    assert f'action="{path}"' in page.text
    come_in(visitor, wiring, FAMILY)
    assert visitor.post(path, data={"words": "ahora es el jueves"}).status_code == 200
    assert count(wiring, Inbound) == 1


def test_closing_the_page_and_leaving_quickly_close_it(visitor: TestClient, wiring: Wiring) -> None:
    come_in(visitor, wiring, FAMILY)
    visitor.post("/mine/close")
    assert (visitor.get("/mine").status_code, count(wiring, Visit)) == (401, 0)
    come_in(visitor, wiring, FAMILY)
    visitor.get("/away")
    assert visitor.get("/mine").status_code == 401


def test_who_was_only_invited_gets_no_second_text(
    visitor: TestClient, wiring: Wiring, group: Group
) -> None:
    with wiring.database.write() as session:
        make_volunteer(
            session, wiring.keyring, group.chapter, 103, now=wiring.clock.now(),
            consent=Consent.INVITED,
        )  # fmt: skip
        assert session.exec(select(Person)).all()
    visitor.post("/mine/link", data={"phone": "413-555-0103"})
    assert links(wiring) == []


def test_a_family_says_where_they_want_to_be_picked_up(visitor: TestClient, wiring: Wiring) -> None:
    come_in(visitor, wiring, FAMILY)
    checkin = one_checkin(wiring)
    path = f"/mine/dates/{checkin.id}/ride"
    assert "esquina" in visitor.get(path).text
    late = {"pickup": "Elm y la 3", "leaves": "23:59", "seats": "2"}
    wrong = visitor.post(path, data=late)
    assert (wrong.status_code, "Elm y la 3" in wrong.text) == (422, True)
    assert visitor.post(path, data={"pickup": "Elm y la 3"}).status_code in (200, 303)
    with wiring.database.read() as session:
        ride = session.get_one(Ride, checkin.id)
        assert session.get_one(CheckIn, checkin.id).needs_ride
    assert b"Elm" not in (ride.pickup_sealed or b"")
    assert checkin.starts_at - ride.leaves_at == timedelta(hours=1)
    assert "Elm y la 3" in visitor.get(path).text
    assert "Elm" not in visitor.get("/mine").text
    assert visitor.get(f"/mine/dates/{UUID(int=7)}/ride").status_code == 404


def test_one_group_of_several_is_left_or_rested_from_alone(
    visitor: TestClient, wiring: Wiring, group: Group
) -> None:
    now = wiring.clock.now()
    with wiring.database.write() as session:
        bay = make_chapter(session, "Bay")
        make_sender(session, bay, "+14155550100")
        rosa = find_person(session, wiring.keyring, "+14135550101")
        assert rosa is not None
        belong(session, rosa, bay.id, now=now)
    page = come_in(visitor, wiring, ROSA)
    assert "Bay" in page
    until = (now + timedelta(days=9)).date().isoformat()
    visitor.post("/mine/pause", data={"group": bay.id.hex, "until": until})
    with wiring.database.read() as session:
        home, there = (standing_of(session, rosa.id, each) for each in (group.chapter.id, bay.id))
        assert home is not None
        assert home.paused_until is None
        assert there is not None
        assert there.paused_until is not None
    assert visitor.get(f"/mine/groups/{bay.id}/leave").status_code == 200
    visitor.post(f"/mine/groups/{bay.id}/leave")
    with wiring.database.read() as session:
        person = session.get_one(Person, rosa.id)
        assert chapters_of(session, person) == [group.chapter.id]
        assert person.consent is Consent.ACTIVE
    assert visitor.get(f"/mine/groups/{group.chapter.id}/leave").status_code == 404
