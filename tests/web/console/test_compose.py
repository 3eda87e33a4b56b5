"""A message is written: counted, made cheaper, kept for later, never lost; and chosen whom it is for."""

from __future__ import annotations

import html
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from service.blasts.tables import BlastKind, DraftState, MessageDraft
from service.rallies.tables import Rally
from service.rsvps.plan import launch_due_blasts
from service.wiring import Wiring
from tests.factories import StillClock
from tests.web.conftest import Group
from tests.web.console.conftest import text_of
from tests.web.console.test_rallies import (
    DRAFT,
    blasts,
    draft,
    hidden,
    last_look,
    rallies,
    volunteers,
)

__all__ = ["draft", "volunteers"]  # fixtures

NOTE = {"title": "Thanks", "text_en": "Thank you all.", "text_es": "Gracias a todos."}
COSTLY = "Acompaña: la reunión es mañana a las siete en la plaza del sur, traiga agua y paciencia. STOP: fin."


def drafts(wiring: Wiring) -> list[MessageDraft]:
    with wiring.database.read() as session:
        return list(session.exec(select(MessageDraft).order_by(col(MessageDraft.id))))


def written(marta: TestClient, **changes: str) -> str:
    """Write a message; the address of its last look."""
    page = marta.post("/messages/new", data=NOTE | changes)
    assert page.status_code == 200, text_of(page)
    return str(page.url.path).removesuffix("/people") + "/send"


def test_it_is_counted_as_it_arrives(marta: TestClient) -> None:
    page = marta.post("/messages/new", data=NOTE | {"action": "count"})
    assert "Acompaña: Thank you all. STOP to stop." in text_of(page)
    assert "1 part" in text_of(page)
    assert "38 of 160 letters" in text_of(page)


def test_costly_letters_are_marked_and_go_at_a_press(marta: TestClient, wiring: Wiring) -> None:
    counted = marta.post("/messages/new", data=NOTE | {"text_es": COSTLY, "action": "count"})
    assert "<mark>ó</mark>" in counted.text
    assert "Remove accents (saves 1 part)" in text_of(counted)
    plain = marta.post("/messages/new", data=NOTE | {"text_es": COSTLY, "action": "plain_es"})
    assert COSTLY.replace("ó", "o") in html.unescape(plain.text)
    assert "<mark>" not in plain.text
    assert drafts(wiring) == []


def test_a_brace_that_nobody_fills_in_is_told(marta: TestClient, wiring: Wiring) -> None:
    for path, form in (("/messages/new", NOTE), ("/rallies/new", DRAFT)):
        page = marta.post(path, data=form | {"text_en": "Hello {name}"})
        assert page.status_code == 422
        assert 'id="text_en-wrong"' in page.text
        assert "{name}" in html.unescape(page.text)
    assert rallies(wiring) == []


def test_what_stands_in_braces_arrives_filled_in(
    marta: TestClient, wiring: Wiring, volunteers: None
) -> None:
    texts = {"text_en": "Come {day}, {time}, {place}!", "text_es": "Venga {day}, {time}, {place}."}
    marta.post("/rallies/new", data=DRAFT | texts)
    page = text_of(marta.get(last_look(marta, rallies(wiring)[0])))
    assert "Acompaña: Come Fri Mar 13, 5:00 pm, 90 Main St! STOP to stop." in page
    assert "Acompaña: Venga viernes 13 de marzo, 5:00 pm, 90 Main St. STOP o ALTO: fin." in page


def test_an_unfinished_rally_is_kept_and_gone_on_with(marta: TestClient, wiring: Wiring) -> None:
    draft_id = hidden(marta.get("/rallies/new").text, "id")
    form = {"id": draft_id, "title": "Friday", "text_en": "Come on {day}", "action": "save"}
    page = marta.post("/rallies/new", data=form)
    assert "Saved as it is" in text_of(page)
    assert rallies(wiring) == []
    (kept,) = drafts(wiring)
    assert "Friday" in text_of(marta.get("/"))
    assert "Come on {day}" in html.unescape(marta.get(f"/drafts/{kept.id}/edit").text)
    marta.post(f"/rallies/{draft_id}/edit", data=DRAFT)
    assert [rally.id for rally in rallies(wiring)] == [UUID(draft_id)]
    assert [each.id for each in drafts(wiring)] == [kept.id]


def test_an_unfinished_rally_cannot_be_sent(marta: TestClient, wiring: Wiring) -> None:
    marta.post("/rallies/new", data=DRAFT | {"text_es": "", "action": "save"})
    (kept,) = drafts(wiring)
    assert marta.get(f"/drafts/{kept.id}/send").status_code == 409
    assert marta.post(f"/drafts/{kept.id}/send", data={"when": "now"}).status_code == 409
    assert blasts(wiring) == []


def test_a_message_about_no_event_reaches_people_and_asks_nothing(
    marta: TestClient, wiring: Wiring, volunteers: None, clock: StillClock
) -> None:
    path = written(marta)
    assert f'href="{path}"' in marta.get("/").text
    page = marta.get(path)
    assert "Acompaña: Thank you all. STOP to stop." in text_of(page)
    assert "Send to 3 people" in text_of(page)
    assert "$0.03 (an estimate)" in text_of(page)
    marta.post(path, data={"when": "now"})
    assert launch_due_blasts(wiring.database, now=clock.tick(seconds=15)) == 3
    (blast,) = blasts(wiring)
    assert (blast.kind, blast.asks) == (BlastKind.NOTE, False)
    assert "Thanks" in text_of(marta.get(f"/messages/{blast.id}"))
    assert "Thanks" in text_of(marta.get("/"))


def test_a_missing_language_stops_a_message_too(marta: TestClient, wiring: Wiring) -> None:
    page = marta.post("/messages/new", data=NOTE | {"text_es": ""})
    assert page.status_code == 422
    assert 'id="text_es-wrong"' in page.text
    assert drafts(wiring) == []


def test_a_text_that_is_too_long_with_our_name_is_told_before_it_is_sent(
    marta: TestClient, wiring: Wiring, volunteers: None
) -> None:
    """The carrier would refuse every one of them."""
    path = written(marta, text_en="x" * 1590)
    assert "how to stop it has 1,615 letters" in text_of(marta.get(path))
    page = marta.post(path, data={"when": "now"})
    assert page.status_code == 422
    assert blasts(wiring) == []
    assert drafts(wiring)[0].state is DraftState.DRAFT


def test_a_message_goes_to_those_who_are_chosen(
    marta: TestClient, wiring: Wiring, volunteers: None, clock: StillClock
) -> None:
    path = written(marta)
    people = path.removesuffix("/send") + "/people"
    only = text_of(marta.get(path.removesuffix("/send") + "/count", params={"reads_es": "yes"}))
    assert "1 person" in only
    counted = marta.post(people, data={"reads_es": "yes", "action": "count"})
    assert "1 person asked for no texts" in text_of(counted)
    page = marta.post(people, data={"reads_es": "yes"})
    assert "Send to 1 person" in text_of(page)
    assert "Read Spanish" in text_of(page)
    assert "A••• +1•••0103" in text_of(page)
    marta.post(path, data={"when": "now"})
    assert launch_due_blasts(wiring.database, now=clock.tick(seconds=15)) == 1


def test_a_place_that_nobody_knows_comes_back(marta: TestClient, volunteers: None) -> None:
    people = written(marta).removesuffix("/send") + "/people"
    page = marta.post(people, data={"near": "Nowhereville", "within_miles": "900"})
    assert page.status_code == 422
    assert 'id="near-wrong"' in page.text
    assert 'id="within_miles-wrong"' in page.text
    assert "Nowhereville" in page.text


def test_a_follow_up_goes_to_exactly_those_who_were_asked(
    marta: TestClient, wiring: Wiring, draft: Rally, clock: StillClock
) -> None:
    marta.post(last_look(marta, draft), data={"when": "now"})
    launch_due_blasts(wiring.database, now=clock.tick(seconds=15))
    form = marta.get("/messages/new", params={"rally": str(draft.id), "to": "asked"})
    assert "Keep them together" in text_of(form)
    asked = {"rally": str(draft.id), "to": "asked", "id": hidden(form.text, "id")}
    page = text_of(marta.post("/messages/new", data=NOTE | asked))
    assert "3 people" in page
    assert "0 people" in text_of(
        marta.post("/messages/new", data=NOTE | asked | {"id": "", "to": "said_yes"})
    )


def test_what_was_typed_survives_a_lost_session(marta: TestClient, wiring: Wiring) -> None:
    marta.cookies.clear()
    page = marta.post("/messages/new", data=NOTE)
    assert page.status_code == 401
    assert 'name="kept:text_en" value="Thank you all."' in page.text
    wrong = marta.post(
        "/signin/code",
        data={
            "name": "marta",
            "code": "000000",
            "to": "/messages/new",
            "kept:text_en": "Thank you",
        },
    )
    assert wrong.status_code == 422
    assert 'name="kept:text_en" value="Thank you"' in wrong.text


def test_a_message_that_is_not_wanted_is_put_away(
    marta: TestClient, wiring: Wiring, volunteers: None
) -> None:
    path = written(marta)
    marta.post(path.removesuffix("/send") + "/drop")
    assert drafts(wiring)[0].state is DraftState.DROPPED
    assert marta.get(path).status_code == 409
    assert marta.post(path, data={"when": "now"}).status_code == 409
    assert "Thanks" not in text_of(marta.get("/"))


@pytest.mark.parametrize("page", ["edit", "people", "count", "send"])
def test_another_chapters_message_is_not_there(
    marta: TestClient, wiring: Wiring, other_group: Group, volunteers: None, page: str
) -> None:
    path = written(marta)
    with wiring.database.write() as session:
        (mine,) = session.exec(select(MessageDraft)).all()
        mine.chapter_id = other_group.chapter.id
        session.add(mine)
    assert marta.get(path.removesuffix("send") + page).status_code == 404
