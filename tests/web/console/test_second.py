"""A message to many needs a second person's yes: on the page or by text, once, to what they saw."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import col, select

from service.accounts import sessions
from service.accounts.tables import How, Organizer
from service.blasts.tables import BlastState, DraftState
from service.chapters.tables import Chapter
from service.errors import InvalidValue
from service.outbox.tables import Delivery
from service.people.tables import Person
from service.privacy.audit import AuditLine
from service.privacy.policy import SYSTEM, Role
from service.privacy.read import Reader
from service.rallies.tables import Rally
from service.replies.receive import Reception, act_on, take_in
from service.rsvps.plan import launch_due_blasts
from service.sms.inbound import InboundText
from service.web.console.look import check_number
from service.web.forms import Sent
from service.wiring import Wiring
from tests.factories import StillClock, make_organizer, make_volunteer
from tests.web.conftest import Group
from tests.web.console.conftest import browser_of, browser_of_another, text_of
from tests.web.console.test_compose import drafts, written
from tests.web.console.test_rallies import DRAFT, blasts, draft, last_look, volunteers

__all__ = ["draft", "volunteers"]  # fixtures

NOW = {"when": "now"}


@pytest.fixture(autouse=True)
def small_limit(wiring: Wiring, group: Group) -> None:
    """Three volunteers are many here."""
    with wiring.database.write() as session:
        group.chapter.second_over = 2
        session.add(group.chapter)


@pytest.fixture
def nora(app: FastAPI, wiring: Wiring, group: Group, marta: TestClient) -> Iterator[TestClient]:
    """The browser of Nora, who organizes too."""
    with browser_of_another(app, wiring, group, "Nora", How.DEMO) as browser:
        yield browser


def phone_of(wiring: Wiring, name: str, number: int, language: str = "en") -> Person:
    """Put a phone on somebody's account."""
    now = wiring.clock.now()
    with wiring.database.write() as session:
        organizer = session.exec(select(Organizer).where(Organizer.name == name)).one()
        chapter = session.get_one(Chapter, organizer.chapter_id)
        person = make_volunteer(
            session, wiring.keyring, chapter, number, now=now, name=name, language=language
        )
        organizer.person_id = person.id
        session.add(organizer)
        return person


def texts_to(wiring: Wiring, person: Person) -> list[str]:
    """The texts that wait for somebody, oldest first."""
    reader = Reader(wiring.keyring, SYSTEM)
    with wiring.database.read() as session:
        rows = session.exec(
            select(Delivery)
            .where(Delivery.person_id == person.id, col(Delivery.body_sealed).is_not(None))
            .order_by(col(Delivery.id))
        )
        return [reader.show(row.sealed_body(person.chapter_id)) for row in rows]


def says(wiring: Wiring, number: int, body: str) -> None:
    """Somebody texts us."""
    reception = Reception(wiring.outbox, wiring.settings.countries)
    now = wiring.clock.now()
    text = InboundText(
        message_sid=f"SM{abs(hash((number, body, now))):032x}"[:34], sender=f"+1413555{number:04}",
        to="+14135550100", body=body, opt_out_type="", media=0,
    )  # fmt: skip
    with wiring.database.write() as session:
        inbound_id = take_in(session, reception, text, now=now)
    assert inbound_id is not None
    with wiring.database.write() as session:
        act_on(session, reception, inbound_id, now=now)


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


def test_it_waits_for_a_second_person_who_reads_it_and_says_yes(
    marta: TestClient, nora: TestClient, wiring: Wiring, draft: Rally, clock: StillClock
) -> None:
    path = last_look(marta, draft)
    assert "a second person has to say yes. We ask Nora" in text_of(marta.get(path))
    page = marta.post(path, data=NOW)
    assert "Marta wants to send this. It waits for a second person's yes." in text_of(page)
    assert "Approve and send" not in text_of(page)
    assert blasts(wiring) == []
    assert "To approve" in text_of(nora.get("/"))
    shown = nora.get(path)
    assert "Approve and send to 3 people" in text_of(shown)
    done = nora.post(path.removesuffix("/send") + "/approve", data={"seen": seen(shown.text)})
    assert "Undo" in text_of(done)
    assert launch_due_blasts(wiring.database, now=clock.tick(seconds=15)) == 3
    with wiring.database.read() as session:
        actions = session.exec(select(AuditLine.actor, AuditLine.action)).all()
    assert ("Marta", "message.ask_second") in actions
    assert ("Nora", "message.approve") in actions


def test_nobody_approves_what_they_wrote_or_asked_for(
    marta: TestClient, nora: TestClient, wiring: Wiring, draft: Rally
) -> None:
    path = last_look(marta, draft)
    marta.post(path, data=NOW)
    own = {"seen": drafts(wiring)[0].asked_about}
    assert marta.post(path.removesuffix("/send") + "/approve", data=own).status_code == 403
    assert blasts(wiring) == []


def test_a_change_takes_the_question_back(
    marta: TestClient, nora: TestClient, wiring: Wiring, draft: Rally
) -> None:
    path = last_look(marta, draft)
    marta.post(path, data=NOW)
    shown = seen(nora.get(path).text)
    marta.post(f"/rallies/{draft.id}/edit", data=DRAFT | {"place": "South Green"})
    late = nora.post(path.removesuffix("/send") + "/approve", data={"seen": shown})
    assert late.status_code == 409
    assert drafts(wiring)[0].state is DraftState.DRAFT
    marta.post(path, data=NOW)
    late = nora.post(path.removesuffix("/send") + "/approve", data={"seen": shown})
    assert late.status_code == 409
    assert blasts(wiring) == []


def test_a_change_of_who_gets_it_takes_the_question_back_too(
    marta: TestClient, nora: TestClient, wiring: Wiring, draft: Rally
) -> None:
    path = last_look(marta, draft)
    marta.post(path, data=NOW)
    shown = seen(nora.get(path).text)
    marta.post(path.removesuffix("/send") + "/people", data={"reads_en": "yes"})
    assert (
        nora.post(path.removesuffix("/send") + "/approve", data={"seen": shown}).status_code == 409
    )


def test_two_who_approve_at_once_make_one_launch(
    marta: TestClient, nora: TestClient, wiring: Wiring, draft: Rally, app: FastAPI, group: Group
) -> None:
    with wiring.database.write() as session:
        olga = make_organizer(session, group.chapter, now=wiring.clock.now(), name="Olga")
        secret = sessions.begin(session, olga, How.DEMO, now=wiring.clock.now())
    path = last_look(marta, draft)
    marta.post(path, data=NOW)
    with browser_of(app) as other:
        other.cookies.set("acompana", secret)
        approvals = [(each, {"seen": seen(each.get(path).text)}) for each in (nora, other)]
        pages = [
            each.post(path.removesuffix("/send") + "/approve", data=form)
            for each, form in approvals
        ]
    assert [page.status_code for page in pages] == [200, 200]
    assert len(blasts(wiring)) == 1


def test_a_second_person_gives_it_back(
    marta: TestClient, nora: TestClient, wiring: Wiring, draft: Rally
) -> None:
    path = last_look(marta, draft)
    marta.post(path, data=NOW)
    page = nora.post(path.removesuffix("/send") + "/refuse")
    assert "It waits for a second person" not in text_of(page)
    assert drafts(wiring)[0].state is DraftState.DRAFT


def test_it_is_approved_by_text_with_the_code_that_came_to_their_phone(
    marta: TestClient, nora: TestClient, wiring: Wiring, draft: Rally, clock: StillClock
) -> None:
    phone = phone_of(wiring, "Nora", 180, "es")
    marta.post(last_look(marta, draft), data=NOW)
    preview, asking = texts_to(wiring, phone)
    assert preview.startswith("POR APROBAR")
    assert "viernes 13 de marzo" in preview
    assert "Marta quiere mandar ese mensaje a 4 personas" in asking
    code = re.search(r"APRUEBO (\d{4})", asking)
    assert code
    says(wiring, 180, f"apruebo {(int(code[1]) + 1) % 10_000:04}")
    assert "Esa clave no sirve" in texts_to(wiring, phone)[-1]
    assert blasts(wiring) == []
    says(wiring, 101, f"APPROVE {code[1]}")  # somebody else's phone
    assert blasts(wiring) == []
    says(wiring, 180, f"Apruebo {code[1]}")
    assert "Aprobado" in texts_to(wiring, phone)[-1]
    says(wiring, 180, f"Apruebo {code[1]}.")  # once more
    assert len(blasts(wiring)) == 1
    assert launch_due_blasts(wiring.database, now=clock.tick(seconds=15)) == 4


def test_a_code_about_words_that_changed_approves_nothing(
    marta: TestClient, nora: TestClient, wiring: Wiring, draft: Rally
) -> None:
    phone = phone_of(wiring, "Nora", 180)
    path = last_look(marta, draft)
    marta.post(path, data=NOW)
    code = re.search(r"APPROVE (\d{4})", texts_to(wiring, phone)[-1])
    assert code
    marta.post(f"/rallies/{draft.id}/edit", data=DRAFT | {"text_en": "Come now. Reply Y or N."})
    says(wiring, 180, f"APPROVE {code[1]}")
    assert blasts(wiring) == []


def test_five_wrong_codes_and_the_right_one_is_spent(
    marta: TestClient, nora: TestClient, wiring: Wiring, draft: Rally, clock: StillClock
) -> None:
    phone = phone_of(wiring, "Nora", 180)
    marta.post(last_look(marta, draft), data=NOW)
    code = re.search(r"APPROVE (\d{4})", texts_to(wiring, phone)[-1])
    assert code
    for step in range(1, 6):
        clock.tick(seconds=1)
        says(wiring, 180, f"APPROVE {(int(code[1]) + step) % 10_000:04}")
    says(wiring, 180, f"APPROVE {code[1]}")
    assert blasts(wiring) == []


def test_the_only_organizer_waits_ten_minutes_and_can_take_it_back_by_text(
    marta: TestClient, wiring: Wiring, draft: Rally, clock: StillClock
) -> None:
    path = last_look(marta, draft)
    refused = marta.post(path, data=NOW)
    assert refused.status_code == 409
    assert "add your own phone" in text_of(refused)
    phone = phone_of(wiring, "Marta", 181)
    assert "leaves after 10 minutes" in text_of(marta.get(path))
    assert "Undo" in text_of(marta.post(path, data=NOW))
    told = texts_to(wiring, phone)[-1]
    assert "your text to 4 people leaves at 10:10 am" in told
    assert launch_due_blasts(wiring.database, now=clock.tick(minutes=9, seconds=59)) == 0
    code = re.search(r"UNDO (\d{4})", told)
    assert code
    says(wiring, 181, f"undo {code[1]}")
    assert "Taken back" in texts_to(wiring, phone)[-1]
    assert launch_due_blasts(wiring.database, now=clock.tick(minutes=5)) == 0
    assert [each.state for each in drafts(wiring)] == [DraftState.LAUNCHED, DraftState.DRAFT]
    marta.post(last_look(marta, draft), data=NOW)
    assert launch_due_blasts(wiring.database, now=clock.tick(minutes=10)) == 4


def test_a_note_needs_a_second_person_as_well(
    marta: TestClient, nora: TestClient, wiring: Wiring, volunteers: None
) -> None:
    path = written(marta)
    marta.post(path, data=NOW)
    assert blasts(wiring) == []
    marta.post(path.removesuffix("/send") + "/refuse")
    marta.post(path.removesuffix("/send") + "/people", data={"reads_es": "yes"})
    marta.post(path, data=NOW)
    assert len(blasts(wiring)) == 1


def test_a_program_is_no_way_round_it(
    marta: TestClient, nora: TestClient, wiring: Wiring, group: Group, draft: Rally
) -> None:
    bearer = {"Authorization": f"Bearer {group.token}"}
    path = f"/api/v1/rallies/{draft.id}/announce"
    answer = marta.post(path, json={}, headers=bearer)
    assert answer.status_code == 409
    assert answer.json()["code"] == "second_needed"
    assert "a second organizer has to say yes" in answer.text
    assert blasts(wiring) == []


@pytest.mark.parametrize("typed", ["1200", "1,200", "1.200", " 1 200 "])
def test_a_number_is_typed_as_people_write_it(typed: str) -> None:
    check_number(Sent({"typed_count": typed}), 1200)
    with pytest.raises(InvalidValue):
        check_number(Sent({"typed_count": typed}), 1201)


def test_a_number_above_five_hundred_is_typed(
    marta: TestClient,
    wiring: Wiring,
    volunteers: None,
    monkeypatch: pytest.MonkeyPatch,
    group: Group,
) -> None:
    with wiring.database.write() as session:
        group.chapter.second_over = 50
        session.add(group.chapter)
    monkeypatch.setattr("service.web.console.look.TYPED_OVER", 2)
    path = written(marta)
    assert "Type the number of people" in text_of(marta.get(path))
    for typed in ("", "33"):
        page = marta.post(path, data=NOW | {"typed_count": typed})
        assert page.status_code == 422
        assert 'id="typed_count-wrong"' in page.text
    marta.post(path, data=NOW | {"typed_count": "3"})
    assert len(blasts(wiring)) == 1


def test_a_test_goes_to_ones_own_phone_and_nowhere_else(
    marta: TestClient, wiring: Wiring, draft: Rally
) -> None:
    path = last_look(marta, draft).removesuffix("/send") + "/test"
    assert "My own phone" in text_of(marta.post(path))
    phone = phone_of(wiring, "Marta", 181)
    page = marta.post(path)
    assert "The test is on its way to your phone." in text_of(page)
    english, spanish = texts_to(wiring, phone)
    assert english.startswith("TEST, only for you: Acompaña: rally Fri Mar 13")
    assert "viernes 13 de marzo" in spanish
    with wiring.database.read() as session:
        assert {row.person_id for row in session.exec(select(Delivery))} == {phone.id}


def test_a_phone_is_ones_own_once_its_code_was_typed(marta: TestClient, wiring: Wiring) -> None:
    page = marta.post("/account/phone", data={"phone": "413-555-0182"})
    assert "We sent four digits" in text_of(page)
    with wiring.database.read() as session:
        person = session.exec(select(Person)).one()
    code = re.search(r"\b(\d{4})\b", texts_to(wiring, person)[-1])
    assert code
    form = {"phone": "413-555-0182", "code": f"{(int(code[1]) + 1) % 10_000:04}"}
    assert marta.post("/account/phone/code", data=form).status_code == 422
    page = marta.post("/account/phone/code", data=form | {"code": code[1]})
    assert "On your account: +1•••0182" in text_of(page)
    assert marta.post("/account/phone", data={"phone": "12"}).status_code == 422


def test_a_time_that_was_chosen_is_kept_while_it_waits(
    marta: TestClient, nora: TestClient, wiring: Wiring, draft: Rally, clock: StillClock
) -> None:
    path = last_look(marta, draft)
    later = {"when": "later", "send_day": "2026-03-10", "send_clock": "6:30 pm"}
    marta.post(path, data=later)
    shown = nora.get(path)
    assert "Leaves Tue 10 Mar, 6:30 pm" in text_of(shown)
    nora.post(path.removesuffix("/send") + "/approve", data={"seen": seen(shown.text)})
    (blast,) = blasts(wiring)
    assert blast.state is BlastState.SCHEDULED
    assert launch_due_blasts(wiring.database, now=clock.tick(days=8)) == 0
    assert launch_due_blasts(wiring.database, now=clock.tick(hours=9)) == 3


def test_roles_below_organizer_do_not_count(
    marta: TestClient, nora: TestClient, wiring: Wiring, draft: Rally
) -> None:
    with wiring.database.write() as session:
        somebody = session.exec(select(Organizer).where(Organizer.name == "Nora")).one()
        somebody.role = Role.DISPATCHER
        session.add(somebody)
    phone_of(wiring, "Marta", 181)
    assert "you are the only organizer here" in text_of(marta.get(last_look(marta, draft)))
    assert nora.get(last_look(marta, draft)).status_code == 403


def test_who_comes_second_is_told_who_approved_it_and_when(
    marta: TestClient, nora: TestClient, app: FastAPI, wiring: Wiring, group: Group, draft: Rally
) -> None:
    path = last_look(marta, draft)
    marta.post(path, data=NOW)
    shown = {"seen": seen(nora.get(path).text)}
    nora.post(path.removesuffix("/send") + "/approve", data=shown)
    with wiring.database.write() as session:
        olga = make_organizer(session, group.chapter, now=wiring.clock.now(), name="Olga")
        secret = sessions.begin(session, olga, How.DEMO, now=wiring.clock.now())
    with browser_of(app) as late:
        late.cookies.set("acompana", secret)
        for press in ("/approve", "/refuse"):
            page = late.post(path.removesuffix("/send") + press, data=shown)
            assert "Nora approved it already, Mon 2 Mar, 10:00 am" in text_of(page)
        page = late.get(path)
        assert "Nora approved it already" in text_of(page)
        blast = blasts(wiring)[0]
        nora.post(f"/messages/{blast.id}/stop")
        page = late.post(f"/messages/{blast.id}/stop")
        assert "Nora stopped it already, Mon 2 Mar, 10:00 am" in text_of(page)
    assert len(blasts(wiring)) == 1
    assert "It has been approved already" not in text_of(page)
