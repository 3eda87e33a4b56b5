"""How did it end? A digit or words, read back, and counted once they say that it is right.

`Ending` is asked after `Hearing`: while somebody is out there, that question comes first.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlmodel import col, or_, select

from service.chapters.tables import Office
from service.checkins.outcome.ask import hear, hear_no, open_ask, open_ask_of, question
from service.checkins.outcome.record import Ended, Teller, record_outcome
from service.checkins.outcome.rules import BEGUN, GOES_ON, GRAVE, WITH_A_DEADLINE
from service.checkins.outcome.tell import in_words
from service.checkins.safety.around import ROLES
from service.checkins.safety.tables import Reporter
from service.checkins.tables import CheckIn, Outcome, OutcomeAsk
from service.errors import InvalidValue, WrongState
from service.outbox.drill import id_in
from service.outbox.tables import DRILL, Priority
from service.replies.dates.when import read_when
from service.replies.intents import Expecting, Intent, Reply
from service.replies.parse import parse
from service.rsvps.tables import COMING, Rsvp, RsvpState, Seat, SeatRole

if TYPE_CHECKING:
    from service.replies.converse import Conversation

UNASKED_FOR = timedelta(days=1)  # after the start
MAY_SAY = (SeatRole.LEAD, SeatRole.OUTSIDE_CONTACT)
ANSWERS = (Intent.UNKNOWN, Intent.YES, Intent.NO, Intent.MAYBE, Intent.CHOICE, Intent.THANKS)


class Ending:
    """What one text says of how an appointment ended."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._session = talk.session
        self._ask: OutcomeAsk | None = open_ask_of(talk.session, talk.person.id)

    def expecting(self) -> Expecting | None:
        """Return how the text is to be read while this is asked."""
        if self._ask is None or self._was_asked_since():
            return None
        return Expecting.outcome() if self._ask.said is None else Expecting.yes_no()

    def takes(self, reply: Reply) -> bool:
        """Do what the text says about how it ended; return whether it was about that."""
        if reply.intent is Intent.STOP or reply.doubtful_stop:
            return False
        if self._ask is None:
            return reply.intent is Intent.OUTCOME and self._says_unasked(reply)
        if reply.intent is Intent.OUTCOME:
            self._read_back(self._ask, reply)
            return True
        if self._was_asked_since() or reply.intent not in ANSWERS:
            return False
        if self._ask.said is not None and self._confirms(self._ask, self._ask.said, reply):
            return True
        if reply.intent is Intent.THANKS:
            return False
        self._is_unclear(self._ask)
        return True

    def also_hears(self, reply: Reply) -> None:
        """Read back a cry that says how it ended, too, once people are being called."""
        if self._ask is not None and reply.intent is Intent.DISTRESS and reply.outcome is not None:
            self._read_back(self._ask, reply)

    # --- what they say ---

    def _says_unasked(self, reply: Reply) -> bool:
        """Take it from the lead or the outside contact of what began within a day."""
        talk = self._talk
        checkin = self._begun_lately()
        if checkin is None:
            return False
        self._ask = open_ask(self._session, checkin, talk.person, now=talk.now)
        self._read_back(self._ask, reply)
        return True

    def _read_back(self, ask: OutcomeAsk, reply: Reply) -> None:
        outcome = Outcome(reply.outcome or Outcome.UNKNOWN)
        deadline_on = self._day_in(reply.remainder) if outcome in WITH_A_DEADLINE else None
        hear(self._session, ask, outcome, deadline_on, now=self._talk.now)
        self._note(ask)
        if reply.remainder and deadline_on is None:
            self._talk.inbound.needs_person = True
        self._put(ask)

    def _confirms(self, ask: OutcomeAsk, said: Outcome, reply: Reply) -> bool:
        """Take the answer to what was read back; a digit or other words say it anew."""
        self._note(ask)
        again = parse(
            self._talk.body, language=self._talk.person.language, expecting=Expecting.outcome()
        )
        if reply.intent is Intent.YES:
            self._record(ask, said)
        elif again.intent is Intent.OUTCOME:
            self._read_back(ask, again)
        elif reply.intent is Intent.NO:
            hear_no(self._session, ask, now=self._talk.now)
            self._put(ask)
        else:
            return False
        return True

    def _record(self, ask: OutcomeAsk, said: Outcome) -> None:
        talk = self._talk
        checkin = self._session.get_one(CheckIn, ask.checkin_id)
        ended = Ended(said, ask.deadline_on)
        try:
            record_outcome(
                self._session, talk.outbox, checkin, ended,
                teller=Teller(person=talk.person, role=self._role(checkin)), now=talk.now,
            )  # fmt: skip
        except (InvalidValue, WrongState):  # moved on meanwhile, by an organizer
            ask.closed_at = talk.now
            self._session.add(ask)
            self._hand_over()
            return
        values = {
            "outcome": in_words(talk.outbox.catalog, said, ask.deadline_on, talk.person.language)
        }
        if said in GRAVE:
            talk.answer("outcome_noted_urgent", values, priority=Priority.URGENT)
        elif said in GOES_ON:
            talk.answer("outcome_next", values)
        else:
            talk.answer("outcome_noted", values)
        self._ask_about_the_next()

    def _ask_about_the_next(self) -> None:
        """Who went with two families is asked about the second once the first is known."""
        if (following := open_ask_of(self._session, self._talk.person.id)) is not None:
            self._put(following)

    def _is_unclear(self, ask: OutcomeAsk) -> None:
        """Ask once more; then a person calls."""
        self._note(ask)
        ask.unclear += 1
        self._session.add(ask)
        if ask.unclear > 1:
            self._hand_over()
        else:
            self._put(ask)

    def _hand_over(self) -> None:
        self._talk.inbound.needs_person = True
        self._talk.answer("outcome_person")

    # --- parts ---

    def _put(self, ask: OutcomeAsk) -> None:
        """Ask, or read back, as an answer to this text."""
        template, values = question(self._session, self._talk.outbox, ask, self._talk.person)
        key = f"answer:{self._talk.inbound.id.hex}:{template}:{ask.id.hex}"
        self._talk.answer(template, values, once=key)

    def _note(self, ask: OutcomeAsk) -> None:
        checkin = self._session.get_one(CheckIn, ask.checkin_id)
        self._talk.inbound.subject = checkin.subject
        self._talk.inbound.needs_person = False  # it is read back, and told to whom it concerns

    def _was_asked_since(self) -> bool:
        """Return whether another question to them is newer than this one: an answer is about that."""
        if self._ask is None:
            return False
        since = self._ask.said_at or self._ask.asked_at
        talked_at = self._talk.talking.asked_at
        if talked_at is not None and talked_at > since:
            return True
        return any(ask.asked_at > since for ask in self._talk.asks)

    def _begun_lately(self) -> CheckIn | None:
        """Return the newest appointment under way whose lead or outside contact they are."""
        now = self._talk.now
        rows = self._session.exec(
            select(Rsvp.subject)
            .join(Seat, col(Seat.id) == Rsvp.seat_id)
            .where(
                Rsvp.person_id == self._talk.person.id,
                or_(
                    col(Rsvp.subject).startswith("checkin:"),
                    col(Rsvp.subject).startswith(f"{DRILL}checkin:"),
                ),
                col(Rsvp.role).in_(MAY_SAY),
                col(Rsvp.state).in_([*COMING, RsvpState.LEFT]),
                Seat.starts_at <= now,
                Seat.starts_at > now - UNASKED_FOR,
            )
            .order_by(col(Seat.starts_at).desc(), col(Rsvp.id))
        ).all()
        found = (self._session.get_one(CheckIn, id_in(one)) for one in rows)
        return next((one for one in found if one.state in BEGUN and one.outcome is None), None)

    def _role(self, checkin: CheckIn) -> Reporter:
        role = self._session.exec(
            select(Rsvp.role).where(
                Rsvp.subject == checkin.subject, Rsvp.person_id == self._talk.person.id
            )
        ).first()
        return ROLES.get(SeatRole(role), Reporter.COMPANION) if role else Reporter.COMPANION

    def _day_in(self, note: str) -> date | None:
        """Return the day that they named beside the digit: "4 May 3"."""
        if not note or self._ask is None:
            return None
        checkin = self._session.get_one(CheckIn, self._ask.checkin_id)
        zone = ZoneInfo(self._session.get_one(Office, checkin.office_id).time_zone)
        language = self._talk.person.language
        return read_when(note, language=language, now=self._talk.now.astimezone(zone)).day
