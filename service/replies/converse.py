"""One text of one person: what it asks for is done, and it is answered. Never with silence where a
word is expected; never with a word where the carrier has spoken already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from service.chapters.find import get_chapter
from service.checkins.find import next_of_family
from service.checkins.tables import CheckIn
from service.messages.catalog import Value
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import ConsentNeeded, Priority
from service.people.consent import opt_in
from service.people.register import make_volunteer
from service.people.tables import Consent, Family, Person, Volunteer
from service.replies.events import Event, describe
from service.replies.intents import Expecting, Intent, Reply
from service.replies.parse import parse
from service.replies.rsvp import Answering
from service.replies.tables import Inbound
from service.replies.weekly import Weekly
from service.rsvps.ask import newest_ask_of, open_asks_of
from service.rsvps.respond import Answer, next_coming
from service.rsvps.tables import Ask

TEXTS_PER_WEEK = 4
LONGEST_LIST = 4  # more open questions than this don't fit into a text; the oldest come first
PENDING_FOR = timedelta(days=1)
DOUBT_LASTS = timedelta(days=365)  # until a person has asked, in practice
ANSWERS = {Intent.YES: Answer.YES, Intent.NO: Answer.NO, Intent.MAYBE: Answer.MAYBE}


class Conversation:
    """What one inbound text sets off, within one transaction."""

    def __init__(
        self, session: Session, outbox: Outbox, person: Person, inbound: Inbound, body: str,
        now: datetime,
    ) -> None:  # fmt: skip
        self.session = session
        self.outbox = outbox
        self.person = person
        self.inbound = inbound
        self.body = body
        self.now = now
        self.volunteer = session.get(Volunteer, person.id)
        self.family = session.get(Family, person.id)
        self.asks: Sequence[Ask] = open_asks_of(session, person.id, now=now)
        self.weekly = Weekly(self)

    def go_on(self) -> None:
        """Do what the text asks for."""
        if self.inbound.opt_out_type:
            self._carrier_has_answered()
            return
        expecting = self._expecting()
        reply = parse(self.body, language=self.person.language, expecting=expecting)
        self.inbound.intent = reply.intent
        self.inbound.needs_person = reply.needs_person
        if self.person.consent is Consent.OPTED_OUT and reply.intent not in _EVEN_IF_GONE:
            return
        if reply.doubtful_stop and reply.intent is not Intent.STOP:
            self._doubtful()
            return
        self._note_consent(reply)
        handle = _HANDLERS.get(reply.intent, Conversation._unknown)
        handle(self, reply)

    # --- coming and going ---

    def _carrier_has_answered(self) -> None:
        self.inbound.intent = self.inbound.opt_out_type.lower()
        if self.inbound.opt_out_type == "START":
            opt_in(self.session, self.person, how="carrier", now=self.now)
        if self.inbound.opt_out_type == "STOP":
            self.inbound.needs_person = self._is_expected_somewhere()

    def _stop(self, reply: Reply) -> None:
        # The opt-out itself is in force since the text was written down.
        self.inbound.needs_person = self._is_expected_somewhere()
        if not reply.by_carrier:
            self.answer("opt_out", needed=ConsentNeeded.ALWAYS)

    def _start(self, _reply: Reply) -> None:
        opt_in(self.session, self.person, how="text", now=self.now)
        if self.volunteer is None:
            self.answer("opt_in")
        else:
            self.answer("welcome_back", {"count": str(TEXTS_PER_WEEK)})

    def _join(self, reply: Reply) -> None:
        is_new = opt_in(self.session, self.person, how="text", now=self.now)
        if self.volunteer is not None and not is_new:
            self.answer("already_joined")
            return
        if reply.reads_like in ("en", "es"):
            self.person.language = reply.reads_like
        make_volunteer(self.session, self.person, now=self.now)
        self.session.add(self.person)
        self.answer("welcome", {"count": str(TEXTS_PER_WEEK)})

    def _doubtful(self) -> None:
        """Perhaps an opt-out: nothing more goes out until a person has asked."""
        self.inbound.needs_person = True
        if self.volunteer is not None:
            self.volunteer.paused_until = self.now + DOUBT_LASTS
            self.session.add(self.volunteer)
        self.answer("doubtful_stop")

    def _note_consent(self, reply: Reply) -> None:
        """Texting in is consent, for who was invited; a no and a stop are not."""
        if self.person.consent is Consent.INVITED and reply.intent not in (Intent.NO, Intent.STOP):
            opt_in(self.session, self.person, how="text", now=self.now)

    # --- answers to what we asked ---

    def _answer(self, reply: Reply) -> None:
        if self.weekly.take(reply):
            return
        answer = ANSWERS[reply.intent]
        if len(self.asks) > 1 and reply.numbers:
            self._choose(answer, reply)
        elif len(self.asks) > 1:
            self._ask_which()
        elif self.asks:
            self._answering(self.asks[0].subject).say(answer, reply)
        elif (last := newest_ask_of(self.session, self.person.id)) is not None:
            self._answering(last.subject).say(answer, reply)
        elif self.family is not None and self._appointment() is not None:
            self._family_says(reply)
        elif self.volunteer is None and self.family is None:
            self._unknown_sender()
        else:
            self.answer("nothing_open")

    def _choice(self, reply: Reply) -> None:
        """A number settles which of several questions a yes or no was about.

        "2" alone, with no answer before it, chooses what they can do: a yes.
        """
        if not self.weekly.take(reply):
            self._choose(self.pending_answer() or Answer.YES, reply)

    def _choose(self, answer: Answer, reply: Reply) -> None:
        for number in reply.numbers:
            self._answering(self.asks[number - 1].subject).say(answer, reply)

    def _ask_which(self) -> None:
        language, catalog = self.person.language, self.outbox.catalog
        events = [
            describe(self.session, ask.subject, language, catalog, now=self.now)
            for ask in self.asks[:LONGEST_LIST]
        ]
        self.ask_which_of(list(enumerate(events, start=1)))

    def ask_which_of(self, numbered: Sequence[tuple[int, Event]]) -> None:
        """Ask which of these they mean, by number."""
        language, catalog = self.person.language, self.outbox.catalog
        items = [
            catalog.text("which_item", language, number=str(number), day=one.day, area=one.area)
            for number, one in numbered
        ]
        numbers = [str(number) for number, _ in numbered]
        values: dict[str, Value] = {
            "items": catalog.join(items, language, last="items"),
            "choices": catalog.join(numbers, language, last="or"),
        }
        self.answer("ask_which", values)

    def pending_answer(self) -> Answer | None:
        """Return the yes or no that is waiting for its number."""
        last = self.session.exec(
            select(Inbound)
            .where(
                Inbound.person_id == self.person.id,
                Inbound.id != self.inbound.id,
                Inbound.received_at > self.now - PENDING_FOR,
            )
            .order_by(col(Inbound.id).desc())
            .limit(1)
        ).first()
        if last is None or last.subject or last.intent not in ANSWERS:
            return None
        return ANSWERS[Intent(last.intent)]

    def _area(self, reply: Reply) -> None:
        self.person.area = (reply.area or "")[:40]
        self.session.add(self.person)
        self.answer("area_saved", {"area": self.person.area})

    # --- what is for a person to read ---

    def _family_says(self, reply: Reply) -> None:
        """A family's no is never a refusal: a person calls."""
        if reply.intent is Intent.YES:
            self.inbound.needs_person = bool(reply.remainder)
            self.answer("nothing_open")
            return
        self.inbound.needs_person = True
        self.answer("family_change_heard")

    def _change(self, reply: Reply) -> None:
        if self.family is not None:
            self.inbound.needs_person = True
            self.answer("family_change_heard")
        else:
            self._unknown(reply)

    def _distress(self, _reply: Reply) -> None:
        self.inbound.needs_person = True
        self.answer("distress_heard", priority=Priority.URGENT, needed=ConsentNeeded.ALWAYS)

    def _report(self, _reply: Reply) -> None:
        self.inbound.needs_person = True
        chapter = get_chapter(self.session, self.person.chapter_id)
        self.answer("report_hotline", {"hotline": chapter.hotline})

    def _here(self, reply: Reply) -> None:
        subject = self._coming_to()
        if subject is None:
            self._unknown(reply)
        else:
            self._answering(subject).arrive()

    def _unknown(self, _reply: Reply) -> None:
        self.inbound.needs_person = True
        if self.volunteer is None and self.family is None:
            self._unknown_sender()
        else:
            self.answer("unknown_text")

    # --- commands ---

    def _help(self, _reply: Reply) -> None:
        self.answer("help", {"count": str(TEXTS_PER_WEEK)}, needed=ConsentNeeded.ALWAYS)

    def _language(self, reply: Reply) -> None:
        self.person.language = reply.language or self.person.language
        self.session.add(self.person)
        self.answer("language_switched")

    def _thanks(self, _reply: Reply) -> None:
        """Politeness wants no answer."""

    # --- how an answer leaves ---

    def answer(
        self, template: str, values: Mapping[str, Value] | None = None, *,
        needed: ConsentNeeded = ConsentNeeded.ANSWER, priority: Priority = Priority.NORMAL,
        once: str = "",
    ) -> None:  # fmt: skip
        """Answer with a text, once; quiet hours do not hold it, since they have just texted us."""
        text = Text(
            template,
            once_key=once or f"answer:{self.inbound.id.hex}:{template}",
            subject=self.inbound.subject or f"person:{self.person.id.hex}",
            values=values or {},
            priority=priority,
            consent_needed=needed,
            quiet_exempt=True,
        )
        self.outbox.text(self.session, self.person, text, now=self.now)

    def _unknown_sender(self) -> None:
        """Answer a number that we don't know once a day; a person reads all of it."""
        self.inbound.needs_person = True
        today = self.now.astimezone(ZoneInfo(self.person.time_zone)).date()
        self.answer("unknown_sender", once=f"unknown:{self.person.id.hex}:{today}")

    def _answering(self, subject: str) -> Answering:
        self.inbound.subject = subject
        return Answering(self, subject)

    def _expecting(self) -> Expecting | None:
        if (expected := self.weekly.expecting()) is not None:
            return expected
        if len(self.asks) > 1:
            return Expecting.asks(min(len(self.asks), LONGEST_LIST))
        if self.asks:
            return Expecting.yes_no()
        if self.volunteer is not None and not self.person.area:
            return Expecting.area()
        return None

    def _appointment(self) -> CheckIn | None:
        return next_of_family(self.session, self.person.id, now=self.now)

    def _coming_to(self) -> str | None:
        """Return the event of today that they said yes to."""
        rsvp = next_coming(self.session, self.person.id, now=self.now)
        return rsvp.subject if rsvp is not None else None

    def _is_expected_somewhere(self) -> bool:
        """Whether somebody counts on them, so that a person should know that they left."""
        is_companion = next_coming(self.session, self.person.id, now=self.now) is not None
        return is_companion or self._appointment() is not None


_EVEN_IF_GONE = (Intent.STOP, Intent.START, Intent.JOIN, Intent.HELP, Intent.DISTRESS)
_HANDLERS: dict[Intent, Callable[[Conversation, Reply], None]] = {
    Intent.STOP: Conversation._stop,
    Intent.START: Conversation._start,
    Intent.JOIN: Conversation._join,
    Intent.HELP: Conversation._help,
    Intent.LANGUAGE: Conversation._language,
    Intent.YES: Conversation._answer,
    Intent.NO: Conversation._answer,
    Intent.MAYBE: Conversation._answer,
    Intent.CHOICE: Conversation._choice,
    Intent.AREA: Conversation._area,
    Intent.CHANGE: Conversation._change,
    Intent.DISTRESS: Conversation._distress,
    Intent.REPORT: Conversation._report,
    Intent.HERE: Conversation._here,
    Intent.THANKS: Conversation._thanks,
}
