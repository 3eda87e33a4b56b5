"""Who sees what; and every reveal leaves a line that can't be changed unnoticed."""

from __future__ import annotations

import pytest
from sqlmodel import Session, col, select, update

from service.db import Database, new_id
from service.errors import NotAllowed
from service.privacy import audit
from service.privacy.audit import AuditLine
from service.privacy.keyring import Keyring
from service.privacy.policy import SYSTEM, Field, Role, Sight, Viewer, mask, sight
from service.privacy.read import Reader
from tests.factories import StillClock, make_chapter, make_family, make_sender

CHAPTER = new_id()
MARTA = Viewer(Role.ORGANIZER, "Marta", new_id(), CHAPTER)


@pytest.mark.parametrize(
    ("viewer", "field", "chapter", "expected"),
    [
        (SYSTEM, Field.PHONE, CHAPTER, Sight.FULL),
        (MARTA, Field.PHONE, CHAPTER, Sight.MASKED),
        (MARTA, Field.ALIAS, CHAPTER, Sight.MASKED),
        (MARTA, Field.NOTE, CHAPTER, Sight.FULL),
        (MARTA, Field.PHONE, new_id(), Sight.HIDDEN),
        (MARTA, Field.NOTE, new_id(), Sight.HIDDEN),
        (Viewer(Role.ADMIN, "A", new_id()), Field.NOTE, CHAPTER, Sight.HIDDEN),
    ],
)
def test_sight(viewer: Viewer, field: Field, chapter: object, expected: Sight) -> None:
    assert sight(viewer, field, chapter) is expected  # type: ignore[arg-type]


def test_masks_keep_just_enough() -> None:
    assert mask(Field.PHONE, "+14135550142") == "+1•••0142"
    assert mask(Field.ALIAS, "Azucena") == "A•••"
    assert mask(Field.ALIAS, "") == ""


def _family(session: Session, keyring: Keyring, clock: StillClock):  # type: ignore[no-untyped-def]
    chapter = make_chapter(session)
    make_sender(session, chapter)
    return make_family(session, keyring, chapter, 120, now=clock.now())


def test_a_reveal_is_whole_and_written_down(
    database: Database, keyring: Keyring, clock: StillClock
) -> None:
    with database.write() as session:
        family = _family(session, keyring, clock)
        marta = Viewer(Role.ORGANIZER, "Marta", new_id(), family.chapter_id)
        reader = Reader(keyring, marta)
        assert reader.show(family.sealed_phone()) == "+1•••0120"
        whole = reader.reveal(session, family.sealed_phone(), reason="to call", now=clock.now())
        assert whole == "+14135550120"
        line = session.exec(select(AuditLine)).one()
    assert (line.actor, line.action, line.detail) == ("Marta", "reveal.phone", "to call")
    assert family.id.hex in line.subject
    assert "4135550120" not in line.subject + line.detail


def test_another_chapter_reveals_nothing(
    database: Database, keyring: Keyring, clock: StillClock
) -> None:
    with database.write() as session:
        family = _family(session, keyring, clock)
        reader = Reader(keyring, MARTA)
        assert reader.show(family.sealed_phone()) == ""
        with pytest.raises(NotAllowed):
            reader.reveal(session, family.sealed_phone(), reason="", now=clock.now())
        assert session.exec(select(AuditLine)).all() == []


@pytest.mark.parametrize("damage", ["changed", "removed", "cut off"])
def test_the_chain_shows_what_was_tampered_with(
    database: Database, clock: StillClock, damage: str
) -> None:
    with database.write() as session:
        for number in range(5):
            audit.record(
                session, actor=MARTA, action=f"a{number}", subject="x", now=clock.tick(seconds=1)
            )
    with database.read() as session:
        assert audit.first_broken(session) is None
    with database.write() as session:
        if damage == "changed":
            session.exec(update(AuditLine).where(col(AuditLine.number) == 3).values(actor="Eva"))
        else:
            number = 3 if damage == "removed" else 5
            line = session.exec(select(AuditLine).where(AuditLine.number == number)).one()
            session.delete(line)
    with database.read() as session:
        assert audit.first_broken(session) == (5 if damage == "cut off" else 3)
