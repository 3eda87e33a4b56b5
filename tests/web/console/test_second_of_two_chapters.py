"""The second person who says yes is one of the same chapter, by page and by text."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import select

from service.accounts import sessions
from service.accounts.tables import How, Organizer
from service.blasts.second import approve
from service.errors import NotAllowed
from service.people.register import make_volunteer as join
from service.rallies.tables import Rally
from service.wiring import Wiring
from tests.factories import StillClock, make_organizer
from tests.web.conftest import Group
from tests.web.console.conftest import browser_of, text_of
from tests.web.console.test_compose import drafts
from tests.web.console.test_rallies import blasts, draft, last_look, volunteers
from tests.web.console.test_second import NOW, nora, phone_of, says, seen, small_limit, texts_to

__all__ = ["draft", "nora", "small_limit", "volunteers"]  # fixtures


@pytest.fixture
def kim(
    app: FastAPI, wiring: Wiring, other_group: Group, marta: TestClient
) -> Iterator[TestClient]:
    """The browser of Kim, who organizes in another chapter, and volunteers in Marta's."""
    now = wiring.clock.now()
    with wiring.database.write() as session:
        session.get_one(Organizer, other_group.organizer.id).name = "Ines"
        somebody = make_organizer(session, other_group.chapter, now=now, name="Kim")
        secret = sessions.begin(session, somebody, How.DEMO, now=now)
    with browser_of(app) as browser:
        browser.cookies.set("acompana", secret)
        yield browser


def test_somebody_of_another_chapter_is_no_second_person(
    marta: TestClient, nora: TestClient, kim: TestClient, wiring: Wiring, draft: Rally
) -> None:
    phone_of(wiring, "Kim", 190)
    path = last_look(marta, draft)
    looked = text_of(marta.get(path))
    assert "We ask Nora" in looked
    assert "Kim" not in looked
    marta.post(path, data=NOW)
    approval = path.removesuffix("/send") + "/approve"
    typed = {"seen": seen(nora.get(path).text)}
    assert kim.get(path).status_code == 404
    assert kim.post(approval, data=typed).status_code == 404
    assert blasts(wiring) == []
    with wiring.database.write() as session:
        somebody = session.exec(select(Organizer).where(Organizer.name == "Kim")).one()
        waiting = drafts(wiring)[0]
        with pytest.raises(NotAllowed):
            approve(session, waiting, by=somebody, seen=typed["seen"], now=wiring.clock.now())
    assert "Undo" in text_of(nora.post(approval, data=typed))
    assert len(blasts(wiring)) == 1


def test_a_code_of_one_chapter_works_from_no_phone_of_the_other(
    marta: TestClient, nora: TestClient, kim: TestClient, wiring: Wiring, draft: Rally,
    group: Group, clock: StillClock,
) -> None:  # fmt: skip
    """Kim belongs to both, as a volunteer: only Nora's phone says yes."""
    theirs, own = phone_of(wiring, "Kim", 190), phone_of(wiring, "Nora", 180)
    with wiring.database.write() as session:
        join(session, session.merge(theirs), group.chapter.id, now=clock.now(), how="text")
    marta.post(last_look(marta, draft), data=NOW)
    assert texts_to(wiring, theirs) == []
    code = re.search(r"APPROVE (\d{4})", texts_to(wiring, own)[-1])
    assert code
    says(wiring, 190, f"APPROVE {code[1]}")
    assert blasts(wiring) == []
    says(wiring, 180, f"APPROVE {code[1]}")
    assert len(blasts(wiring)) == 1


def test_alone_in_ones_chapter_is_alone_however_many_organize_elsewhere(
    marta: TestClient, kim: TestClient, wiring: Wiring, draft: Rally
) -> None:
    phone_of(wiring, "Kim", 190)
    phone = phone_of(wiring, "Marta", 181)
    path = last_look(marta, draft)
    assert "leaves after 10 minutes" in text_of(marta.get(path))
    marta.post(path, data=NOW)
    assert "UNDO" in texts_to(wiring, phone)[-1]
