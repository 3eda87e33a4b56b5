"""Whatever somebody texts, and whoever they are to us by then, does something or waits for a person."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, func, select

from service.chapters.tables import Chapter
from service.checkins.approve import USUAL_PLACES, Approval, approve
from service.checkins.register import Registration, register
from service.checkins.tables import CheckIn
from service.inbox.tables import Inbound, Thread, ThreadState
from service.outbox.tables import Delivery
from service.people.register import Card, make_volunteer
from service.people.tables import Consent, Person
from service.privacy.policy import SYSTEM
from service.rsvps.ask import open_asks
from service.rsvps.tables import Rsvp
from tests.factories import make_chapter, make_organizer, make_sender
from tests.flows.town import Town

MAY_BE_SILENT = ("thanks", "stop")  # a stop of somebody who has left already is in force
CORPORA = Path(__file__).parents[1] / "replies"


def _texts(found: object) -> Iterator[str]:
    """Yield the texts of a corpus: in lists, or the keys beside what they mean."""
    if isinstance(found, list):
        yield from (one for one in found if isinstance(one, str))
    elif isinstance(found, Mapping):
        yield from (key for key, inner in found.items() if isinstance(inner, str))
        for inner in found.values():
            yield from _texts(inner)


CORPUS = sorted(
    {
        text
        for name in ("phrases", "sentences", "dates")
        for text in _texts(tomllib.loads((CORPORA / f"{name}.toml").read_text("utf-8")))
    }
)
COMMANDS = (
    "Y", "N", "si", "no gracias", "maybe", "2", "Y 3", "0", "stop", "baja", "START", "JOIN", "help",
    "ayuda", "español", "gracias", "thanks!", "👍", "here", "llegué", "in", "out", "CITA", "CHANGE",
    "CANCEL", "BORRAR", "EVENTS", "CITAS", "MY LINK", "VOUCH", "LOCK", "LOCK 482913", "UNDO 4821",
    "APPROVE 4821", "RALLY Fri 5 pm, 90 Main St", "LEAVE GROUP", "DEJAR GRUPO", "JOIN 4821", "MUTE",
    "NEXT 3/14 9:30", "CALLED", "FIRME", "06103", "Hartford", "ICE is on Main St", "lo agarraron",
    "no sale", "detained", "later", "luego", "??", ".", "", "1", "3", "9",
)  # fmt: skip
NOISE = st.text(
    st.sampled_from("  \n\t.,!?¿¡-'\"“”\u200b\ufe0f😀👍🏽0123456789aeinosyñÑ"), max_size=8
)
SAID = st.one_of(st.sampled_from(COMMANDS), st.sampled_from(CORPUS))


def _spliced(text: str, noise: str, place: float, rest: str) -> str:
    cut = int(len(text) * place)
    return f"{text[:cut]}{noise}{text[cut:]}{rest}"


BODIES = st.one_of(
    SAID,
    st.builds(_spliced, SAID, NOISE, st.floats(0, 1), st.one_of(st.just(""), SAID)),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60),
)

# --- who somebody is to us -------------------------------------------------------------------------


class Place:
    """A network with two chapters; each person comes to be somebody else to us."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.numbers = iter(range(200, 9000))
        with town.wiring.database.write() as session:
            self.other: Chapter = make_chapter(session, "Bay", network_name="Bahía")
            make_sender(session, self.other, "+14155550100")
        self.dates = [town.rally(), town.rally(days=9)]

    def asked(self, number: int, many: int = 1, **more: object) -> Person:
        """A volunteer with so many open questions."""
        person = self.town.volunteer(number, **more)
        with self.town.wiring.database.write() as session:
            for rally in self.dates[:many]:
                open_asks(
                    session, [person.id], rally.subject, now=self.town.clock.now(),
                    expires_at=self.town.clock.now() + timedelta(days=1),
                )  # fmt: skip
        return person

    def says(self, number: int, *texts: str) -> None:
        for text in texts:
            self.town.text(number, text)

    def appointment(self, number: int, *, hours: float = 100) -> CheckIn:
        """A family with an appointment so many hours on."""
        town, now = self.town, self.town.clock.now()
        told = Registration(
            Card(f"+1413555{number:04}", alias="Azucena", language="es"), town.office.id,
            now + timedelta(hours=hours), how="web",
        )  # fmt: skip
        with town.wiring.database.write() as session:
            made = register(session, town.wiring.outbox, town.chapter, told, now=now)
            approval = Approval(USUAL_PLACES, agreed_to_texts=True)
            approve(session, town.wiring.outbox, made, approval, by=SYSTEM, now=now)
        return made

    def lead(self, number: int, *, hours: float) -> None:
        """Who leads an appointment that began so many hours ago."""
        checkin = self.appointment(next(self.numbers), hours=1)
        self.town.volunteer(number, vetting=3)
        self.town.ask(checkin, number)
        self.says(number, "Y")
        self.town.tick(hours=1 + hours)

    def change(self, number: int, **values: object) -> None:
        """Set what is known of a volunteer."""
        person = self.town.volunteer(number)
        with self.town.wiring.database.write() as session:
            mine = session.get_one(Person, person.id)
            for name, value in values.items():
                setattr(mine, name, value)
            session.add(mine)

    def organizer(self, number: int) -> None:
        person = self.town.volunteer(number)
        with self.town.wiring.database.write() as session:
            make_organizer(
                session, self.town.chapter, now=self.town.clock.now(), person_id=person.id,
                name=f"Marta {number}",
            )  # fmt: skip

    def in_both(self, number: int) -> None:
        person = self.asked(number)
        with self.town.wiring.database.write() as session:
            mine = session.get_one(Person, person.id)
            make_volunteer(session, mine, self.other.id, now=self.town.clock.now(), how="text")


def _then(begin: Callable[[Place, int], Any], *texts: str) -> Callable[[Place, int], None]:
    def made(place: Place, number: int) -> None:
        begin(place, number)
        place.says(number, *texts)

    return made


def _nobody(place: Place, number: int) -> None:
    pass


def _family_in_the_morning(place: Place, number: int) -> None:
    place.appointment(number, hours=2)
    place.town.tick(hours=1)


STATES: Mapping[str, Callable[[Place, int], Any]] = {
    "a stranger": _nobody,
    "a stranger who wrote before": _then(_nobody, "hello"),
    "joining": _then(_nobody, "JOIN"),
    "joining, further on": _then(_nobody, "ola kiero alludar", "06103"),
    "in an intake": _then(_nobody, "CITA"),
    "in an intake, read back": _then(_nobody, "CHECKIN", "in 10 days at 9"),
    "a volunteer": lambda place, number: place.town.volunteer(number),
    "with one open ask": Place.asked,
    "with one open ask, in Spanish": lambda place, number: place.asked(number, language="es"),
    "with two open asks": lambda place, number: place.asked(number, 2),
    "who said yes": _then(Place.asked, "Y"),
    "who said no": _then(Place.asked, "N"),
    "left by the carrier's word": lambda place, number: (
        place.asked(number), place.town.text(number, "STOP", opt_out_type="STOP"),
    ),
    "left by words of their own": _then(Place.asked, "ya no me manden"),
    "held": _then(Place.asked, "why are you texting me"),
    "invited": lambda place, number: place.change(number, consent=Consent.INVITED),
    "silent for a year": lambda place, number: place.change(
        number, created_at=place.town.clock.now() - timedelta(days=400)
    ),
    "a family": lambda place, number: place.town.family(number),
    "a family with an appointment": Place.appointment,
    "a family, that morning": _family_in_the_morning,
    "about to erase": _then(Place.asked, "ERASE"),
    "leads, and it has begun": lambda place, number: place.lead(number, hours=1),
    "leads, and was asked how it went": lambda place, number: place.lead(number, hours=5),
    "an organizer": Place.organizer,
    "in two chapters": Place.in_both,
}  # fmt: skip


@pytest.fixture
def place(town: Town) -> Place:
    return Place(town)


# --- what their text does --------------------------------------------------------------------------


def _facts(session: Session, town: Town, number: int) -> tuple[object, ...]:
    key = town.wiring.keyring.phone_key(f"+1413555{number:04}")
    person = session.exec(select(Person).where(Person.phone_key == key)).first()
    if person is None:
        return ()
    rsvps = session.exec(
        select(Rsvp.state, Rsvp.party_size, Rsvp.subject)
        .where(Rsvp.person_id == person.id)
        .order_by(col(Rsvp.id))
    ).all()
    sent = session.exec(select(func.count()).where(Delivery.person_id == person.id)).one()
    return person.consent, person.language, person.area, tuple(rsvps), sent


def _is_waiting(session: Session, inbound: Inbound) -> bool:
    states = session.exec(select(Thread.state).where(Thread.person_id == inbound.person_id)).all()
    return inbound.needs_person and ThreadState.OPEN in states


@given(state=st.sampled_from(sorted(STATES)), body=BODIES)
@example(state="a stranger", body="Sí")
@example(state="leads, and was asked how it went", body="gracias a Dios")
@settings(max_examples=45, suppress_health_check=list(HealthCheck))
def test_no_text_is_without_an_effect_or_a_thread(place: Place, state: str, body: str) -> None:
    town, number = place.town, next(place.numbers)
    STATES[state](place, number)
    with town.session() as session:
        before = _facts(session, town, number)
    text = town.text(number, body)
    with town.session() as session:
        after = _facts(session, town, number)
        inbound = session.get_one(Inbound, text)
        waits = _is_waiting(session, inbound)
    assert inbound.done_at is not None
    if inbound.intent == "stop":
        assert after[0] is Consent.OPTED_OUT
    assert after != before or waits or inbound.intent in MAY_BE_SILENT, (state, body)
    if inbound.needs_person:
        assert waits, "it needs a person, and no thread is open"


def test_whoever_it_is_a_stop_is_in_force_and_what_nobody_reads_waits(place: Place) -> None:
    town = place.town
    for state, begin in STATES.items():
        number = next(place.numbers)
        begin(place, number)
        for body in ("qwerty zxcvb", "y la troca verde", "please stop texting me"):
            with town.session() as session:
                before = _facts(session, town, number)
            text = town.text(number, body)
            with town.session() as session:
                after = _facts(session, town, number)
                inbound = session.get_one(Inbound, text)
                assert after != before or _is_waiting(session, inbound), (state, body)
        assert after[0] is Consent.OPTED_OUT, state
