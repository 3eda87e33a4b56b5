"""The answer to a weekly list: its numbers choose, 0 is none, a Y or N is asked which one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlmodel import col, select

from service.checkins.candidates import busy_people
from service.checkins.remind import remind_again
from service.checkins.tables import CheckIn
from service.replies.events import Event, describe
from service.replies.intents import Expecting, Intent, Reply
from service.replies.rsvp import Answering
from service.rsvps.ask import LIST, list_of, newest_ask_of
from service.rsvps.respond import Answer, respond
from service.rsvps.tables import COMING, Ask, Rsvp, RsvpState, Seat, SeatRole

if TYPE_CHECKING:
    from datetime import datetime

    from service.replies.converse import Conversation

STILL_ON_IT = (*COMING, RsvpState.STANDBY)


class Weekly:
    """One person's weekly list, while it lasts."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._session = talk.session
        self._listed: Sequence[Ask] = list_of(talk.session, talk.person.id, now=talk.now)
        newest = newest_ask_of(talk.session, talk.person.id) if self._listed else None
        self._is_newest = newest is not None and newest.kind == LIST

    @property
    def asked_at(self) -> datetime | None:
        """When the list that still lasts was sent."""
        return self._listed[0].asked_at if self._listed else None

    def expecting(self) -> Expecting | None:
        """Return that numbers are expected: the list came last, or nothing but numbers was written."""
        only_numbers = self._talk.body.replace(",", " ").replace("y", " ").split()
        is_numbers = bool(only_numbers) and all(word.isdecimal() for word in only_numbers)
        if self._listed and (self._is_newest or (is_numbers and len(self._talk.asks) < 2)):
            return Expecting.numbered(len(self._listed))
        return None

    def take(self, reply: Reply) -> bool:
        """Act on an answer if it is about the list; return whether it was."""
        numbers = self._numbers(reply)
        if not self._listed or not (numbers or self._is_newest):
            return False
        if reply.intent is Intent.CHOICE and len(self._talk.asks) > 1 and not self._is_newest:
            return False
        if numbers:
            self._choose(reply, numbers)
        elif reply.intent is Intent.NO:
            self._decline(reply)
        elif len(self._listed) == 1:
            answer = Answer.YES if reply.intent is Intent.YES else Answer.MAYBE
            self._say(answer, self._listed[0], reply)
        else:
            self._talk.answer("weekly_which")
        return True

    def _numbers(self, reply: Reply) -> list[int]:
        numbers = list(reply.numbers)
        if reply.intent is Intent.CHOICE or self._is_newest:
            if not numbers and reply.party and reply.intent is Intent.YES:
                numbers = [reply.party]  # "Y 2": the second
            return [number for number in numbers if 1 <= number <= len(self._listed)]
        return []

    def _choose(self, reply: Reply, numbers: Sequence[int]) -> None:
        asks = [self._listed[number - 1] for number in numbers]
        is_no = reply.intent is Intent.NO or self._talk.which.pending_answer() is Answer.NO
        if is_no:
            for ask in asks:
                self._say(Answer.NO, ask, reply)
        elif len(asks) == 1 and not self._clashes(asks[0]):
            self._say(Answer.YES, asks[0], reply)
        else:
            self._take_several(asks)
        self._mark_answered()

    def _say(self, answer: Answer, ask: Ask, reply: Reply) -> None:
        self._talk.inbound.subject = ask.subject
        Answering(self._talk, ask.subject).say(answer, reply)
        self._mark_answered()

    def _take_several(self, asks: Sequence[Ask]) -> None:
        """Take each place there is, and tell all of it in one text a kind."""
        told: dict[str, list[str]] = defaultdict(list)
        for ask in asks:
            event = self._event(ask)
            if event.is_cancelled or event.is_over:
                told["weekly_gone"].append(f"{event.day}, {event.area}")
            elif self._clashes(ask):
                told["weekly_clash"].append(f"{event.day}, {event.area}")
            else:
                template, item = self._take(ask, event)
                told[template].append(item)
        language, catalog = self._talk.person.language, self._talk.outbox.catalog
        for template, items in told.items():
            self._talk.answer(template, {"items": catalog.join(items, language, last="items")})

    def _take(self, ask: Ask, event: Event) -> tuple[str, str]:
        talk = self._talk
        response = respond(self._session, talk.person.id, ask.subject, Answer.YES, now=talk.now)
        if response.rsvp is None or response.rsvp.state not in COMING:
            template = "weekly_gone" if response.is_closed else "weekly_waiting"
            return template, f"{event.day}, {event.area}"
        remind_again(self._session, self._checkin(ask.subject), now=talk.now)
        role = (response.rsvp.role or SeatRole.ACCOMPANIER).value
        word = talk.outbox.catalog.word("role", role, talk.person.language)
        return "weekly_taken", f"{event.day}, {event.time}, {event.area} ({word})"

    def _decline(self, reply: Reply) -> None:
        """0 or N: none of them; or, after they had chosen some, no longer that one."""
        mine = self._session.exec(
            select(Rsvp.subject).where(
                Rsvp.person_id == self._talk.person.id,
                col(Rsvp.state).in_(STILL_ON_IT),
                col(Rsvp.subject).in_([ask.subject for ask in self._listed]),
            )
        ).all()
        chosen = [ask for ask in self._listed if ask.subject in mine]
        if not chosen:
            self._mark_answered()
            self._talk.answer("no_noted")
        elif len(chosen) == 1:
            self._say(Answer.NO, chosen[0], reply)
        else:
            self._talk.which.ask_which_of([(ask.number or 0, self._event(ask)) for ask in chosen])

    def _clashes(self, ask: Ask) -> bool:
        """Return whether they said yes to something else then; one door at one hour is no clash."""
        seats = self._session.exec(select(Seat).where(Seat.subject == ask.subject)).all()
        if not seats:
            return False
        own = self._checkin(ask.subject)
        ends_at = max(seat.ends_at for seat in seats)
        for busy in busy_people(self._session, own.starts_at, ends_at).get(
            self._talk.person.id, []
        ):
            if busy.subject == ask.subject:
                continue
            if not busy.subject.startswith("checkin:"):
                return True
            other = self._checkin(busy.subject)
            if (other.office_id, other.starts_at) != (own.office_id, own.starts_at):
                return True
        return False

    def _mark_answered(self) -> None:
        for ask in self._listed:
            if ask.answered_at is None:
                ask.answered_at = self._talk.now
                self._session.add(ask)

    def _checkin(self, subject: str) -> CheckIn:
        return self._session.get_one(CheckIn, UUID(subject.partition(":")[2]))

    def _event(self, ask: Ask) -> Event:
        talk = self._talk
        return describe(
            self._session, ask.subject, talk.person.language, talk.outbox.catalog, now=talk.now
        )
