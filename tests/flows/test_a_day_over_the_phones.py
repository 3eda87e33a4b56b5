"""An appointment's last day over the sandbox's phones: the ride, the run sheet, what family and lead write
to each other, a move and an end, with the service's own process at the other end of a socket.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlmodel import select

from service.checkins.approve import Approval, approve
from service.checkins.cancel import cancel
from service.checkins.move import move
from service.checkins.register import Registration, register
from service.checkins.ride import Wish, save_ride
from service.checkins.tables import CheckIn, Relay, Ride
from service.outbox.tables import Delivery
from service.people.register import Card
from service.people.tables import Volunteer
from service.privacy.policy import SYSTEM
from service.rsvps.respond import Answer, respond
from service.rsvps.tables import SeatRole
from tests.conftest import DATABASES
from tests.factories import make_chapter, make_office, make_sender, make_volunteer
from tests.faults.grounds import STARTS as MONDAY
from tests.faults.grounds import Grounds, Stage, prepared
from tests.faults.parts import until
from tests.sandbox.driver import OURS

pytestmark = pytest.mark.timeout(240)

AZUCENA, ROSA, TOM = "+14135550120", "+14135550101", "+14135550102"
AT = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)  # Tuesday, 10:00 in New York
EVENING = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)  # 18:00 the day before
WORDS = "Estoy junto a la puerta verde, traigo un abrigo gris"


@pytest.fixture(scope="module")
def grounds() -> Iterator[Grounds]:
    with prepared() as made:
        yield made


class Day:
    """Azucena's appointment, with Rosa in the lead and Tom at the wheel."""

    def __init__(self, stage: Stage, database: str) -> None:
        self.stage = stage
        wiring = stage.wiring
        with wiring.database.write() as session:
            chapter = make_chapter(session)
            make_sender(session, chapter, OURS)
            office = make_office(session, chapter)
            told = Registration(
                Card(AZUCENA, alias="Azucena", language="es"), office.id, AT, how="web"
            )
            made = register(session, wiring.outbox, chapter, told, now=MONDAY)
            places = {SeatRole.LEAD: 1, SeatRole.DRIVER: 1}
            approve(
                session, wiring.outbox, made, Approval(places, agreed_to_texts=True), by=SYSTEM,
                now=MONDAY,
            )  # fmt: skip
            wish = Wish("Corner of Elm and 3rd", AT - timedelta(hours=1))
            save_ride(session, wiring.keyring, made, wish, now=MONDAY)
            for number, name, vetting in ((101, "Rosa", 3), (102, "Tom", 2)):
                person = make_volunteer(
                    session, wiring.keyring, chapter, number, now=MONDAY, name=name,
                    vetting=vetting, roles=["driver"] if name == "Tom" else [],
                )  # fmt: skip
                session.get_one(Volunteer, person.id).car_seats = 4
                session.flush()
                respond(session, person.id, made.subject, Answer.YES, now=MONDAY)
            self.id = made.id
        for phone, name in ((AZUCENA, "Azucena"), (ROSA, "Rosa"), (TOM, "Tom")):
            named = {"number": phone, "name": name, "language": "es"}
            stage.sandbox.post("/phones", named).raise_for_status()
        stage.parts.start("run" if database == "sqlite" else "web")
        if database != "sqlite":
            stage.parts.start("worker")
            stage.parts.start("clock")

    def at(self, moment: datetime) -> None:
        """Let it be this moment."""
        self.stage.sandbox.post("/clock", {"at": moment.isoformat()}).raise_for_status()

    def screen(self, phone: str) -> list[str]:
        """Return what a phone got from us."""
        thread = self.stage.sandbox.thread(phone)
        return [text["body"] for text in thread if text["from"] == OURS]

    def sees(self, phone: str, words: str) -> str:
        """Wait until a phone shows these words; return that text."""
        for _ in until(f"{words!r} on {phone}"):
            for text in self.screen(phone):
                if words in text:
                    return text
        raise AssertionError

    def says(self, phone: str, body: str) -> None:
        self.stage.sandbox.text(phone, body)

    def checkin(self) -> CheckIn:
        with self.stage.wiring.database.read() as session:
            return session.get_one(CheckIn, self.id)


@pytest.mark.parametrize("database", DATABASES)
def test_ride_run_sheet_and_words_until_a_day_after(grounds: Grounds, database: str) -> None:
    with grounds.stage(database) as stage:
        day = Day(stage, database)
        day.at(EVENING)
        for phone in (ROSA, TOM):
            assert "8:45" not in day.sees(phone, "Corner of Elm and 3rd")
        link = re.findall(r"http\S+/s/[\w-]+", day.sees(ROSA, "/s/"))[0]
        page = httpx.post(link, headers={"Sec-Fetch-Site": "same-origin"}, trust_env=False)
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        assert "Azucena" in page.text
        day.says(ROSA, "Y")
        day.at(AT - timedelta(hours=1))
        day.says(AZUCENA, WORDS)
        assert day.sees(ROSA, WORDS).startswith("Acompaña, from Azucena")
        day.says(ROSA, "Ya casi llego, deme cinco minutos mas")
        assert day.sees(AZUCENA, "deme cinco minutos mas").startswith("Acompaña, de Rosa")
        assert not any(AZUCENA[-7:] in text or "Elm" in text for text in day.screen(AZUCENA))
        day.at(AT + timedelta(hours=24, minutes=2))
        _is_erased(day)


def _is_erased(day: Day) -> None:
    database = day.stage.wiring.database
    for _ in until("the pick-up point is erased"):
        with database.read() as session:
            if session.get_one(Ride, day.id).pickup_sealed is None:
                break
    with database.read() as session:
        kept = session.exec(select(Delivery.body_sealed).where(Delivery.template == "ride")).all()
        assert set(kept) == {None}
        assert len(session.exec(select(Relay)).all()) == 2


def test_a_moved_and_then_a_cancelled_one_reach_who_knew_the_place(grounds: Grounds) -> None:
    with grounds.stage("sqlite") as stage:
        day = Day(stage, "sqlite")
        day.at(EVENING)
        day.sees(ROSA, "/s/")
        old = day.sees(ROSA, "/s/")
        wiring = stage.wiring
        with wiring.database.write() as session:
            found = session.get_one(CheckIn, day.id)
            later = AT + timedelta(hours=2)
            move(session, wiring.outbox, found, later, by=SYSTEM, now=EVENING)
        for phone in (ROSA, TOM, AZUCENA):
            day.sees(phone, "12:00 pm")
        for _ in until("another link"):
            if len([one for one in day.screen(ROSA) if "/s/" in one and one != old]) == 1:
                break
        with wiring.database.write() as session:
            found = session.get_one(CheckIn, day.id)
            cancel(session, wiring.outbox, found, by=SYSTEM, now=EVENING)
        for phone in (ROSA, TOM):
            day.sees(phone, "is cancelled")
        for text in (one for one in day.screen(ROSA) if "/s/" in one):
            link = re.findall(r"http\S+/s/[\w-]+", text)[0]
            assert httpx.get(link, trust_env=False).status_code == 410


def test_a_family_that_leaves_half_way_hears_no_more_and_the_lead_is_told(
    grounds: Grounds,
) -> None:
    with grounds.stage("sqlite") as stage:
        day = Day(stage, "sqlite")
        day.at(AT - timedelta(hours=1))
        day.says(AZUCENA, WORDS)
        day.sees(ROSA, WORDS)
        day.says(AZUCENA, "ya no me manden mensajes")
        day.sees(AZUCENA, "ya no le mandamos")
        got = len(day.screen(AZUCENA))
        day.says(ROSA, "Estoy junto al arbol grande de la esquina")
        day.sees(ROSA, "gets no texts now")
        assert len(day.screen(AZUCENA)) == got
