"""A rally call: composed in both languages, looked at, sent once, undone in time."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from service.blasts.tables import Blast, BlastState
from service.outbox.tables import Delivery
from service.people.tables import Consent
from service.rallies.tables import Rally, RallyKind, RallyState
from service.rsvps.plan import launch_due_blasts
from service.rsvps.tables import Seat
from service.wiring import Wiring
from tests.factories import StillClock, make_volunteer
from tests.web.conftest import Group
from tests.web.console.conftest import text_of

ENGLISH = "Acompaña: rally Fri Mar 13, 5 pm, 90 Main St. Can you come? Reply Y or N."
SPANISH = "Acompaña: viernes 13 de marzo, 5 pm, 90 Main St. ¿Viene? Responda S o N."
DRAFT = {
    "kind": "rally", "title": "Keep them together", "place": "90 Main St", "day": "2026-03-13",
    "clock": "17:00", "until": "19:00", "text_en": ENGLISH, "text_es": SPANISH,
}  # fmt: skip


def rallies(wiring: Wiring) -> list[Rally]:
    with wiring.database.read() as session:
        return list(session.exec(select(Rally)))


def blasts(wiring: Wiring) -> list[Blast]:
    with wiring.database.read() as session:
        return list(session.exec(select(Blast)))


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def last_look(browser: TestClient, rally: Rally) -> str:
    """The address of the last look at a rally's call: it names the draft."""
    page = browser.get(f"/rallies/{rally.id}/send")
    assert page.status_code == 200
    return str(page.url.path)


@pytest.fixture
def volunteers(wiring: Wiring, group: Group) -> None:
    """Three who get calls, one who asked for no texts, one who has not joined yet."""
    now = wiring.clock.now()
    rows = ((101, "en", Consent.ACTIVE), (102, "en", Consent.ACTIVE), (103, "es", Consent.ACTIVE),
            (104, "es", Consent.OPTED_OUT), (105, "en", Consent.INVITED))  # fmt: skip
    with wiring.database.write() as session:
        for number, language, consent in rows:
            make_volunteer(
                session, wiring.keyring, group.chapter, number, now=now, language=language,
                vetting=0, consent=consent,
            )  # fmt: skip


@pytest.fixture
def draft(marta: TestClient, wiring: Wiring, volunteers: None) -> Rally:
    """A rally that is ready to be sent."""
    assert marta.post("/rallies/new", data=DRAFT).status_code == 200
    (rally,) = rallies(wiring)
    return rally


def test_a_draft_leads_to_a_page_that_shows_what_arrives(marta: TestClient, draft: Rally) -> None:
    page = text_of(marta.get(f"/rallies/{draft.id}/send"))
    assert ENGLISH in page
    assert SPANISH in page
    assert "3 people" in page
    assert "to 2 people" in page
    assert "to 1 person" in page
    assert "1 person asked for no texts" in page
    assert "1 person has not said yes to texts so far" in page
    assert "Parts in all 3" in page
    assert "about a second" in page
    assert "Send to 3 people" in page


def test_a_language_that_is_missing_is_a_stop(marta: TestClient, wiring: Wiring) -> None:
    page = marta.post("/rallies/new", data=DRAFT | {"text_es": " "})
    assert page.status_code == 422
    assert 'id="text_es-wrong"' in page.text
    assert html.escape(ENGLISH) in page.text
    assert rallies(wiring) == []


MISTAKES = [
    ({"title": ""}, "title"),
    ({"place": "x" * 81}, "place"),
    ({"day": ""}, "day"),
    ({"day": "2026-03-01"}, "day"),
    ({"clock": "five"}, "clock"),
    ({"people_limit": "0"}, "people_limit"),
    ({"people_limit": "all"}, "people_limit"),
    ({"text_en": "x" * 1601}, "text_en"),
]


def test_a_mistake_is_told_beside_its_field_and_nothing_is_lost(
    marta: TestClient, wiring: Wiring
) -> None:
    for changes, field in MISTAKES:
        kept = DRAFT | changes
        page = marta.post("/rallies/new", data=kept)
        assert page.status_code == 422, changes
        assert f'id="{field}-wrong"' in page.text
        for name in ("title", "place", "text_en", "text_es"):
            assert kept[name] in html.unescape(page.text)
    assert rallies(wiring) == []


def test_a_first_text_is_written_from_what_is_there(marta: TestClient, wiring: Wiring) -> None:
    typed = DRAFT | {"text_en": "", "text_es": "", "action": "write"}
    page = text_of(marta.post("/rallies/new", data=typed))
    assert "Acompaña: rally, Fri Mar 13, 5:00 pm, 90 Main St. Can you come?" in page
    assert "viernes 13 de marzo" in page
    assert rallies(wiring) == []


def test_every_kind_has_a_first_text(marta: TestClient) -> None:
    for kind in RallyKind:
        page = marta.post("/rallies/new", data={"kind": kind.value, "action": "write"})
        assert page.status_code == 200, kind
        assert "Acompaña:" in text_of(page)


def test_a_double_click_saves_one_draft(marta: TestClient, wiring: Wiring) -> None:
    draft_id = hidden(marta.get("/rallies/new").text, "id")
    for _ in range(2):
        marta.post("/rallies/new", data=DRAFT | {"id": draft_id})
    assert [rally.id for rally in rallies(wiring)] == [UUID(draft_id)]


def test_a_draft_can_be_changed(marta: TestClient, wiring: Wiring, draft: Rally) -> None:
    path = f"/rallies/{draft.id}/edit"
    assert 'value="17:00"' in marta.get(path).text
    marta.post(path, data=DRAFT | {"place": "South Green", "until": "01:00"})
    (rally,) = rallies(wiring)
    assert rally.place == "South Green"
    assert rally.ends_at - rally.starts_at == timedelta(hours=8)


def test_a_double_click_sends_once(marta: TestClient, wiring: Wiring, draft: Rally) -> None:
    path = last_look(marta, draft)
    pages = [marta.post(path, data={"when": "now"}) for _ in range(2)]
    assert [page.status_code for page in pages] == [200, 200]
    (blast,) = blasts(wiring)
    assert str(blast.id) in path
    assert "Undo" in text_of(pages[0])
    assert "It was sent already" in text_of(pages[1])


def test_two_organizers_send_it_once_and_both_are_told(
    marta: TestClient, wiring: Wiring, draft: Rally
) -> None:
    first, second = (last_look(marta, draft) for _ in range(2))
    marta.post(first, data={"when": "now"})
    page = marta.post(second, data={"when": "now"})
    assert "Nobody gets it twice" in text_of(page)
    assert "It was sent already" in text_of(marta.get(second))
    assert len(blasts(wiring)) == 1


def test_it_leaves_after_fifteen_seconds_and_not_before(
    marta: TestClient, wiring: Wiring, draft: Rally, clock: StillClock
) -> None:
    marta.post(last_look(marta, draft), data={"when": "now"})
    clock.tick(seconds=14)
    assert launch_due_blasts(wiring.database, now=clock.now()) == 0
    clock.tick(seconds=1)
    assert launch_due_blasts(wiring.database, now=clock.now()) == 3
    with wiring.database.read() as session:
        assert len(session.exec(select(Delivery)).all()) == 3


def test_undo_gives_the_draft_back_and_it_can_be_sent_again(
    marta: TestClient, wiring: Wiring, draft: Rally, clock: StillClock
) -> None:
    marta.post(last_look(marta, draft), data={"when": "now"})
    (blast,) = blasts(wiring)
    page = marta.post(f"/messages/{blast.id}/undo")
    assert html.escape(ENGLISH) in page.text
    assert rallies(wiring)[0].state is RallyState.DRAFT
    clock.tick(seconds=30)
    assert launch_due_blasts(wiring.database, now=clock.now()) == 0

    marta.post(last_look(marta, draft), data={"when": "now"})
    clock.tick(seconds=15)
    assert launch_due_blasts(wiring.database, now=clock.now()) == 3
    with wiring.database.read() as session:
        assert len(session.exec(select(Seat)).all()) == 1


def test_undo_comes_too_late_once_it_leaves(
    marta: TestClient, wiring: Wiring, draft: Rally, clock: StillClock
) -> None:
    marta.post(last_look(marta, draft), data={"when": "now"})
    launch_due_blasts(wiring.database, now=clock.tick(seconds=15))
    (blast,) = blasts(wiring)
    assert marta.post(f"/messages/{blast.id}/undo").status_code == 409
    assert blasts(wiring)[0].state is BlastState.SENDING


def test_it_can_be_sent_at_a_time(marta: TestClient, wiring: Wiring, draft: Rally) -> None:
    later = {"when": "later", "send_day": "2026-03-10", "send_clock": "6:30 pm"}
    page = marta.post(last_look(marta, draft), data=later)
    assert "Leaves Tue 10 Mar, 6:30 pm (in 8 days)" in text_of(page)


WRONG_TIMES = [
    ({"send_day": "", "send_clock": ""}, "send_day"),
    ({"send_day": "2026-03-01", "send_clock": "10:00"}, "send_day"),
    ({"send_day": "2026-03-14", "send_clock": "10:00"}, "send_day"),
    ({"send_day": "2026-03-10", "send_clock": "noonish"}, "send_clock"),
]


def test_a_time_that_makes_no_sense_comes_back(
    marta: TestClient, wiring: Wiring, draft: Rally
) -> None:
    for later, field in WRONG_TIMES:
        page = marta.post(last_look(marta, draft), data={"when": "later", **later})
        assert page.status_code == 422, later
        assert f'id="{field}-wrong"' in page.text
        assert ENGLISH in text_of(page)
    assert blasts(wiring) == []


def test_nobody_to_send_to_is_said_and_there_is_no_button(
    marta: TestClient, wiring: Wiring
) -> None:
    assert "0 people" in text_of(marta.post("/rallies/new", data=DRAFT))
    page = marta.get(last_look(marta, rallies(wiring)[0]))
    assert "Nobody would get it" in text_of(page)
    assert "is-main" not in page.text


def test_quiet_hours_are_said_before_sending(
    marta: TestClient, wiring: Wiring, group: Group, draft: Rally
) -> None:
    with wiring.database.write() as session:
        group.chapter.quiet_from_minute, group.chapter.quiet_until_minute = 0, 11 * 60
        session.add(group.chapter)
    page = text_of(marta.get(f"/rallies/{draft.id}/send"))
    assert "It is quiet time: texts leave Mon 2 Mar, 11:00 am (in 60 minutes)." in page


def test_cancelling_first_says_how_many_will_be_told(
    marta: TestClient, wiring: Wiring, draft: Rally, clock: StillClock
) -> None:
    marta.post(last_look(marta, draft), data={"when": "now"})
    launch_due_blasts(wiring.database, now=clock.tick(seconds=15))
    path = f"/rallies/{draft.id}/cancel"
    assert "3 people were asked and will be told at once." in text_of(marta.get(path))
    assert "says what changed" in text_of(marta.post(path))
    assert rallies(wiring)[0].state is RallyState.CANCELLED
    assert marta.get(path).status_code == 409


def test_another_chapters_rally_is_not_there(
    marta: TestClient, wiring: Wiring, draft: Rally, other_group: Group
) -> None:
    with wiring.database.write() as session:
        draft.chapter_id = other_group.chapter.id
        session.add(draft)
    for page in ("", "/edit", "/send", "/cancel"):
        assert marta.get(f"/rallies/{draft.id}{page}").status_code == 404
