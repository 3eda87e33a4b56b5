"""Who belongs to which chapter, and what each chapter says of them.

The home chapter's word stands with the Volunteer and Family, every other's in a Membership: what one
chapter says of somebody never counts in another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, tuple_, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.db.insert import insert_new
from service.people.tables import Consent, Family, Membership, Person, Volunteer

Standing = Volunteer | Membership  # both have vetting, vouched_by, paused_until, left_at


def know(
    session: Session, person: Person, chapter_id: UUID, *, how: str, now: datetime,
    as_volunteer: bool = False, as_family: bool = False,
) -> Membership | None:  # fmt: skip
    """Note that a chapter knows somebody, as more than before where asked for; None at home.

    Safe to run twice and at once. Who had left as a volunteer and comes again is back.
    """
    if person.chapter_id == chapter_id:
        return None
    row = {
        "person_id": person.id, "chapter_id": chapter_id, "joined_at": now, "how": how,
        "is_volunteer": False, "is_family": False, "vetting": 0,
    }  # fmt: skip
    session.exec(insert_new(session, Membership).values(**row))
    found = session.get_one(Membership, (person.id, chapter_id), with_for_update=True)
    if as_volunteer and (not found.is_volunteer or found.left_at is not None):
        found.is_volunteer, found.left_at = True, None
        found.joined_at, found.how = now, how
    found.is_family = found.is_family or as_family
    session.add(found)
    if not person.is_known_to(chapter_id):
        session.refresh(person, with_for_update=True)  # two chapters at once take turns
        person.also_in = sorted({*(person.also_in or ()), chapter_id.hex})
        session.add(person)
    session.flush()
    return found


def standing_of(session: Session, person_id: UUID, chapter_id: UUID | None) -> Standing | None:
    """Return what a chapter says of one of its volunteers (None: their home); None: is none of its."""
    person, volunteer = session.get(Person, person_id), session.get(Volunteer, person_id)
    if person is None or volunteer is None:
        return None
    if chapter_id is None or person.chapter_id == chapter_id:
        return volunteer if volunteer.left_at is None else None
    if not person.is_known_to(chapter_id):
        return None
    found = session.get(Membership, (person_id, chapter_id))
    is_here = found is not None and found.is_volunteer and found.left_at is None
    return found if is_here else None


def trust_in(session: Session, person_id: UUID, chapter_id: UUID | None) -> int:
    """Return how far a chapter trusts somebody, 0 to 3; 0 for who is none of its volunteers."""
    standing = standing_of(session, person_id, chapter_id)
    return standing.vetting if standing is not None else 0


def as_seen(session: Session, person: Person, chapter_id: UUID) -> Volunteer | None:
    """Return one of a chapter's volunteers with its own word on them; None: is none of its.

    Away from home it is a copy to read: changes go to the standing.
    """
    volunteer, standing = session.get(Volunteer, person.id), None
    if volunteer is not None:
        standing = standing_of(session, person.id, chapter_id)
    if volunteer is None or standing is None:
        return None
    return volunteer if standing is volunteer else _copy(volunteer, standing)


def family_in(session: Session, person: Person, chapter_id: UUID) -> Family | None:
    """Return somebody as a family of this chapter; None: is none of its."""
    family = session.get(Family, person.id)
    if family is None or not person.is_known_to(chapter_id):
        return None
    if person.chapter_id == chapter_id:
        return family if family.is_home else None
    found = session.get(Membership, (person.id, chapter_id))
    return family if found is not None and found.is_family else None


def chapters_of(session: Session, person: Person) -> list[UUID]:
    """Return the chapters that somebody is a volunteer of, their home first, then oldest first."""
    volunteer = session.get(Volunteer, person.id)
    if volunteer is None:
        return []
    home = [person.chapter_id] if volunteer.left_at is None else []
    if not person.also_in:
        return home
    others = select(Membership.chapter_id).where(
        Membership.person_id == person.id,
        Membership.is_volunteer,
        col(Membership.left_at).is_(None),
    )
    order = (col(Membership.joined_at), col(Membership.chapter_id))
    return [*home, *session.exec(others.order_by(*order))]


def is_in_another(session: Session, person: Person, chapter_id: UUID) -> bool:
    """Return whether somebody belongs to a chapter already, and not to this one."""
    if person.consent is not Consent.ACTIVE or standing_of(session, person.id, chapter_id):
        return False
    return bool(chapters_of(session, person))


def standings(session: Session, person: Person) -> list[tuple[UUID, Standing]]:
    """Return what each chapter of a volunteer says of them, their home first."""
    found = ((each, standing_of(session, person.id, each)) for each in chapters_of(session, person))
    return [(each, standing) for each, standing in found if standing is not None]


def leave_chapter(session: Session, person: Person, chapter_id: UUID, *, now: datetime) -> bool:
    """Note that somebody is no volunteer of one chapter any more; return whether that is new."""
    standing = standing_of(session, person.id, chapter_id)
    if standing is None:
        return False
    standing.left_at = now
    session.add(standing)
    session.flush()
    return True


def come_home(session: Session, person: Person) -> bool:
    """Note that somebody is a volunteer of their home chapter again; return whether that is new."""
    volunteer = session.get(Volunteer, person.id)
    if volunteer is None or volunteer.left_at is None:
        return False
    volunteer.left_at = None
    session.add(volunteer)
    session.flush()
    return True


def voice_for(session: Session, person: Person, chapters: Sequence[UUID]) -> UUID:
    """Return which of the chapters that call together speaks to somebody: home first, then oldest."""
    theirs = [each for each in chapters_of(session, person) if each in chapters]
    return theirs[0] if theirs else chapters[0]


def spoken_to_by(others: Sequence[UUID], *, instead_of: UUID) -> SelectOfScalar[UUID]:
    """Return, as a query, who hears from one of `others` and not from this chapter, as `voice_for` says."""
    there, here = aliased(Membership), aliased(Membership)
    at_home = (
        select(Person.id)
        .join(Volunteer, col(Volunteer.person_id) == Person.id)
        .where(col(Person.chapter_id).in_(others), col(Volunteer.left_at).is_(None))
    )
    earlier = tuple_(col(there.joined_at), col(there.chapter_id)) < tuple_(
        col(here.joined_at), col(here.chapter_id)
    )
    before = (
        select(there.person_id)
        .join(here, col(here.person_id) == there.person_id)
        .where(
            col(there.chapter_id).in_(others), *_goes_on(there),
            here.chapter_id == instead_of, *_goes_on(here), earlier,
        )
    )  # fmt: skip
    return select(Person.id).where(or_(col(Person.id).in_(at_home), col(Person.id).in_(before)))


def _goes_on(membership: Any) -> tuple[Any, Any]:
    return col(membership.is_volunteer), col(membership.left_at).is_(None)


# --- as SQL: queries that have joined Volunteer, and Membership by `of_chapter` ---


def of_chapter(chapter_id: UUID) -> ColumnElement[bool]:
    """Return what joins, outer, a person's Membership of this chapter."""
    return and_(col(Membership.person_id) == Person.id, col(Membership.chapter_id) == chapter_id)


def known_ids(chapter_id: UUID, *, after: UUID | None = None) -> Any:
    """Return, as a query, whom a chapter knows: two looks into an index, whoever else there is."""
    home = select(Person.id).where(Person.chapter_id == chapter_id)
    others = select(Membership.person_id).where(Membership.chapter_id == chapter_id)
    if after is not None:
        home = home.where(col(Person.id) > after)
        others = others.where(col(Membership.person_id) > after)
    return union_all(home, others)


def is_volunteer_of(chapter_id: UUID) -> ColumnElement[bool]:
    """Whether somebody is a volunteer of this chapter now."""
    at_home = and_(col(Person.chapter_id) == chapter_id, col(Volunteer.left_at).is_(None))
    here = and_(col(Membership.is_volunteer), col(Membership.left_at).is_(None))
    return and_(col(Volunteer.person_id).is_not(None), or_(at_home, here))


def is_family_of(chapter_id: UUID) -> ColumnElement[bool]:
    """Whether somebody is a family of this chapter."""
    at_home = and_(col(Person.chapter_id) == chapter_id, col(Family.is_home))
    return and_(col(Family.person_id).is_not(None), or_(at_home, col(Membership.is_family)))


def vetting_in(chapter_id: UUID) -> ColumnElement[int]:
    """How far this chapter trusts somebody."""
    return case(
        (col(Person.chapter_id) == chapter_id, col(Volunteer.vetting)),
        else_=func.coalesce(col(Membership.vetting), 0),
    )


def paused_until_in(chapter_id: UUID) -> ColumnElement[Any]:
    """Until when this chapter asks them nothing."""
    return case(
        (col(Person.chapter_id) == chapter_id, col(Volunteer.paused_until)),
        else_=col(Membership.paused_until),
    )


@dataclass(frozen=True)
class Half:
    """The volunteers of a chapter whose home it is, or the others, as SQL: each half is quickly gone
    through, and one query for both is not. `says`: the table in which the chapter's word on them is.
    """

    chapter_id: UUID
    is_home: bool

    @property
    def says(self) -> type[Standing]:
        return Volunteer if self.is_home else Membership

    def of(self, query: Any) -> Any:
        """Return a query of people with this half of them, and Volunteer joined."""
        query = query.join(Volunteer, col(Volunteer.person_id) == Person.id)
        if self.is_home:
            return query.where(
                Person.chapter_id == self.chapter_id, col(Volunteer.left_at).is_(None)
            )
        return query.join(Membership, of_chapter(self.chapter_id)).where(
            Person.chapter_id != self.chapter_id, *_goes_on(Membership)
        )


def halves(chapter_id: UUID) -> tuple[Half, Half]:
    """Return both halves of a chapter's volunteers."""
    return Half(chapter_id, is_home=True), Half(chapter_id, is_home=False)


def seen_by(chapter_id: UUID, volunteer: Volunteer, membership: Membership | None) -> Volunteer:
    """Return a volunteer of a query's row with this chapter's word on them."""
    is_theirs = membership is not None and membership.chapter_id == chapter_id
    return _copy(volunteer, membership) if is_theirs and membership is not None else volunteer


def volunteers_in(
    session: Session, people: Iterable[UUID], chapter_id: UUID
) -> dict[UUID, Volunteer]:
    """Return those of these people who are a chapter's volunteers, as it sees them. One query."""
    columns: Any = (Volunteer, Membership)
    query: Any = (
        select(*columns)
        .select_from(Person)
        .join(Volunteer, col(Volunteer.person_id) == Person.id)
        .join(Membership, of_chapter(chapter_id), isouter=True)
        .where(col(Person.id).in_(set(people)), is_volunteer_of(chapter_id))
    )
    rows = session.exec(query).all()
    return {one.person_id: seen_by(chapter_id, one, membership) for one, membership in rows}


def volunteers_among(session: Session, people: Iterable[UUID], chapter_id: UUID) -> set[UUID]:
    """Return those of these people who are a chapter's volunteers. One query."""
    query = (
        select(Person.id)
        .join(Volunteer, col(Volunteer.person_id) == Person.id)
        .join(Membership, of_chapter(chapter_id), isouter=True)
        .where(col(Person.id).in_(set(people)), is_volunteer_of(chapter_id))
    )
    return set(session.exec(query).all())


def _copy(volunteer: Volunteer, standing: Standing) -> Volunteer:
    """Return a copy to read, with another chapter's word in place of the home's."""
    words = ("vetting", "vouched_by", "paused_until", "left_at")
    return Volunteer(**volunteer.model_dump() | {name: getattr(standing, name) for name in words})
