"""Who a text goes to, decided once, at launch. And who is left out, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    true,
    union_all,
)
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.db.tables import table_of
from service.people.area import distance_miles
from service.people.members import (
    Half,
    halves,
    is_volunteer_of,
    known_ids,
    of_chapter,
    paused_until_in,
    vetting_in,
)
from service.people.register import LANGUAGES
from service.people.tables import Chosen, Consent, Membership, Person, Volunteer

People = SelectOfScalar[UUID]  # a query that names people
LISTS = ("languages", "areas", "roles", "speaks", "answers")


@dataclass(frozen=True)
class Audience:
    """Volunteers of a chapter, those with another home too. Families are never part of one: they get
    only their own texts.

    Empty means all. languages: those they read. areas: by name. near, within_miles: a ZIP code or
    town, and how far from there. roles, speaks: what they offer, any of these. answers: what they
    said, as `rsvps/choose.py` reads it. only: these people and no others (those who were asked).
    chosen: these people, written down under this id.
    """

    chapter_id: UUID
    min_vetting: int = 0
    languages: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    only: tuple[UUID, ...] | None = None
    near: str = ""
    within_miles: int = 0
    roles: tuple[str, ...] = ()
    speaks: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    chosen: UUID | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        made = asdict(self)
        made["chapter_id"] = self.chapter_id.hex
        made["only"] = None if self.only is None else [id_.hex for id_ in self.only]
        made["chosen"] = None if self.chosen is None else self.chosen.hex
        return made

    @staticmethod
    def from_json(data: dict[str, Any]) -> Audience:
        """Return the audience that `to_json` wrote."""
        only, chosen = data.get("only"), data.get("chosen")
        return Audience(
            chapter_id=UUID(data["chapter_id"]),
            min_vetting=data["min_vetting"],
            only=None if only is None else tuple(UUID(id_) for id_ in only),
            near=data.get("near", ""),
            within_miles=data.get("within_miles", 0),
            chosen=None if chosen is None else UUID(chosen),
            **{name: tuple(data.get(name, ())) for name in LISTS},
        )


@dataclass(frozen=True)
class Bounds:
    """What other rooms know of people, as queries: who must be among those meant, who is left out.

    among: in each of these. without: reason -> those whom it keeps from getting the text.
    """

    among: Sequence[People] = ()
    without: Mapping[str, People] = field(default_factory=dict)


@dataclass(frozen=True)
class Count:
    """How many people a text reaches, by language, and how many it does not, by reason."""

    by_language: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def people(self) -> int:
        """How many get it."""
        return sum(self.by_language.values())


NO_BOUNDS = Bounds()


def count_audience(
    session: Session, audience: Audience, *, now: datetime, bounds: Bounds = NO_BOUNDS
) -> Count:
    """Count who would get a text now, and who would not and why: each person once, one query.

    Reasons, the first that holds: opted_out, not_joined, held, number_dead, paused, area_unknown,
    then those of `bounds`.
    """
    audience = _with_areas(session, audience)
    each = [_each(audience, bounds, now, half) for half in halves(audience.chapter_id)]
    people = union_all(*each).subquery()
    counted = sa_select(people.c.why, people.c.language, func.count())
    found = Count()
    for why, language, count in session.execute(counted.group_by(people.c.why, people.c.language)):
        counts, key = (found.left_out, why) if why else (found.by_language, language)
        counts[key] = counts.get(key, 0) + count
    return found


def _each(audience: Audience, bounds: Bounds, now: datetime, half: Half) -> Any:
    """Return, as a query, why each of this half gets no text, and their language."""
    reason = _reason(audience, bounds, now, half)
    each: Any = select(reason.label("why"), col(Person.language).label("language"))
    return _fitting(each.select_from(Person), audience, bounds, half=half)


def choose(
    session: Session, audience: Audience, list_id: UUID, *, now: datetime,
    bounds: Bounds = NO_BOUNDS,
) -> Audience:  # fmt: skip
    """Write down who gets a text, under `list_id`, and return that audience: it moves no more.

    Safe to run twice: the second time replaces the first.
    """
    resolved = _with_areas(session, audience)
    table = table_of(Chosen)
    ids: Any = sa_select(literal(list_id, table.c.list_id.type), col(Person.id)).select_from(Person)
    query = _fitting(ids, resolved, bounds).where(_reason(resolved, bounds, now) == "")
    session.execute(table.delete().where(table.c.list_id == list_id))
    session.execute(table.insert().from_select(["list_id", "person_id"], query))
    return Audience(audience.chapter_id, chosen=list_id)


def one_of_each_language(
    session: Session, audience: Audience, *, now: datetime, bounds: Bounds = NO_BOUNDS
) -> dict[str, Person]:
    """Return somebody who gets the text, for each language that is read among them."""
    resolved = _with_areas(session, audience)
    found: dict[str, Person] = {}
    for language in resolved.languages or LANGUAGES:
        readers = replace(resolved, languages=(language,))
        for half in halves(audience.chapter_id):
            query = _fitting(select(Person), readers, bounds, half=half)
            query = query.where(_reason(resolved, bounds, now, half) == "")
            person = session.exec(query.order_by(col(Person.id)).limit(1)).first()
            if person is not None:
                found[language] = person
                break
    return found


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
    query = _reached(_fitting(columns, _with_areas(session, audience), after=after), audience, now)
    if audience.near:
        query = query.where(Person.area != "")
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
        Person.id, Person.time_zone, Person.language, Person.area,
        vetting_in(chapter_id).label("vetting"),
        Volunteer.roles, Volunteer.languages, Volunteer.car_seats,
    )  # fmt: skip
    chosen: Any = select(*columns).select_from(Person)
    audience = Audience(chapter_id, min_vetting=min_vetting)
    query = _reached(_fitting(chosen, audience), audience, now)
    return [Offer(*row) for row in session.exec(query.order_by(col(Person.id))).all()]


def areas_of(session: Session, chapter_id: UUID) -> list[str]:
    """Return the areas that the chapter's people named, by name."""
    named = select(Person.area).where(Person.area != "")
    home = named.where(Person.chapter_id == chapter_id)
    others = named.join(Membership, of_chapter(chapter_id))
    return sorted(session.scalars(home.union(others)), key=str.casefold)


def _with_areas(session: Session, audience: Audience) -> Audience:
    """Return the audience with the areas that lie near enough, measured once for each area."""
    if not audience.near:
        return audience
    near = [
        area
        for area in areas_of(session, audience.chapter_id)
        if (miles := distance_miles(area, audience.near)) is not None
        and miles <= audience.within_miles
    ]
    return replace(audience, areas=(*audience.areas, *near))


def _fitting(
    query: Any, audience: Audience, bounds: Bounds = NO_BOUNDS, *, after: UUID | None = None,
    half: Half | None = None,
) -> Any:  # fmt: skip
    """Return the query with who is meant; half: only these of them."""
    here = audience.chapter_id
    query = _volunteers(query, here, after) if half is None else half.of(query)
    query = query.where(col(Person.consent) != Consent.ERASED)
    if audience.min_vetting:
        vetting: Any = vetting_in(here) if half is None else half.says.vetting
        query = query.where(vetting >= audience.min_vetting)
    if audience.languages:
        query = query.where(col(Person.language).in_(audience.languages))
    if audience.areas or audience.near:
        # Where nobody knows how far away they live is told apart from who lives too far away.
        unknown = col(Person.area) == "" if audience.near else false()
        query = query.where(or_(col(Person.area).in_(audience.areas), unknown))
    for column, wanted in (
        (Volunteer.roles, audience.roles),
        (Volunteer.languages, audience.speaks),
    ):
        if wanted:
            query = query.where(or_(*(_holds(column, word) for word in wanted)))
    if audience.only is not None:
        query = query.where(col(Person.id).in_(audience.only))
    if audience.chosen is not None:
        theirs = select(Chosen.person_id).where(Chosen.list_id == audience.chosen)
        query = query.where(col(Person.id).in_(theirs))
    for people in bounds.among:
        query = query.where(col(Person.id).in_(people))
    return query


def _volunteers(query: Any, chapter_id: UUID, after: UUID | None) -> Any:
    query = query.join(Volunteer, col(Volunteer.person_id) == Person.id)
    return query.join(Membership, of_chapter(chapter_id), isouter=True).where(
        col(Person.id).in_(known_ids(chapter_id, after=after)), is_volunteer_of(chapter_id)
    )


def _holds(column: Any, word: str) -> ColumnElement[bool]:
    """Whether a JSON list of plain words holds this one, on both databases."""
    return cast(column, String).contains(f'"{word}"', autoescape=True)


def _reason(
    audience: Audience, bounds: Bounds, now: datetime, half: Half | None = None
) -> ColumnElement[str]:
    """Return, as SQL, why somebody who is meant gets no text; "" for who gets it."""
    until = paused_until_in(audience.chapter_id) if half is None else col(half.says.paused_until)
    is_area_unknown = and_(col(Person.area) == "", true() if audience.near else false())
    return case(
        (col(Person.consent) == Consent.OPTED_OUT, "opted_out"),
        (col(Person.consent).in_([Consent.NONE, Consent.INVITED]), "not_joined"),
        (col(Person.consent) == Consent.HELD, "held"),
        (col(Person.is_unreachable), "number_dead"),
        (until > now, "paused"),
        (is_area_unknown, "area_unknown"),
        *((col(Person.id).in_(people), why) for why, people in bounds.without.items()),
        else_="",
    )


def _reached(query: Any, audience: Audience, now: datetime) -> Any:
    until = paused_until_in(audience.chapter_id)
    awake = or_(until.is_(None), until <= now)
    return query.where(Person.consent == Consent.ACTIVE, ~col(Person.is_unreachable), awake)
