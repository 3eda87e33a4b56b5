"""What an organizer orders by text: a rally that a second person sends, and a lock that stops everything."""

from __future__ import annotations

import re

import pytest
from sqlmodel import select

from service.accounts import sessions
from service.accounts.lock import make_lock_code
from service.accounts.sign_in import viewer_of
from service.accounts.tables import How, Organizer
from service.accounts.tokens import make_token, organizer_of
from service.calls.tables import VoiceCall
from service.chapters.halt import is_halted
from service.db import new_id
from service.errors import WrongState
from service.inbox.tables import Inbound
from service.people.tables import Person
from service.privacy.audit import AuditLine, first_broken
from service.privacy.policy import SYSTEM, Role
from service.privacy.read import Reader
from service.rallies.announce import announce
from service.rallies.tables import Rally, RallyKind, RallyState
from tests.factories import make_chapter, make_organizer
from tests.flows.town import Town

ORDER = "RALLY Fri Mar 6 5 pm, 90 Main St, Hartford"


def organizer(town: Town, number: int, **more: object) -> Organizer:
    person = town.volunteer(number, language=more.pop("language", "en"))
    with town.wiring.database.write() as session:
        return make_organizer(
            session, town.chapter, now=town.clock.now(), person_id=person.id, **more
        )


@pytest.fixture
def marta(town: Town) -> Organizer:
    return organizer(town, 101)


def code_in(town: Town, number: int) -> str:
    found = re.search(r"\d{3} \d{3}", town.got(number)[-1])
    assert found, town.got(number)
    return found.group()


def rallies(town: Town) -> list[Rally]:
    with town.session() as session:
        return list(session.exec(select(Rally)))


def actions(town: Town) -> list[str]:
    with town.session() as session:
        assert first_broken(session) is None
        return [line.action for line in session.exec(select(AuditLine))]


# --- a rally ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "kind"),
    [
        (ORDER, RallyKind.RALLY),
        ("Marcha: viernes 6 de marzo 5 pm, 90 Main St, Hartford", RallyKind.MARCH),
        ("VIGILIA 3/6 a las 5 de la tarde, 90 Main St, Hartford", RallyKind.VIGIL),
    ],
)
def test_a_rally_by_text_is_a_draft_once_the_code_came_back(
    town: Town, marta: Organizer, order: str, kind: RallyKind
) -> None:
    town.text(101, order)
    assert "Fri Mar 6, 5:00 pm, 90 Main St, Hartford. Was it you?" in town.got(101)[-1]
    assert rallies(town) == [], "nothing is there before the phone has shown that it is in hand"
    town.text(101, code_in(town, 101))
    assert town.told(101) == "rally_text_kept"
    (rally,) = rallies(town)
    assert (rally.state, rally.kind, rally.place) == (
        RallyState.DRAFT, kind, "90 Main St, Hartford",
    )  # fmt: skip
    assert "Fri Mar 6, 5:00 pm, " in rally.text_en
    assert "viernes 6 de marzo, 5:00 pm" in rally.text_es
    assert "rally.by_text" in actions(town)


def test_who_texted_it_in_cannot_send_it_and_somebody_else_can(
    town: Town, marta: Organizer
) -> None:
    town.text(101, ORDER)
    town.text(101, code_in(town, 101))
    (rally,) = rallies(town)
    nora = organizer(town, 102, name="Nora")
    with town.wiring.database.write() as session:
        rally = session.get_one(Rally, rally.id)
        with pytest.raises(WrongState) as caught:
            announce(session, rally, blast_id=new_id(), by=viewer_of(marta), now=town.clock.now())
        assert caught.value.code == "second_person_needed"
        announce(session, rally, blast_id=new_id(), by=viewer_of(nora), now=town.clock.now())
        assert rally.state is RallyState.ANNOUNCED


def test_a_forged_sender_gets_nowhere_without_the_code(town: Town, marta: Organizer) -> None:
    town.text(101, ORDER)
    good = code_in(town, 101)
    wrong = "111 111" if good != "111 111" else "222 222"
    for _ in range(5):
        town.text(101, wrong)
    assert town.told(101) == "rally_text_wrong"
    town.text(101, good)
    assert rallies(town) == [], "five wrong ones void it"
    assert actions(town).count("rally.wrong_code") == 5


def test_a_code_is_good_for_ten_minutes(town: Town, marta: Organizer) -> None:
    town.text(101, ORDER)
    code = code_in(town, 101)
    town.clock.tick(minutes=11)
    town.text(101, code)
    assert rallies(town) == []


@pytest.mark.parametrize(
    "order", ["RALLY Friday", "rally 90 Main St", "RALLY Mar 1 5 pm, 90 Main St", "RALLY Fri, here"]
)
def test_what_is_not_clear_is_explained_and_nothing_is_kept(
    town: Town, marta: Organizer, order: str
) -> None:
    town.text(101, order)
    assert town.told(101) == "rally_text_how"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DISPATCHER, None])
def test_whoever_may_not_call_people_is_read_as_anybody_else(town: Town, role: Role | None) -> None:
    if role is None:
        town.volunteer(101)
    else:
        organizer(town, 101, role=role)
    town.text(101, ORDER)
    assert town.told(101) not in ("rally_text_code", "rally_text_how")
    assert rallies(town) == []


# --- the lock --------------------------------------------------------------------------------------


def lock_code(town: Town, whose: Organizer) -> str:
    with town.wiring.database.write() as session:
        return make_lock_code(
            session, town.wiring.keyring, session.get_one(Organizer, whose.id),
            now=town.clock.now(),
        )  # fmt: skip


def signed_in(town: Town, whose: Organizer) -> str:
    with town.wiring.database.write() as session:
        return sessions.begin(
            session, session.get_one(Organizer, whose.id), How.CODE, now=town.clock.now()
        )


def is_in(town: Town, cookie: str) -> bool:
    with town.session() as session:
        return sessions.find(session, cookie, now=town.clock.now()) is not None


def halted(town: Town) -> bool:
    with town.session() as session:
        return is_halted(session, town.chapter.id)


def calls(town: Town) -> dict[str, str]:
    """Who is called, and what the voice says."""
    reader = Reader(town.wiring.keyring, SYSTEM)
    with town.session() as session:
        rows = session.exec(select(VoiceCall, Person).where(VoiceCall.person_id == Person.id)).all()
        return {
            reader.show(person.sealed_phone())[-4:]: reader.show(call.sealed_says(town.chapter.id))
            for call, person in rows
        }


@pytest.mark.parametrize("word", ["LOCK", "lock", "BLOQUEAR", "Bloquear:"])
def test_the_lock_stops_every_text_ends_every_session_and_a_voice_says_so(
    town: Town, marta: Organizer, word: str
) -> None:
    nora = organizer(town, 102, name="Nora", language="es", role=Role.ADMIN)
    cookies = [signed_in(town, one) for one in (marta, nora)]
    with town.wiring.database.write() as session:
        other = make_organizer(session, make_chapter(session, "Shore"), now=town.clock.now())
        tokens = [
            make_token(session, one, label="t", now=town.clock.now())
            for one in (marta, nora, other)
        ]
    elsewhere = signed_in(town, other)
    inbound = town.text(101, f"{word} {lock_code(town, marta)}")
    assert halted(town)
    assert [is_in(town, cookie) for cookie in (*cookies, elsewhere)] == [False, False, True]
    with town.session() as session:
        works = [organizer_of(session, token) is not None for token in tokens]
    assert works == [False, False, True], "a program's token ends with the sessions"
    said = calls(town)
    assert said.keys() == {"0101", "0102"}
    assert "Marta has stopped every text" in said["0101"]
    assert "Marta paró todos los mensajes" in said["0102"]
    assert {"chapter.halt", "lock.by_text"} <= set(actions(town))
    with town.session() as session:
        assert not session.get_one(Inbound, inbound).needs_person


def test_a_code_works_once(town: Town, marta: Organizer) -> None:
    code = lock_code(town, marta)
    town.text(101, f"LOCK {code}")
    town.text(101, f"LOCK {code}")
    assert town.told(101) == "lock_wrong"
    assert actions(town).count("lock.by_text") == 1


def test_wrong_codes_are_said_counted_and_slowed_down(town: Town, marta: Organizer) -> None:
    code = lock_code(town, marta)
    wrong = "111111" if code != "111111" else "222222"
    for _ in range(5):
        town.text(101, f"LOCK {wrong}")
        assert town.told(101) == "lock_wrong"
    town.text(101, f"LOCK {code}")
    assert town.told(101) == "lock_wait"
    assert not halted(town)
    assert actions(town).count("lock.wrong_code") == 5
    town.clock.tick(minutes=2)
    town.text(101, f"LOCK {code}")
    assert halted(town)


def test_lock_alone_says_how(town: Town, marta: Organizer) -> None:
    town.text(101, "LOCK")
    assert town.told(101) == "lock_how"
    assert not halted(town)


def test_a_code_from_another_phone_stops_nothing(town: Town, marta: Organizer) -> None:
    nora = organizer(town, 102, name="Nora")
    town.volunteer(103)
    code = lock_code(town, marta)
    lock_code(town, nora)
    for number in (102, 103):
        town.text(number, f"LOCK {code}")
    assert not halted(town)
    assert town.told(102) == "lock_wrong"
    assert town.told(103) not in ("lock_wrong", "lock_how")
