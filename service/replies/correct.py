"""Put a misreading right: undo what it did, do what was meant, tell the person, on the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, select

from service.errors import InvalidValue, WrongState
from service.inbox.leave import confirmation_key
from service.inbox.tables import Effect, Inbound
from service.inbox.threads import chapter_id_of, need_person
from service.inbox.waiting import mark_handled
from service.messages.catalog import Value
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import ConsentNeeded
from service.outbox.withdraw import withdraw_person
from service.people.consent import opt_out, release, undo_opt_out
from service.people.tables import Consent, Person
from service.privacy import audit
from service.privacy.policy import Viewer
from service.replies.intents import Intent, Reply
from service.replies.rsvp import Answering
from service.rsvps.ask import newest_ask_of, open_asks_of, was_asked
from service.rsvps.respond import Answer


class Meant(StrEnum):
    """What a text meant, as an organizer says."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"
    STOP = "stop"
    THANKS = "thanks"
    OTHER = "other"  # something else: it waits for a person


ANSWERS = {Meant.YES: Answer.YES, Meant.NO: Answer.NO, Meant.MAYBE: Answer.MAYBE}


@dataclass(frozen=True)
class Correction:
    """What an organizer says. subject: which event, where that is not plain; party: of how many."""

    meant: Meant
    subject: str | None = None
    party: int | None = None


def correct(
    session: Session, outbox: Outbox, inbound: Inbound, told: Correction, *, by: Viewer,
    now: datetime,
) -> None:  # fmt: skip
    """Let a text count as what was meant. Safe to send twice; a correction can be corrected.

    Raises WrongState for a text that the carrier has acted upon, that waits to be read, that a later
    text has overtaken, or of somebody who has left by another one; InvalidValue on `subject`.
    """
    session.refresh(inbound, with_for_update=True)  # two organizers at once take turns
    person = session.get_one(Person, inbound.person_id)
    _check(session, inbound, person)
    run = _Correcting(session, outbox, person, inbound, now)
    subject = _subject(session, inbound, told, now) if told.meant in ANSWERS else None
    if not _is_new(inbound, told, subject):
        return
    _check_not_overtaken(session, inbound, {subject, *(one["subject"] for one in inbound.effects)})
    was = inbound.understood_as
    run.undo(told.meant, keep=subject)
    run.apply(told, subject)
    inbound.meant, inbound.corrected_by, inbound.corrected_at = told.meant, by.name, now
    inbound.subject = subject or ""
    session.add(inbound)
    if told.meant is Meant.OTHER:
        need_person(session, inbound, now=now)
    else:
        mark_handled(session, run.chapter_id, inbound.id, by=by, now=now)
    audit.record(
        session, actor=by, action="text.correct", subject=f"inbound:{inbound.id.hex}", now=now,
        detail=f"{was} -> {told.meant}",
    )  # fmt: skip


class _Correcting:
    """One correction, within one transaction: what an answer belongs to (replies/rsvp.py: Talk)."""

    def __init__(
        self, session: Session, outbox: Outbox, person: Person, inbound: Inbound, now: datetime
    ) -> None:
        self.session = session
        self.chapter_id = chapter_id_of(session, inbound)
        self.outbox = outbox.of(self.chapter_id)
        self.person = person
        self.inbound = inbound
        self.now = now
        self._texts = 0

    def undo(self, meant: Meant, *, keep: str | None) -> None:
        """Undo what the text did so far, but for an answer about the event that it is about."""
        if self.inbound.understood_as == Intent.STOP and meant is not Meant.STOP:
            self._undo_stop()
        if meant is not Meant.STOP:
            release(self.session, self.person, how="organizer", now=self.now)
        effects: list[Effect] = self.inbound.effects
        for effect in effects:
            if effect["subject"] != keep:
                tells = meant is not Meant.STOP
                Answering(self, effect["subject"]).take_back(effect, tells=tells)
        self.inbound.effects = [one for one in effects if one["subject"] == keep]

    def apply(self, told: Correction, subject: str | None) -> None:
        """Do what was meant, through the functions of a reply."""
        if told.meant is Meant.STOP:
            opt_out(self.session, self.person, how="organizer", now=self.now)
            withdraw_person(self.session, self.person.id, reason="opted_out", now=self.now)
            once = confirmation_key(self.session, self.person)
            self.answer("opt_out", needed=ConsentNeeded.ALWAYS, once=once)
        elif subject is not None:
            reply = Reply(Intent(told.meant.value), party=told.party)
            Answering(self, subject).say(ANSWERS[told.meant], reply)

    def answer(
        self, template: str, values: Mapping[str, Value] | None = None, *,
        needed: ConsentNeeded = ConsentNeeded.ANSWER, once: str = "",
    ) -> None:  # fmt: skip
        """Tell the person, within their hours: they did not write just now."""
        self._texts += 1
        text = Text(
            template,
            once_key=once or f"correct:{self.inbound.id.hex}:{self.now.isoformat()}:{self._texts}",
            subject=f"person:{self.person.id.hex}",
            values=values or {},
            consent_needed=needed,
        )
        self.outbox.text(self.session, self.person, text, now=self.now)

    def _undo_stop(self) -> None:
        since = self.inbound.received_at
        if undo_opt_out(self.session, self.person, since=since, how="organizer", now=self.now):
            self.answer("stop_misread")


def _check(session: Session, inbound: Inbound, person: Person) -> None:
    if inbound.opt_out_type:
        raise WrongState("carrier_has_acted", f"text {inbound.id} was {inbound.opt_out_type}")
    if inbound.done_at is None:
        raise WrongState("text_not_read_yet", f"text {inbound.id} waits")
    if person.consent is not Consent.OPTED_OUT:
        return
    later_stop = any(one.understood_as == Intent.STOP for one in _later(session, inbound))
    if inbound.understood_as != Intent.STOP or later_stop:
        raise WrongState("person_opted_out", f"person {person.id} gets no texts")


def _check_not_overtaken(session: Session, inbound: Inbound, subjects: set[str | None]) -> None:
    for later in _later(session, inbound):
        if any(effect["subject"] in subjects for effect in later.effects):
            raise WrongState("answered_since", f"text {later.id} is newer than {inbound.id}")


def _later(session: Session, inbound: Inbound) -> Sequence[Inbound]:
    query = select(Inbound).where(
        Inbound.person_id == inbound.person_id, col(Inbound.id) > inbound.id
    )
    return session.exec(query.order_by(col(Inbound.id))).all()


def _is_new(inbound: Inbound, told: Correction, subject: str | None) -> bool:
    if inbound.understood_as != told.meant or told.party is not None:
        return True
    return subject is not None and [one["subject"] for one in inbound.effects] != [subject]


def possible_subjects(session: Session, inbound: Inbound, *, now: datetime) -> list[str]:
    """Return which events a text may be about: what it did, else what is asked, else asked last."""
    known = [one["subject"] for one in inbound.effects]
    known = known or [ask.subject for ask in open_asks_of(session, inbound.person_id, now=now)]
    if not known and (last := newest_ask_of(session, inbound.person_id)) is not None:
        known = [last.subject]
    return list(dict.fromkeys(known))


def _subject(session: Session, inbound: Inbound, told: Correction, now: datetime) -> str:
    """Return which event it is about: what the organizer says, or else the only one possible."""
    person_id = inbound.person_id
    if told.subject is not None:
        if not was_asked(session, person_id, told.subject):
            raise InvalidValue("about", "not_asked")
        return told.subject
    known = possible_subjects(session, inbound, now=now)
    if not known:
        raise InvalidValue("about", "not_asked")
    if len(known) > 1:
        raise InvalidValue("about", "which_event")
    return known[0]
