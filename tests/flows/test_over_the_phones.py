"""A whole joining and a whole registration in each language, over the sandbox's phones: a carrier at
the other end of a socket, the service's own process, a real database. With slips on the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from service.checkins.tables import CheckIn
from service.people.tables import Consent, Family, Person, Volunteer
from tests.conftest import DATABASES
from tests.factories import make_chapter, make_office, make_sender
from tests.faults.grounds import Grounds, Stage, prepared
from tests.faults.parts import until
from tests.sandbox.driver import OURS

pytestmark = pytest.mark.timeout(180)

# What they write, and words of the answer that their screen must show.
JOINING = {
    "en": [
        ("JOIN", "STOP to stop"),
        ("who gives you my data", "ZIP code"),
        ("Hartford", "languages do you speak"),
        ("hmm", "languages do you speak"),
        ("english and portuguese", "How can you help"),
        ("2 and 3", "that is all we ask"),
    ],
    "es": [
        ("ola kiero alludar", "STOP o ALTO: fin"),
        ("06103", "idiomas habla"),
        ("los dos", "puede ayudar"),
        ("manejar", "eso es todo"),
    ],
}
REGISTERING = {
    "en": [
        ("I have an appointment", "when is your appointment"),
        ("5/4", "What time"),
        ("8 to 4", "one time"),
        ("8 to 4", "Mon May 4, 8:00 am"),
        ("no, march 10 at 9", "Tue Mar 10, 9:00 am"),
        ("Yes", "How many people"),
        ("who is this for?", "How many people"),
        ("me and my daughter", "ride"),
        ("no thank you", "language"),
        ("2", "calls you from 413-555-0142"),
    ],
    "es": [
        ("tengo una cita", "qué fecha y hora"),
        ("el 5/4 a las 9", "Escriba el mes con letras"),
        ("lunes 10 de marzo a las 9", "no coincide"),
        ("martes 10 de marzo a las nueve y media de la mañana", "martes 10 de marzo, 9:30 am"),
        ("Sí", "van 1, 2, 3 personas"),
        ("somos tres", "que le lleven"),
        ("si por favor", "Basta una esquina"),
        ("en la esquina de la tienda", "idioma"),
        ("español", "le llama del 413-555-0142"),
    ],
}


@pytest.fixture(scope="module")
def grounds() -> Iterator[Grounds]:
    with prepared() as made:
        yield made


def answers(stage: Stage, phone: str) -> list[str]:
    return [text["body"] for text in stage.sandbox.thread(phone) if text["from"] == OURS]


def talk(stage: Stage, phone: str, lines: list[tuple[str, str]]) -> None:
    for body, shown in lines:
        before = len(answers(stage, phone))
        stage.sandbox.text(phone, body)
        for _ in until(f"{shown!r} after {body!r}"):
            if any(shown in text for text in answers(stage, phone)[before:]):
                break


@pytest.mark.parametrize("database", DATABASES)
def test_joining_and_registering_in_both_languages(grounds: Grounds, database: str) -> None:
    phones = {"en": ("+14135550161", "+14135550163"), "es": ("+14135550162", "+14135550164")}
    with grounds.stage(database) as stage:
        with stage.wiring.database.write() as session:
            chapter = make_chapter(session)
            make_sender(session, chapter, OURS)
            make_office(session, chapter)
        for language, pair in phones.items():
            for number in pair:
                named = {"number": number, "name": "Alma", "language": language}
                stage.sandbox.post("/phones", named).raise_for_status()
        part = "run" if database == "sqlite" else "web"
        stage.parts.start(part)
        if part == "web":
            stage.parts.start("worker")
        for language, (volunteer, family) in phones.items():
            talk(stage, volunteer, JOINING[language])
            talk(stage, family, REGISTERING[language])
        _check_what_was_saved(stage)


def _check_what_was_saved(stage: Stage) -> None:
    with stage.wiring.database.read() as reading:
        volunteers = reading.exec(select(Volunteer)).all()
        checkins = reading.exec(select(CheckIn)).all()
        families = {one.person_id: one for one in reading.exec(select(Family)).all()}
        people = {one.id: one for one in reading.exec(select(Person)).all()}
    assert {tuple(one.roles) for one in volunteers} == {("driver", "interpreter"), ("driver",)}
    told = {
        people[one.family_id].language: (one.starts_at, one.people, one.needs_ride)
        for one in checkins
    }
    assert told == {
        "en": (datetime(2026, 3, 10, 13, 0, tzinfo=UTC), 2, False),
        "es": (datetime(2026, 3, 10, 13, 30, tzinfo=UTC), 3, True),
    }
    assert {one.speaks for one in families.values()} == {"en", "es"}
    assert {one.consent for one in people.values()} == {Consent.ACTIVE}
