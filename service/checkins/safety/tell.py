"""Do what the ladder says: ask, warn, call, alarm. By text where they get our texts, else by voice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from service.calls.plan import Call, plan_call
from service.chapters.find import get_chapter
from service.chapters.tables import Chapter, Office
from service.checkins.safety.around import Around
from service.checkins.safety.rules import (
    URGENT,
    AlarmOrganizers,
    Ask,
    AskToSpeak,
    CallShift,
    Effect,
    StandDown,
    Warn,
)
from service.checkins.safety.tables import Reporter, Rung, SafetyCheck, SafetyStep, Why
from service.checkins.tables import CheckIn
from service.db import new_id
from service.db.insert import insert_new
from service.messages import dates
from service.messages.catalog import Value
from service.outbox.advance import notice
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import Priority
from service.people.tables import Consent, Person
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader

USEFUL_FOR = timedelta(hours=2)
ONE_KEY, THREE_KEYS = "1", "123"
TOLD = ("asked", "warned", "to_speak", "called", "alarmed")


class Words(NamedTuple):
    """What somebody gets: a text, and what a call says in its place (with the digits it offers)."""

    text: str
    spoken: str
    keys: str = THREE_KEYS


ASK_FAMILY = Words("safety_ask", "safety_ask")
ASK_LEAD = Words("safety_ask_lead", "safety_ask_lead")
NO_WORD = Words("safety_no_word", "safety_ask_lead")
URGENT_WORDS = Words("safety_urgent", "safety_ask_lead")
CONTACT = Words("safety_contact", "safety_contact")
CONTACT_URGENT = Words("safety_contact_urgent", "safety_contact")
SPEAK = Words("safety_speak", "safety_ask_lead")
OVER = Words("safety_over", "")
GLAD = Words("safety_ok", "")


@dataclass(frozen=True)
class Telling:
    """One step of one safety check being carried out. Writes a row for each person it reaches."""

    session: Session
    outbox: Outbox
    check: SafetyCheck
    around: Around
    now: datetime
    by: str = ""  # who ended it, as others read it
    zone: ZoneInfo = field(init=False)
    chapter: Chapter = field(init=False)

    def __post_init__(self) -> None:
        chapter = get_chapter(self.session, self.check.chapter_id)
        object.__setattr__(self, "chapter", chapter)
        object.__setattr__(self, "zone", ZoneInfo(_zone_of(self.session, self.check, chapter)))

    def do(self, effect: Effect) -> None:
        """Carry out one effect."""
        match effect:
            case Ask(again=again):
                self._ask(again=again)
            case Warn(rung=rung):
                self._warn(rung)
            case AskToSpeak():
                self._ask_to_speak()
            case CallShift():
                for person in self.around.those(Reporter.ON_CALL):
                    self._ring(person, "called", Reporter.ON_CALL, "safety_shift", ONE_KEY)
            case AlarmOrganizers(is_empty=is_empty):
                self._alarm(is_empty=is_empty)
            case StandDown(was_urgent=was_urgent):
                self._stand_down(was_urgent=was_urgent)

    # --- what is said to whom ---

    def _ask(self, *, again: bool) -> None:
        self._reach(self.around.family, "asked", Reporter.FAMILY, ASK_FAMILY)
        for lead in self.around.those(Reporter.LEAD):
            self._reach(lead, "asked", Reporter.LEAD, NO_WORD if again else ASK_LEAD)

    def _warn(self, rung: Rung) -> None:
        is_urgent = self.check.why in URGENT
        if rung is Rung.EMERGENCY_CONTACT:
            for person in self.around.those(Reporter.EMERGENCY_CONTACT):
                words = CONTACT_URGENT if is_urgent else CONTACT
                self._reach(person, "warned", Reporter.EMERGENCY_CONTACT, words)
            return
        role = Reporter.LEAD if rung is Rung.LEAD else Reporter.OUTSIDE_CONTACT
        words = NO_WORD
        if is_urgent:
            words = URGENT_WORDS
        elif self.check.why is Why.NOT_SPOKEN:
            words = SPEAK
        for person in self.around.those(role):
            self._reach(person, "warned", role, words)

    def _ask_to_speak(self) -> None:
        near = (Reporter.LEAD, Reporter.OUTSIDE_CONTACT)
        far = (Reporter.ON_CALL,) if self.around.those(Reporter.ON_CALL) else (Reporter.ORGANIZER,)
        for role in near if self.around.those(*near) else far:
            for person in self.around.those(role):
                self._reach(person, "to_speak", role, SPEAK)

    def _alarm(self, *, is_empty: bool) -> None:
        """Tell every organizer by text and by voice; where none has a phone here, leave a note."""
        template = "alert_nobody_on_shift" if is_empty else "alert_nobody_answers"
        people = self.around.those(Reporter.ORGANIZER)
        for person in people:
            if _gets_texts(person):
                self._text(person, template, f"{self._key('alarm')}:{person.id.hex}")
            self._ring(person, "alarmed", Reporter.ORGANIZER, "safety_nobody", ONE_KEY)
        if not people:
            self._note("nobody", Reporter.ORGANIZER, None, self._key("nobody"))
        notice(self.session, "safety", 0, self.check.own_subject, self.now)

    def _stand_down(self, *, was_urgent: bool) -> None:
        """Tell whoever was troubled that it is over; after a cry no text says that we are glad."""
        troubled = (Reporter.LEAD, Reporter.OUTSIDE_CONTACT, Reporter.EMERGENCY_CONTACT)
        for role in (*troubled, Reporter.ON_CALL):
            for person in self.around.those(role):
                if _gets_texts(person) and was_told(self.session, self.check, person):
                    key = f"{self._key('over')}:{person.id.hex}"
                    if self._note("over", role, person, key):
                        self._text(person, OVER.text, key)
        if not was_urgent and _gets_texts(self.around.family):
            self._text(self.around.family, GLAD.text, glad_key(self.check))

    # --- how it reaches them ---

    def _reach(self, person: Person, did: str, role: Reporter, words: Words) -> None:
        """Tell somebody by text, or by voice where STOP or a dead number ended our texts."""
        if not _gets_texts(person):
            self._ring(person, did, role, words.spoken, words.keys)
            return
        key = f"{self._key(did)}:{person.id.hex}"
        if self._note(did, role, person, key):
            self._text(person, words.text, key)

    def _ring(self, person: Person, did: str, role: Reporter, spoken: str, keys: str) -> None:
        key = f"{self._key(did)}:{person.id.hex}"
        if not self._note(did, role, person, key, by_voice=True):
            return
        takes = self.outbox.catalog.spoken[spoken].placeholders
        call = Call(
            spoken, key, self.check.own_subject, keys, self._values(person, takes),
            chapter_id=self.check.chapter_id,
        )  # fmt: skip
        plan_call(
            self.session, self.outbox.keyring, self.outbox.catalog, person, call, now=self.now
        )

    def _text(self, person: Person, template: str, key: str) -> None:
        takes = self.outbox.catalog.template(template).placeholders
        text = Text(
            template,
            once_key=key,
            subject=self.check.own_subject,
            values=self._values(person, takes),
            priority=Priority.URGENT,
            quiet_exempt=True,  # quiet hours never delay this ladder
            resends=True,
            not_after=self.now + USEFUL_FOR,
        )
        self.outbox.of(self.check.chapter_id).text(self.session, person, text, now=self.now)

    def _values(self, person: Person, takes: frozenset[str]) -> Mapping[str, Value]:
        language, catalog = person.language, self.outbox.catalog
        since = self.check.silent_since or self.check.due_at
        known: dict[str, Value] = {
            "name": first_name(self.outbox, self.around.family) or catalog.word(
                "safety", "someone", language
            ),
            "hour": dates.hour(since, self.zone, language),
            "lead_phone": self.chapter.contact_phone,
            "why": catalog.word("safety_why", (self.check.why or Why.SILENT).value, language),
            "who": self.by or catalog.word("safety", "one_of_us", language),
        }  # fmt: skip
        return {name: value for name, value in known.items() if name in takes}

    def _key(self, did: str) -> str:
        return f"{self.check.own_subject}:{self.check.turn}:{did}"

    def _note(
        self, did: str, role: str, person: Person | None, key: str, *, by_voice: bool = False
    ) -> bool:
        return note_step(
            self.session, self.check, did, key, role=role, person=person, by_voice=by_voice,
            now=self.now,
        )  # fmt: skip


def note_step(
    session: Session, check: SafetyCheck, did: str, once_key: str, *, now: datetime,
    role: str = "", person: Person | None = None, who: str = "", by_voice: bool = False,
) -> bool:  # fmt: skip
    """Write one step down; return whether it is new. One with the same key is never taken twice."""
    new = (
        insert_new(session, SafetyStep)
        .values(
            id=new_id(), safety_id=check.id, once_key=once_key, did=did, role=role, who=who,
            person_id=person.id if person else None, by_voice=by_voice, at=now,
        )
        .returning(col(SafetyStep.id))
    )  # fmt: skip
    return session.execute(new).first() is not None


def was_told(session: Session, check: SafetyCheck, person: Person) -> bool:
    """Return whether this person was asked, warned or called about it."""
    told = select(SafetyStep.id).where(
        SafetyStep.safety_id == check.id,
        SafetyStep.person_id == person.id,
        col(SafetyStep.did).in_(TOLD),
    )
    return session.exec(told.limit(1)).first() is not None


def glad_key(check: SafetyCheck) -> str:
    """Return the key of the one text that tells a family that we are glad: one for each date it had."""
    return f"{check.own_subject}:glad:{check.starts_at:%Y%m%d%H%M}"


def first_name(outbox: Outbox, person: Person) -> str:
    """Return the first name that somebody chose, or ""."""
    return (Reader(outbox.keyring, SYSTEM).show(person.sealed_alias()).split() or [""])[0]


def initial(outbox: Outbox, person: Person) -> str:
    """Return the first letter of the next name that somebody chose, "R.", or ""; of no use alone."""
    names = Reader(outbox.keyring, SYSTEM).show(person.sealed_alias()).split()
    return f"{names[1][0].upper()}." if len(names) > 1 else ""


def _gets_texts(person: Person) -> bool:
    return person.consent is Consent.ACTIVE and not person.is_unreachable


def _zone_of(session: Session, check: SafetyCheck, chapter: Chapter) -> str:
    checkin = session.get(CheckIn, check.checkin_id) if check.checkin_id else None
    if checkin is None:
        return chapter.time_zone
    return session.get_one(Office, checkin.office_id).time_zone
