"""A message on its way: counted in plain words, paused, resumed, stopped for good."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from service.blasts.launch import write_chunk
from service.blasts.progress import finish_blasts
from service.blasts.tables import Blast, BlastState
from service.chapters.tables import Sender
from service.outbox.claim import claim
from service.outbox.gate import count_behind
from service.outbox.tables import Delivery, State
from service.privacy.audit import AuditLine
from service.rallies.tables import Rally
from service.rsvps.plan import launch_due_blasts
from service.wiring import Wiring
from tests.factories import StillClock
from tests.web.console.conftest import text_of
from tests.web.console.test_rallies import blasts, draft, last_look, volunteers

__all__ = ["draft", "volunteers"]  # fixtures

OURS_ALONE = re.compile(r"\b(blasts?|outbox|deliver(y|ies)|segments?|payload|queue[ds]?)\b", re.I)


@pytest.fixture
def blast(marta: TestClient, wiring: Wiring, draft: Rally, clock: StillClock) -> Blast:
    """A call to three people that is being sent."""
    marta.post(last_look(marta, draft), data={"when": "now"})
    launch_due_blasts(wiring.database, now=clock.tick(seconds=15))
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
    with wiring.database.write() as session:
        for row in session.exec(select(Delivery).where(Delivery.state != State.DELIVERED)):
            row.state = State.DELIVERED
            session.add(row)
    page = text_of(marta.get(f"/messages/{blast.id}"))
    assert ("3 of 3 sent" in page, "3 arrived" in page, "failed" in page) == (True, True, False)


def test_a_message_that_is_still_being_written_is_counted_anew(
    marta: TestClient,
    wiring: Wiring,
    draft: Rally,
    clock: StillClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.blasts.launch.CHUNK", 1)
    marta.post(last_look(marta, draft), data={"when": "now"})
    blast_id, seen = blasts(wiring)[0].id, []
    for _ in range(4):
        with wiring.database.write() as session:
            write_chunk(session, blast_id, now=clock.tick(seconds=15))
        with wiring.database.read() as session:
            seen.append(sum(count_behind(session, blast_id).values()))
    assert seen == [1, 2, 3, 3]


def test_it_is_paused_and_goes_on(marta: TestClient, wiring: Wiring, blast: Blast) -> None:
    path = f"/messages/{blast.id}"
    assert "Paused" in text_of(marta.post(f"{path}/pause"))
    assert blasts(wiring)[0].state is BlastState.PAUSED
    assert "it is paused already" in text_of(marta.post(f"{path}/pause"))
    assert "On its way" in text_of(marta.post(f"{path}/resume"))


def test_stopping_is_asked_first_and_is_for_good(
    marta: TestClient, wiring: Wiring, blast: Blast
) -> None:
    path = f"/messages/{blast.id}"
    assert "Left already: 0. Waiting, and would not be sent: 3." in text_of(
        marta.get(f"{path}/stop")
    )
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


def fail_with(wiring: Wiring, *codes: str, state: State = State.UNDELIVERED) -> None:
    """Let texts fail, one with each code; whatever is left arrives."""
    with wiring.database.write() as session:
        rows = session.exec(select(Delivery).order_by(col(Delivery.id))).all()
        for place, row in enumerate(rows):
            failed = place < len(codes)
            row.state, row.reason = (state, codes[place]) if failed else (State.DELIVERED, "")
            row.sid = f"SM{place:032x}"
            session.add(row)


def states(wiring: Wiring) -> list[State]:
    with wiring.database.read() as session:
        return [row.state for row in session.exec(select(Delivery).order_by(col(Delivery.id)))]


def test_each_failure_is_told_with_what_helps(
    marta: TestClient, wiring: Wiring, blast: Blast
) -> None:
    fail_with(wiring, "30003", "21614")
    page = text_of(marta.get(f"/messages/{blast.id}"))
    assert "The phone is off or out of reach Try these again later today" in page
    assert "Not a mobile number Ask them for another number" in page
    assert "Try again now" in page


def test_only_what_may_pass_is_tried_again_and_nobody_twice(
    marta: TestClient, wiring: Wiring, blast: Blast, clock: StillClock
) -> None:
    fail_with(wiring, "30003", "21614")
    finish(wiring, clock)
    for _ in range(2):
        marta.post(f"/messages/{blast.id}/retry")
    assert states(wiring) == [State.PLANNED, State.UNDELIVERED, State.DELIVERED]
    assert blasts(wiring)[0].state is BlastState.SENDING
    with wiring.database.read() as session:
        assert len(session.exec(select(Delivery)).all()) == 3
        assert (
            len(session.exec(select(AuditLine).where(AuditLine.action == "message.retry")).all())
            == 1
        )


@pytest.mark.parametrize("state", [State.IN_DOUBT, State.ACCEPTED, State.SENT, State.DELIVERED])
def test_what_may_have_arrived_is_never_tried_again(
    marta: TestClient, wiring: Wiring, blast: Blast, state: State
) -> None:
    fail_with(wiring, "30003", "30003", "30003", state=state)
    assert "Try again now" not in text_of(marta.get(f"/messages/{blast.id}"))
    assert marta.post(f"/messages/{blast.id}/retry").status_code == 409
    assert states(wiring) == [state] * 3


def test_nothing_is_tried_again_once_it_is_too_late_or_stopped(
    marta: TestClient, wiring: Wiring, blast: Blast, clock: StillClock
) -> None:
    fail_with(wiring, "30003")
    with wiring.database.write() as session:
        late = session.get_one(Blast, blast.id)
        late.not_after = clock.now()
        session.add(late)
    assert "Try again now" not in text_of(marta.get(f"/messages/{blast.id}"))
    assert marta.post(f"/messages/{blast.id}/retry").status_code == 409
    marta.post(f"/messages/{blast.id}/stop")
    assert marta.post(f"/messages/{blast.id}/retry").status_code == 409


def test_whoever_stops_it_second_is_told_the_truth(
    marta: TestClient, wiring: Wiring, blast: Blast
) -> None:
    first = text_of(marta.post(f"/messages/{blast.id}/stop"))
    assert "Stopped by Marta" in first
    assert "already" not in first
    second = text_of(marta.post(f"/messages/{blast.id}/stop"))
    assert "You stopped it already, Mon 2 Mar, 10:00 am" in second
    assert "were left when it was stopped" in second
    with wiring.database.read() as session:
        assert (
            len(session.exec(select(AuditLine).where(AuditLine.action == "message.stop")).all())
            == 1
        )


def test_stopping_what_has_all_left_says_so(
    marta: TestClient, wiring: Wiring, blast: Blast, clock: StillClock
) -> None:
    fail_with(wiring)
    finish(wiring, clock)
    assert "There was nothing left to stop" in text_of(marta.post(f"/messages/{blast.id}/stop"))


def test_two_who_pause_or_resume_are_both_told(marta: TestClient, blast: Blast) -> None:
    path = f"/messages/{blast.id}"
    assert "Someone else" not in text_of(marta.post(f"{path}/pause"))
    assert "it is paused already" in text_of(marta.post(f"{path}/pause"))
    assert "Someone else" not in text_of(marta.post(f"{path}/resume"))
    assert "it goes on already" in text_of(marta.post(f"{path}/resume"))


def test_the_picture_says_the_same_in_words(
    marta: TestClient, wiring: Wiring, blast: Blast, clock: StillClock
) -> None:
    assert "Over time" not in text_of(marta.get(f"/messages/{blast.id}"))
    with wiring.database.write() as session:
        sender = session.get_one(Sender, blast.sender_id)
        for _ in range(2):
            assert len(claim(session, sender, limit=1, now=clock.tick(seconds=1))) == 1
    clock.tick(minutes=2)
    with wiring.database.write() as session:
        row = session.exec(select(Delivery).where(Delivery.state == State.SUBMITTING)).first()
        assert row is not None
        row.state, row.changed_at = State.DELIVERED, clock.now()
        session.add(row)
    page = text_of(marta.get(f"/messages/{blast.id}"))
    assert "From 10:00 am to 10:02 am. Sent: 2. Arrived: 1. Half had been sent by 10:00 am." in page


def test_speed_and_time_left_are_told(
    marta: TestClient, wiring: Wiring, blast: Blast, clock: StillClock
) -> None:
    clock.tick(minutes=1)
    page = text_of(marta.get(f"/messages/{blast.id}"))
    assert "about a second left" in page
    assert "0 people a minute" not in page  # nothing has left yet: that is no speed


def test_a_message_leads_to_those_who_got_it(marta: TestClient, blast: Blast) -> None:
    page = marta.get(f"/messages/{blast.id}").text
    for to in ("asked", "said_yes", "silent"):
        assert f"&amp;to={to}" in page


def finish(wiring: Wiring, clock: StillClock) -> None:
    """The clock notices that nothing waits any more."""
    with wiring.database.write() as session:
        assert finish_blasts(session, now=clock.now()) == 1
