"""A passkey signs in: its own, here, now, once; and nothing else does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from service.accounts import passkeys
from service.accounts.passkeys import Place
from service.accounts.tables import Challenge, Organizer, Purpose
from service.db import Database
from service.errors import InvalidValue, NotFound
from service.privacy.audit import AuditLine
from tests.accounts.authenticator import PRESENT, Authenticator
from tests.factories import StillClock, make_chapter, make_organizer

HERE = Place("localhost", ["http://localhost:8000"])
SIGN_IN, CONFIRM = Purpose.SIGN_IN, Purpose.CONFIRM


@pytest.fixture
def marta(database: Database, clock: StillClock) -> Organizer:
    with database.write() as session:
        return make_organizer(session, make_chapter(session), now=clock.now())


def enroll(session: Session, who: Organizer, key: Authenticator, clock: StillClock) -> None:
    asked = passkeys.ask_to_set_up(session, HERE, who, now=clock.now())
    passkeys.add(session, HERE, who, key.make(asked), "my phone", now=clock.now())


def sign_in(session: Session, key: Authenticator, clock: StillClock) -> Organizer:
    asked = passkeys.ask(session, HERE, SIGN_IN, None, now=clock.now())
    return passkeys.check(session, HERE, key.sign(asked), SIGN_IN, None, now=clock.now())


def test_a_passkey_is_added_and_signs_in(
    database: Database, marta: Organizer, clock: StillClock
) -> None:
    key = Authenticator()
    with database.write() as session:
        enroll(session, marta, key, clock)
        kept = passkeys.list_passkeys(session, marta.id)[0]
        assert (kept.label, kept.transports) == ("my phone", ["internal"])
        assert sign_in(session, key, clock).id == marta.id
        assert sign_in(session, key, clock).id == marta.id
        assert session.exec(select(Challenge)).all() == []
        assert session.exec(select(AuditLine.action)).all() == ["sign_in.passkey_added"]


def test_an_answer_works_once(database: Database, marta: Organizer, clock: StillClock) -> None:
    key = Authenticator()
    with database.write() as session:
        enroll(session, marta, key, clock)
        asked = passkeys.ask(session, HERE, SIGN_IN, None, now=clock.now())
        answer = key.sign(asked)
        passkeys.check(session, HERE, answer, SIGN_IN, None, now=clock.now())
        with pytest.raises(InvalidValue, match="challenge"):
            passkeys.check(session, HERE, answer, SIGN_IN, None, now=clock.now())


def test_an_answer_is_good_for_one_purpose_and_for_minutes(
    database: Database, marta: Organizer, clock: StillClock
) -> None:
    key = Authenticator()
    with database.write() as session:
        enroll(session, marta, key, clock)
        asked = passkeys.ask(session, HERE, SIGN_IN, None, now=clock.now())
        with pytest.raises(InvalidValue, match="challenge"):
            passkeys.check(session, HERE, key.sign(asked), CONFIRM, marta.id, now=clock.now())
        asked = passkeys.ask(session, HERE, SIGN_IN, None, now=clock.now())
        late = clock.now() + passkeys.CHALLENGE_LIFE + timedelta(seconds=1)
        with pytest.raises(InvalidValue, match="challenge"):
            passkeys.check(session, HERE, key.sign(asked), SIGN_IN, None, now=late)


BENT: dict[str, dict[str, Any]] = {
    "another site's page": {"origin": "https://localhost.example"},
    "another site's key": {"site": "example"},
    "nobody was verified": {"flags": PRESENT},
}


@pytest.mark.parametrize("how", BENT)
def test_what_is_bent_is_refused(
    database: Database, marta: Organizer, clock: StillClock, how: str
) -> None:
    key = Authenticator()
    with database.write() as session:
        enroll(session, marta, key, clock)
        for name, value in BENT[how].items():
            setattr(key, name, value)
        with pytest.raises(InvalidValue) as refused:
            sign_in(session, key, clock)
        assert (refused.value.field, refused.value.code) == ("credential", "passkey_not_read")


def test_a_bent_key_is_not_added(database: Database, marta: Organizer, clock: StillClock) -> None:
    with database.write() as session:
        for changes in BENT.values():
            with pytest.raises(InvalidValue):
                enroll(session, marta, Authenticator(**changes), clock)
        assert passkeys.list_passkeys(session, marta.id) == []


def test_a_copied_key_whose_count_falls_back_is_refused(
    database: Database, marta: Organizer, clock: StillClock
) -> None:
    key = Authenticator()
    with database.write() as session:
        enroll(session, marta, key, clock)
        sign_in(session, key, clock)
        sign_in(session, key, clock)
        key.count = 0
        with pytest.raises(InvalidValue):
            sign_in(session, key, clock)


def test_a_signature_of_another_key_is_refused(
    database: Database, marta: Organizer, clock: StillClock
) -> None:
    key, other = Authenticator(), Authenticator()
    with database.write() as session:
        enroll(session, marta, key, clock)
        other.id = key.id
        with pytest.raises(InvalidValue):
            sign_in(session, other, clock)


def test_somebody_elses_passkey_confirms_nothing(
    database: Database, marta: Organizer, clock: StillClock
) -> None:
    hers, his = Authenticator(), Authenticator()
    with database.write() as session:
        chapter = make_chapter(session, "Coast")
        beto = make_organizer(session, chapter, now=clock.now(), name="Beto")
        enroll(session, marta, hers, clock)
        enroll(session, beto, his, clock)
        asked = passkeys.ask(session, HERE, CONFIRM, marta.id, now=clock.now())
        with pytest.raises(InvalidValue, match="somebody else"):
            passkeys.check(session, HERE, his.sign(asked), CONFIRM, marta.id, now=clock.now())
        passkey = passkeys.list_passkeys(session, marta.id)[0]
        with pytest.raises(NotFound):
            passkeys.remove(session, beto, passkey.id, now=clock.now())


def test_who_was_switched_off_does_not_sign_in(
    database: Database, marta: Organizer, clock: StillClock
) -> None:
    key = Authenticator()
    with database.write() as session:
        enroll(session, marta, key, clock)
        session.get_one(Organizer, marta.id).is_active = False
        with pytest.raises(InvalidValue, match="not known"):
            sign_in(session, key, clock)


def test_one_key_is_one_persons(database: Database, marta: Organizer, clock: StillClock) -> None:
    key = Authenticator()
    with database.write() as session:
        enroll(session, marta, key, clock)
        with pytest.raises(InvalidValue) as refused:
            enroll(session, marta, key, clock)
        assert refused.value.code == "passkey_known"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["response", "clientDataJSON", "rawId", "id", "type", "x"]), inner,
        max_size=4,
    ),
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=JSON, noise=st.text(max_size=40))
def test_whatever_is_sent_is_refused_in_words(
    database: Database, clock: StillClock, said: object, noise: str
) -> None:
    import json

    with database.write() as session:
        for credential in (json.dumps(said), noise, "[" * 50_000):
            with pytest.raises(InvalidValue):
                passkeys.check(session, HERE, credential, SIGN_IN, None, now=clock.now())
