"""A message on its way: counted in plain words, paused, resumed, stopped for good."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from service.blasts.tables import Blast, BlastState
from service.outbox.tables import Delivery, State
from service.privacy.audit import AuditLine
from service.rallies.tables import Rally
from service.rsvps.plan import launch_due_blasts
from service.wiring import Wiring
from tests.factories import StillClock
from tests.web.console.conftest import text_of
from tests.web.console.test_rallies import blasts, draft, volunteers

__all__ = ["draft", "volunteers"]  # fixtures

OURS_ALONE = re.compile(r"\b(blasts?|outbox|deliver(y|ies)|segments?|payload|queue[ds]?)\b", re.I)


@pytest.fixture
def blast(marta: TestClient, wiring: Wiring, draft: Rally, clock: StillClock) -> Blast:
    """A call to three people that is being sent."""
    marta.post(f"/rallies/{draft.id}/send", data={"when": "now"})
    launch_due_blasts(wiring.database, now=clock.tick(seconds=10))
    return blasts(wiring)[0]


def test_progress_is_told_in_plain_words(marta: TestClient, wiring: Wiring, blast: Blast) -> None:
    with wiring.database.write() as session:
        rows = session.exec(select(Delivery)).all()
        for row, state in zip(rows, (State.DELIVERED, State.FAILED, State.PLANNED), strict=True):
            row.state = state
            session.add(row)
    page = text_of(marta.get(f"/messages/{blast.id}"))
    assert "2 of 3 sent" in page
    assert "1 arrived" in page
    assert "1 waiting" in page
    assert "1 failed" in page
    assert "On its way" in page


def test_it_is_paused_and_goes_on(marta: TestClient, wiring: Wiring, blast: Blast) -> None:
    path = f"/messages/{blast.id}"
    assert "Paused" in text_of(marta.post(f"{path}/pause"))
    assert blasts(wiring)[0].state is BlastState.PAUSED
    assert marta.post(f"{path}/pause").status_code == 409
    assert "On its way" in text_of(marta.post(f"{path}/resume"))


def test_stopping_is_asked_first_and_is_for_good(
    marta: TestClient, wiring: Wiring, blast: Blast
) -> None:
    path = f"/messages/{blast.id}"
    assert "0 have left already. 3 are waiting" in text_of(marta.get(f"{path}/stop"))
    assert blasts(wiring)[0].state is BlastState.SENDING
    assert "Stopped" in text_of(marta.post(f"{path}/stop"))
    assert marta.post(f"{path}/resume").status_code == 409
    with wiring.database.read() as session:
        assert set(session.exec(select(Delivery.state))) == {State.SUPPRESSED}


def test_who_paused_and_stopped_is_on_the_record(
    marta: TestClient, wiring: Wiring, blast: Blast
) -> None:
    for verb in ("pause", "resume", "stop"):
        marta.post(f"/messages/{blast.id}/{verb}")
    with wiring.database.read() as session:
        lines = {(line.actor, line.action) for line in session.exec(select(AuditLine))}
    assert {("Marta", f"message.{verb}") for verb in ("pause", "resume", "stop")} <= lines


def test_no_page_speaks_of_our_insides(marta: TestClient, blast: Blast, draft: Rally) -> None:
    for path in ("/", f"/messages/{blast.id}", f"/messages/{blast.id}/stop", "/people",
                 f"/rallies/{draft.id}", "/rallies/new", "/checkins/new"):  # fmt: skip
        assert not OURS_ALONE.search(text_of(marta.get(path))), path


def test_what_is_not_there_is_told_kindly(marta: TestClient) -> None:
    for path in ("/messages/01890000-0000-7000-8000-000000000000", "/messages/x", "/nowhere"):
        page = marta.get(path)
        assert page.status_code == 404
        assert "We couldn't find that." in text_of(page)
