"""Who sees what: the one table that decides. Every read of a personal field comes through here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What somebody is to the data that they look at."""

    SYSTEM = "system"  # the service itself, to send a text or to find who sent one
    VIEWER = "viewer"  # sees how things stand; changes nothing, is shown no number
    DISPATCHER = "dispatcher"  # answers and calls people, fills check-ins; calls nobody to a rally
    ORGANIZER = "organizer"  # and calls rallies, texts many, says who is trusted
    ADMIN = "admin"  # and settings, accounts, export; sees less of families than an organizer


# Each may do what those before may do: service/web/access.py says which page takes which.
LADDER = (Role.VIEWER, Role.DISPATCHER, Role.ORGANIZER, Role.ADMIN)


def is_at_least(role: Role, least: Role) -> bool:
    """Return whether `role` may do what `least` may do. The system is on no ladder."""
    return role in LADDER and LADDER.index(role) >= LADDER.index(least)


class Field(StrEnum):
    """A personal field, wherever it is stored."""

    PHONE = "phone"
    ALIAS = "alias"
    NOTE = "note"  # what the family wants companions to know
    MESSAGE = "message"  # a text to or from a person


class Sight(StrEnum):
    """How much is shown."""

    FULL = "full"
    MASKED = "masked"  # enough to recognise, not enough to use; can be revealed, which is audited
    HIDDEN = "hidden"


@dataclass(frozen=True)
class Viewer:
    """Who is looking. `chapter_id` None: not tied to a chapter (the system, a network's admin)."""

    role: Role
    name: str
    id: UUID | None = None
    chapter_id: UUID | None = None


SYSTEM = Viewer(Role.SYSTEM, "system")

_SIGHT: dict[tuple[Role, Field], Sight] = {
    (Role.SYSTEM, Field.PHONE): Sight.FULL,
    (Role.SYSTEM, Field.ALIAS): Sight.FULL,
    (Role.SYSTEM, Field.NOTE): Sight.FULL,
    (Role.SYSTEM, Field.MESSAGE): Sight.FULL,
    (Role.VIEWER, Field.ALIAS): Sight.MASKED,
    (Role.DISPATCHER, Field.PHONE): Sight.MASKED,
    (Role.DISPATCHER, Field.ALIAS): Sight.MASKED,
    (Role.DISPATCHER, Field.NOTE): Sight.FULL,
    (Role.DISPATCHER, Field.MESSAGE): Sight.FULL,
    (Role.ORGANIZER, Field.PHONE): Sight.MASKED,
    (Role.ORGANIZER, Field.ALIAS): Sight.MASKED,
    (Role.ORGANIZER, Field.NOTE): Sight.FULL,
    (Role.ORGANIZER, Field.MESSAGE): Sight.FULL,
    (Role.ADMIN, Field.PHONE): Sight.MASKED,
    (Role.ADMIN, Field.ALIAS): Sight.MASKED,
    (Role.ADMIN, Field.NOTE): Sight.HIDDEN,
    (Role.ADMIN, Field.MESSAGE): Sight.HIDDEN,
}


def sight(viewer: Viewer, field: Field, chapter_id: UUID | None) -> Sight:
    """Return how much of `field`, of something that belongs to `chapter_id`, the viewer sees.

    Whatever the table does not name is hidden, and so is everything of another chapter.
    """
    if viewer.chapter_id is not None and viewer.chapter_id != chapter_id:
        return Sight.HIDDEN
    return _SIGHT.get((viewer.role, field), Sight.HIDDEN)


def may_reveal(viewer: Viewer, field: Field, chapter_id: UUID | None) -> bool:
    """Return whether the viewer may ask to see a masked field whole (which is audited)."""
    is_masked = sight(viewer, field, chapter_id) is Sight.MASKED
    return is_masked and is_at_least(viewer.role, Role.DISPATCHER)


def mask(field: Field, text: str) -> str:
    """Return `text` as a masked reader sees it: a number's last four digits, a name's first letter."""
    if not text:
        return ""
    if field is Field.PHONE:
        return f"+{text[1:2]}•••{text[-4:]}" if len(text) > 6 else "•••"
    return f"{text[0]}•••"
