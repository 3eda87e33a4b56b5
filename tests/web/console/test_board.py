"""What the board shows, to whom, and how little of anybody's name."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from fastapi.testclient import TestClient
from sqlmodel import select

from service.chapters.find import sender_of
from service.checkins.approve import Approval, approve
from service.checkins.register import Registration, register
from service.checkins.tables import CheckIn
from service.db import new_id
from service.inbox.tables import Inbound
from service.people.register import Card
from service.privacy.audit import AuditLine
from service.privacy.keyring import KeyKind
from service.privacy.policy import SYSTEM
from service.privacy.seal import seal
from service.rsvps.respond import Answer, respond
from service.rsvps.tables import SeatRole
from service.wiring import Wiring
from tests.factories import StillClock, make_volunteer
from tests.web.conftest import Group
from tests.web.console.conftest import browser_of, new_link, text_of

PHONE = "+14135550120"
PLACES = {SeatRole.LEAD: 1, SeatRole.ACCOMPANIER: 2}


def registered(wiring: Wiring, group: Group, *, days: float, phone: str = PHONE) -> CheckIn:
    """Azucena's appointment in so many days."""
    now = wiring.clock.now()
    told = Registration(
        Card(phone, alias="Azucena", language="es"), group.office.id, now + timedelta(days=days),
        how="web", note="Viene con su hija.",
    )  # fmt: skip
    with wiring.database.write() as session:
        return register(session, wiring.outbox, group.chapter, told, now=now)


def approved(wiring: Wiring, group: Group, *, days: float, phone: str = PHONE) -> CheckIn:
    """The same, with places for a lead and two companions."""
    checkin = registered(wiring, group, days=days, phone=phone)
    with wiring.database.write() as session:
        session.add(checkin)
        approve(
            session, wiring.outbox, checkin, Approval(PLACES, agreed_to_texts=True), by=SYSTEM,
            now=wiring.clock.now(),
        )  # fmt: skip
    return checkin


def texted(wiring: Wiring, group: Group, body: str) -> Inbound:
    """A text from Beto that a person should read."""
    now, text_id = wiring.clock.now(), new_id()
    with wiring.database.write() as session:
        beto = make_volunteer(session, wiring.keyring, group.chapter, 102, now=now, name="Beto")
        key = wiring.keyring.key(KeyKind.PERSON, beto.id)
        sealed = seal(key, "inbound", text_id, "text", body)
        sender = group_sender(wiring, group)
        text = Inbound(
            id=text_id, message_sid=f"SM{text_id.hex}", person_id=beto.id, sender_id=sender,
            text_sealed=sealed, received_at=now, done_at=now, needs_person=True,
        )  # fmt: skip
        session.add(text)
        return text


def group_sender(wiring: Wiring, group: Group) -> UUID:
    with wiring.database.read() as session:
        return sender_of(session, group.chapter.id).id


def test_an_empty_board_says_what_will_appear_and_what_to_do(marta: TestClient) -> None:
    page = text_of(marta.get("/"))
    assert "Nothing needs you right now." in page
    assert "Appointments that someone will go along to appear here. Add an appointment" in page
    assert "Messages on their way appear here." in page


def test_a_family_that_waits_for_our_call_comes_first(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    registered(wiring, group, days=5)
    page = text_of(marta.get("/"))
    assert "One thing needs someone now." in page
    assert "Waiting for our call" in page
    assert "Marta promised a call before Tue 3 Mar, 10:00 am (tomorrow)" in page


def test_a_call_that_is_late_says_so(
    marta: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    registered(wiring, group, days=5)
    clock.tick(minutes=25)
    marta.get("/")
    clock.at += timedelta(hours=23, minutes=40)
    marta.post(new_link(wiring, group))
    assert "and it is late" in text_of(marta.get("/"))


def test_names_and_numbers_are_masked(marta: TestClient, wiring: Wiring, group: Group) -> None:
    registered(wiring, group, days=5)
    page = marta.get("/").text
    assert "A•••" in page
    assert "+1•••0120" in page
    assert "Azucena" not in page
    assert "5550120" not in page


def test_seats_fill_and_the_words_follow(marta: TestClient, wiring: Wiring, group: Group) -> None:
    checkin = approved(wiring, group, days=10)
    page = marta.get("/")
    assert "Looking for people" in text_of(page)
    assert page.text.count('class="seat is-open"') == 3
    people = []
    now = wiring.clock.now()
    with wiring.database.write() as session:
        for number, vetting in ((101, 3), (102, 2), (103, 2)):
            person = make_volunteer(
                session, wiring.keyring, group.chapter, number, now=now, vetting=vetting
            )
            people.append(person.id)
            respond(session, person.id, checkin.subject, Answer.YES, now=now)
    page = marta.get("/")
    assert "Everyone is in place" in text_of(page)
    assert page.text.count('class="seat is-taken"') == 3


def test_places_open_shortly_before_need_someone_now(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    approved(wiring, group, days=2)
    assert "It starts soon and 3 places are still open." in text_of(marta.get("/"))


def test_a_text_for_a_person_stays_until_it_is_seen_to(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    text = texted(wiring, group, "si voy <b>pero</b> llego tarde")
    page = marta.get("/")
    assert "si voy &lt;b&gt;pero&lt;/b&gt; llego tarde" in page.text
    assert "Beto" not in page.text
    for _ in range(2):
        page = marta.post(f"/texts/{text.id}/handled")
        assert "llego tarde" not in page.text
    with wiring.database.read() as session:
        assert session.get_one(Inbound, text.id).handled_by == "Marta"


def test_what_one_person_wrote_stands_on_one_card(
    marta: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    texted(wiring, group, "si voy pero llego tarde")
    clock.tick(minutes=1)
    second = texted(wiring, group, "y llevo a mi hermana")
    page = marta.get("/")
    assert "One thing needs someone" in text_of(page)
    assert "2 texts to read" in text_of(page)
    clock.tick(minutes=1)
    third = texted(wiring, group, "no encuentro la puerta")  # after the page was shown
    page = marta.post(f"/texts/{second.id}/handled")
    assert "hermana" not in page.text
    assert "llego tarde" not in page.text
    assert "no encuentro la puerta" in page.text
    with wiring.database.read() as session:
        assert session.get_one(Inbound, third.id).handled_at is None


def test_nothing_of_another_chapter_is_ever_shown(
    marta: TestClient, wiring: Wiring, group: Group, other_group: Group
) -> None:
    theirs = approved(wiring, other_group, days=5)
    text = texted(wiring, other_group, "only for them")
    assert "Nothing needs you right now." in text_of(marta.get("/"))
    for path in (f"/checkins/{theirs.id}", f"/checkins/{theirs.id}/cancel"):
        assert marta.get(path).status_code == 404
        assert marta.post(path).status_code in (404, 405)
    assert marta.post(f"/texts/{text.id}/handled").status_code == 404
    reveal = marta.post(f"/people/{theirs.family_id}/reveal", data={"reason": "call"})
    assert reveal.status_code == 404


def test_a_name_is_shown_once_for_a_reason_that_is_written_down(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin = registered(wiring, group, days=5)
    page = marta.post(
        f"/people/{checkin.family_id}/reveal", data={"reason": "call", "back": "/people"}
    )
    assert "Azucena 413-555-0120" in text_of(page)
    assert 'href="tel:+14135550120"' in page.text
    assert "to call them" in text_of(page)
    assert "Azucena" not in marta.get(f"/checkins/{checkin.id}").text
    with wiring.database.read() as session:
        lines = session.exec(select(AuditLine).order_by(AuditLine.number)).all()  # type: ignore[arg-type]
    shown = [(line.actor, line.action, line.detail) for line in lines if "reveal" in line.action]
    assert shown == [("Marta", "reveal.alias", "call"), ("Marta", "reveal.phone", "call")]


def test_no_reason_no_name(marta: TestClient, wiring: Wiring, group: Group) -> None:
    checkin = registered(wiring, group, days=5)
    page = marta.post(f"/people/{checkin.family_id}/reveal", data={"reason": "curious"})
    assert page.status_code == 422
    assert "Azucena" not in page.text


def test_the_way_back_leads_only_to_our_own_pages(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    checkin = registered(wiring, group, days=5)
    for back in ("https://elsewhere.example", "//elsewhere.example", "javascript:alert(1)"):
        page = marta.post(
            f"/people/{checkin.family_id}/reveal", data={"reason": "call", "back": back}
        )
        assert "elsewhere" not in page.text
        assert "javascript:" not in page.text


def test_the_board_is_written_in_spanish_too(
    marta: TestClient, wiring: Wiring, other_group: Group
) -> None:
    approved(wiring, other_group, days=5)
    other = browser_of(marta.app)  # type: ignore[arg-type]  # it is the FastAPI app
    page = text_of(other.post(new_link(wiring, other_group)))
    assert "Buscando gente" in page
    assert "acompañante 0 de 2" in page
