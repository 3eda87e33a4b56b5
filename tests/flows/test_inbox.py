"""What needs a person opens a thread; a misreading is put right, with all that follows from it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import func, select

from service.db import new_id
from service.errors import InvalidValue, WrongState
from service.inbox.answer import answer
from service.inbox.history import history
from service.inbox.tables import Inbound, Thread, ThreadState
from service.inbox.threads import assign, finish, get_thread, reopen
from service.inbox.waiting import mark_handled, waiting_for_person
from service.people.tables import Consent, Person
from service.privacy.audit import AuditLine
from service.privacy.policy import Role, Viewer
from service.privacy.read import Reader
from service.replies.correct import Correction, Meant, correct
from service.rsvps.tables import Rsvp, Seat
from tests.factories import make_organizer
from tests.flows.town import Town

ALMA, BETO, CARMEN, DORA = 101, 102, 103, 104
STRANGER = 190


@pytest.fixture
def marta(town: Town) -> Viewer:
    with town.wiring.database.write() as session:
        made = make_organizer(session, town.chapter, now=town.clock.now())
    return Viewer(Role.ORGANIZER, made.name, made.id, town.chapter.id)


def person_id(town: Town, number: int) -> UUID:
    with town.session() as session:
        key = town.wiring.keyring.phone_key(f"+1413555{number:04}")
        return session.exec(select(Person.id).where(Person.phone_key == key)).one()


def thread_of(town: Town, number: int) -> Thread | None:
    whose = person_id(town, number)
    with town.session() as session:
        return session.exec(select(Thread).where(Thread.person_id == whose)).first()


def state_of(town: Town, number: int) -> str:
    thread = thread_of(town, number)
    return "none" if thread is None else thread.state.value


def rsvp_of(town: Town, number: int) -> str:
    with town.session() as session:
        found = session.exec(select(Rsvp).where(Rsvp.person_id == person_id(town, number))).first()
    return "none" if found is None else found.state.value


def taken(town: Town) -> int:
    with town.session() as session:
        return session.exec(select(func.sum(Seat.taken))).one()


def fix(
    town: Town, marta: Viewer, inbound_id: UUID | None, meant: str, subject: str | None = None,
    party: int | None = None,
) -> None:  # fmt: skip
    now = town.clock.tick(minutes=1)
    with town.wiring.database.write() as session:
        text = session.get_one(Inbound, inbound_id)
        told = Correction(Meant(meant), subject, party)
        correct(session, town.wiring.outbox, text, told, by=marta, now=now)


def asked(town: Town, *numbers: int) -> None:
    for number in numbers:
        town.volunteer(number, language="es" if number == BETO else "en")
    town.checkin()
    town.tick()


# --- threads ---------------------------------------------------------------------------------------


def test_what_needs_a_person_opens_their_thread(town: Town) -> None:
    asked(town, ALMA)
    town.text(ALMA, "Y")
    assert state_of(town, ALMA) == "none"
    town.text(ALMA, "who do I call about the parking thing")
    assert state_of(town, ALMA) == "open"


def test_a_remainder_opens_it_and_is_kept(town: Town) -> None:
    asked(town, ALMA)
    text = town.text(ALMA, "yes, but can I bring my sister?")
    assert rsvp_of(town, ALMA) == "yes"
    assert state_of(town, ALMA) == "open"
    with town.session() as session:
        inbound = session.get_one(Inbound, text)
    assert (inbound.intent, [one["answer"] for one in inbound.effects]) == ("yes", ["yes"])
    assert inbound.why


def test_a_new_text_opens_it_again_and_nobody_loses_it_meanwhile(town: Town, marta: Viewer) -> None:
    town.text(STRANGER, "my cousin was taken this morning what do I do")
    thread = thread_of(town, STRANGER)
    assert thread is not None
    with town.wiring.database.write() as session:
        mine, _ = get_thread(session, town.chapter.id, thread.id)
        assert marta.id is not None
        assign(session, mine, marta.id, by=marta, now=town.clock.now())
    town.text(STRANGER, "hello?")
    assert state_of(town, STRANGER) == "assigned"
    with town.wiring.database.write() as session:
        mine, _ = get_thread(session, town.chapter.id, thread.id)
        finish(session, mine, by=marta, now=town.clock.now())
    with town.session() as session:
        assert waiting_for_person(session, town.chapter.id, limit=9) == []
    town.text(STRANGER, "are you there")
    assert state_of(town, STRANGER) == "open"
    with town.session() as session:
        assert len(waiting_for_person(session, town.chapter.id, limit=9)) == 1


def test_a_thread_ends_with_its_last_text_and_can_be_opened_again(
    town: Town, marta: Viewer
) -> None:
    texts = [town.text(STRANGER, words) for words in ("where is the thing", "hello hello")]
    for text in texts:
        assert state_of(town, STRANGER) == "open"
        with town.wiring.database.write() as session:
            assert text is not None
            mark_handled(session, town.chapter.id, text, by=marta, now=town.clock.now())
    thread = thread_of(town, STRANGER)
    assert thread is not None
    assert thread.state is ThreadState.DONE
    with town.wiring.database.write() as session:
        mine, _ = get_thread(session, town.chapter.id, thread.id)
        assert marta.id is not None
        with pytest.raises(WrongState) as caught:
            assign(session, mine, marta.id, by=marta, now=town.clock.now())
        assert caught.value.code == "thread_done"
        reopen(session, mine, by=marta, now=town.clock.now())
    assert state_of(town, STRANGER) == "open"


def test_an_organizers_answer_leaves_once_and_takes_the_thread(town: Town, marta: Viewer) -> None:
    town.volunteer(BETO, language="es")
    town.text(BETO, "donde queda la cosa esa")
    thread = thread_of(town, BETO)
    assert thread is not None
    answer_id = new_id()
    for _ in range(2):
        with town.wiring.database.write() as session:
            mine, person = get_thread(session, town.chapter.id, thread.id)
            answer(
                session, town.wiring.outbox, mine, "En la 90 Main.", answer_id=answer_id,
                by=marta, now=town.clock.now(),
            )  # fmt: skip
    assert town.got(BETO)[-1] == "Acompaña: En la 90 Main."
    assert len(town.got(BETO)) == 2
    assert state_of(town, BETO) == "assigned"
    with town.session() as session:
        reader = Reader(town.wiring.keyring, marta)
        said = history(session, reader, person, town.chapter.id, limit=10)
    assert said[0].text == "donde queda la cosa esa"
    assert said[-1].text == "Acompaña: En la 90 Main."


def test_who_has_left_gets_no_answer(town: Town, marta: Viewer) -> None:
    asked(town, ALMA)
    town.text(ALMA, "what about the van")
    town.text(ALMA, "STOP", opt_out_type="STOP")
    thread = thread_of(town, ALMA)
    assert thread is not None

    def reply() -> None:
        with town.wiring.database.write() as session:
            mine, _ = get_thread(session, town.chapter.id, thread.id)
            answer(
                session, town.wiring.outbox, mine, "Hello", answer_id=new_id(), by=marta,
                now=town.clock.now(),
            )  # fmt: skip

    with pytest.raises(WrongState, match="gets no texts"):
        reply()


# --- corrections -----------------------------------------------------------------------------------


def test_this_was_a_yes(town: Town, marta: Viewer) -> None:
    asked(town, BETO)
    text = town.text(BETO, "asdf qwerty")
    fix(town, marta, text, "yes")
    assert rsvp_of(town, BETO) == "yes"
    assert town.told(BETO) == "confirmed"
    assert "Gracias" in town.got(BETO)[-1]
    assert taken(town) == 1
    with town.session() as session:
        inbound = session.get_one(Inbound, text)
        lines = session.exec(
            select(AuditLine.detail).where(AuditLine.action == "text.correct")
        ).all()
    assert (inbound.understood_as, inbound.corrected_by) == ("yes", "Marta")
    assert len(lines) == 1
    fix(town, marta, text, "yes")
    with town.session() as session:
        assert session.exec(
            select(func.count()).where(AuditLine.action == "text.correct")
        ).one() == 1  # fmt: skip


def test_a_correction_can_be_corrected_and_undone(town: Town, marta: Viewer) -> None:
    asked(town, ALMA)
    text = town.text(ALMA, "Y")
    for meant, state, told, places in (
        ("no", "withdrawn", "changed_to_no", 0),
        ("maybe", "maybe", "maybe_noted", 0),
        ("yes", "yes", "confirmed", 1),
        ("other", "none", "answer_misread", 0),
        ("yes", "yes", "confirmed", 1),
        ("thanks", "none", "answer_misread", 0),
    ):
        fix(town, marta, text, meant)
        assert (rsvp_of(town, ALMA), town.told(ALMA), taken(town)) == (state, told, places), meant
    town.text(ALMA, "Y")
    assert rsvp_of(town, ALMA) == "yes", "the question is open again"


def test_a_wrong_no_gives_back_what_was_there(town: Town, marta: Viewer) -> None:
    asked(town, ALMA, BETO, CARMEN, DORA)
    for number in (ALMA, BETO, CARMEN, DORA):
        town.text(number, "Y")
    text = town.text(ALMA, "N")
    assert rsvp_of(town, DORA) == "held"
    fix(town, marta, text, "thanks")
    assert rsvp_of(town, ALMA) == "standby", "the place is kept for somebody else by now"
    assert town.told(ALMA) == "standby"
    town.text(DORA, "N")
    assert rsvp_of(town, ALMA) == "held"


def test_a_wrong_yes_frees_the_place_for_the_next(town: Town, marta: Viewer) -> None:
    asked(town, ALMA, BETO, CARMEN, DORA)
    text = town.text(ALMA, "Y")
    for number in (BETO, CARMEN, DORA):
        town.text(number, "Y")
    fix(town, marta, text, "other")
    assert rsvp_of(town, DORA) == "held"
    assert state_of(town, ALMA) == "open"


def test_this_was_a_stop_and_this_was_none(town: Town, marta: Viewer) -> None:
    asked(town, ALMA)
    town.text(ALMA, "STOP", opt_out_type="STOP")
    town.text(ALMA, "START", opt_out_type="START")
    text = town.text(ALMA, "Y")
    fix(town, marta, text, "stop")
    with town.session() as session:
        assert session.get_one(Person, person_id(town, ALMA)).consent is Consent.OPTED_OUT
    assert town.told(ALMA) == "opt_out"
    assert rsvp_of(town, ALMA) == "none"
    fix(town, marta, text, "yes")
    with town.session() as session:
        assert session.get_one(Person, person_id(town, ALMA)).consent is Consent.ACTIVE
    assert rsvp_of(town, ALMA) == "yes"
    assert town.told(ALMA) == "confirmed"


def test_only_the_person_comes_back_from_a_stop_of_their_own(town: Town, marta: Viewer) -> None:
    asked(town, ALMA, BETO)
    first = town.text(ALMA, "what about the van")
    carrier = town.text(ALMA, "STOP", opt_out_type="STOP")
    for text, code in ((carrier, "carrier_has_acted"), (first, "person_opted_out")):
        with pytest.raises(WrongState) as caught:
            fix(town, marta, text, "yes")
        assert caught.value.code == code
    misread = town.text(BETO, "no mas mensajes")
    town.text(BETO, "baja")
    with pytest.raises(WrongState):
        fix(town, marta, misread, "thanks")


def test_the_newest_answer_counts_whatever_is_corrected(town: Town, marta: Viewer) -> None:
    asked(town, ALMA)
    first = town.text(ALMA, "Y")
    town.text(ALMA, "N")
    with pytest.raises(WrongState) as caught:
        fix(town, marta, first, "maybe")
    assert caught.value.code == "answered_since"
    assert rsvp_of(town, ALMA) == "withdrawn"


def test_where_several_are_possible_the_organizer_says_which(town: Town, marta: Viewer) -> None:
    asked(town, ALMA)
    other = town.checkin(starts_at=town.clock.now() + timedelta(days=8))
    town.ask(other, ALMA)
    text = town.text(ALMA, "fjdksl qwerty asdf")
    with pytest.raises(InvalidValue) as caught:
        fix(town, marta, text, "yes")
    assert caught.value.code == "which_event"
    fix(town, marta, text, "yes", other.subject)
    with town.session() as session:
        assert session.exec(select(Rsvp.subject)).all() == [other.subject]
    with pytest.raises(InvalidValue) as caught:
        fix(town, marta, text, "yes", "rally:" + new_id().hex)
    assert caught.value.code == "not_asked"
