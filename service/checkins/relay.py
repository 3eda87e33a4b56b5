"""Pass texts on between a family and whoever leads, so that neither needs the other's number.

From 18:00 the evening before until the safety check is resolved; off for one appointment when either
of them, or an organizer, says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, exists, func, or_, select

from service.chapters.rules import EARLY, LATE, next_at
from service.chapters.tables import Office
from service.checkins.companions import evening_before
from service.checkins.safety.tables import OVER, SafetyCheck
from service.checkins.safety.tell import first_name
from service.checkins.tables import CheckIn, Relay
from service.db import new_id
from service.db.insert import insert_new
from service.inbox.tables import Inbound
from service.messages.catalog import Value
from service.messages.segments import plain
from service.outbox.drill import named_like
from service.outbox.enqueue import Outbox, Text
from service.outbox.tables import Delivery, Priority
from service.people.find import people_by_id
from service.people.tables import Consent, Person
from service.privacy import audit
from service.privacy.policy import Viewer
from service.rsvps.tables import COMING, Rsvp, SeatRole

AT_THE_EARLIEST = timedelta(hours=48)  # before a start: its evening before lies within
LONGEST = 1400  # letters in one text; the carrier takes 1,600
MOST_AN_HOUR = 30  # of one appointment: more is two machines answering each other
LIFE = timedelta(hours=2)
TEMPLATES = ("relay", "relay_tongue", "relay_how")  # the other's words, as they were last read


@dataclass(frozen=True)
class Line:
    """One appointment along which somebody's words may go, and to whom. role: family or lead."""

    checkin: CheckIn
    office: Office
    role: str
    others: tuple[Person, ...]

    @property
    def reachable(self) -> list[Person]:
        """Those of the others who get texts."""
        gets = (Consent.ACTIVE, Consent.HELD)
        return [one for one in self.others if one.consent in gets and not one.is_unreachable]


def open_lines(session: Session, person_id: UUID, *, now: datetime) -> list[Line]:
    """Return the appointments between whose family and lead this person's words go now, soonest first.

    An appointment without a lead has none, nor one for which it was switched off.
    """
    leads = exists().where(
        col(Rsvp.subject) == SafetyCheck.subject,
        col(Rsvp.person_id) == person_id,
        col(Rsvp.role) == SeatRole.LEAD,
        col(Rsvp.state).in_(COMING),
    )
    rows = session.exec(
        select(CheckIn, Office)
        .join(SafetyCheck, col(SafetyCheck.checkin_id) == CheckIn.id)
        .join(Office, col(Office.id) == CheckIn.office_id)
        .where(
            col(SafetyCheck.state).not_in(OVER),
            CheckIn.starts_at <= now + AT_THE_EARLIEST,
            col(CheckIn.relay_off_at).is_(None),
            or_(col(CheckIn.family_id) == person_id, leads),
        )
        .order_by(col(CheckIn.starts_at), col(CheckIn.id))
    ).all()
    lines = [
        _line(session, checkin, office, person_id)
        for checkin, office in rows
        if now >= evening_before(checkin.starts_at, office.time_zone)
    ]
    return [line for line in lines if line.others]


def _line(session: Session, checkin: CheckIn, office: Office, person_id: UUID) -> Line:
    if checkin.family_id != person_id:
        ids: Sequence[UUID] = [checkin.family_id]
    else:
        ids = session.exec(
            select(Rsvp.person_id)
            .where(
                Rsvp.subject == checkin.subject,
                Rsvp.role == SeatRole.LEAD,
                col(Rsvp.state).in_(COMING),
                Rsvp.person_id != person_id,
            )
            .order_by(col(Rsvp.id))
        ).all()
    people = people_by_id(session, ids)
    role = "family" if checkin.family_id == person_id else "lead"
    return Line(checkin, office, role, tuple(people[one] for one in ids))


def has_room(session: Session, line: Line, *, now: datetime) -> bool:
    """Return whether so few texts went along this line lately that two people may be talking."""
    lately = select(func.count()).where(
        col(Relay.checkin_id) == line.checkin.id, col(Relay.at) > now - timedelta(hours=1)
    )
    return session.exec(lately).one() < MOST_AN_HOUR


def pass_on(
    session: Session, outbox: Outbox, line: Line, inbound: Inbound, sender: Person, to: Person,
    words: str, *, tongue: str, now: datetime,
) -> bool:  # fmt: skip
    """Text one person's words to another, once a text that came in; return whether that is new.

    words: scrubbed.   tongue: the language they are in, where the reader does not speak it; else "".
    On the day nothing delays it; the night before it waits until 5:30.
    """
    relay = Relay(
        id=new_id(), checkin_id=line.checkin.id, inbound_id=inbound.id, from_person_id=sender.id,
        to_person_id=to.id, at=now,
    )  # fmt: skip
    is_first = not has_taken_part(session, line.checkin.id, to.id)
    new = insert_new(session, Relay).values(**relay.model_dump()).returning(col(Relay.id))
    if session.execute(new).first() is None:
        return False
    name = name_of(outbox, sender, to.language)
    said: dict[str, Value] = {"name": name}
    if tongue:
        said["tongue"] = outbox.catalog.word("language", tongue, to.language)
    template = "relay_tongue" if tongue else "relay"
    pieces = enumerate(_pieces(plain(words)))
    texts = [(f"{part}", template, said | {"words": piece}) for part, piece in pieces]
    if is_first:
        texts.append(("how", "relay_how", {"name": name}))
    not_before = _when(line, to, now)
    for part, key, values in texts:
        text = _text(line, relay, part, key, values, not_before)
        outbox.text(session, to, text, now=now)
    return True


def _text(
    line: Line, relay: Relay, part: str, template: str, values: dict[str, Value],
    not_before: datetime,
) -> Text:  # fmt: skip
    return Text(
        template,
        once_key=f"{relay.subject}:{part}",
        subject=named_like(line.checkin.subject, relay.subject),
        values=values,
        priority=Priority.URGENT,
        quiet_exempt=True,  # its hour was looked at
        not_before=not_before,
        not_after=not_before + LIFE,
    )


def _when(line: Line, to: Person, now: datetime) -> datetime:
    """Return when it may go: on the day at once, the evening before not after 22:00."""
    zone = ZoneInfo(line.office.time_zone)
    is_the_day = now.astimezone(zone).date() >= line.checkin.starts_at.astimezone(zone).date()
    return now if is_the_day else next_at(now, to.time_zone, EARLY, LATE)


def _pieces(words: str) -> list[str]:
    """Cut what is too long for one text at a space, nothing left out."""
    pieces = []
    while len(words) > LONGEST:
        cut = words.rfind(" ", 0, LONGEST) + 1 or LONGEST
        pieces.append(words[:cut].rstrip())
        words = words[cut:]
    return [*pieces, words]


def has_taken_part(session: Session, checkin_id: UUID, person_id: UUID) -> bool:
    """Return whether a text from or to this person went along before."""
    theirs = or_(col(Relay.from_person_id) == person_id, col(Relay.to_person_id) == person_id)
    found = select(Relay.id).where(Relay.checkin_id == checkin_id, theirs)
    return session.exec(found.limit(1)).first() is not None


def wrote_since(session: Session, checkin_id: UUID, person_id: UUID, since: datetime) -> bool:
    """Return whether a text of this person was passed on after `since`."""
    found = select(Relay.id).where(
        Relay.checkin_id == checkin_id, Relay.from_person_id == person_id, Relay.at > since
    )
    return session.exec(found.limit(1)).first() is not None


def is_answering(session: Session, person_id: UUID) -> bool:
    """Return whether the newest text to somebody was one that was passed on."""
    newest = (
        select(Delivery.template)
        .where(Delivery.person_id == person_id)
        .order_by(col(Delivery.id).desc())
        .limit(1)
    )
    return session.exec(newest).first() in TEMPLATES


def switch(
    session: Session, checkin: CheckIn, *, is_on: bool, by: Viewer, role: str = "", now: datetime
) -> None:
    """Stop passing on between these two, or begin again. Safe to run twice.

    role: family or lead, where one of them asked for it; else an organizer did.
    """
    if (checkin.relay_off_at is None) is is_on:
        return
    checkin.relay_off_at = None if is_on else now
    checkin.relay_off_by = "" if is_on else role or by.name
    session.add(checkin)
    action = "checkin.relay_on" if is_on else "checkin.relay_off"
    audit.record(session, actor=by, action=action, subject=checkin.subject, now=now)


def relays_of(session: Session, checkin_id: UUID) -> Sequence[tuple[Relay, Inbound]]:
    """Return what was passed on, oldest first."""
    return session.exec(
        select(Relay, Inbound)
        .join(Inbound, col(Inbound.id) == Relay.inbound_id)
        .where(Relay.checkin_id == checkin_id)
        .order_by(col(Relay.id))
    ).all()


def name_of(outbox: Outbox, person: Person, language: str) -> str:
    """Return the first name that somebody chose, or a word in its place."""
    return first_name(outbox, person) or outbox.catalog.word("safety", "someone", language)
