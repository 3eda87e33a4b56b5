"""A call is placed once, whatever the carrier answers; and what nobody knows is never placed again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlmodel import select

from service.calls.place import Caller, CallParts, claim, record, tidy
from service.calls.plan import Call, plan_call, withdraw_calls
from service.calls.rules import RANK, REPORTED, moved
from service.calls.tables import CallState, VoiceCall
from service.db import Database
from service.messages.catalog import Catalog
from service.outbox.events import Timing
from service.outbox.tables import Notice
from service.privacy.keyring import Keyring
from service.sms.carrier import Accepted, InDoubt, NeverSent, Refused
from service.sms.voice import TwilioVoice
from tests.factories import StillClock, make_chapter, make_sender, make_volunteer
from tests.sandbox.driver import ACCOUNT, ALMA, OURS, TOKEN, Sandbox, running_sandbox

C = CallState


@pytest.fixture(scope="module")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), "--number", OURS) as found:
        yield found


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    sandbox_process.post("/reset", {"clock": True})
    return sandbox_process


class Line:
    """Alma, whose phone can be rung, and what rings it."""

    def __init__(
        self, database: Database, keyring: Keyring, catalog: Catalog, clock: StillClock
    ) -> None:
        self.database, self.keyring, self.catalog, self.clock = database, keyring, catalog, clock
        with database.write() as session:
            chapter = make_chapter(session)
            make_sender(session, chapter, OURS)
            self.alma = make_volunteer(session, keyring, chapter, 101, now=clock.now())

    def plan(self, once_key: str = "safety:1:1:called:alma") -> bool:
        call = Call(
            "safety_shift", once_key, "safety:1", "1",
            {"name": "Azucena", "why": "no word from them"},
        )  # fmt: skip
        with self.database.write() as session:
            return plan_call(
                session, self.keyring, self.catalog, self.alma, call, now=self.clock.now()
            )

    def place(self, url: str) -> int:
        """Let one turn of a caller happen, against the carrier at this address."""

        async def once() -> int:
            voice = TwilioVoice(
                api_base=url, account_sid=ACCOUNT, auth_token=TOKEN, timeout_seconds=2,
                connections=5,
            )  # fmt: skip
            parts = CallParts(
                self.database, self.keyring, voice, self.clock, "http://127.0.0.1:9", Timing()
            )
            try:
                return await Caller(parts).place_once()
            finally:
                await voice.close()

        return asyncio.run(once())

    def only(self) -> VoiceCall:
        with self.database.read() as session:
            return session.exec(select(VoiceCall)).one()


@pytest.fixture
def line(database: Database, keyring: Keyring, catalog: Catalog, clock: StillClock) -> Line:
    return Line(database, keyring, catalog, clock)


def test_a_reason_is_a_call_once(line: Line) -> None:
    assert [line.plan(), line.plan()] == [True, False]


def test_it_is_placed_once_and_its_words_are_sealed(line: Line, sandbox: Sandbox) -> None:
    line.plan()
    assert line.place(sandbox.url) == 1
    assert line.place(sandbox.url) == 0
    call = line.only()
    assert call.state is C.PLACED
    assert [entry["sid"] for entry in sandbox.ledger("call-created")] == [call.sid]
    assert b"Azucena" not in call.says_sealed


@pytest.mark.parametrize(
    "fault", ["accept-then-reset", "accept-then-500", "refuse-then-reset", "refuse-then-500"]
)
def test_what_nobody_knows_is_never_placed_again(line: Line, sandbox: Sandbox, fault: str) -> None:
    line.plan()
    sandbox.post("/faults", [{"fault": fault, "count": 1}])
    line.place(sandbox.url)
    assert line.only().state is C.IN_DOUBT
    for _ in range(3):
        line.clock.tick(minutes=1)
        assert line.place(sandbox.url) == 0
    assert len(sandbox.ledger("call-created")) == (1 if fault.startswith("accept") else 0)


def test_too_fast_and_no_connection_are_tried_again(line: Line, sandbox: Sandbox) -> None:
    line.plan()
    assert line.place("http://127.0.0.1:9") == 1
    assert line.only().state is C.PLANNED
    sandbox.post("/faults", [{"fault": "429", "count": 1}])
    line.clock.tick(seconds=6)
    line.place(sandbox.url)
    assert line.only().state is C.PLANNED
    line.clock.tick(seconds=6)
    line.place(sandbox.url)
    assert line.only().state is C.PLACED


def test_a_refusal_ends_it_where_a_person_sees_it(line: Line, sandbox: Sandbox) -> None:
    line.plan()
    with line.database.write() as session:
        call = session.exec(select(VoiceCall)).one()
        claim(session, now=line.clock.now())
        record(session, call.id, Refused(21210, 400), now=line.clock.now())
    assert (line.only().state, line.only().reason) == (C.FAILED, "21210")
    with line.database.read() as session:
        assert session.exec(select(Notice.key)).one().startswith("call_failed:21210")


def test_a_process_that_died_with_it_leaves_it_in_doubt(line: Line) -> None:
    line.plan()
    with line.database.write() as session:
        assert len(claim(session, now=line.clock.now())) == 1
    line.clock.tick(seconds=20)
    with line.database.write() as session:
        tidy(session, now=line.clock.now(), lease=Timing().lease)
        assert claim(session, now=line.clock.now()) == []
    assert line.only().state is C.IN_DOUBT


def test_one_that_has_lost_its_use_is_not_placed(line: Line, sandbox: Sandbox) -> None:
    line.plan()
    line.clock.tick(minutes=11)
    assert line.place(sandbox.url) == 0
    assert line.only().state is C.EXPIRED


def test_one_that_was_taken_back_is_not_placed(line: Line, sandbox: Sandbox) -> None:
    line.plan()
    with line.database.write() as session:
        assert withdraw_calls(session, "safety:1", reason="resolved", now=line.clock.now()) == 1
    assert line.place(sandbox.url) == 0


def test_news_that_comes_before_the_answer_is_kept(line: Line) -> None:
    line.plan()
    with line.database.write() as session:
        call = claim(session, now=line.clock.now())[0]
        call.state = C.ANSWERED
        session.add(call)
        session.flush()
        record(session, call.id, Accepted("CA1"), now=line.clock.now())
        for late in (InDoubt("late"), NeverSent("late"), Refused(0, 400)):
            record(session, call.id, late, now=line.clock.now())
    assert (line.only().state, line.only().sid) == (C.ANSWERED, "CA1")


def test_a_call_only_moves_forward() -> None:
    assert moved(C.PRESSED, C.ENDED) is C.PRESSED
    assert moved(C.IN_DOUBT, C.PLACED) is C.PLACED
    assert moved(C.ENDED, C.ANSWERED) is C.ENDED
    assert set(REPORTED.values()) <= set(RANK) == set(C)


def test_the_number_that_rings_is_the_one_that_was_registered(line: Line, sandbox: Sandbox) -> None:
    line.plan()
    line.place(sandbox.url)
    assert sandbox.ledger("call-created")[0]["to"] == ALMA == "+14135550101"
    assert isinstance(line.only().id, UUID)
    assert line.only().created_at < datetime(2027, 1, 1, tzinfo=UTC)
