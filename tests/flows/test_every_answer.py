"""Every answer that is misread elsewhere, as people live it.

Each row is texted by somebody who reads English and by somebody who reads Spanish (its first text by
both), through the carrier's signed webhook. Looked at afterwards: their answer and how many come,
whether they still get our texts, what we texted back and in which language, and whether a person is
to read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select
from twilio.request_validator import RequestValidator

from service.db import Database, new_id
from service.inbox.tables import Inbound, Thread, ThreadState
from service.messages.catalog import Catalog
from service.outbox.tables import Delivery
from service.people.tables import Person
from service.privacy.keyring import Keyring
from service.privacy.policy import SYSTEM
from service.rallies.cancel import cancel
from service.rallies.tables import Rally
from service.rsvps.ask import open_asks
from service.rsvps.tables import Rsvp, Seat
from service.settings import Settings
from service.sms.signature import Signatures
from service.wiring import Wiring
from tests.apps import app_of
from tests.factories import StillClock
from tests.flows.town import SENDER, Town

PUBLIC_URL = "http://localhost:8000"
INBOUND = "/webhooks/twilio/inbound"
ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "made-up"
LANGUAGES = ("en", "es")
CROWD = 101  # fills what is full

# How each answer begins, in English and in Spanish.
BEGINS = {
    "party_confirmed": ("Thank you! We noted", "¡Gracias! Anotamos"),
    "no_noted": ("Thank you for answering", "Gracias por responder"),
    "changed_to_no": ("Thank you for telling us", "Gracias por avisar"),
    "maybe_noted": ("That's fine. When you know", "No hay problema. Cuando sepa"),
    "remainder_to_person": ("We passed your note", "Pasamos su nota"),
    "opt_out": ("Acompaña: done, no more texts", "Acompaña: listo, ya no le mandamos"),
    "closed_cancelled": ("Thank you, but", "Gracias, pero"),
    "standby": ("Thank you!", "¡Gracias! Ya hay gente"),
    "unknown_text": ("Acompaña: a person will read", "Acompaña: una persona va a leer"),
}


@dataclass(frozen=True)
class After:
    """What is so after a text. answers: names in messages/*.toml, in the order in which they leave."""

    rsvp: str
    answers: tuple[str, ...] = ()
    party: int = 1
    consent: str = "active"
    waits: bool = False  # a person is to read it


@dataclass(frozen=True)
class Row:
    """Texts that mean the same. before: the question is "open", "answered" (a yes) or not ("idle");
    or what they were asked about is "full" or "cancelled" by now.
    """

    texts: tuple[str, ...]
    after: After
    before: str = "open"
    form: Mapping[str, str] = field(default_factory=dict)


NOTED = "remainder_to_person"
YES = After("yes", ("party_confirmed",))
NO = After("no", ("no_noted",))
MAYBE = After("maybe", ("maybe_noted",))
NOTHING = After("none")
STILL_YES = After("yes")
LEFT = After("none", ("opt_out",), consent="opted_out")
LEFT_BY_CARRIER = replace(LEFT, answers=())
OURS = "“Acompaña: rally Fri Mar 13, 5 pm. Can you come? Reply Y or N. STOP to stop.”"

TRAPS = (
    Row(("not sure", "I'm not sure", "no sé", "no se"), MAYBE),
    Row(("No problem, I'll be there", "no hay problema, ahí estaré"), YES),
    Row(("No, not today", "no, hoy no"), NO),
    Row(
        ("Sí", "si", "SI!", "sii", "simón", "dale", "claro que sí", "ahí estaré", "Y", "S"),
        YES,
    ),
    Row(("Yes both of us", "YES 2", "si, los dos", "S 2"), replace(YES, party=2)),
    Row(("vamos 3", "Y 3", "we are three"), replace(YES, party=3)),
    Row(
        (
            "Count me in! We have got to STOP this deportation",
            "Cuenten conmigo! Hay que parar esta deportación",
        ),
        replace(YES, answers=("party_confirmed", NOTED), waits=True),
    ),
    Row(("stop please", "Stop. Thank you", "no mas mensajes", "baja"), LEFT),
    Row(
        ("stop please", "ya no me manden"),
        replace(LEFT, rsvp="withdrawn", waits=True),
        before="answered",
    ),
    Row(("CANCEL", "Cancel", "STOP", "END"), LEFT_BY_CARRIER),
    Row(("CANCEL", "STOP"), LEFT_BY_CARRIER, form={"OptOutType": "STOP"}),
    Row(("thank you", "gracias", "ok gracias", "Thanks!", "muchas gracias", "🙏"), NOTHING),
    Row(("thank you", "gracias", "ok gracias", "🙏"), STILL_YES, before="answered"),
    Row((f"Liked {OURS}", f"Loved {OURS}", f"Le gustó {OURS}", "👍", "✅"), YES),
    Row((f"Disliked {OURS}", f"No le gustó {OURS}", "👎"), NO),
    Row(("Loved an image", "Le encantó una imagen"), NOTHING),
    Row((f"Liked {OURS}", "Loved an image"), NOTHING, before="idle"),
    Row(
        ("yes in 2 hours", "si en 2 horas"),
        replace(YES, answers=("party_confirmed", NOTED), waits=True),
    ),
    Row(
        ("no but I can in 2 hours", "no pero puedo en 2 horas"),
        replace(NO, answers=("no_noted", NOTED), waits=True),
    ),
    Row(("Y", "si", "sí voy"), After("none", ("closed_cancelled",)), before="cancelled"),
    Row(("Y", "si", "sí voy"), After("standby", ("standby",)), before="full"),
    Row(("N", "no puedo"), After("withdrawn", ("changed_to_no",)), before="answered"),
)


class Phones:
    """People who text the network's number, and what it makes of it."""

    def __init__(self, town: Town, client: TestClient) -> None:
        self.town, self._client = town, client
        self._numbers = iter(range(200, 9000))
        self._open, self._full = town.rally(), town.rally()
        with town.wiring.database.write() as session:
            seat = session.exec(select(Seat).where(Seat.subject == self._full.subject)).one()
            seat.capacity = 1
            session.add(seat)
        town.volunteer(CROWD)
        self._ask(self._full, CROWD)
        self.text(CROWD, "Y")

    def text(self, number: int, body: str, form: Mapping[str, str] | None = None) -> None:
        """Post a text as the carrier does, signed."""
        self.town.clock.tick(seconds=1)
        sid = f"SM{new_id().hex}"
        posted = {
            "MessageSid": sid, "SmsSid": sid, "AccountSid": ACCOUNT_SID, "Body": body,
            "From": f"+1413555{number:04}", "To": SENDER, "NumMedia": "0",
        } | dict(form or {})  # fmt: skip
        signature = RequestValidator(AUTH_TOKEN).compute_signature(PUBLIC_URL + INBOUND, posted)
        answer = self._client.post(
            INBOUND, data=posted, headers={"X-Twilio-Signature": signature}
        )  # fmt: skip
        assert (answer.status_code, "<Response/>" in answer.text) == (200, True)

    def after(self, row: Row, text: str, language: str) -> After:
        """Return what is so after somebody texts it, in what they were asked about."""
        number = next(self._numbers)
        person = self.town.volunteer(number, language=language)
        rally = self._asked(row.before, number)
        if row.before == "answered":
            self.text(number, "Y")
        with self.town.session() as session:
            earlier = _sent(session, person)
        self.text(number, text, row.form)
        with self.town.session() as session:
            sent = _sent(session, person)[len(earlier) :]
            bodies = self.town.got(number)[-len(sent) :] if sent else []
            for template, body in zip(sent, bodies, strict=True):
                begins = BEGINS.get(template, ("", ""))  # another answer shows in the row
                assert body.startswith(begins[LANGUAGES.index(language)]), (text, body)
            return _facts(session, person, rally, tuple(sent))

    def _asked(self, before: str, number: int) -> Rally:
        rally = self._full if before == "full" else self._open
        if before == "cancelled":
            rally = self.town.rally()
        if before != "idle":
            self._ask(rally, number)
        if before == "cancelled":
            with self.town.wiring.database.write() as session:
                found = session.get_one(Rally, rally.id)
                now = self.town.clock.now()
                cancel(session, self.town.wiring.catalog, found, by=SYSTEM, now=now)
        return rally

    def _ask(self, rally: Rally, number: int) -> None:
        key = self.town.wiring.keyring.phone_key(f"+1413555{number:04}")
        with self.town.wiring.database.write() as session:
            person = session.exec(select(Person).where(Person.phone_key == key)).one()
            open_asks(
                session, [person.id], rally.subject, now=self.town.clock.now(),
                expires_at=rally.starts_at,
            )  # fmt: skip


def _sent(session: Session, person: Person) -> list[str]:
    query = select(Delivery.template).where(Delivery.person_id == person.id)
    return list(session.exec(query.order_by(col(Delivery.id))).all())


def _facts(session: Session, person: Person, rally: Rally, answers: tuple[str, ...]) -> After:
    rsvp = session.exec(
        select(Rsvp).where(Rsvp.person_id == person.id, Rsvp.subject == rally.subject)
    ).first()
    texts = session.exec(select(Inbound).where(Inbound.person_id == person.id)).all()
    thread = session.exec(select(Thread).where(Thread.person_id == person.id)).first()
    is_open = thread is not None and thread.state is ThreadState.OPEN
    assert is_open is any(text.needs_person for text in texts)
    return After(
        rsvp.state.value if rsvp else "none", answers, rsvp.party_size if rsvp else 1,
        session.get_one(Person, person.id).consent.value, is_open,
    )  # fmt: skip


@pytest.fixture
def phones(
    database: Database, keyring: Keyring, catalog: Catalog, clock: StillClock
) -> Iterator[Phones]:
    """One network for all rows."""
    settings = Settings(public_url=PUBLIC_URL, twilio_account_sid=ACCOUNT_SID)
    signatures = Signatures(
        public_url=PUBLIC_URL, account_sid=ACCOUNT_SID, auth_tokens=[AUTH_TOKEN]
    )
    wiring = Wiring(settings, database, keyring, clock, catalog, signatures)
    town = Town(wiring, clock)
    with TestClient(app_of(wiring), raise_server_exceptions=False) as client:
        yield Phones(town, client)


def test_no_answer_is_misread(phones: Phones) -> None:
    found = {
        (row.before, text, language): (phones.after(row, text, language), row.after)
        for row in TRAPS
        for place, text in enumerate(row.texts)
        for language in (LANGUAGES if place == 0 else LANGUAGES[place % 2 :][:1])
    }
    wrong = {said: is_so for said, (is_so, meant) in found.items() if is_so != meant}
    assert wrong == {}


def test_a_carriers_word_is_on_record_and_only_they_come_back(phones: Phones) -> None:
    town, number = phones.town, 150
    person = town.volunteer(number)
    phones.text(number, "CANCEL", {"OptOutType": "STOP"})
    phones.text(number, "Y")
    with town.session() as session:
        assert session.get_one(Person, person.id).consent.value == "opted_out"
        theirs = select(Inbound).where(Inbound.person_id == person.id)
        kept = session.exec(theirs.order_by(col(Inbound.id))).all()
        assert [text.opt_out_type for text in kept] == ["STOP", ""]
        assert _sent(session, person) == []
    phones.text(number, "START", {"OptOutType": "START"})
    with town.session() as session:
        assert session.get_one(Person, person.id).consent.value == "active"
