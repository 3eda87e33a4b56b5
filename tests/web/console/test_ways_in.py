"""Invited, set up, signed in by a code or a passkey, asked again; without scripts, in both languages."""

from __future__ import annotations

import dataclasses
import html
import re
from datetime import timedelta

import pyotp
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import col, select

from service.accounts import codes, guesses, passkeys, sessions
from service.accounts.organizers import Badge, add_organizer
from service.accounts.passkeys import Place
from service.accounts.sign_in import make_invitation, make_texted_invitation
from service.accounts.tables import How, Organizer, SignedIn
from service.db import new_id
from service.outbox.tables import Delivery, State, sealed_body
from service.people.consent import opt_out
from service.people.tables import Person
from service.privacy import audit
from service.privacy.audit import AuditLine
from service.privacy.policy import SYSTEM, Role
from service.privacy.read import Reader
from service.settings import Settings
from service.web.console.who import MOST_TRIES
from service.wiring import Wiring
from tests.accounts.authenticator import Authenticator
from tests.factories import StillClock, make_volunteer
from tests.web.conftest import PUBLIC_URL, Group
from tests.web.console.conftest import browser_of, new_link, text_of

HERE = Place("localhost", [PUBLIC_URL])


@pytest.fixture
def ana(wiring: Wiring, group: Group) -> Organizer:
    """An admin who has just been added."""
    with wiring.database.write() as session:
        badge = Badge("Ana", Role.ADMIN)
        return add_organizer(session, group.chapter.id, badge, by=SYSTEM, now=wiring.clock.now())


def invitation(wiring: Wiring, who: Organizer) -> str:
    with wiring.database.write() as session:
        return f"/signin/{make_invitation(session, who.id, now=wiring.clock.now())}"


def app_of_theirs(wiring: Wiring, who: Organizer) -> pyotp.TOTP:
    """Set up a code app for somebody, some time ago."""
    now = wiring.clock.now() - timedelta(hours=1)
    with wiring.database.write() as session:
        app = pyotp.TOTP(codes.begin_app(session, wiring.keyring, who, now=now))
        codes.finish_app(session, wiring.keyring, who, app.at(now), now=now)
    return app


def signed_in_as(wiring: Wiring, browser: TestClient, who: Organizer) -> TestClient:
    with wiring.database.write() as session:
        cookie = sessions.begin(session, who, How.CODE, now=wiring.clock.now())
    browser.cookies.set("acompana", cookie)
    return browser


def actions(wiring: Wiring) -> list[str]:
    with wiring.database.read() as session:
        assert audit.first_broken(session) is None
        query = select(AuditLine).order_by(col(AuditLine.number))
        return [f"{line.action} {line.detail}".strip() for line in session.exec(query)]


def test_from_an_invitation_to_the_board_without_scripts(
    guest: TestClient, wiring: Wiring, ana: Organizer, clock: StillClock
) -> None:
    page = guest.post(invitation(wiring, ana))
    assert "How will you sign in?" in text_of(page)
    page = guest.post("/account/app/new")
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in page.text
    assert "style=" not in page.text, "our pages allow no style of their own"
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page.text)
    assert secret
    app = pyotp.TOTP(secret[1].replace(" ", ""))
    assert "isn't right" in text_of(guest.post("/account/app", data={"code": "12"}))
    page = guest.post("/account/app", data={"code": app.at(clock.now())})
    paper = re.findall(r"<code>([a-z0-9-]{19})</code>", page.text)
    assert len(paper) == codes.RECOVERY_CODES
    assert "Nothing needs you right now" in text_of(guest.get("/"))

    guest.post("/signout")
    assert guest.get("/").status_code == 401
    clock.tick(minutes=1)
    page = guest.post("/signin/code", data={"name": "Ana", "code": app.at(clock.now())})
    assert "Nothing needs you right now" in text_of(page)
    guest.post("/signout")
    page = guest.post("/signin/code", data={"name": "ana", "code": paper[3].upper()})
    assert "7 of 8 left" in text_of(page)
    guest.post("/signout")
    page = guest.post("/signin/code", data={"name": "ana", "code": paper[3]})
    assert page.status_code == 422
    assert [a for a in actions(wiring) if a.startswith("sign_in")] == [
        "sign_in invitation", "sign_in.app_added", "sign_in.recovery_codes", "sign_in code",
        "sign_in code", "sign_in recovery", "sign_in.failed code",
    ]  # fmt: skip


def test_an_invitation_leads_to_setting_up_and_nowhere_else(
    guest: TestClient, wiring: Wiring, ana: Organizer, clock: StillClock
) -> None:
    link = invitation(wiring, ana)
    assert "Welcome, Ana" in text_of(guest.get(link))
    guest.post(link)
    for path in ("/", "/people", "/account", "/organizers"):
        assert "How will you sign in?" in text_of(guest.get(path)), path
    answer = guest.post("/rallies/new", data={"title": "x"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/setup")
    clock.tick(hours=2)
    assert guest.get("/account/setup").status_code == 401
    assert guest.get(link).status_code == 410


def test_a_passkey_is_made_and_signs_in(guest: TestClient, wiring: Wiring, ana: Organizer) -> None:
    key = Authenticator(origin=PUBLIC_URL)
    guest.post(invitation(wiring, ana))
    made = key.make(guest.post("/account/passkeys/ask").text)
    page = guest.post("/account/passkeys", data={"credential": made, "label": "my key"})
    assert "Codes for the day when your phone is gone" in text_of(page)
    assert "my key" in text_of(guest.get("/account"))
    guest.post("/signout")
    signed = key.sign(guest.post("/signin/passkey/ask").text)
    page = guest.post("/signin/passkey", data={"credential": signed, "to": "/people"})
    assert page.url.path == "/people"
    guest.post("/signout")
    page = guest.post("/signin/passkey?lang=es", data={"credential": signed})
    assert page.status_code == 422
    assert "No pudimos usar esa llave" in text_of(page)
    assert "sign_in.failed passkey" in actions(wiring)


def test_a_demo_link_signs_in_only_where_the_demo_runs(
    app: FastAPI, wiring: Wiring, group: Group
) -> None:
    browser = browser_of(app)
    assert "Nothing needs you" in text_of(browser.post(new_link(wiring, group)))
    link = new_link(wiring, group)
    app.state.wiring = dataclasses.replace(wiring, settings=Settings(public_url=PUBLIC_URL))
    assert browser.get("/").status_code == 401, "its sessions end with it"
    for page in (browser.get(link), browser.post(link)):
        assert page.status_code == 410


def test_the_demo_is_for_this_machine_only() -> None:
    with pytest.raises(ValueError, match="localhost only"):
        Settings(public_url="https://text.example.org", demo=True)


def test_a_texted_invitation_asks_for_what_was_said_aloud(
    guest: TestClient, wiring: Wiring, ana: Organizer
) -> None:
    with wiring.database.write() as session:
        secret, spoken = make_texted_invitation(session, ana.id, now=wiring.clock.now())
    page = guest.post(f"/signin/{secret}", data={"spoken": "1"})
    assert page.status_code == 422
    assert "These digits aren&#39;t right" in page.text
    assert "How will you sign in?" in text_of(
        guest.post(f"/signin/{secret}", data={"spoken": spoken})
    )


def test_wrong_digits_void_a_texted_invitation(
    guest: TestClient, wiring: Wiring, ana: Organizer
) -> None:
    with wiring.database.write() as session:
        secret, spoken = make_texted_invitation(session, ana.id, now=wiring.clock.now())
    for _ in range(5):
        guest.post(f"/signin/{secret}", data={"spoken": "x"})
    assert guest.post(f"/signin/{secret}", data={"spoken": spoken}).status_code == 410


def test_a_wrong_name_and_a_wrong_code_read_the_same(
    guest: TestClient, wiring: Wiring, ana: Organizer
) -> None:
    app_of_theirs(wiring, ana)
    pages = [
        guest.post("/signin/code", data={"name": name, "code": "000000"}).text.replace(name, "")
        for name in ("ana", "nobody")
    ]
    assert pages[0] == pages[1]
    page = guest.post("/signin/code", data={"name": "ana", "code": ""})
    assert 'value="ana"' in page.text
    assert "Something is missing" in page.text


def test_guessing_waits_and_the_owner_gets_in_all_the_same(
    guest: TestClient, wiring: Wiring, ana: Organizer, clock: StillClock
) -> None:
    app = app_of_theirs(wiring, ana)
    with wiring.database.write() as session:
        paper = codes.new_recovery_codes(session, ana, now=clock.now())
    for _ in range(guesses.FREE_TRIES):
        guest.post("/signin/code", data={"name": "ana", "code": "000000"})
    good = {"name": "ana", "code": app.at(clock.now())}
    assert "Please wait 1 min" in text_of(guest.post("/signin/code", data=good))
    page = guest.post("/signin/code", data={"name": "ana", "code": paper[0]})
    assert "Your account" in page.text
    guest.post("/signout")
    clock.tick(seconds=61)
    good["code"] = app.at(clock.now())
    assert "Nothing needs you right now" in text_of(guest.post("/signin/code", data=good))


def test_a_flood_from_one_address_waits_a_minute(guest: TestClient, clock: StillClock) -> None:
    def knock() -> int:
        return guest.post("/signin/code", data={"name": "x", "code": "abc"}).status_code

    assert [knock() for _ in range(MOST_TRIES)] == [422] * MOST_TRIES
    assert knock() == 429
    clock.tick(seconds=61)
    assert knock() == 422


# --- asked again ------------------------------------------------------------------------------


def test_a_name_is_shown_only_to_who_has_just_been_there(
    guest: TestClient, wiring: Wiring, group: Group, ana: Organizer, clock: StillClock
) -> None:
    app = app_of_theirs(wiring, ana)
    with wiring.database.write() as session:
        alma = make_volunteer(session, wiring.keyring, group.chapter, 101, now=clock.now())
    signed_in_as(wiring, guest, ana)
    reveal = f"/people/{alma.id}/reveal"
    assert "Alma" in guest.post(reveal, data={"reason": "call", "back": "/"}).text
    clock.tick(minutes=11)
    page = guest.post(reveal, data={"reason": "call", "back": "/people"})
    assert page.status_code == 401
    assert "Is it still you?" in text_of(page)
    assert "Alma" not in page.text

    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    fields = {name: html.unescape(value) for name, value in fields.items()}
    wrong = guest.post("/confirm", data=fields | {"code": "000000", "credential": ""})
    assert "isn't right" in text_of(wrong)
    page = guest.post("/confirm", data=fields | {"code": app.at(clock.now()), "credential": ""})
    assert "Thank you" in text_of(page)
    kept = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    assert kept == {"reason": "call", "back": "/people"}
    assert f'action="{reveal}"' in page.text
    assert "Alma" in guest.post(reveal, data=kept).text
    assert {"sign_in.failed confirm", "sign_in.confirmed confirm"} <= set(actions(wiring))


def test_a_passkey_confirms_and_a_page_that_was_only_looked_at_opens(
    guest: TestClient, wiring: Wiring, ana: Organizer, clock: StillClock
) -> None:
    key = Authenticator(origin=PUBLIC_URL)
    with wiring.database.write() as session:
        asked = passkeys.ask_to_set_up(session, HERE, ana, now=clock.now())
        passkeys.add(session, HERE, ana, key.make(asked), "", now=clock.now())
    signed_in_as(wiring, guest, ana)
    clock.tick(minutes=11)
    assert "Is it still you?" in text_of(guest.get("/account/setup"))
    signed = key.sign(guest.post("/confirm/ask").text)
    sent = {"credential": signed, "to": "/account/setup", "method": "GET"}
    assert "How will you sign in?" in text_of(guest.post("/confirm", data=sent))
    clock.tick(minutes=11)
    assert guest.post("/confirm", data=sent).status_code == 422, "an answer works once"


def test_confirming_leads_to_our_own_pages_only(
    guest: TestClient, wiring: Wiring, ana: Organizer, clock: StillClock
) -> None:
    app = app_of_theirs(wiring, ana)
    signed_in_as(wiring, guest, ana)
    for to in ("https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example"):
        clock.tick(minutes=1)
        sent = {"code": app.at(clock.now()), "to": to, "method": "GET"}
        answer = guest.post("/confirm", data=sent, follow_redirects=False)
        assert answer.headers["location"] == "/"


# --- one's own account, and others' -----------------------------------------------------------


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
