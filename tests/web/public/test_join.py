"""Joining on a page: one text asks whether it is they, and nothing counts before the reply."""

from __future__ import annotations

import html
import re

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from service.erasure.forms import forget_forms
from service.outbox.tables import Delivery, State
from service.people.register import find_person
from service.people.tables import Consent, Person, Volunteer
from service.people.vouch import make_vouch_code
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.replies.receive import Reception, act_on, take_in
from service.sms.inbound import InboundText
from service.wiring import Wiring
from tests.factories import StillClock, make_volunteer
from tests.web.conftest import Group
from tests.web.public.test_checkin import count, family

__all__ = ["family"]  # a fixture

PHONE = "+14135550130"


def form(**changes: str) -> dict[str, str]:
    typed = {
        "page": "en", "alias": "Beto", "phone": "413-555-0130", "language": "en",
        "area": "06103", "speaks_en": "yes", "speaks_es": "yes", "role_driver": "yes",
        "car_seats": "3", "vouch": "", "agrees": "yes",
    }  # fmt: skip
    return typed | changes


def reply(wiring: Wiring, body: str, *, sid: str = "SM1") -> None:
    """Their phone answers."""
    reception = Reception(wiring.outbox, ("US",))
    now = wiring.clock.now()
    text = InboundText(sid, PHONE, "+14135550100", body, "", 0)
    with wiring.database.write() as session:
        inbound_id = take_in(session, reception, text, now=now)
    assert inbound_id is not None
    with wiring.database.write() as session:
        act_on(session, reception, inbound_id, now=now)


def sent(wiring: Wiring) -> list[str]:
    with wiring.database.read() as session:
        return list(session.exec(select(Delivery.template).order_by(col(Delivery.id))))


def who(wiring: Wiring) -> tuple[Person, Volunteer | None]:
    with wiring.database.read() as session:
        person = find_person(session, wiring.keyring, PHONE)
        assert person is not None
        return person, session.get(Volunteer, person.id)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_says_what_carriers_require_beside_a_box_that_is_not_ticked(
    family: TestClient, group: Group, language: str
) -> None:
    page = html.unescape(family.get(f"/join?lang={language}").text)
    box = re.findall(r'<input type="checkbox" id="agrees"[^>]*>', page)[0]
    assert "checked" not in box
    beside = page.split('id="agrees"')[1].split("</fieldset>")[0]
    for words in ("STOP", "HELP" if language == "en" else "AYUDA", "/terms", "/privacy", "4 "):
        assert words in beside
    assert re.search("data rates may apply|tarifas de mensajes y datos", beside)


def test_one_text_and_nothing_else_before_the_reply(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    assert "Reply JOIN" in family.post("/join", data=form()).text
    person, volunteer = who(wiring)
    assert sent(wiring) == ["confirm_signup"]
    assert (person.consent, person.alias_sealed, person.area) == (Consent.INVITED, None, "")
    assert volunteer is None


@pytest.mark.parametrize("yes", ["JOIN", "join!", "Y", "yes please"])
def test_the_reply_is_the_consent_and_what_was_told_counts(
    family: TestClient, wiring: Wiring, group: Group, yes: str
) -> None:
    family.post("/join", data=form())
    reply(wiring, yes)
    person, volunteer = who(wiring)
    assert volunteer is not None
    assert (person.consent, person.area) == (Consent.ACTIVE, "06103")
    assert Reader(wiring.keyring, SYSTEM).show(person.sealed_alias()) == "Beto"
    assert (volunteer.languages, volunteer.roles) == (["en", "es"], ["driver"])
    assert (volunteer.car_seats, volunteer.vetting) == (3, 0)
    assert sent(wiring) == ["confirm_signup", "welcome_known", "joined"]
    reply(wiring, "JOIN", sid="SM2")
    assert sent(wiring)[-1] == "already_joined"


def test_a_no_or_stop_makes_nobody_a_volunteer(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    family.post("/join", data=form())
    reply(wiring, "STOP")
    person, volunteer = who(wiring)
    assert (person.consent, volunteer) == (Consent.OPTED_OUT, None)


def test_a_members_code_counts_with_the_reply(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    with wiring.database.write() as session:
        rosa = make_volunteer(
            session, wiring.keyring, group.chapter, 101, now=wiring.clock.now(), name="Rosa"
        )
        code = make_vouch_code(
            session, wiring.keyring, group.chapter.id, rosa, now=wiring.clock.now()
        )
    assert code is not None
    family.post("/join", data=form(vouch=code))
    reply(wiring, "JOIN")
    _, volunteer = who(wiring)
    assert volunteer is not None
    assert (volunteer.vetting, volunteer.vouched_by) == (1, rosa.id)
    assert "vouched" in sent(wiring)


MISTAKES = [
    ("phone", "12"), ("area", ""), ("vouch", "12"), ("car_seats", "many"), ("language", "xx"),
]  # fmt: skip


def test_every_mistake_is_said_beside_its_field_and_all_is_kept(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    typed = form(**dict(MISTAKES))
    del typed["agrees"]
    page = family.post("/join", data=typed)
    assert page.status_code == 422
    for field in ("phone", "area", "vouch", "car_seats", "agrees"):
        assert f'id="{field}-wrong"' in page.text, field
    assert 'name="role_driver" value="yes" checked' in page.text
    assert 'value="Beto"' in page.text
    assert count(wiring, Person) == 0


def test_nobody_is_asked_again_and_again_whoever_fills_it_in(
    family: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    answers = []
    for _ in range(5):
        answers.append(family.post("/join", data=form()).status_code)
        clock.tick(hours=20)
    assert answers[0] == 200
    assert answers.count(200) <= 3
    assert answers[-1] == 429
    assert len(sent(wiring)) <= 3


def test_a_known_phone_gets_the_same_answer(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    with wiring.database.write() as session:
        make_volunteer(session, wiring.keyring, group.chapter, 130, now=wiring.clock.now())
    known = family.post("/join", data=form())
    unknown = family.post("/join", data=form(phone="413-555-0131"))
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)


def test_who_does_not_reply_is_forgotten_after_a_week(
    family: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    family.post("/join", data=form())
    with wiring.database.write() as session:
        asked = session.exec(select(Delivery)).one()
        asked.state = State.DELIVERED
        session.add(asked)
    clock.tick(days=6)
    assert forget_forms(wiring.database, wiring.keyring, now=clock.now()) == 0
    clock.tick(days=2)
    assert forget_forms(wiring.database, wiring.keyring, now=clock.now()) == 1
    with wiring.database.read() as session:
        assert find_person(session, wiring.keyring, PHONE) is None


@pytest.mark.parametrize("language", ["en", "es"])
def test_terms_and_privacy_say_what_carriers_ask_for(
    family: TestClient, group: Group, language: str
) -> None:
    terms = html.unescape(family.get(f"/terms?lang={language}").text)
    privacy = html.unescape(family.get(f"/privacy?lang={language}").text)
    for words in ("STOP", "HELP", "413-555-0142", "413-555-0100"):
        assert words in terms
    assert re.search("rates.*may apply|Pueden aplicarse tarifas", terms)
    assert re.search("third parties|terceros", terms)
    assert re.search("not shared with third parties|no se comparten con terceros", privacy)
    assert "30 minut" in privacy
    assert re.search("7 (days|días)", privacy)
    for path in ("/checkin", "/join", "/mine/link", "/privacy", "/terms"):
        page = family.get(f"{path}?lang={language}").text
        assert f'href="/privacy?lang={language}"' in page
        assert f'href="/terms?lang={language}"' in page
