"""One's own sessions and ways in, and what an admin does for others: nobody is locked out."""

from __future__ import annotations

import re

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import select

from service.accounts import codes, sessions
from service.accounts.tables import How, Organizer, SignedIn
from service.db import new_id
from service.outbox.tables import Delivery, State, sealed_body
from service.people.consent import opt_out
from service.people.tables import Person
from service.privacy.policy import SYSTEM, Role
from service.privacy.read import Reader
from service.wiring import Wiring
from tests.factories import StillClock, make_volunteer
from tests.web.conftest import PUBLIC_URL, Group
from tests.web.console.conftest import browser_of, text_of
from tests.web.console.ways import actions, app_of_theirs, signed_in_as


def test_one_sees_ones_sessions_and_ends_them(
    guest: TestClient, wiring: Wiring, ana: Organizer, clock: StillClock
) -> None:
    with wiring.database.write() as session:
        sessions.begin(session, ana, How.PASSKEY, now=clock.now(), device="Safari, iPhone")
        left = sessions.begin(session, ana, How.CODE, now=clock.now(), device="Edge, Windows")
    signed_in_as(wiring, guest, ana)
    page = guest.get("/account")
    assert "Safari, iPhone" in page.text
    with wiring.database.read() as session:
        row = session.exec(select(SignedIn).where(SignedIn.device == "Edge, Windows")).one()
    guest.post(f"/account/sessions/{row.id}/end")
    page = guest.post("/account/sessions/end-others")
    assert "Safari" not in page.text
    assert "Edge" not in page.text
    guest.cookies.set("acompana", left)
    assert guest.get("/").status_code == 401


def test_the_last_way_in_stays(guest: TestClient, wiring: Wiring, ana: Organizer) -> None:
    app_of_theirs(wiring, ana)
    signed_in_as(wiring, guest, ana)
    answer = guest.post("/account/app/remove")
    assert answer.status_code == 409
    assert "only way to sign in" in text_of(answer)
    with wiring.database.read() as session:
        assert codes.has_app(session, ana.id)


def test_an_admin_invites_and_switches_off(
    guest: TestClient, app: FastAPI, wiring: Wiring, group: Group, ana: Organizer
) -> None:
    signed_in_as(wiring, guest, ana)
    page = guest.post("/organizers/new", data={"name": "", "role": "boss", "language": "es"})
    assert page.status_code == 422
    assert "Something is missing" in page.text
    page = guest.post("/organizers/new", data={"name": "Beto", "role": "viewer", "language": "es"})
    link = re.search(rf"{PUBLIC_URL}(/signin/[\w-]+)", page.text)
    assert link
    betos = browser_of(app)
    assert "Bienvenida, bienvenido, Beto" in text_of(betos.get(link[1]))
    assert "¿Cómo va a entrar?" in text_of(betos.post(link[1]))

    with wiring.database.read() as session:
        beto = session.exec(select(Organizer).where(Organizer.name == "Beto")).one()
        assert (beto.role, beto.sign_in_name) == (Role.VIEWER, "beto")
    guest.post(f"/organizers/{beto.id}/role", data={"role": "dispatcher"})
    page = guest.post(f"/organizers/{beto.id}/switch", data={"to": "off"})
    assert "Switched off" in text_of(page)
    assert betos.get("/account/setup").status_code == 401
    assert guest.post(f"/organizers/{beto.id}/invite").status_code == 409
    assert [a for a in actions(wiring) if a.startswith("organizer")][1:] == [
        "organizer.add viewer", "organizer.invite shown", "organizer.role viewer -> dispatcher",
        "organizer.off",
    ]  # fmt: skip


def test_a_link_by_text_opens_with_what_is_said_aloud(
    guest: TestClient, app: FastAPI, wiring: Wiring, group: Group, ana: Organizer
) -> None:
    signed_in_as(wiring, guest, ana)
    form = {"name": "Beto", "role": "organizer", "language": "es", "phone": "12"}
    page = guest.post("/organizers/new", data=form)
    assert "couldn't read that phone number" in text_of(page)
    page = guest.post("/organizers/new", data=form | {"phone": "413-555-0177"})
    assert "is on its way" in text_of(page)
    assert "/signin/" not in page.text, "who sees this page has not seen the link"
    spoken = re.search(r"<code>(\d{6})</code>", page.text)
    assert spoken
    with wiring.database.read() as session:
        text = session.exec(select(Delivery)).one()
        assert (text.template, text.state) == ("organizer_invitation", State.PLANNED)
        person = session.get_one(Person, text.person_id)
        sealed = sealed_body(text.id, person.id, group.chapter.id, text.body_sealed)
        body = Reader(wiring.keyring, SYSTEM).show(sealed)
    assert "Ana le pide ayudar a organizar" in body
    assert spoken[1] not in body
    link = re.search(rf"{PUBLIC_URL}(/signin/[\w-]+)", body)
    assert link
    betos = browser_of(app)
    assert betos.post(link[1]).status_code == 422
    assert "¿Cómo va a entrar?" in text_of(betos.post(link[1], data={"spoken": spoken[1]}))


def test_who_wants_no_texts_gets_no_link_by_text(
    guest: TestClient, wiring: Wiring, group: Group, ana: Organizer
) -> None:
    now = wiring.clock.now()
    with wiring.database.write() as session:
        gone = make_volunteer(session, wiring.keyring, group.chapter, 177, now=now)
        opt_out(session, gone, how="text", now=now)
    signed_in_as(wiring, guest, ana)
    form = {"name": "Beto", "role": "organizer", "language": "es", "phone": "413-555-0177"}
    page = guest.post("/organizers/new", data=form)
    assert page.status_code == 422
    assert "does not want texts from us" in text_of(page)
    assert "Beto" not in guest.get("/organizers").text


def test_an_admin_takes_tokens_back(
    guest: TestClient, wiring: Wiring, group: Group, ana: Organizer
) -> None:
    signed_in_as(wiring, guest, ana)
    page = guest.get("/organizers")
    path = re.search(r'action="(/organizers/[\w-]+/tokens/[\w-]+/revoke)"', page.text)
    assert path
    guest.post(path[1])
    program = {"Authorization": f"Bearer {group.token}"}
    assert guest.get("/api/v1/chapter", headers=program).status_code == 401


def test_who_lost_their_phone_gets_a_link_and_the_phone_gets_nothing(
    guest: TestClient, wiring: Wiring, group: Group, ana: Organizer, clock: StillClock
) -> None:
    app = app_of_theirs(wiring, group.organizer)
    with wiring.database.write() as session:
        cookie = sessions.begin(session, group.organizer, How.CODE, now=clock.now())
    signed_in_as(wiring, guest, ana)
    page = guest.post(f"/organizers/{group.organizer.id}/invite", data={"lost": "yes"})
    assert "/signin/" in page.text
    guest.cookies.set("acompana", cookie)
    assert guest.get("/").status_code == 401
    sent = {"name": "marta", "code": app.at(clock.now())}
    assert guest.post("/signin/code", data=sent).status_code == 422


def test_another_chapters_organizers_are_nobody_here(
    guest: TestClient, wiring: Wiring, ana: Organizer, other_group: Group
) -> None:
    signed_in_as(wiring, guest, ana)
    assert guest.get("/organizers").text.count('class="person-name"') == 2
    for act, data in (("role", {"role": "admin"}), ("switch", {"to": "off"}), ("invite", {})):
        path = f"/organizers/{other_group.organizer.id}/{act}"
        assert guest.post(path, data=data).status_code == 404
    assert guest.post(f"/organizers/{ana.id}/tokens/{new_id()}/revoke").status_code == 404


def test_the_only_admin_stays_one(guest: TestClient, wiring: Wiring, ana: Organizer) -> None:
    signed_in_as(wiring, guest, ana)
    for act, data in (("role", {"role": "viewer"}), ("switch", {"to": "off"})):
        answer = guest.post(f"/organizers/{ana.id}/{act}", data=data)
        assert answer.status_code == 409
        assert "only admin" in text_of(answer)


def test_a_code_that_stops_everything_is_shown_once(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    assert "You have no code so far." in text_of(marta.get("/account"))
    shown = text_of(marta.post("/account/lock-code"))
    found = re.search(r"LOCK (\d{6})", shown)
    assert found
    assert "We don't know your own phone" in shown
    page = text_of(marta.get("/account"))
    assert "It works once, from the phone on your account." in page
    assert found[1] not in page
