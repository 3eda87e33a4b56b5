"""Which event an answer is about: the one that is open, the one that was numbered, the one they know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlmodel import col, select

from service.inbox.tables import Inbound
from service.messages.catalog import Value
from service.outbox.drill import is_drill
from service.rallies.find import coming_up
from service.rallies.tables import RallyState
from service.replies.events import Event, describe
from service.replies.intents import Expecting, Intent, Reply
from service.replies.rsvp import Answering
from service.rsvps.ask import CONFIRM, newest_ask_of, open_asks, open_asks_of
from service.rsvps.commitments import answered, coming_to
from service.rsvps.respond import Answer
from service.rsvps.tables import Ask

if TYPE_CHECKING:
    from service.replies.converse import Conversation

LONGEST_LIST = 4  # more open questions than this don't fit into a text; the oldest come first
PENDING_FOR = timedelta(days=1)
ANSWERS = {Intent.YES: Answer.YES, Intent.NO: Answer.NO, Intent.MAYBE: Answer.MAYBE}


class Which:
    """Binds one person's answer to what it is about."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._session = talk.session
        self.asks: Sequence[Ask] = open_asks_of(talk.session, talk.person.id, now=talk.now)

    def answer(self, reply: Reply) -> bool:
        """Take a yes, no or maybe; return False where it can't be about anything."""
        answer = ANSWERS[reply.intent]
        if not self.asks and answer is not Answer.YES:
            self._look_at_promises()
        if len(self.asks) > 1 and reply.numbers:
            self._each(answer, reply)
        elif len(self.asks) > 1:
            self._ask_which()
        elif self.asks:
            self._about(self.asks[0].subject).say(answer, reply)
        elif (last := newest_ask_of(self._session, self._talk.person.id)) is not None:
            self._about(last.subject).say(answer, reply)
        else:
            return False
        return True

    def expecting(self) -> Expecting | None:
        """Return which kind of answer the open questions wait for; None where none is open."""
        if len(self.asks) > 1:
            return Expecting.asks(min(len(self.asks), LONGEST_LIST))
        if self.asks:
            return Expecting.yes_no()
        is_new = self._talk.volunteer is not None and not self._talk.person.area
        return Expecting.area() if is_new else None

    def choose(self, reply: Reply) -> None:
        """Take numbers: they settle which of several questions a yes or no was about.

        "2" alone, with no answer before it, chooses what they can do: a yes.
        """
        self._each(self.pending_answer() or Answer.YES, reply)

    def once_more(self) -> bool:
        """Ask the open question again where its answer could not be read; once, then a person."""
        if len(self.asks) != 1 or self._last_intent() == Intent.UNKNOWN:
            return False
        if is_drill(self.asks[0].subject):
            self._talk.inbound.subject = self.asks[0].subject
        event = self._describe(self.asks[0].subject)
        self._talk.answer("ask_again", {"day": event.day, "area": event.area})
        return True

    def offer(self) -> None:
        """List what they promised, and ask about what is coming up that they have not answered."""
        self._ask_about_rallies()
        talk = self._talk
        coming = coming_to(self._session, talk.person.id, now=talk.now)
        promised = [rsvp.subject for rsvp in coming[:LONGEST_LIST]]
        if promised:
            talk.answer("your_yes", {"items": self._promised(promised)})
        if len(self.asks) > 1:
            self._ask_which("events_list")
        elif self.asks:
            event = self._describe(self.asks[0].subject)
            talk.answer("events_one", {"day": event.day, "area": event.area})
        elif not promised:
            talk.answer("events_none")

    # --- parts ---

    def _about(self, subject: str) -> Answering:
        self._talk.inbound.subject = subject
        return Answering(self._talk, subject)

    def _each(self, answer: Answer, reply: Reply) -> None:
        for number in reply.numbers:
            self._about(self.asks[number - 1].subject).say(answer, reply)

    def _look_at_promises(self) -> None:
        """A no with several promises is about one of them: each is asked again."""
        talk = self._talk
        promised = coming_to(self._session, talk.person.id, now=talk.now)
        if len(promised) < 2:
            return
        for rsvp in promised:
            event = self._describe(rsvp.subject)
            open_asks(
                self._session, [talk.person.id], rsvp.subject, kind=CONFIRM, now=talk.now,
                expires_at=event.starts_at,
            )  # fmt: skip
        self.asks = open_asks_of(self._session, talk.person.id, now=talk.now)

    def _ask_about_rallies(self) -> None:
        talk = self._talk
        rallies = [
            rally
            for rally in coming_up(self._session, talk.chapter_id, now=talk.now)
            if rally.state is RallyState.ANNOUNCED and rally.starts_at > talk.now
        ]
        known = answered(self._session, talk.person.id, [rally.subject for rally in rallies])
        for rally in rallies:
            if rally.subject not in known:
                open_asks(
                    self._session, [talk.person.id], rally.subject, now=talk.now,
                    expires_at=rally.starts_at, chapter_id=talk.chapter_id,
                )  # fmt: skip
        self.asks = open_asks_of(self._session, talk.person.id, now=talk.now)

    def ask_which_of(
        self, numbered: Sequence[tuple[int, Event]], template: str = "ask_which"
    ) -> None:
        """Ask which of these they mean, by number."""
        language, catalog = self._talk.person.language, self._talk.outbox.catalog
        items = [
            catalog.text("which_item", language, number=str(number), day=one.day, area=one.area)
            for number, one in numbered
        ]
        numbers = [str(number) for number, _ in numbered]
        values: dict[str, Value] = {
            "items": catalog.join(items, language, last="items"),
            "choices": catalog.join(numbers, language, last="or"),
        }
        self._talk.answer(template, values)

    def _ask_which(self, template: str = "ask_which") -> None:
        events = [self._describe(ask.subject) for ask in self.asks[:LONGEST_LIST]]
        self.ask_which_of(list(enumerate(events, start=1)), template)

    def _promised(self, subjects: Iterable[str]) -> str:
        catalog, language = self._talk.outbox.catalog, self._talk.person.language
        events = [self._describe(subject) for subject in subjects]
        items = [
            catalog.text("promised_item", language, day=one.day, area=one.area) for one in events
        ]
        return catalog.join(items, language, last="items")

    def _describe(self, subject: str) -> Event:
        talk = self._talk
        return describe(
            self._session, subject, talk.person.language, talk.outbox.catalog, now=talk.now
        )

    def pending_answer(self) -> Answer | None:
        """Return the yes or no that is waiting for its number."""
        last = self._last()
        if last is None or last.subject or last.intent not in ANSWERS:
            return None
        return ANSWERS[Intent(last.intent)]

    def _last_intent(self) -> str:
        last = self._last()
        return last.intent if last is not None else ""

    def _last(self) -> Inbound | None:
        """Return what they wrote before, within a day."""
        return self._session.exec(
            select(Inbound)
            .where(
                Inbound.person_id == self._talk.person.id,
                Inbound.id != self._talk.inbound.id,
                Inbound.received_at > self._talk.now - PENDING_FOR,
            )
            .order_by(col(Inbound.id).desc())
            .limit(1)
        ).first()
