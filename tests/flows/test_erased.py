"""Whoever is erased is named in no text that we keep, to whomever it was and whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sqlmodel import select

from service.calls.tables import VoiceCall
from service.checkins.safety.contacts import name_contact
from service.checkins.tables import Outcome
from service.erasure.erase import erase, erase_who_asked
from service.inbox.tables import Inbound
from service.outbox.tables import Delivery, State
from service.people.consent import ask_to_be_erased
from service.people.register import Card
from service.people.tables import Consent, EmergencyContact, Person
from service.privacy.keyring import KeyGone, KeyKind
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader, SealedField
from tests.flows.day import AZUCENA, ROSA, TOM, After
from tests.flows.told import contacts


def kept(after: After) -> Iterator[str]:
    """Every text, call and inbound that can still be read."""
    town = after.town
    reader, chapter_id = Reader(town.wiring.keyring, SYSTEM), town.chapter.id
    with town.session() as session:
        sealed: list[SealedField] = [
            *(one.sealed_body(chapter_id) for one in session.exec(select(Delivery))),
            *(one.sealed_text(chapter_id) for one in session.exec(select(Inbound))),
            *(one.sealed_says(chapter_id) for one in session.exec(select(VoiceCall))),
        ]
    for field in sealed:
        try:
            yield reader.show(field)
        except KeyGone:
            assert not field.blob  # nothing is left that nobody can read


def erase_by_text(after: After, number: int) -> None:
    """They text ERASE, and a day goes by."""
    after.town.text(number, "BORRAR" if number == AZUCENA else "ERASE")
    after.town.text(number, "S" if number == AZUCENA else "Y")
    after.town.deliver()
    after.town.tick(days=1, minutes=1)


def person_of(after: After, person_id: UUID) -> Person:
    with after.town.session() as session:
        return session.get_one(Person, person_id)


def test_no_text_that_is_kept_names_a_family_that_was_erased(told: After) -> None:
    told.record(Outcome.CAME_HOME)
    told.town.tick(minutes=5)
    assert [text for text in kept(told) if "Azucena" in text]
    erase_by_text(told, AZUCENA)
    assert person_of(told, told.checkin.family_id).consent is Consent.ERASED
    named = [text for text in kept(told) if "zucena" in text.lower() or "0120" in text]
    assert named == []


def test_whom_they_named_goes_with_them(said: After) -> None:
    named = contacts(said)
    erase_by_text(said, AZUCENA)
    said.town.tick(minutes=5)
    for one in named:
        contact = person_of(said, one)
        assert (contact.consent, contact.phone_sealed) == (Consent.ERASED, b"")
    with said.town.session() as session:
        assert session.exec(select(EmergencyContact)).all() == []


def test_whom_they_named_and_who_is_somebody_else_here_too_stays(after: After) -> None:
    town = after.town
    lirio = town.family(130, name="Lirio")
    with town.wiring.database.write() as session:
        family = session.get_one(Person, after.checkin.family_id)
        for number in (TOM, 160):
            card = Card(f"+1413555{number:04}")
            name_contact(
                session, town.wiring.outbox, town.chapter, family, card, now=town.clock.now()
            )
        name_contact(
            session, town.wiring.outbox, town.chapter, lirio, Card("+14135550160"),
            now=town.clock.now(),
        )  # fmt: skip
    erase_by_text(after, AZUCENA)
    town.tick(minutes=5)
    with town.session() as session:
        (left,) = session.exec(select(EmergencyContact)).all()
        stays = session.get_one(Person, left.person_id)
    assert stays.erase_at is None
    assert stays.consent is not Consent.ERASED
    assert person_of(after, after.tom.id).consent is Consent.ACTIVE


def test_somebody_whom_a_family_named_can_be_erased_alone(said: After) -> None:
    lupe, chela = contacts(said)
    with said.town.wiring.database.write() as session:
        ask_to_be_erased(session, session.get_one(Person, lupe), now=said.town.clock.now())
    said.town.tick(days=1, minutes=1)
    assert contacts(said) == [chela]
    assert person_of(said, said.checkin.family_id).consent is Consent.ACTIVE


def test_of_a_companion_what_names_them_goes_and_nothing_else(said: After) -> None:
    said.town.deliver()
    before = [text for text in kept(said) if text]
    assert [text for text in before if "Rosa" in text]
    erase_by_text(said, ROSA)
    after = [text for text in kept(said) if text]
    assert [text for text in after if "Rosa" in text] == []
    to_others = [text for text in before if text.startswith("No word from Azucena")]
    assert len([text for text in after if text.startswith("No word from Azucena")]) == (
        len(to_others) - 2  # those to Rosa herself
    )
    assert [text for text in after if "bolsa" in text or "puerta verde" in text]


def test_what_is_on_its_way_to_others_still_goes(after: After) -> None:
    after.town.text(AZUCENA, "BORRAR")
    after.town.text(AZUCENA, "S")
    erase(
        after.town.wiring.database, after.town.wiring.keyring, after.checkin.family_id,
        now=after.town.clock.now(),
    )  # fmt: skip
    assert after.town.told(ROSA) == "checkin_cancelled"
    assert "Acompaña" in after.town.got(ROSA, states=(State.PLANNED,))[-1]


def test_a_run_that_ended_half_way_is_made_again(said: After) -> None:
    wiring, family = said.town.wiring, said.checkin.family_id
    said.town.deliver()
    with wiring.database.write() as session:
        ask_to_be_erased(session, session.get_one(Person, family), now=said.town.clock.now())
    wiring.keyring.destroy(KeyKind.PERSON, [family])
    said.town.clock.tick(days=2)
    assert erase_who_asked(wiring.database, wiring.keyring, now=said.town.clock.now()) == 1
    assert person_of(said, family).consent is Consent.ERASED
    assert [text for text in kept(said) if "Azucena" in text] == []
