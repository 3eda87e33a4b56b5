"""Who a text goes to, decided once, at launch. And who is left out, with the reason."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.people.tables import Consent, Person, Volunteer


@dataclass(frozen=True)
class Audience:
    """Volunteers of a chapter. Families are never part of one: they get only their own texts.

    languages, areas: empty means all. only: these people and no others (those who were asked).
    """

    chapter_id: UUID
    min_vetting: int = 0
    languages: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    only: tuple[UUID, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        made = asdict(self)
        made["chapter_id"] = self.chapter_id.hex
        made["only"] = None if self.only is None else [id_.hex for id_ in self.only]
        return made

    @staticmethod
    def from_json(data: dict[str, Any]) -> Audience:
        """Return the audience that `to_json` wrote."""
        only = data.get("only")
        return Audience(
            chapter_id=UUID(data["chapter_id"]),
            min_vetting=data["min_vetting"],
            languages=tuple(data["languages"]),
            areas=tuple(data["areas"]),
            only=None if only is None else tuple(UUID(id_) for id_ in only),
        )


@dataclass(frozen=True)
class Count:
    """How many people a text reaches, by language, and how many it does not, by reason."""

    by_language: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def people(self) -> int:
        """How many get it."""
        return sum(self.by_language.values())


def count_audience(session: Session, audience: Audience, *, now: datetime) -> Count:
    """Count who would get a text now, and who would not: opted_out, not_joined, number_dead, paused."""
    group: Any = select(col(Person.language), func.count()).select_from(Person)
    rows = session.exec(_reached(_fitting(group, audience), now).group_by(Person.language)).all()
    fitting = _fitting(select(func.count()).select_from(Person), audience)
    active = fitting.where(Person.consent == Consent.ACTIVE)
    dead = active.where(col(Person.is_unreachable))
    reasons = {
        "opted_out": fitting.where(Person.consent == Consent.OPTED_OUT),
        "not_joined": fitting.where(col(Person.consent).in_([Consent.NONE, Consent.INVITED])),
        "number_dead": dead,
        "paused": active.where(~col(Person.is_unreachable), col(Volunteer.paused_until) > now),
    }
    left_out = {reason: session.exec(query).one() for reason, query in reasons.items()}
    return Count(dict(rows), {reason: count for reason, count in left_out.items() if count})


class Recipient(NamedTuple):
    """Somebody in an audience: as much as it takes to write their copy down."""

    id: UUID
    time_zone: str
    language: str


def next_people(
    session: Session, audience: Audience, *, after: UUID | None, limit: int, now: datetime
) -> list[Recipient]:
    """Return the next people of the audience by id, those after `after`, at most `limit`."""
    columns: Any = select(col(Person.id), col(Person.time_zone), col(Person.language))
    query = _reached(_fitting(columns, audience), now)
    if after is not None:
        query = query.where(col(Person.id) > after)
    rows = session.exec(query.order_by(col(Person.id)).limit(limit)).all()
    return [Recipient(*row) for row in rows]


class Offer(NamedTuple):
    """One volunteer who may be texted, and what they offer."""

    person_id: UUID
    time_zone: str
    language: str
    area: str
    vetting: int
    roles: list[str]
    languages: list[str]
    car_seats: int = 0


def offers_of(
    session: Session, chapter_id: UUID, *, min_vetting: int, now: datetime
) -> list[Offer]:
    """Return the chapter's volunteers of that vetting who get texts now, by id."""
    columns: Any = (
        Person.id, Person.time_zone, Person.language, Person.area, Volunteer.vetting,
        Volunteer.roles, Volunteer.languages, Volunteer.car_seats,
    )  # fmt: skip
    chosen: Any = select(*columns).select_from(Person)
    query = _reached(_fitting(chosen, Audience(chapter_id, min_vetting=min_vetting)), now)
    return [Offer(*row) for row in session.exec(query.order_by(col(Person.id))).all()]


def _fitting(query: SelectOfScalar[Any], audience: Audience) -> SelectOfScalar[Any]:
    query = query.join(Volunteer, col(Volunteer.person_id) == Person.id).where(
        Person.chapter_id == audience.chapter_id, Volunteer.vetting >= audience.min_vetting
    )
    if audience.languages:
        query = query.where(col(Person.language).in_(audience.languages))
    if audience.areas:
        query = query.where(col(Person.area).in_(audience.areas))
    if audience.only is not None:
        query = query.where(col(Person.id).in_(audience.only))
    return query


def _reached(query: SelectOfScalar[Any], now: datetime) -> SelectOfScalar[Any]:
    awake = or_(col(Volunteer.paused_until).is_(None), col(Volunteer.paused_until) <= now)
    return query.where(Person.consent == Consent.ACTIVE, ~col(Person.is_unreachable), awake)
