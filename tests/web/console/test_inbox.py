"""The inbox: listed longest wait first, answered once, given on, ended; misreadings put right."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import col, select

from service.accounts.sign_in import make_link
from service.chapters.find import sender_of
from service.inbox.tables import Inbound, Thread, ThreadState
from service.outbox.tables import Delivery, State
from service.people.tables import Consent, Person
from service.privacy.audit import AuditLine
from service.privacy.policy import Role
from service.rsvps.ask import open_asks
from service.rsvps.seats import make_seats
from service.rsvps.tables import Rsvp, RsvpState, SeatRole
from service.wiring import Wiring
from tests.factories import StillClock, make_organizer, make_volunteer
from tests.web.api import bodies
from tests.web.api.bodies import texted
from tests.web.conftest import Group
from tests.web.console.conftest import browser_of, text_of

ASKS = "my cousin needs to talk with one of you please"


def threads(wiring: Wiring) -> list[Thread]:
    with wiring.database.read() as session:
        return list(session.exec(select(Thread).order_by(col(Thread.id))).all())


def page_of(browser: TestClient, wiring: Wiring) -> tuple[str, Response]:
    (thread,) = threads(wiring)
    path = f"/inbox/{thread.id}"
    return path, browser.get(path)


def hidden(page: Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, name
    return found[1]


def reply(browser: TestClient, path: str, words: str, page: Response | None = None) -> Response:
    page = page or browser.get(path)
    form = {
        "id": hidden(page, "id"),
        "seen": hidden(page, "seen"),
        "words": words,
        "action": "send",
    }
    return browser.post(f"{path}/reply", data=form)


def replies_sent(wiring: Wiring) -> list[Delivery]:
    with wiring.database.read() as session:
        query = select(Delivery).where(Delivery.template == "from_organizer")
        return list(session.exec(query).all())


@pytest.fixture
def beto(marta: TestClient, wiring: Wiring, group: Group) -> TestClient:
    """Another organizer's browser."""
    now = wiring.clock.now()
    with wiring.database.write() as session:
        made = make_organizer(session, group.chapter, now=now, name="Beto", role=Role.DISPATCHER)
        link = f"/signin/{make_link(session, made, now=now)}"
    browser = browser_of(marta.app)  # type: ignore[arg-type]  # it is the FastAPI app
    assert browser.post(link).status_code == 200
    return browser


@pytest.fixture
def rally(client: TestClient, wiring: Wiring, group: Group) -> str:
    """A rally that Alma, on 103, was asked about; returns its subject."""
    made: dict[str, Any] = client.post("/api/v1/rallies", json=bodies.rally()).json()
    subject, now = f"rally:{UUID(made['id']).hex}", wiring.clock.now()
    with wiring.database.write() as session:
        alma = make_volunteer(session, wiring.keyring, group.chapter, 103, now=now)
        starts_at = now.replace(day=20)
        make_seats(session, subject, {SeatRole.CROWD: None}, starts_at=starts_at, ends_at=starts_at)
        open_asks(session, [alma.id], subject, now=now, expires_at=starts_at)
    return subject


def test_an_empty_inbox_says_what_will_be_there(marta: TestClient) -> None:
    assert "Nobody waits for an answer." in text_of(marta.get("/inbox"))


def test_the_longest_wait_comes_first_and_unknown_numbers_stand_apart(
    marta: TestClient, wiring: Wiring, group: Group, clock: StillClock
) -> None:
    with wiring.database.write() as session:
        for number, name in ((103, "Alma"), (104, "Grace")):
            make_volunteer(
                session, wiring.keyring, group.chapter, number, now=clock.now(), name=name
            )
    for phone in ("+14135550104", "+14135550103", "+14135550177"):
        texted(wiring, ASKS, phone)
        clock.tick(minutes=5)
    page = marta.get("/inbox")
    said = text_of(page)
    assert said.index("0104") < said.index("0103")
    assert "0177" not in said
    assert "Grace" not in page.text
    assert "Waiting 2" in said
    assert "Unknown numbers 1" in said
    assert ASKS in said
    assert "0177" in text_of(marta.get("/inbox?show=unknown"))
    assert "0103" in text_of(marta.get("/inbox?show=all"))


def test_a_list_comes_a_page_at_a_time(
    marta: TestClient, wiring: Wiring, clock: StillClock
) -> None:
    for number in range(30):
        texted(wiring, ASKS, f"+141355502{number:02}")
        clock.tick(seconds=number % 3)
    seen: list[str] = []
    path = "/inbox?show=unknown"
    for _ in range(2):
        page = marta.get(path)
        seen += re.findall(r'id="th-([^"]+)"', page.text)
        more = re.search(r'href="(/inbox\?show=unknown&amp;after=[^"]+)"', page.text)
        path = more[1].replace("&amp;", "&") if more else ""
    assert path == ""
    assert len(seen) == len(set(seen)) == 30
    down = re.findall(r'id="th-([^"]+)"', marta.get("/inbox?show=all").text)
    assert down == list(reversed(seen))[:25]


def test_a_reply_leaves_once_through_the_outbox(marta: TestClient, wiring: Wiring) -> None:
    texted(wiring, ASKS)
    path, page = page_of(marta, wiring)
    for _ in range(2):
        answer = reply(marta, path, "Marta calls you at 5 pm.", page)
        assert answer.status_code == 200
    assert "Acompaña: Marta calls you at 5 pm." in text_of(answer)
    assert len(replies_sent(wiring)) == 1
    (thread,) = threads(wiring)
    assert (thread.state, thread.answered_by) == (ThreadState.ASSIGNED, "Marta")
    assert "Marta answered" in text_of(marta.get("/inbox?show=mine"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "Your reply"),
        ("x" * 301, "300"),
        ("Your number is A123456789", "never keep"),
    ],
    ids=["empty", "long", "never kept"],
)
def test_what_was_typed_stays_when_it_can_not_be_sent(
    marta: TestClient, wiring: Wiring, words: str, told: str
) -> None:
    texted(wiring, ASKS)
    path, _ = page_of(marta, wiring)
    answer = reply(marta, path, words)
    assert answer.status_code == 422
    assert told in text_of(answer)
    assert f">{words}</textarea>" in answer.text
    assert replies_sent(wiring) == []


def test_without_scripts_a_reply_is_looked_at_and_one_at_hand_put_in(
    marta: TestClient, wiring: Wiring
) -> None:
    texted(wiring, ASKS)
    path, page = page_of(marta, wiring)
    form = {"id": hidden(page, "id"), "seen": "", "words": "Mañana, a las 5: vamos aquí."}
    shown = marta.post(f"{path}/reply", data=form | {"action": "look"})
    assert shown.status_code == 200
    assert "Acompaña: Mañana, a las 5: vamos aqu<mark>í</mark>." in shown.text
    assert "í" in text_of(shown).split("These letters make each part shorter:")[1][:6]
    assert hidden(shown, "id") == form["id"]
    filled = marta.post(f"{path}/reply", data=form | {"words": "Hi.", "canned": "call_soon en"})
    assert ">Hi. Thank you for writing. One of us calls you today.</textarea>" in filled.text
    assert replies_sent(wiring) == []


def test_the_second_to_answer_is_told_keeps_the_words_and_chooses(
    marta: TestClient, beto: TestClient, wiring: Wiring
) -> None:
    texted(wiring, ASKS)
    path, _ = page_of(marta, wiring)
    both_saw = beto.get(path)
    reply(marta, path, "I call you now.")
    told = reply(beto, path, "Come by at six.", both_saw)
    assert told.status_code == 409
    assert "Marta has answered meanwhile" in text_of(told)
    assert ">Come by at six.</textarea>" in told.text
    assert len(replies_sent(wiring)) == 1
    assert reply(beto, path, "Come by at six.", told).status_code == 200
    assert len(replies_sent(wiring)) == 2


def test_a_thread_is_taken_given_on_ended_and_opened_again(
    marta: TestClient, beto: TestClient, wiring: Wiring, group: Group
) -> None:
    texted(wiring, ASKS)
    path, _ = page_of(marta, wiring)
    marta.post(f"{path}/assign")
    assert threads(wiring)[0].assigned_to == group.organizer.id
    given = re.search(r'<option value="([^"]+)">Beto', marta.get(path).text)
    assert given
    marta.post(f"{path}/assign", data={"organizer_id": given[1]})
    assert "0103" in text_of(beto.get("/inbox?show=mine")) or threads(wiring)[0].assigned_to
    beto.post(f"{path}/assign", data={"organizer_id": "nobody"})
    assert threads(wiring)[0].state is ThreadState.OPEN
    beto.post(f"{path}/done")
    assert "done by Beto" in text_of(marta.get("/inbox?show=done"))
    refused = marta.post(f"{path}/assign")
    assert refused.status_code == 409
    assert "open it again first" in text_of(refused)
    marta.post(f"{path}/reopen")
    assert threads(wiring)[0].state is ThreadState.OPEN


def test_why_a_text_was_read_so_is_said_in_plain_words(
    marta: TestClient, wiring: Wiring, rally: str
) -> None:
    texted(wiring, "yes 2, but where do we park?")
    _, page = page_of(marta, wiring)
    said = text_of(page)
    assert "Yes · read as: an answer as people give it · plainly said" in said
    assert "Yes, for Rally for a neighbor" in said


def test_what_was_not_plainly_said_is_marked(marta: TestClient, wiring: Wiring, rally: str) -> None:
    texted(wiring, "qwerty blue zebra")
    _, page = page_of(marta, wiring)
    assert "not plainly said" in text_of(page)


def test_a_misreading_is_put_right_after_a_look_at_what_that_does(
    marta: TestClient, wiring: Wiring, rally: str
) -> None:
    text_id = texted(wiring, "asdf qwerty")
    _, page = page_of(marta, wiring)
    address = f"/inbox/texts/{text_id}/correct"
    assert f"{address}?meant=yes" in page.text
    look = marta.get(f"{address}?meant=yes")
    said = text_of(look)
    assert "It counts so far as: Not understood." in said
    assert "It counts as: Yes, for Rally for a neighbor" in said
    assert "They get the text that follows a yes." in said
    with wiring.database.read() as session:
        assert session.exec(select(Rsvp)).all() == []
    done = marta.post(address, data={"meant": "yes", "about": rally, "party": "3"})
    assert "Marta said so; we had read: Not understood" in text_of(done)
    with wiring.database.read() as session:
        answered = session.exec(select(Rsvp)).one()
        assert (answered.state, answered.party_size) == (RsvpState.YES, 3)
        audited = session.exec(select(AuditLine.action)).all()
    assert "text.correct" in audited


def test_a_correction_that_can_not_be_says_why(
    marta: TestClient, wiring: Wiring, rally: str
) -> None:
    first = texted(wiring, "yes")
    texted(wiring, "no sorry")
    address = f"/inbox/texts/{first}/correct"
    refused = marta.post(address, data={"meant": "maybe", "about": rally})
    assert refused.status_code == 409
    assert "They have answered again since then" in text_of(refused)
    wrong = marta.post(address, data={"meant": "yes", "party": "0"})
    assert wrong.status_code == 422
    assert "couldn't read that number" in text_of(wrong)
    assert marta.post(address, data={"meant": "perhaps"}).status_code == 422


def test_texts_are_ended_by_hand_once_it_is_said_that_they_asked(
    marta: TestClient, wiring: Wiring
) -> None:
    texted(wiring, ASKS)
    (thread,) = threads(wiring)
    address = f"/people/{thread.person_id}/opt-out"
    assert "Only they can come back" in text_of(marta.get(address))
    assert marta.post(address).status_code == 422
    ended = marta.post(address, data={"said_so": "yes"})
    assert "They asked for no texts" in text_of(ended)
    assert "<textarea" not in ended.text
    with wiring.database.read() as session:
        assert session.get_one(Person, thread.person_id).consent is Consent.OPTED_OUT
        last = session.exec(select(Delivery).order_by(col(Delivery.id).desc())).first()
        assert last
        assert (last.template, last.state) == ("opt_out", State.PLANNED)
        assert "person.opt_out" in session.exec(select(AuditLine.action)).all()
    path, _ = page_of(marta, wiring)
    refused = marta.post(f"{path}/reply", data={"words": "Hello?", "action": "send"})
    assert refused.status_code == 409
    assert "gets no texts from us any more" in text_of(refused)


def test_older_texts_are_a_page_away(marta: TestClient, wiring: Wiring) -> None:
    for number in range(45):
        texted(wiring, f"note number {number} for a person")
    _, page = page_of(marta, wiring)
    assert "note number 44" in page.text
    assert "note number 0 " not in page.text
    older = re.search(r'href="(/inbox/[^"]+before=[^"]+)"', page.text)
    assert older
    assert "note number 0 for" in marta.get(older[1]).text


def test_admins_see_that_there_are_texts_and_not_what_they_say(
    marta: TestClient, wiring: Wiring, group: Group
) -> None:
    texted(wiring, ASKS)
    with wiring.database.write() as session:
        now = wiring.clock.now()
        ana = make_organizer(session, group.chapter, now=now, name="Ana", role=Role.ADMIN)
        link = f"/signin/{make_link(session, ana, now=now)}"
    browser = browser_of(marta.app)  # type: ignore[arg-type]  # it is the FastAPI app
    browser.post(link)
    _, page = page_of(browser, wiring)
    assert ASKS not in page.text
    assert "Admins see that there are texts" in text_of(page)
    assert ASKS not in browser.get("/inbox?show=unknown").text


def test_the_board_leads_to_the_conversation(marta: TestClient, wiring: Wiring) -> None:
    texted(wiring, ASKS)
    (thread,) = threads(wiring)
    assert f'href="/inbox/{thread.id}#newest"' in marta.get("/").text


def test_another_chapters_threads_are_not_there(
    marta: TestClient, wiring: Wiring, other_group: Group, group: Group
) -> None:
    text_id = texted(wiring, ASKS)
    with wiring.database.write() as session:
        thread = session.exec(select(Thread)).one()
        person = session.get_one(Person, thread.person_id)
        thread.chapter_id = person.chapter_id = other_group.chapter.id
        text = session.get_one(Inbound, UUID(text_id))
        text.sender_id = sender_of(session, other_group.chapter.id).id
        session.add_all([thread, person, text])
    assert str(thread.id) not in marta.get("/inbox?show=all").text
    assert marta.get(f"/inbox/{thread.id}").status_code == 404
    for verb in ("reply", "assign", "done", "reopen"):
        assert marta.post(f"/inbox/{thread.id}/{verb}", data={"words": "x"}).status_code == 404
    for path in (f"/inbox/texts/{text_id}/correct", f"/people/{person.id}/opt-out"):
        assert marta.get(path).status_code == 404
        assert marta.post(path, data={"meant": "no", "said_so": "yes"}).status_code == 404
    assert marta.post(f"/people/{person.id}/conversation").status_code == 404
    with wiring.database.read() as session:
        assert session.exec(select(Inbound)).one().meant == ""
