"""A code proves that the phone is theirs: nothing counts before it, nothing stays without it."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from schedules.jobs import run_all
from service.checkins.tables import CheckIn
from service.erasure.forms import forget_forms
from service.outbox.tables import Delivery, State
from service.people.register import find_person
from service.people.tables import Consent, Family, FormUse, PendingForm, Person
from service.people.uses import A_PHONE
from service.wiring import Wiring
from tests.factories import StillClock, make_volunteer
from tests.web.conftest import Group
from tests.web.public.test_checkin import codes, count, family, form, hidden, register

__all__ = ["family"]  # a fixture


def begin(family: TestClient, group: Group, **changes: str) -> dict[str, str]:
    """Send the form; return what the page with the code carries."""
    page = family.post("/checkin", data=form(group, **changes))
    assert page.status_code == 200
    return hidden(page.text)


def wrong(code: str) -> str:
    return f"{(int(code.replace(' ', '')) + 1) % 1_000_000:06}"


def test_nothing_is_saved_before_the_code(family: TestClient, wiring: Wiring, group: Group) -> None:
    begin(family, group)
    assert (count(wiring, CheckIn), count(wiring, Family)) == (0, 0)
    with wiring.database.read() as session:
        pending, person = (
            session.exec(select(PendingForm)).one(),
            session.exec(select(Person)).one(),
        )
    assert person.alias_sealed is None
    assert person.consent is Consent.NONE
    assert b"Azucena" not in pending.form_sealed


def test_a_wrong_code_is_said_beside_the_field_and_what_was_typed_is_kept(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    sent = begin(family, group)
    typed = wrong(codes(wiring)[-1])
    page = family.post("/checkin/code", data=sent | {"code": typed})
    assert page.status_code == 422
    beside = page.text.split('id="code-wrong"')[1].split("</p>")[0]
    assert "Ese código no es." in html.unescape(beside)
    assert f'value="{typed}"' in page.text
    assert hidden(page.text)["kept:note"] == "Viene con su hija."
    right = family.post("/checkin/code", data=hidden(page.text) | {"code": codes(wiring)[-1]})
    assert "Marta le llama" in right.text


def test_after_five_wrong_codes_the_right_one_is_refused(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    sent = begin(family, group)
    for _ in range(5):
        family.post("/checkin/code", data=sent | {"code": wrong(codes(wiring)[-1])})
    page = family.post("/checkin/code", data=sent | {"code": codes(wiring)[-1]})
    assert page.status_code == 422
    assert count(wiring, CheckIn) == 0
    again = family.post("/checkin/edit", data=sent)
    assert "Viene con su hija." in again.text  # nothing is lost


def test_a_code_runs_out_and_another_can_be_had(
    family: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    sent = begin(family, group)
    clock.tick(minutes=11)
    old = family.post("/checkin/code", data=sent | {"code": codes(wiring)[-1]})
    assert "ya venció" in html.unescape(old.text)
    family.post("/checkin/code/again", data=sent)
    first, second = codes(wiring)
    assert family.post("/checkin/code", data=sent | {"code": first}).status_code == 422
    assert "Marta le llama" in family.post("/checkin/code", data=sent | {"code": second}).text


def test_three_codes_a_form_are_enough(family: TestClient, wiring: Wiring, group: Group) -> None:
    sent = begin(family, group)
    answers = [family.post("/checkin/code/again", data=sent) for _ in range(3)]
    assert [page.status_code for page in answers] == [200, 200, 429]
    assert len(codes(wiring)) == 3


def test_too_late_brings_the_form_back_as_it_was_filled_in(
    family: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    sent = begin(family, group)
    clock.tick(minutes=31)
    page = family.post("/checkin/code", data=sent | {"code": codes(wiring)[-1]})
    assert page.status_code == 410
    assert "no guardamos nada" in html.unescape(page.text)
    assert 'value="2026-03-10"' in page.text
    assert "Viene con su hija." in page.text


def test_the_same_code_twice_is_one_appointment_and_one_answer(
    family: TestClient, wiring: Wiring, group: Group
) -> None:
    sent = begin(family, group) | {"code": codes(wiring)[-1]}
    first, second = (family.post("/checkin/code", data=sent) for _ in range(2))
    assert first.text == second.text
    assert first.status_code == 200
    assert count(wiring, CheckIn) == 1


def test_nobody_can_make_us_text_a_stranger_again_and_again(
    family: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    answers = [family.post("/checkin", data=form(group)) for _ in range(4)]
    assert [page.status_code for page in answers] == [200, 200, 200, 429]
    assert "Ya le escribimos varias veces" in html.unescape(answers[-1].text)
    assert "Viene con su hija." in answers[-1].text
    assert len(codes(wiring)) == 3
    clock.tick(hours=1)
    assert family.post("/checkin", data=form(group)).status_code == 200
    for _ in range(2):
        family.post("/checkin", data=form(group))
    clock.tick(hours=1)
    today = family.post("/checkin", data=form(group))
    assert "varias veces hoy" in html.unescape(today.text)


def test_nobody_can_make_us_text_many_strangers(
    family: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    refused = 0
    for number in range(64):
        if number % 15 == 0:
            clock.tick(minutes=1)  # slower than what one address may do
        page = family.post("/checkin", data=form(group, phone=f"413-555-01{number:02}"))
        refused += page.status_code == 429
    assert (len(codes(wiring)), refused) == (60, 4)


def test_one_address_is_slowed_down_before_anything_is_looked_up(
    family: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    answers = [family.post("/checkin", data=form(group, phone="1")) for _ in range(21)]
    assert [page.status_code for page in answers] == [422] * 20 + [429]
    assert "Viene con su hija." in answers[-1].text
    assert 'href="/"' not in answers[-1].text
    clock.tick(minutes=1)
    assert family.post("/checkin", data=form(group, phone="1")).status_code == 422


def test_who_never_answers_is_forgotten(
    family: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    begin(family, group)
    with wiring.database.write() as session:
        sent = session.exec(select(Delivery)).one()
        sent.state = State.DELIVERED
        session.add(sent)
    run_all(wiring, now=clock.now())
    assert count(wiring, PendingForm) == 1
    clock.tick(minutes=31)
    assert run_all(wiring, now=clock.now())["forget forms that nobody confirmed"] == 1
    with wiring.database.read() as session:
        person = session.exec(select(Person)).one()
        assert find_person(session, wiring.keyring, "+14135550120") is None
    assert (person.consent, person.phone_sealed) == (Consent.ERASED, b"")
    assert count(wiring, PendingForm) == 0
    clock.tick(days=31)
    forget_forms(wiring.database, wiring.keyring, now=clock.now())
    assert count(wiring, FormUse) == 0


def test_who_is_with_us_already_stays_when_a_form_runs_out(
    family: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    with wiring.database.write() as session:
        make_volunteer(session, wiring.keyring, group.chapter, 101, now=clock.now(), name="Rosa")
    begin(family, group, phone="413-555-0101")
    register(family, wiring, form(group))
    clock.tick(days=2)
    forget_forms(wiring.database, wiring.keyring, now=clock.now())
    with wiring.database.read() as session:
        people = session.exec(select(Person)).all()
    assert Consent.ERASED not in {person.consent for person in people}
    assert count(wiring, PendingForm) == 0


def test_who_left_gets_no_code_and_the_page_says_the_same(
    family: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    with wiring.database.write() as session:
        make_volunteer(
            session, wiring.keyring, group.chapter, 101, now=clock.now(), consent=Consent.OPTED_OUT
        )
    page = family.post("/checkin", data=form(group, phone="413-555-0101"))
    assert "Mandamos seis números" in html.unescape(page.text)
    with wiring.database.read() as session:
        assert session.exec(select(Delivery)).one().state is State.SUPPRESSED


@pytest.mark.parametrize("language", ["en", "es"])
def test_there_is_a_way_to_leave_the_page_quickly(
    family: TestClient, group: Group, language: str
) -> None:
    page = family.get(f"/checkin?lang={language}").text
    href = re.findall(r'href="(/away[^"]*)" data-leave', page)[0]
    away = family.get(href)
    assert away.status_code == 200
    assert group.chapter.network_name not in away.text
    assert "appointment" not in away.text
    assert "cita" not in away.text


def test_a_name_that_says_nothing_is_suggested(family: TestClient) -> None:
    page = family.get("/checkin?lang=es").text
    alias = re.findall(r'id="alias"[^>]* value="([^"]+)"', page)[0]
    assert len(alias) > 3


def test_the_window_of_a_limit_begins_where_the_clock_says(clock: StillClock) -> None:
    starts_at = A_PHONE[0].starts_at(clock.now())
    assert starts_at <= clock.now() < starts_at + timedelta(hours=1)
