"""Choose people by what they answered: who is meant, and who is left out because of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session, col, select

from service.people.audience import (
    Audience,
    Bounds,
    Count,
    People,
    choose,
    count_audience,
    one_of_each_language,
)
from service.people.members import spoken_to_by
from service.people.tables import Person
from service.rsvps.ask import COME
from service.rsvps.tables import COMING, Ask, Rsvp, RsvpState, Seat


class Answered(StrEnum):
    """What people did about an event; an audience names it as "said_yes rally:<id>"."""

    ASKED = "asked"
    SAID_YES = "said_yes"
    SAID_MAYBE = "said_maybe"
    SILENT = "silent"  # asked, and did not answer
    CAME = "came"  # were there: at a training, this is how one has it


@dataclass(frozen=True)
class Event:
    """What a call is about: who has been asked to it, or is busy meanwhile, is left out.

    callers: the chapters that call to it. Whoever belongs to several hears from one of them.
    """

    subject: str
    starts_at: datetime
    ends_at: datetime
    callers: tuple[UUID, ...] = ()


def count_people(
    session: Session, audience: Audience, *, calls_to: Event | None = None, now: datetime
) -> Count:
    """Count who would get a text now, and who would not: the reasons of people/audience.py, and
    already_asked, other_chapter and busy where it calls to an event.
    """
    return count_audience(session, audience, now=now, bounds=_bounds(audience, calls_to))


def choose_people(
    session: Session, audience: Audience, list_id: UUID, *, calls_to: Event | None = None,
    now: datetime,
) -> Audience:  # fmt: skip
    """Write down under `list_id` who gets a text, and return that audience. Safe to run twice."""
    return choose(session, audience, list_id, now=now, bounds=_bounds(audience, calls_to))


def examples(
    session: Session, audience: Audience, *, calls_to: Event | None = None, now: datetime
) -> dict[str, Person]:
    """Return somebody who gets the text in each language."""
    return one_of_each_language(session, audience, now=now, bounds=_bounds(audience, calls_to))


def read_answered(told: str) -> tuple[Answered, str] | None:
    """Return what "said_yes rally:<id>" means; None for what it does not."""
    what, _, subject = told.partition(" ")
    return (Answered(what), subject) if what in list(Answered) and subject else None


def _bounds(audience: Audience, calls_to: Event | None) -> Bounds:
    told = (read_answered(each) for each in audience.answers)
    among = [_who(what, subject) for what, subject in filter(None, told)]
    if calls_to is None:
        return Bounds(among)
    without = {"already_asked": _asked(calls_to.subject)}
    others = [each for each in calls_to.callers if each != audience.chapter_id]
    if others:
        without["other_chapter"] = spoken_to_by(others, instead_of=audience.chapter_id)
    return Bounds(among, without | {"busy": _busy(calls_to)})


def _who(what: Answered, subject: str) -> People:
    if what is Answered.ASKED:
        return _asked(subject)
    if what is Answered.SILENT:
        return _asked(subject).where(
            col(Ask.answered_at).is_(None), col(Ask.person_id).not_in(_said(subject))
        )
    states = {
        Answered.SAID_YES: (*COMING, RsvpState.LEFT),
        Answered.SAID_MAYBE: (RsvpState.MAYBE,),
        Answered.CAME: (RsvpState.ARRIVED, RsvpState.LEFT),
    }[what]
    return _said(subject).where(col(Rsvp.state).in_(states))


def _asked(subject: str) -> People:
    return select(Ask.person_id).where(Ask.subject == subject, Ask.kind == COME)


def _said(subject: str) -> People:
    return select(Rsvp.person_id).where(Rsvp.subject == subject)


def _busy(event: Event) -> People:
    """Return who has said that they are somewhere else at that time."""
    return (
        select(Rsvp.person_id)
        .join(Seat, col(Seat.id) == Rsvp.seat_id)
        .where(
            Rsvp.subject != event.subject,
            col(Rsvp.state).in_(COMING),
            col(Seat.starts_at) < event.ends_at,
            col(Seat.ends_at) > event.starts_at,
        )
    )
