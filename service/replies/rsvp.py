"""An answer about one event: taken, told back, and a place that it frees offered to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from service.checkins.remind import remind_again
from service.checkins.tables import CheckIn
from service.messages.catalog import Catalog, Value
from service.people.tables import Person
from service.privacy.keyring import KeyKind
from service.privacy.scrub import scrub
from service.privacy.seal import seal
from service.replies.events import Event, describe
from service.replies.holds import offer_places
from service.replies.intents import Reply
from service.rsvps.arrive import arrive
from service.rsvps.respond import Answer, Response, respond
from service.rsvps.tables import COMING, CONCERNED, Rsvp, RsvpState, SeatRole

if TYPE_CHECKING:
    from service.replies.converse import Conversation


class Answering:
    """One person's answer about one event."""

    def __init__(self, talk: Conversation, subject: str) -> None:
        self._talk = talk
        self._session = talk.session
        self._subject = subject

    def say(self, answer: Answer, reply: Reply) -> None:
        """Write the answer down, tell it back, and offer a freed place to the next in line."""
        talk = self._talk
        response = respond(
            self._session, talk.person.id, self._subject, answer, party_size=reply.party,
            now=talk.now,
        )  # fmt: skip
        event = self._describe(talk.person)
        language, catalog = talk.person.language, talk.outbox.catalog
        template, values = _told(response, answer, event, catalog, language)
        talk.answer(template, values)
        if reply.remainder:
            self._keep_remainder(response.rsvp, reply.remainder)
        if response.rsvp is not None and response.rsvp.state in COMING and event.is_checkin:
            self._tell_the_place_soon()
        if response.freed_seat_id is not None:
            offer_places(self._session, talk.outbox, response.freed_seat_id, now=talk.now)

    def arrive(self) -> None:
        """Note that they are there."""
        arrive(self._session, self._talk.person.id, self._subject)
        self._talk.answer("here_noted")

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

    def _tell_the_place_soon(self) -> None:
        """Within a day of the appointment the clock tells the place at its next tick."""
        checkin = self._session.get_one(CheckIn, UUID(self._subject.partition(":")[2]))
        remind_again(self._session, checkin, now=self._talk.now)


def _told(
    response: Response, answer: Answer, event: Event, catalog: Catalog, language: str
) -> tuple[str, dict[str, Value]]:
    """Return which text tells somebody what came of their answer, and its values."""
    where: dict[str, Value] = {"day": event.day, "area": event.area}
    if response.is_closed:
        return ("closed_cancelled" if event.is_cancelled else "closed_past"), where
    if answer is Answer.MAYBE:
        return "maybe_noted", where
    if answer is Answer.NO:
        return _told_no(response, where)
    return _told_yes(response, where, event, catalog, language)


def _told_yes(
    response: Response, where: dict[str, Value], event: Event, catalog: Catalog, language: str
) -> tuple[str, dict[str, Value]]:
    rsvp = response.rsvp
    if rsvp is None or rsvp.state is RsvpState.STANDBY:
        return ("hold_missed" if response.before is RsvpState.LAPSED else "standby"), where
    if not response.is_changed or rsvp.state is RsvpState.CONFIRMED:
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
