"""What the carrier asks about a call: signed, ours, answered in the person's language."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from service.calls.plan import Call, plan_call
from service.calls.tables import CallState, VoiceCall
from service.chapters.shifts import add_shift
from service.checkins.safety.report import raise_alarm, resolve
from service.checkins.safety.tables import SafetyCheck, SafetyState
from service.db import new_id
from service.outbox.tables import Delivery
from service.people.tables import Person
from service.privacy.policy import Role, Viewer
from service.wiring import Wiring
from tests.factories import make_family, make_volunteer
from tests.web.conftest import ACCOUNT_SID, Group
from tests.web.webhooks.test_signed import sign

VOICE = "/webhooks/twilio/voice"


class Rung:
    """Noor and Hannah are on call, and their phones ring: Azucena wrote that she is in danger."""

    def __init__(self, client: TestClient, wiring: Wiring, group: Group) -> None:
        self.client, self.wiring = client, wiring
        now = wiring.clock.now()
        with wiring.database.write() as session:
            self.noor = self._on_call(session, group, 140, "Noor", "es")
            self.hannah = self._on_call(session, group, 142, "Hannah", "en")
            family = make_family(session, wiring.keyring, group.chapter, 120, now=now)
            self.safety_id = raise_alarm(session, wiring.outbox, family, now=now).id

    def _on_call(
        self, session: Session, group: Group, number: int, name: str, language: str
    ) -> Person:
        now = self.wiring.clock.now()
        person = make_volunteer(
            session, self.wiring.keyring, group.chapter, number, now=now, name=name,
            language=language,
        )  # fmt: skip
        add_shift(session, group.chapter.id, person.id, starts_at=now,
                  ends_at=now + timedelta(hours=8), by="Marta", now=now)  # fmt: skip
        return person

    def call_of(self, person: Person) -> VoiceCall:
        with self.wiring.database.read() as session:
            return session.exec(select(VoiceCall).where(VoiceCall.person_id == person.id)).one()

    def check(self) -> SafetyCheck:
        with self.wiring.database.read() as session:
            return session.get_one(SafetyCheck, self.safety_id)

    def post(self, person: Person, what: str = "", **fields: str) -> str:
        """The carrier asks; what comes back is what the phone hears."""
        call = self.call_of(person)
        mac = self.wiring.keyring.callback_mac(call.id)
        path = f"{VOICE}{what}?call={call.id.hex}&mac={mac}"
        form = {"AccountSid": ACCOUNT_SID, "CallSid": f"CA{call.id.hex}",
                "CallStatus": "in-progress"} | fields  # fmt: skip
        answer = self.client.post(path, data=form, headers=sign(path, form))
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture
def rung(client: TestClient, wiring: Wiring, group: Group) -> Rung:
    return Rung(client, wiring, group)


def test_whoever_picks_up_hears_in_their_language_and_is_asked_for_a_key(rung: Rung) -> None:
    heard = rung.post(rung.noor)
    assert '<Say language="es-MX">Le habla Acompaña' in heard
    assert heard.count("<Gather") == 3
    assert "Azucena" in heard
    assert rung.call_of(rung.noor).state is CallState.ANSWERED
    assert '<Say language="en-US">This is Acompaña' in rung.post(rung.hannah)


def test_picking_up_alone_takes_nothing(rung: Rung) -> None:
    rung.post(rung.noor)
    rung.post(rung.noor, "/status", CallStatus="completed")
    assert rung.check().state is SafetyState.ESCALATED
    assert rung.call_of(rung.noor).state is CallState.ENDED


def test_the_first_who_presses_one_has_it(rung: Rung) -> None:
    rung.post(rung.noor)
    rung.post(rung.hannah)
    assert "Queda en sus manos" in rung.post(rung.noor, "/key", Digits="1")
    assert "Someone else has it" in rung.post(rung.hannah, "/key", Digits="1")
    check = rung.check()
    assert (check.state, check.taken_by) == (SafetyState.TAKEN, "on_call")
    assert check.taken_person_id == rung.noor.id
    rung.post(rung.noor, "/status", CallStatus="completed")
    assert rung.call_of(rung.noor).state is CallState.PRESSED
    with rung.wiring.database.read() as session:
        assert "safety_taken" in session.exec(select(Delivery.template)).all()


def test_who_picks_up_after_somebody_took_it_is_let_go(rung: Rung) -> None:
    rung.post(rung.noor, "/key", Digits="1")
    heard = rung.post(rung.hannah)
    assert "Someone else has it" in heard
    assert "<Gather" not in heard


def test_a_key_that_is_pressed_twice_counts_once(rung: Rung) -> None:
    rung.post(rung.noor, "/key", Digits="1")
    before = rung.check()
    assert "Gracias" in rung.post(rung.noor, "/key", Digits="1")
    assert rung.check().turn == before.turn


@pytest.mark.parametrize("digits", ["", "2", "9", "11", "*"])
def test_any_other_key_asks_again(rung: Rung, digits: str) -> None:
    assert "<Gather" in rung.post(rung.noor, "/key", Digits=digits)
    assert rung.check().state is SafetyState.ESCALATED


def test_who_picks_up_after_the_end_hears_that_it_is_over(rung: Rung) -> None:
    with rung.wiring.database.write() as session:
        check = session.get_one(SafetyCheck, rung.safety_id)
        resolve(session, rung.wiring.outbox, check, by=Viewer(Role.ORGANIZER, "Marta"),
                now=rung.wiring.clock.now())  # fmt: skip
    assert "<Gather" not in rung.post(rung.noor)


@pytest.mark.parametrize("what", ["", "/key", "/status"])
def test_a_call_that_is_not_ours_is_refused(rung: Rung, what: str) -> None:
    form = {"AccountSid": ACCOUNT_SID, "CallSid": "CA1", "CallStatus": "completed"}
    for query in (f"?call={new_id().hex}&mac=0", "?call=x&mac=x", ""):
        path = f"{VOICE}{what}{query}"
        assert rung.client.post(path, data=form, headers=sign(path, form)).status_code == 403
    unsigned = rung.client.post(f"{VOICE}{what}", data=form)
    assert unsigned.status_code == 403


def test_a_call_that_offers_no_key_says_it_and_ends(rung: Rung, group: Group) -> None:
    now = rung.wiring.clock.now()
    with rung.wiring.database.write() as session:
        tess = make_volunteer(
            session, rung.wiring.keyring, group.chapter, 143, now=now, name="Tess"
        )
        call = Call("lock_told", once_key="lock", subject=f"lock:{tess.id.hex}", keys="",
                    values={"who": "Marta"})  # fmt: skip
        outbox = rung.wiring.outbox
        assert plan_call(session, outbox.keyring, outbox.catalog, tess, call, now=now)
    heard = rung.post(tess)
    assert "Marta has stopped every text" in heard
    assert "<Gather" not in heard
    assert rung.call_of(tess).state is CallState.ANSWERED
