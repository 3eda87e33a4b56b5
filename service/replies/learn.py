"""What organizers put right, for those who keep the lexicon: the words, and nobody who wrote them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, func, or_, select

from service.accounts.organizers import list_organizers
from service.chapters.tables import Sender
from service.inbox.tables import Inbound
from service.people.find import list_families, list_volunteers
from service.people.register import alias_words
from service.people.tables import Family, Person
from service.privacy.keyring import Keyring
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.replies.lexicon import bare, load_lexicon
from service.replies.unnamed import without_people
from service.rsvps.tables import Ask

A_QUERY = 1_000


@dataclass(frozen=True, slots=True, order=True)
class Corrected:
    """One misreading. open_asks: how many questions were open to them when it came.

    read, certainty, why: as we had read it.   meant: what an organizer said that it was.
    """

    text: str
    language: str
    open_asks: int
    read: str
    certainty: str
    why: str
    meant: str


def corrections_of(session: Session, keyring: Keyring, chapter_id: UUID) -> list[Corrected]:
    """Return a chapter's corrections without names, numbers and places as far as rules see them.

    By their words and not by when they came, so that no two lines tell that they are one person's; the
    same one twice is one. Never of families, and nothing whose text is erased by now. The caller has made
    sure that this may leave, and writes it down.
    """
    reader = Reader(keyring, SYSTEM)
    names = _names(session, reader, chapter_id)
    lexicon, found = load_lexicon(), set()
    for inbound, person in _misread(session, chapter_id):
        text = reader.show(inbound.sealed_text(chapter_id)).strip()
        if text:
            open_asks = _open_asks(session, inbound)
            found.add(
                Corrected(
                    without_people(text, names, lexicon), person.language, open_asks,
                    inbound.intent, inbound.certainty, inbound.why, inbound.meant,
                )
            )  # fmt: skip
    return sorted(found)


def _misread(session: Session, chapter_id: UUID) -> list[tuple[Inbound, Person]]:
    columns: Any = (Inbound, Person)
    rows = session.exec(
        select(*columns)
        .join(Person, col(Person.id) == Inbound.person_id)
        .join(Sender, col(Sender.id) == Inbound.sender_id)
        .join(Family, col(Family.person_id) == Person.id, isouter=True)
        .where(
            Sender.chapter_id == chapter_id,
            col(Inbound.meant) != "",
            col(Inbound.meant) != col(Inbound.intent),
            col(Inbound.text_sealed) != b"",
            col(Family.person_id).is_(None),
        )
    ).all()
    return [(inbound, person) for inbound, person in rows]


def _open_asks(session: Session, inbound: Inbound) -> int:
    at = inbound.received_at
    return session.exec(
        select(func.count())
        .select_from(Ask)
        .where(
            Ask.person_id == inbound.person_id,
            col(Ask.asked_at) <= at,
            col(Ask.expires_at) > at,
            or_(col(Ask.answered_at).is_(None), col(Ask.answered_at) >= at),
            or_(col(Ask.closed_at).is_(None), col(Ask.closed_at) >= at),
        )
    ).one()


def _names(session: Session, reader: Reader, chapter_id: UUID) -> frozenset[str]:
    """Return every word of the names that the chapter knows, bare."""
    aliases = [*_aliases(session, reader, chapter_id)]
    aliases += [organizer.name for organizer in list_organizers(session, chapter_id)]
    return frozenset(bare(word) for alias in aliases for word in alias_words(alias))


def _aliases(session: Session, reader: Reader, chapter_id: UUID) -> Iterator[str]:
    lists: Any = (list_volunteers, list_families)
    for listed in lists:
        after: UUID | None = None
        while some := listed(session, chapter_id, after=after, limit=A_QUERY):
            people = [person for person, _ in some]
            reader.fetch_keys([person.sealed_alias() for person in people])
            yield from (reader.show(person.sealed_alias()) for person in people)
            after = people[-1].id
