"""A network with its phones: the service's own processes, the carrier's sandbox, people who text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from service.accounts.organizers import Badge, add_organizer
from service.accounts.sign_in import make_invitation
from service.chapters.tables import Chapter, Office
from service.checkins.tables import CheckIn
from service.db import new_id
from service.people.register import find_person
from service.people.tables import Consent, Person
from service.privacy.policy import SYSTEM, Role
from service.rallies.announce import announce
from service.rallies.draft import Draft, save_draft
from service.rallies.tables import Rally
from service.replies.dates.when import worth_asking
from service.rsvps.respond import Tally, rsvps_of, tally
from tests.browser.journeys.ways import Way
from tests.factories import ZONE, make_chapter, make_office, make_sender, make_volunteer
from tests.faults.grounds import Stage
from tests.faults.parts import until
from tests.faults.people import add_people
from tests.sandbox.driver import OURS, Sandbox

# What the chapters of organizers text from, one for each way of coming.
NUMBERS = tuple(f"+1413555019{place}" for place in range(5))


@dataclass(frozen=True)
class Phone:
    """Somebody's phone."""

    sandbox: Sandbox
    number: str

    @property
    def typed(self) -> str:
        """The number as people type it."""
        return f"{self.number[2:5]}-{self.number[5:8]}-{self.number[8:]}"

    def got(self) -> list[str]:
        """Return the texts on it from us, oldest first."""
        thread = self.sandbox.thread(self.number)
        return [text["body"] for text in thread if text["from"] != self.number]

    def sees(self, words: str, *, after: int = 0) -> str:
        """Wait for a text that matches; return the match. after: how many texts came before it."""
        for _ in until(f"{words!r} on {self.number}"):
            for body in self.got()[after:]:
                if found := re.search(words, body):
                    return found[0]
        raise AssertionError

    def says(self, body: str) -> int:
        """Text us; return how many texts had come before."""
        before = len(self.got())
        self.sandbox.text(self.number, body)
        return before


class Town:
    """A running service with one chapter and one office, and whoever else comes."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        with stage.wiring.database.write() as session:
            self.chapter = make_chapter(session)
            make_sender(session, self.chapter, OURS)
            self.office = make_office(session, self.chapter)

    @property
    def url(self) -> str:
        """Where the pages are."""
        return self.stage.environment["ACOMPANA_PUBLIC_URL"]

    def day(self, days: int) -> str:
        """Return a day from now, as a date field takes it."""
        now = self.stage.wiring.clock.now().astimezone(ZoneInfo(ZONE))
        return (now + timedelta(days=days)).date().isoformat()

    def office_day(self, days: int) -> str:
        """Return the first day from then on when offices are open."""
        day = date.fromisoformat(self.day(days))
        while worth_asking(day, "US"):
            day += timedelta(days=1)
        return day.isoformat()

    def later(self, **time: float) -> None:
        """Let time pass."""
        self.stage.sandbox.advance(timedelta(**time).total_seconds())

    def phone(self, number: int, name: str, language: str) -> Phone:
        """Switch a phone on: +1413555<number>."""
        e164 = f"+1413555{number:04}"
        named = {"number": e164, "name": name, "language": language}
        self.stage.sandbox.post("/phones", named).raise_for_status()
        return Phone(self.stage.sandbox, e164)

    def consent_of(self, phone: Phone) -> Consent:
        """Return whether whoever has a phone agreed to texts."""
        with self.stage.wiring.database.read() as session:
            return self._person(session, phone).consent

    def language_of(self, phone: Phone) -> str:
        """Return the language in which they are texted."""
        with self.stage.wiring.database.read() as session:
            return self._person(session, phone).language

    def dates_of(self, phone: Phone) -> list[CheckIn]:
        """Return the appointments of a family, oldest first."""
        with self.stage.wiring.database.read() as session:
            family_id = self._person(session, phone).id
            query = select(CheckIn).where(CheckIn.family_id == family_id)
            return list(session.exec(query.order_by(col(CheckIn.id))))

    def call_rally(self) -> Rally:
        """Call everybody to a rally in four days, at once."""
        now = self.stage.wiring.clock.now()
        says = ("Rally on Friday. Come? Reply Y or N.", "Mitin el viernes. Responda S o N.")
        with self.stage.wiring.database.write() as session:
            draft = Draft("Friday", "90 Main St", now + timedelta(days=4), *says)
            rally = save_draft(session, self.chapter, draft, by="Marta", now=now)
            announce(session, rally, blast_id=new_id(), by=SYSTEM, now=now)
        return rally

    def answers_to(self, rally: Rally) -> Tally:
        """Return how a rally is answered."""
        with self.stage.wiring.database.read() as session:
            return tally(rsvps_of(session, [rally.subject]).get(rally.subject, []))

    def _person(self, session: Session, phone: Phone) -> Person:
        found = find_person(session, self.stage.wiring.keyring, phone.number)
        assert found is not None, phone.number
        return found


class Desk:
    """An organizer's own chapter: three people who come along, and one who has left."""

    def __init__(self, town: Town, way: Way) -> None:
        self.town, self.people = town, 3
        wiring, now = town.stage.wiring, town.stage.wiring.clock.now()
        first = 150 + 5 * way.place
        with wiring.database.write() as session:
            self.chapter: Chapter = make_chapter(session, f"Chapter {way.place}", second_over=1000)
            sender = make_sender(session, self.chapter, NUMBERS[way.place])
            sender.segments_per_second = 200
            session.add(sender)
            self.office: Office = make_office(session, self.chapter)
            for number, name, language, vetting, consent in (
                (first, "Alma", "en", 3, Consent.ACTIVE),
                (first + 1, "Beto", "es", 2, Consent.ACTIVE),
                (first + 2, "Carmen", "en", 2, Consent.ACTIVE),
                (first + 3, "Diego", "es", 2, Consent.OPTED_OUT),
            ):
                make_volunteer(
                    session, wiring.keyring, self.chapter, number, now=now, name=name,
                    language=language, vetting=vetting, consent=consent,
                )  # fmt: skip
            badge = Badge("Marta", Role.ORGANIZER, way.language)
            marta = add_organizer(session, self.chapter.id, badge, by=SYSTEM, now=now)
            self.invitation = f"/signin/{make_invitation(session, marta.id, now=now)}"
        self.alma = town.phone(first, "Alma", "en")
        self.beto = town.phone(first + 1, "Beto", "es")
        self.carmen = town.phone(first + 2, "Carmen", "en")
        self.family = town.phone(first + 4, "Azucena", "es")

    def grow(self, people: int) -> None:
        """Let so many more come along, whose phones nobody looks at."""
        add_people(self.town.stage.wiring, self.chapter, people)
        self.people += people
