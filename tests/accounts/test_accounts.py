"""Sessions run out, roles are kept, and who is switched off is out at once."""

from __future__ import annotations

import pytest
from sqlmodel import Session, select

from service.accounts import codes, sessions
from service.accounts.organizers import (
    Badge,
    add_organizer,
    set_role,
    switch_off,
    switch_on,
    ways_of_each,
)
from service.accounts.sign_in import (
    MOST_WRONG_TRIES,
    check_spoken,
    find_link,
    make_invitation,
    make_texted_invitation,
    use_link,
)
from service.accounts.tables import How, Organizer, SignedIn
from service.accounts.tokens import list_tokens, make_token, organizer_of
from service.db import Database
from service.errors import InvalidValue, NotFound, SignInNeeded, WrongState
from service.privacy import audit
from service.privacy.policy import LADDER, SYSTEM, Role, is_at_least
from tests.factories import StillClock, make_chapter, make_organizer


@pytest.fixture
def marta(database: Database, clock: StillClock) -> Organizer:
    with database.write() as session:
        chapter = make_chapter(session)
        return add_organizer(
            session, chapter.id, Badge("Marta Díaz", Role.ADMIN), by=SYSTEM, now=clock.now()
        )


def is_in(session: Session, cookie: str, clock: StillClock) -> bool:
    return sessions.find(session, cookie, now=clock.now()) is not None


def test_a_session_ends_idle_or_old(
    database: Database, marta: Organizer, clock: StillClock
) -> None:
    with database.write() as session:
        idle = sessions.begin(session, marta, How.PASSKEY, now=clock.now())
        busy = sessions.begin(session, marta, How.PASSKEY, now=clock.now())
        for _ in range(35):
            clock.tick(minutes=20)
            sessions.note_seen(session, busy, now=clock.now())
        assert not is_in(session, idle, clock)
        assert is_in(session, busy, clock)
        clock.tick(minutes=21)
        sessions.note_seen(session, busy, now=clock.now())
        assert not is_in(session, busy, clock), "twelve hours are over"


def test_a_passkey_counts_for_ten_minutes(
    database: Database, marta: Organizer, clock: StillClock
) -> None:
    with database.write() as session:
        sessions.begin(session, marta, How.CODE, now=clock.now())
        row = session.exec(select(SignedIn)).one()
        assert sessions.is_fresh(row, clock.now())
        clock.tick(minutes=11)
        assert not sessions.is_fresh(row, clock.now())
        sessions.confirm(session, row.id, now=clock.now())
        assert sessions.is_fresh(row, clock.now())


def test_an_invitation_is_never_fresh_and_short(
    database: Database, marta: Organizer, clock: StillClock
) -> None:
    with database.write() as session:
        cookie = sessions.begin(session, marta, How.INVITATION, now=clock.now())
        assert not sessions.is_fresh(session.exec(select(SignedIn)).one(), clock.now())
        for _ in range(4):
            clock.tick(minutes=16)
            sessions.note_seen(session, cookie, now=clock.now())
        assert not is_in(session, cookie, clock)


def test_sessions_are_listed_and_ended_each_by_their_owner(
    database: Database, marta: Organizer, clock: StillClock
) -> None:
    with database.write() as session:
        beto = make_organizer(session, make_chapter(session, "Coast"), now=clock.now())
        cookies = [
            sessions.begin(session, marta, How.PASSKEY, now=clock.now(), device=device)
            for device in ("Firefox, Android", "Chrome, Linux", None)
        ]
        opened = sessions.list_open(session, marta.id, now=clock.now())
        assert {row.device for row in opened} == {"Firefox, Android", "Chrome, Linux", None}
        with pytest.raises(NotFound):
            sessions.end(session, beto, opened[0].id, now=clock.now())
        kept = session.exec(select(SignedIn).where(SignedIn.device == "Chrome, Linux")).one()
        assert sessions.end_all(session, marta.id, now=clock.now(), but=kept.id) == 2
        assert [is_in(session, cookie, clock) for cookie in cookies] == [False, True, False]


def test_sign_in_names_are_plain_and_one_persons(
    database: Database, marta: Organizer, clock: StillClock
) -> None:
    with database.write() as session:
        other = make_chapter(session, "Coast")
        names = [
            add_organizer(session, other.id, Badge(name), by=SYSTEM, now=clock.now()).sign_in_name
            for name in ("Marta Diaz", " MARTA  díaz ", "妈妈", "Ana")
        ]
    assert marta.sign_in_name == "marta-diaz"
    assert names == ["marta-diaz-2", "marta-diaz-3", "organizer", "ana"]


def test_who_is_switched_off_is_out_at_once(
    database: Database, marta: Organizer, clock: StillClock
) -> None:
    now = clock.now()
    with database.write() as session:
        beto = add_organizer(session, marta.chapter_id, Badge("Beto"), by=SYSTEM, now=now)
        cookie = sessions.begin(session, beto, How.PASSKEY, now=now)
        token = make_token(session, beto, label="sheet", now=now)
        link = make_invitation(session, beto.id, now=now)
        codes.new_recovery_codes(session, beto, now=now)
        switch_off(session, beto, by=SYSTEM, now=now)
        for _ in range(2):  # and back: nothing of before works again
            assert not is_in(session, cookie, clock)
            assert organizer_of(session, token) is None
            assert find_link(session, link, now=now) is None
            assert codes.recovery_codes_left(session, beto.id) == 0
            switch_on(session, beto, by=SYSTEM, now=now)
        assert list_tokens(session, beto.id) == []
        assert ways_of_each(session, [beto.id])[beto.id].passkeys == 0
        assert audit.first_broken(session) is None


def test_there_is_always_an_admin(database: Database, marta: Organizer, clock: StillClock) -> None:
    now = clock.now()
    with database.write() as session:
        with pytest.raises(WrongState, match="last_admin"):
            set_role(session, marta, Role.VIEWER, by=SYSTEM, now=now)
        with pytest.raises(WrongState, match="last_admin"):
            switch_off(session, marta, by=SYSTEM, now=now)
        ana = add_organizer(session, marta.chapter_id, Badge("Ana", Role.ADMIN), by=SYSTEM, now=now)
        set_role(session, session.merge(marta), Role.VIEWER, by=SYSTEM, now=now)
        with pytest.raises(WrongState, match="last_admin"):
            switch_off(session, ana, by=SYSTEM, now=now)


def test_roles_are_a_ladder_without_the_system_on_it() -> None:
    for higher, role in enumerate(LADDER):
        assert [is_at_least(role, least) for least in LADDER].count(True) == higher + 1
        assert not is_at_least(Role.SYSTEM, role)


def test_a_texted_invitation_takes_what_was_said_aloud(
    database: Database, marta: Organizer, clock: StillClock
) -> None:
    now = clock.now()
    with database.write() as session:
        secret, spoken = make_texted_invitation(session, marta.id, now=now)
        link = find_link(session, secret, now=now)
        assert link is not None
        with pytest.raises(InvalidValue, match="wrong_spoken_code"):
            check_spoken(session, link, "")
        check_spoken(session, link, f"{spoken[:3]} {spoken[3:]}")
        for _ in range(MOST_WRONG_TRIES - 1):
            with pytest.raises(InvalidValue):
                check_spoken(session, link, "abc")
        session.flush()
        assert find_link(session, secret, now=now) is None
        with pytest.raises(SignInNeeded):
            use_link(session, secret, now=clock.tick(days=2))


def test_a_new_invitation_voids_the_one_before(
    database: Database, marta: Organizer, clock: StillClock
) -> None:
    with database.write() as session:
        first = make_invitation(session, marta.id, now=clock.now())
        second = make_invitation(session, marta.id, now=clock.now())
        assert find_link(session, first, now=clock.now()) is None
        assert use_link(session, second, now=clock.now()).id == marta.id
        with pytest.raises(SignInNeeded):
            use_link(session, second, now=clock.now())
