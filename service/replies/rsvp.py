"""An answer about one event: taken, told back, and a place that it frees offered to the next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from sqlmodel import Session

from service.checkins.remind import remind_again
from service.checkins.tables import CheckIn
from service.inbox.tables import Effect, Inbound
from service.messages.catalog import Catalog, Value
from service.outbox.drill import id_in
from service.outbox.enqueue import Outbox
from service.people.tables import Person
from service.privacy.keyring import KeyKind
from service.privacy.scrub import scrub
from service.privacy.seal import seal
from service.replies.events import Event, describe
from service.replies.gone import tell_of_a_lead_who_left
from service.replies.holds import offer_places
from service.replies.intents import Reply
from service.rsvps.arrive import arrive
from service.rsvps.respond import Answer, Response, respond, role_of
from service.rsvps.tables import COMING, CONCERNED, Rsvp, RsvpState, SeatRole
from service.rsvps.take_back import answer_before, take_back

PLACE_IS_TOLD = timedelta(days=2)  # at the earliest, the evening before the day before


class Talk(Protocol):
    """What an answer belongs to: a text that came in, or a correction of how it was read."""

    @property
    def session(self) -> Session: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def person(self) -> Person: ...
    @property
    def inbound(self) -> Inbound: ...
    @property
    def now(self) -> datetime: ...

    def answer(self, template: str, values: Mapping[str, Value] | None = None) -> object:
        """Answer with a text."""


class Answering:
    """One person's answer about one event."""

    def __init__(self, talk: Talk, subject: str) -> None:
        self._talk = talk
        self._session = talk.session
        self._subject = subject

    def say(self, answer: Answer, reply: Reply) -> None:
        """Write the answer down, tell it back, and offer a freed place to the next in line."""
        talk = self._talk
        role = role_of(self._session, talk.person.id, self._subject)
        response = respond(
            self._session, talk.person.id, self._subject, answer, party_size=reply.party,
            now=talk.now,
        )  # fmt: skip
        if role is SeatRole.LEAD and response.rsvp is not None and response.rsvp.role is None:
            tell_of_a_lead_who_left(self._session, talk.outbox, self._subject, now=talk.now)
        self._note_effect(response, answer)
        event = self._tell(response, answer)
        if reply.remainder:
            self._keep_remainder(response.rsvp, reply.remainder)
        if response.rsvp is not None and response.rsvp.state in COMING and event.is_checkin:
            self._tell_the_place_soon(event)
        if response.freed_seat_id is not None:
            offer_places(self._session, talk.outbox, response.freed_seat_id, now=talk.now)

    def take_back(self, effect: Effect, *, tells: bool = True) -> None:
        """Undo what a text did that was misread, and tell them what counts now."""
        talk = self._talk
        before = RsvpState(effect["before"]) if effect["before"] else None
        response = take_back(
            self._session, talk.person.id, self._subject, before, effect["party"], now=talk.now
        )
        answer = answer_before(before)
        if tells and answer is not None:
            self._tell(response, answer)
        elif tells:
            event = self._describe(talk.person)
            talk.answer("answer_misread", {"day": event.day, "area": event.area})
        if response.freed_seat_id is not None:
            offer_places(self._session, talk.outbox, response.freed_seat_id, now=talk.now)

    def arrive(self) -> None:
        """Note that they are there."""
        arrive(self._session, self._talk.person.id, self._subject)
        self._talk.answer("here_noted")

    def _tell(self, response: Response, answer: Answer) -> Event:
        talk = self._talk
        event = self._describe(talk.person)
        language, catalog = talk.person.language, talk.outbox.catalog
        template, values = _told(response, answer, event, catalog, language)
        talk.answer(template, values)
        return event

    def _note_effect(self, response: Response, answer: Answer) -> None:
        """Note with the text what it did, so that a misreading can be put right."""
        if response.is_closed:
            return
        inbound = self._talk.inbound
        same = [one for one in inbound.effects if one["subject"] == self._subject]
        effect = Effect(
            subject=self._subject,
            answer=answer,
            before=response.before.value if response.before else None,
            party=response.party_before,
        )
        if same:  # a correction: what was there before the text was read at all
            effect |= {"before": same[0]["before"], "party": same[0]["party"]}
        others = [one for one in inbound.effects if one["subject"] != self._subject]
        inbound.effects = [*others, effect]
        self._session.add(inbound)

    def _describe(self, person: Person) -> Event:
        catalog = self._talk.outbox.catalog
        return describe(self._session, self._subject, person.language, catalog, now=self._talk.now)

    def _keep_remainder(self, rsvp: Rsvp | None, remainder: str) -> None:
        """Keep what else they wrote beside their answer, and tell them that a person reads it."""
        talk = self._talk
        talk.inbound.needs_person = True
        talk.answer("remainder_to_person")
        if rsvp is not None:
            key = talk.outbox.keyring.key(KeyKind.PERSON, talk.person.id)
            rsvp.remainder_sealed = seal(key, "rsvp", rsvp.id, "remainder", scrub(remainder))
            self._session.add(rsvp)

    def _tell_the_place_soon(self, event: Event) -> None:
        """Once the others have heard the place, the clock tells it at its next tick."""
        if event.starts_at - self._talk.now > PLACE_IS_TOLD:
            return
        checkin = self._session.get_one(CheckIn, id_in(self._subject))
        remind_again(self._session, checkin, now=self._talk.now)


def _told(
    response: Response, answer: Answer, event: Event, catalog: Catalog, language: str
) -> tuple[str, dict[str, Value]]:
    """Return which text tells somebody what came of their answer, and its values."""
    where: dict[str, Value] = {"day": event.day, "area": event.area}
    if response.is_closed:
        return _told_closed(event), where
    if answer is Answer.MAYBE:
        return "maybe_noted", where
    if answer is Answer.NO:
        return _told_no(response, where)
    return _told_yes(response, where, event, catalog, language)


def _told_closed(event: Event) -> str:
    if event.is_all_clear:
        return "closed_all_clear"
    return "closed_cancelled" if event.is_cancelled else "closed_past"


def _told_yes(
    response: Response, where: dict[str, Value], event: Event, catalog: Catalog, language: str
) -> tuple[str, dict[str, Value]]:
    rsvp = response.rsvp
    if rsvp is None or rsvp.state is RsvpState.STANDBY:
        return ("hold_missed" if response.before is RsvpState.LAPSED else "standby"), where
    is_again = rsvp.state is RsvpState.CONFIRMED and event.is_checkin
    if not response.is_changed or is_again:
        return "already_yes", where
    if not event.is_checkin:
        party = catalog.count("party", rsvp.party_size, language)
        place: dict[str, Value] = {"day": event.day, "time": event.time, "place": event.area}
        return "party_confirmed", place | {"party": party}
    values = where | {"time": event.time, "hours": event.hours}
    if rsvp.role is SeatRole.LEAD:
        return "confirmed_lead", values
    role = (rsvp.role or SeatRole.ACCOMPANIER).value
    return "confirmed", values | {"role": catalog.word("role", role, language)}


def _told_no(response: Response, where: dict[str, Value]) -> tuple[str, dict[str, Value]]:
    if not response.is_changed:
        return "already_no", where
    was_counted_on = response.before in CONCERNED and response.before is not RsvpState.MAYBE
    return ("changed_to_no", where) if was_counted_on else ("no_noted", {})
