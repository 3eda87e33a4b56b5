"""Actions on the console: written in both languages, looked at, announced, followed, closed."""

from __future__ import annotations

import html

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from schedules.jobs import run_all
from service.blasts.tables import DraftState, MessageDraft
from service.chapters.tables import Chapter
from service.people.tables import Person
from service.rallies.actions.tables import Action, ActionState
from service.wiring import Wiring
from tests.factories import StillClock, make_organizer, make_volunteer
from tests.web.conftest import Group
from tests.web.console.conftest import text_of
from tests.web.console.test_rallies import hidden

ENGLISH = "Acompaña: please call 860-555-0170 by Fri 5 pm. Done? Text CALLED."
SPANISH = "Acompaña: por favor llame al 860-555-0170. ¿Ya? Escriba LLAME."
DRAFT = {
    "kind": "call", "title": "Let them stay", "target": "the director",
    "target_phone": "860-555-0170", "link": "", "day": "2026-03-06", "clock": "17:00",
    "days": "2", "text_en": ENGLISH, "text_es": SPANISH, "script_en": "", "script_es": "",
}  # fmt: skip


def actions(wiring: Wiring) -> list[Action]:
    with wiring.database.read() as session:
        return list(session.exec(select(Action)))


def drafts(wiring: Wiring) -> list[MessageDraft]:
    with wiring.database.read() as session:
        return list(session.exec(select(MessageDraft).order_by(col(MessageDraft.id))))


def sent(marta: TestClient, wiring: Wiring) -> MessageDraft:
    marta.post("/actions/new", data=DRAFT)
    (draft,) = drafts(wiring)
    marta.post(f"/drafts/{draft.id}/send", data={"when": "now"})
    return draft


@pytest.fixture
def volunteers(wiring: Wiring, group: Group) -> None:
    with wiring.database.write() as session:
        for number, language in ((101, "en"), (102, "en"), (103, "es")):
            make_volunteer(
                session, wiring.keyring, group.chapter, number, now=wiring.clock.now(),
                language=language,
            )  # fmt: skip


def test_it_is_written_looked_at_and_announced_once(
    marta: TestClient, wiring: Wiring, volunteers: None, clock: StillClock
) -> None:
    draft_id = hidden(marta.get("/actions/new").text, "id")
    for _ in range(2):
        page = marta.post("/actions/new", data=DRAFT | {"id": draft_id})
    assert "Who gets it?" in text_of(page)
    (action,) = actions(wiring)
    (draft,) = drafts(wiring)
    words = text_of(marta.get(f"/drafts/{draft.id}/send"))
    assert f"{ENGLISH} STOP to stop." in words
    assert SPANISH in words
    assert "Until Fri 6 Mar, 5:00 pm" in words
    assert "3 people over 2 days, about 2 people a day" in words
    for _ in range(2):
        page = marta.post(f"/drafts/{draft.id}/send", data={"when": "now"})
    assert "Undo" in text_of(page)
    assert "Let them stay" in text_of(page)
    run_all(wiring, now=clock.tick(seconds=15))
    shown = text_of(marta.get(f"/actions/{action.id}"))
    assert "Day 1 of 2" in shown
    assert "2 Asked so far" in shown
    assert "asks for an action" in shown
    assert "Let them stay" in text_of(marta.get("/actions"))
    assert "Let them stay" in text_of(marta.get("/"))


def test_undo_leads_back_to_the_draft(
    marta: TestClient, wiring: Wiring, volunteers: None, clock: StillClock
) -> None:
    first = sent(marta, wiring)
    page = marta.post(f"/messages/{first.id}/undo")
    assert html.escape(ENGLISH) in page.text
    assert actions(wiring)[0].state is ActionState.DRAFT
    (again,) = (draft for draft in drafts(wiring) if draft.state is DraftState.DRAFT)
    marta.post(f"/drafts/{again.id}/send", data={"when": "now"})
    run_all(wiring, now=clock.tick(seconds=15))
    assert marta.post(f"/messages/{again.id}/undo").status_code == 409
    assert actions(wiring)[0].state is ActionState.ANNOUNCED


def test_it_waits_for_a_second_persons_yes_when_many_get_it(
    marta: TestClient, wiring: Wiring, group: Group, volunteers: None, clock: StillClock
) -> None:
    with wiring.database.write() as session:
        group_here = session.get_one(Chapter, group.chapter.id)
        group_here.second_over = 2
        session.add(group_here)
        ben = make_organizer(session, group_here, now=wiring.clock.now(), name="Ben")
        ben.person_id = session.exec(select(Person.id)).first()
        session.add(ben)
    marta.post("/actions/new", data=DRAFT)
    (draft,) = drafts(wiring)
    page = marta.post(f"/drafts/{draft.id}/send", data={"when": "now"})
    assert "Marta" in text_of(page)
    assert "Ben" in text_of(page)
    assert drafts(wiring)[0].state is DraftState.AWAITING_SECOND
    run_all(wiring, now=clock.tick(minutes=1))
    assert actions(wiring)[0].state is ActionState.DRAFT
    changed = DRAFT | {"script_en": "Say: let them stay.", "script_es": "Diga: que se queden."}
    marta.post(f"/actions/{actions(wiring)[0].id}/edit", data=changed)
    assert drafts(wiring)[0].state is DraftState.DRAFT  # what was asked for was about other words


def test_a_time_after_which_the_last_day_comes_too_late_is_told_beside_it(
    marta: TestClient, wiring: Wiring, volunteers: None
) -> None:
    marta.post("/actions/new", data=DRAFT)  # two days, until Friday 5 pm
    (draft,) = drafts(wiring)
    late = {"when": "later", "send_day": "2026-03-05", "send_clock": "17:30"}
    page = marta.post(f"/drafts/{draft.id}/send", data=late)
    assert page.status_code == 422
    told = page.text.split('id="send_day-wrong"')[1].split("</p>")[0]
    assert "after the deadline" in told
    fine = late | {"send_clock": "16:30"}
    assert "Thu 5 Mar, 4:30 pm" in text_of(marta.post(f"/drafts/{draft.id}/send", data=fine))


def test_half_an_action_is_kept_as_it_is(marta: TestClient, wiring: Wiring) -> None:
    draft_id = hidden(marta.get("/actions/new").text, "id")
    half = DRAFT | {"id": draft_id, "text_es": "", "day": "", "action": "save"}
    page = marta.post("/actions/new", data=half)
    assert html.escape(ENGLISH) in page.text
    assert 'value="860-555-0170"' in page.text
    assert actions(wiring) == []
    assert "Let them stay" in text_of(marta.get("/"))
    (draft,) = drafts(wiring)
    assert html.escape(ENGLISH) in marta.get(f"/drafts/{draft.id}/edit").text
    marta.post(f"/actions/{draft_id}/edit", data=DRAFT)
    assert len(actions(wiring)) == len(drafts(wiring)) == 1


def test_the_count_has_the_words_to_say_in_it(marta: TestClient) -> None:
    said = DRAFT | {"script_en": "Say: let them “stay”.", "script_es": "Diga: que se queden."}
    page = marta.post("/actions/new", data=said | {"action": "count"})
    assert "2 texts" in text_of(page) or "2 parts" in text_of(page)
    plain = marta.post("/actions/new", data=said | {"action": "plain_en"})
    assert "Say: let them &#34;stay&#34;." in plain.text


MISTAKES = [
    ({"title": ""}, "title"),
    ({"target": ""}, "target"),
    ({"target_phone": ""}, "target_phone"),
    ({"kind": "sign", "link": ""}, "link"),
    ({"link": "http://text.example.org"}, "link"),
    ({"day": "2026-03-01"}, "day"),
    ({"clock": "soon"}, "clock"),
    ({"days": "0"}, "days"),
    ({"days": "15"}, "days"),
    ({"days": "6"}, "days"),
    ({"text_es": " "}, "text_es"),
    ({"script_en": "Say this."}, "script_es"),
    ({"text_en": "Sign {here}"}, "text_en"),
    ({"text_en": "Sign {link}"}, "text_en"),  # there is none above
    ({"script_en": "Say {what}.", "script_es": "Diga."}, "script_en"),
]


def test_a_mistake_is_told_beside_its_field_and_nothing_is_lost(
    marta: TestClient, wiring: Wiring
) -> None:
    for changes, field in MISTAKES:
        page = marta.post("/actions/new", data=DRAFT | changes)
        assert page.status_code == 422, changes
        assert f'id="{field}-wrong"' in page.text, changes
        assert html.escape((DRAFT | changes)["text_en"]) in page.text
    assert actions(wiring) == []


def test_every_kind_has_a_first_text(marta: TestClient) -> None:
    for kind, word in (("call", "CALLED"), ("sign", "SIGNED"), ("write", "WROTE")):
        page = marta.post("/actions/new", data=DRAFT | {"kind": kind, "action": "write"})
        assert f"Text {word}." in text_of(page)


def test_the_result_is_looked_at_before_it_is_told(
    marta: TestClient, wiring: Wiring, volunteers: None, clock: StillClock
) -> None:
    sent(marta, wiring)
    (action,) = actions(wiring)
    run_all(wiring, now=clock.tick(seconds=15))
    path = f"/actions/{action.id}/close"
    assert "0 of us have called. ... Thank you" in html.unescape(marta.get(path).text)
    one = {"text_en": "They can stay.", "text_es": ""}
    page = marta.post(path, data=one)
    assert page.status_code == 422
    assert 'id="text_es-wrong"' in page.text
    both = one | {"text_es": "Se quedan.", "whom": "asked"}
    page = marta.post(path, data=both)
    assert "End it and tell 2 people" in text_of(page)
    assert actions(wiring)[0].state is ActionState.ANNOUNCED
    page = marta.post(path, data=both | {"action": "send"})
    assert "They can stay." in text_of(page)
    assert actions(wiring)[0].state is ActionState.CLOSED
    assert marta.get(path).status_code == 409


def test_a_result_that_no_carrier_takes_ends_nothing(
    marta: TestClient, wiring: Wiring, volunteers: None, clock: StillClock
) -> None:
    sent(marta, wiring)
    (action,) = actions(wiring)
    run_all(wiring, now=clock.tick(seconds=15))
    long = {"text_en": "x" * 1590, "text_es": "Se quedan.", "whom": "asked", "action": "send"}
    page = marta.post(f"/actions/{action.id}/close", data=long)
    assert page.status_code == 422
    assert "Look before it ends" in text_of(page)
    assert "how to stop it has 1,615 letters" in text_of(page)
    assert f'value="{"x" * 1590}"' in page.text
    assert actions(wiring)[0].state is ActionState.ANNOUNCED


def test_another_chapters_action_is_not_there(
    marta: TestClient, wiring: Wiring, other_group: Group
) -> None:
    marta.post("/actions/new", data=DRAFT)
    with wiring.database.write() as session:
        action = session.exec(select(Action)).one()
        action.chapter_id = other_group.chapter.id
        session.add(action)
    for page in ("", "/edit", "/close"):
        assert marta.get(f"/actions/{action.id}{page}").status_code == 404
    assert "Let them stay" not in text_of(marta.get("/actions"))
